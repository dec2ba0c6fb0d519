package local

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"wharf"
)

// TestBodyFileIsTheObject: a long body is a file with exactly its bytes.
func TestBodyFileIsTheObject(t *testing.T) {
	dir := t.TempDir()
	e := openEngine(t, dir, Options{})
	data := randomBytes(10 << 20)
	put(t, e.Store(stageOne), "large", data)
	files := bodyFiles(t, e.fs, dir)
	if len(files) != 1 {
		t.Fatalf("body files: %q", files)
	}
	got, err := os.ReadFile(e.path(bodiesFolder, files[0]))
	must(t, err)
	if !bytes.Equal(got, data) {
		t.Errorf("the file has %d bytes that are not the object's", len(got))
	}
}

// linked gives the bytes of a file, by a link to it.
func linked(t *testing.T, f wharf.LocalFile) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "link")
	must(t, f.Link(path))
	data, err := os.ReadFile(path)
	must(t, err)
	return data
}

// TestLocal: the file of an object stays until it is closed, whatever becomes
// of the object, and has its bytes.
func TestLocal(t *testing.T) {
	e := openEngine(t, t.TempDir(), Options{})
	s := e.Store(stageOne)
	for _, n := range []int{0, 10, copyMax + 1, 1 << 20} {
		data := randomBytes(n)
		object := put(t, s, "k", data)
		f, err := s.Local(bg, "k")
		must(t, err)
		again, err := s.Local(bg, "k")
		must(t, err)
		put(t, s, "k", []byte("another version"))
		must(t, s.Delete(bg, []wharf.Key{"k"}))
		<-e.reaper.idle()
		for _, f := range []wharf.LocalFile{f, again} {
			if got := linked(t, f); !bytes.Equal(got, data) {
				t.Errorf("%d bytes: %d in the file", n, len(got))
			}
			if f.Object().ETag != object.ETag || f.Object().Size != int64(n) {
				t.Errorf("%d bytes: %+v", n, f.Object())
			}
			must(t, f.Whole(bg))
		}
		must(t, f.Close())
		must(t, f.Close()) // is no harm
		linked(t, again)
		must(t, again.Close())
		<-e.reaper.idle()
		if err := again.Link(filepath.Join(t.TempDir(), "link")); !missing(err) {
			t.Errorf("%d bytes: the file is there after Close: %v", n, err)
		}
	}
	_, err := s.Local(bg, "k")
	wantCode(t, err, wharf.CodeNotFound)
}

// reopened gives the store of a folder after a restart, and how many bytes are
// read of body files from then on.
func reopened(t *testing.T, dir string) (*Store, *atomic.Int64) {
	t.Helper()
	fs := &readCounter{FS: vfs.Default}
	e := openEngine(t, dir, Options{FS: fs})
	e.hash.close() // it reads bodies too
	fs.bodies.Store(0)
	return e.Store(stageOne), &fs.bodies
}

// readCounter counts the bytes that are read of body files.
type readCounter struct {
	vfs.FS
	bodies atomic.Int64
}

func (c *readCounter) Open(name string, o ...vfs.OpenOption) (vfs.File, error) {
	f, err := c.FS.Open(name, o...)
	if err != nil || !strings.Contains(name, bodiesFolder) {
		return f, err
	}
	return countedFile{f, c}, nil
}

type countedFile struct {
	vfs.File
	c *readCounter
}

func (f countedFile) ReadAt(p []byte, off int64) (int, error) {
	n, err := f.File.ReadAt(p, off)
	f.c.bodies.Add(int64(n))
	return n, err
}

// TestLocalIsVerifiedOnce: a body is read through its checksums once after a
// start, whoever asks, and not where it was uploaded since.
func TestLocalIsVerifiedOnce(t *testing.T) {
	dir := t.TempDir()
	e := openEngine(t, dir, Options{})
	data := randomBytes(1 << 20)
	put(t, e.Store(stageOne), "before", data)
	must(t, e.Close())
	s, read := reopened(t, dir)
	put(t, s, "since", data)
	read.Store(0)
	for range 3 {
		f, err := s.Local(bg, "since")
		must(t, err)
		must(t, f.Whole(bg))
		must(t, f.Close())
	}
	if n := read.Load(); n != 0 {
		t.Errorf("%d bytes of a file that came since the start were read again", n)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			f, err := s.Local(bg, "before")
			if err == nil {
				err = f.Whole(bg)
			}
			if err != nil {
				t.Error(err)
				return
			}
			f.Close()
		})
	}
	all.Wait()
	if n := read.Load(); n != 1<<20 {
		t.Errorf("%d bytes were read to verify %d", n, 1<<20)
	}
}

