package cache

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"wharf"
)

// files returns the paths of the only object's files.
func files(t *testing.T, dir string) (data, blocks string) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "*"+dataSuffix))
	if err != nil || len(found) != 1 {
		t.Fatalf("%v, %v", found, err)
	}
	return found[0], strings.TrimSuffix(found[0], dataSuffix) + blocksSuffix
}

// filled returns a folder with an object that is there whole.
func filled(t *testing.T, u *upstream) string {
	t.Helper()
	dir := folder(t)
	c := openCache(t, dir, nil)
	f := c.local(t, u)
	f.read(t, u)
	f.Close()
	c.Close()
	return dir
}

// TestDamage spoils what a server left: the next one serves right bytes, and
// fetches no more than it must.
func TestDamage(t *testing.T) {
	const size = 20<<20 + 7
	flip := func(path string, at int64) error {
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		defer f.Close()
		var b [1]byte
		if _, err := f.ReadAt(b[:], at); err != nil {
			return err
		}
		b[0] ^= 16
		_, err = f.WriteAt(b[:], at)
		return err
	}
	for name, c := range map[string]struct {
		spoil func(data, blocks string) error
		most  int64 // bytes that are fetched again
	}{
		"nothing":               {func(string, string) error { return nil }, 0},
		"a flipped bit":         {func(data, _ string) error { return flip(data, 5_000_000) }, blockSize},
		"lost data":             {func(data, _ string) error { return punch(data, 1<<20, 2<<20) }, 2<<20 + 2*blockSize},
		"short data":            {func(data, _ string) error { return os.Truncate(data, size-1) }, size},
		"long data":             {func(data, _ string) error { return os.Truncate(data, size+1) }, size},
		"no data":               {func(data, _ string) error { return os.Remove(data) }, size},
		"no list":               {func(_, blocks string) error { return os.Remove(blocks) }, size},
		"an empty list":         {func(_, blocks string) error { return os.Truncate(blocks, 0) }, size},
		"a torn record":         {func(_, blocks string) error { return cut(blocks, 30) }, maxRun * blockSize},
		"a flipped record":      {func(_, blocks string) error { return flip(blocks, headerFixed+40) }, size},
		"a flipped header":      {func(_, blocks string) error { return flip(blocks, 9) }, size},
		"a link in its place":   {func(data, _ string) error { return link(data) }, size},
		"a folder in its place": {func(data, _ string) error { return errors.Join(os.Remove(data), os.Mkdir(data, 0o700)) }, size},
	} {
		u := newUpstream("a", size, 1)
		dir := filled(t, u)
		u.bytes.Store(0)
		data, blocks := files(t, dir)
		if err := c.spoil(data, blocks); err != nil {
			t.Fatal(err)
		}
		for round := range 2 {
			f := openCache(t, dir, nil).local(t, u)
			f.read(t, u)
			f.Close()
			if n := u.bytes.Load(); n > c.most {
				t.Errorf("%s: %d bytes were fetched again in round %d, want at most %d", name, n, round, c.most)
			}
		}
	}
}

// punch makes a part of a file be zeros.
func punch(path string, off, n int64) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.WriteAt(make([]byte, n), off)
	return err
}

func cut(path string, n int64) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	return os.Truncate(path, info.Size()-n)
}

// link puts a symbolic link to the same bytes in a file's place.
func link(path string) error {
	to := filepath.Join(filepath.Dir(filepath.Dir(path)), "elsewhere")
	if err := os.Rename(path, to); err != nil {
		return err
	}
	return os.Symlink(to, path)
}

// TestAnySpoiledByte flips and cuts at seeded places. No wrong byte is served.
func TestAnySpoiledByte(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 7))
	for i := range 150 {
		u := newUpstream("a", 1<<20+rnd.IntN(1<<20), uint64(i))
		dir := filled(t, u)
		data, blocks := files(t, dir)
		path := []string{data, blocks}[rnd.IntN(2)]
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for range 1 + rnd.IntN(3) {
			content[rnd.IntN(len(content))] ^= 1 << rnd.IntN(8)
		}
		if rnd.IntN(4) == 0 {
			content = content[:rnd.IntN(len(content))]
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		f := openCache(t, dir, nil).local(t, u)
		f.read(t, u)
		f.Close()
	}
}

// TestForeignFiles wants what is not the cache's to be removed, and never to be
// served: here another object's files under this one's name.
func TestForeignFiles(t *testing.T) {
	u, other := newUpstream("a", 1<<20, 1), newUpstream("b", 1<<20, 2)
	dir, from := filled(t, u), filled(t, other)
	data, blocks := files(t, dir)
	otherData, otherBlocks := files(t, from)
	for to, from := range map[string]string{data: otherData, blocks: otherBlocks} {
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "notes.txt"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, strings.Repeat("a", nameLen)+dataSuffix, "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	f := openCache(t, dir, nil).local(t, u)
	f.read(t, u)
	f.Close()
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 2 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// TestAtOnce lets many ask for random ranges of objects that do not all fit,
// while some give up and the cache is opened again between.
func TestAtOnce(t *testing.T) {
	dir := folder(t)
	var us []*upstream
	for i := range 6 {
		us = append(us, newUpstream(fmt.Sprint(i), 3<<20+i*1000, uint64(i)))
	}
	for round := range 3 {
		c := openCache(t, dir, func(o *Options) { o.Size = 10 << 20 })
		var all sync.WaitGroup
		for k := range 8 {
			all.Go(func() {
				rnd := rand.New(rand.NewPCG(uint64(round), uint64(k)))
				for range 25 {
					u := us[rnd.IntN(len(us))]
					f := c.local(t, u)
					var ranges []wharf.ByteRange
					for range rnd.IntN(4) {
						off := rnd.Int64N(int64(len(u.data)))
						ranges = append(ranges, wharf.ByteRange{Off: off, Len: rnd.Int64N(min(300_000, int64(len(u.data))-off))})
					}
					f.read(t, u, ranges...)
					f.Close()
				}
			})
		}
		all.Wait()
		if s := c.Stats(); s.Bytes > 10<<20 {
			t.Errorf("%+v", s)
		}
		c.Close()
	}
}
