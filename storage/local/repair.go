package local

import (
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// write is one change of the index that a repair makes.
type write struct {
	key, value []byte
	remove     bool
}

func setKey(key, value []byte) write { return write{key: append([]byte(nil), key...), value: value} }
func deleteKey(key []byte) write     { return write{key: append([]byte(nil), key...), remove: true} }

// set makes changes together. They need not be synced one by one: a repair
// that was cut short is begun again.
func (c *checker) set(writes ...write) error {
	b := c.e.index.NewBatch()
	defer b.Close()
	for _, w := range writes {
		var err error
		if w.remove {
			err = b.Delete(w.key, nil)
		} else {
			err = b.Set(w.key, w.value, nil)
		}
		if err != nil {
			return err
		}
	}
	return c.e.index.Apply(b, pebble.NoSync)
}

// writes gives an object its body.
func (cl claim) writes() []write {
	k := cl.indexKey()
	w := []write{setKey(k, cl.record().append(nil, k))}
	if cl.id.large() {
		file := idKey(spaceFile, cl.id)
		return append(w, setKey(file[:], k[1:]))
	}
	body := idKey(spaceBody, cl.id)
	s := smallBody{id: cl.id, stage: cl.stage, key: cl.key, mtime: cl.mtime, data: cl.data}
	v := make([]byte, s.length())
	s.encode(v)
	return append(w, setKey(body[:], v))
}

// putAside moves a body file out of the way. It tells where, if it was there.
func (c *checker) putAside(id bodyID) (string, error) {
	path := c.e.bodyPath(id)
	if _, err := c.e.fs.Stat(path); missing(err) {
		return "", nil
	}
	return "; what is left of it is put aside", c.moveAside(path)
}

// moveAside moves a file or a folder into aside/, under a name that is free.
func (c *checker) moveAside(path string) error {
	fs, dir := c.e.fs, c.e.path(asideFolder)
	if err := fs.MkdirAll(dir, folderMode); err != nil {
		return err
	}
	name := fs.PathJoin(dir, fs.PathBase(path))
	for n := 2; ; n++ {
		if _, err := fs.Stat(name); missing(err) {
			break
		} else if err != nil {
			return err
		}
		name = fs.PathJoin(dir, fmt.Sprintf("%s.%d", fs.PathBase(path), n))
	}
	if err := fs.Rename(path, name); err != nil {
		return err
	}
	for _, d := range []string{dir, fs.PathDir(path), c.e.dir} {
		if err := syncFolder(fs, d); err != nil {
			return err
		}
	}
	return nil
}