// TestLocalDamaged: a damaged body is not found whole, each time.
func TestLocalDamaged(t *testing.T) {
	dir := t.TempDir()
	e := openEngine(t, dir, Options{})
	put(t, e.Store(stageOne), "k", randomBytes(1<<20))
	path := e.path(bodiesFolder, bodyFiles(t, e.fs, dir)[0])
	must(t, e.Close())
	data, err := os.ReadFile(path)
	must(t, err)
	data[700_000] ^= 4
	must(t, os.WriteFile(path, data, 0o600))
	s, _ := reopened(t, dir)
	for range 2 {
		f, err := s.Local(bg, "k")
		must(t, err)
		wantCode(t, f.Whole(bg), wharf.CodeInternal)
		must(t, f.Close())
	}
	must(t, os.Truncate(path, 1000))
	_, err = s.Local(bg, "k")
	wantCode(t, err, wharf.CodeInternal)
}

// TestLocalRemovedWhileVerified: the checksums of an object that is removed stay
// until it was verified, also over a compaction.
func TestLocalRemovedWhileVerified(t *testing.T) {
	dir := t.TempDir()
	e := openEngine(t, dir, Options{})
	put(t, e.Store(stageOne), "k", randomBytes(1<<20))
	must(t, e.Close())
	s, _ := reopened(t, dir)
	for range checksAtOnce {
		s.e.checks.turns <- struct{}{} // nothing is verified yet
	}
	f, err := s.Local(bg, "k")
	must(t, err)
	must(t, s.Delete(bg, []wharf.Key{"k"}))
	<-s.e.reaper.idle()
	ended, cancel := context.WithCancel(bg)
	cancel()
	wantCode(t, f.Whole(ended), wharf.CodeCanceled)
	for range checksAtOnce {
		<-s.e.checks.turns
	}
	must(t, f.Whole(bg))
	must(t, f.Close())
}

// TestLocalGivenUp: a verification that is wanted no more ends, and the next one
// begins anew.
func TestLocalGivenUp(t *testing.T) {
	dir := t.TempDir()
	e := openEngine(t, dir, Options{})
	put(t, e.Store(stageOne), "k", randomBytes(1<<20))
	must(t, e.Close())
	s, read := reopened(t, dir)
	for range checksAtOnce {
		s.e.checks.turns <- struct{}{}
	}
	f, err := s.Local(bg, "k")
	must(t, err)
	must(t, f.Close())
	<-f.(*localFile).check.done
	again, err := s.Local(bg, "k")
	must(t, err)
	for range checksAtOnce {
		<-s.e.checks.turns
	}
	must(t, again.Whole(bg))
	must(t, again.Close())
	if n := read.Load(); n != 1<<20 {
		t.Errorf("%d bytes were read", n)
	}
}

// TestUsage: what a stage holds is known exactly, also after a restart.
func TestUsage(t *testing.T) {
	dir := t.TempDir()
	e := openEngine(t, dir, Options{})
	want := func(files, bytes int64) {
		t.Helper()
		if u, err := e.Store(stageOne).Usage(bg); err != nil || u != (wharf.Usage{Files: files, Bytes: bytes}) {
			t.Errorf("usage is %+v, %v; want %d files of %d bytes", u, err, files, bytes)
		}
	}
	s := e.Store(stageOne)
	put(t, s, "a", make([]byte, 100))
	put(t, s, "b", make([]byte, 1<<20))
	put(t, e.Store(wharf.StageID{9}), "b", make([]byte, 5))
	want(2, 1<<20+100)
	put(t, s, "b", make([]byte, 1))
	want(2, 101)
	must(t, e.Close())
	e = openEngine(t, dir, Options{})
	want(2, 101)
	must(t, e.Store(stageOne).Delete(bg, []wharf.Key{"a", "nothing"}))
	want(1, 1)
	must(t, e.Store(stageOne).Clear(bg))
	want(0, 0)
}
