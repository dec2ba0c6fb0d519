package cache

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"
)

const (
	dataSuffix   = ".data"
	blocksSuffix = ".blocks"
	nameLen      = 64 // of an identity's name
)

// found is what a start finds of one object.
type found struct {
	data, blocks bool
	disk         int64
	used         time.Time
}

// scan reads which objects the folder has, and removes the rest.
func (c *Cache) scan() error {
	if err := os.MkdirAll(c.o.Folder, 0o700); err != nil {
		return err
	}
	if err := os.Chmod(c.o.Folder, 0o700); err != nil {
		return err
	}
	files, err := os.ReadDir(c.o.Folder)
	if err != nil {
		return err
	}
	all := map[string]*found{}
	for _, f := range files {
		info, err := f.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		name, data, ok := parseName(f.Name())
		if !ok || !info.Mode().IsRegular() {
			c.o.Logger.Warn("what is not the cache's is removed from its folder", "file", f.Name())
			if err := os.RemoveAll(c.path(f.Name())); err != nil {
				return err
			}
			continue
		}
		if all[name] == nil {
			all[name] = &found{}
		}
		all[name].note(info, data)
	}
	return c.addFound(all)
}

func parseName(name string) (id string, data, ok bool) {
	id, data = strings.CutSuffix(name, dataSuffix)
	if !data {
		if id, ok = strings.CutSuffix(name, blocksSuffix); !ok {
			return "", false, false
		}
	}
	return id, data, len(id) == nameLen && strings.Trim(id, "0123456789abcdef") == ""
}

func (f *found) note(info fs.FileInfo, data bool) {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		f.disk += st.Blocks * 512
	}
	if data {
		f.data = true
		return
	}
	f.blocks, f.used = true, info.ModTime()
}

// addFound adds the objects in the order of their use. Half a pair is removed.
func (c *Cache) addFound(all map[string]*found) error {
	var names []string
	for name, f := range all {
		if !f.data || !f.blocks {
			if err := newEntry(c, name).removeFiles(); err != nil {
				return err
			}
			continue
		}
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return all[b].used.Compare(all[a].used) })
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, name := range names {
		e := newEntry(c, name)
		e.kept, e.disk = true, all[name].disk
		c.add(e)
	}
	return nil
}
