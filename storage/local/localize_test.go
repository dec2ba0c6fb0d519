package local

import (
	"bytes"
	"os"
	"testing"

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

// TestLocal: the file of an object stays until it is released, whatever becomes
// of the object, and has its bytes, verified.
func TestLocal(t *testing.T) {
	e := openEngine(t, t.TempDir(), Options{})
	s := e.Store(stageOne)
	for _, n := range []int{0, 10, copyMax + 1, 1 << 20} {
		data := randomBytes(n)
		put(t, s, "k", data)
		path, release, err := s.Local(bg, "k")
		must(t, err)
		again, releaseAgain, err := s.Local(bg, "k")
		must(t, err)
		put(t, s, "k", []byte("another version"))
		must(t, s.Delete(bg, []wharf.Key{"k"}))
		<-e.reaper.idle()
		for _, p := range []string{path, again} {
			if got, err := os.ReadFile(p); err != nil || !bytes.Equal(got, data) {
				t.Errorf("%d bytes: %d in the file, %v", n, len(got), err)
			}
		}
		release()
		release() // is no harm
		if _, err := os.Stat(again); err != nil {
			t.Errorf("%d bytes: the file went with another's release: %v", n, err)
		}
		releaseAgain()
		<-e.reaper.idle()
		if _, err := os.Stat(path); !os.IsNotExist(err) {
			t.Errorf("%d bytes: the file is there after the release: %v", n, err)
		}
	}
	_, _, err := s.Local(bg, "k")
	wantCode(t, err, wharf.CodeNotFound)
}

// TestLocalIsVerified: a damaged body has no path.
func TestLocalIsVerified(t *testing.T) {
	dir := t.TempDir()
	e := openEngine(t, dir, Options{})
	s := e.Store(stageOne)
	put(t, s, "k", randomBytes(1<<20))
	path := e.path(bodiesFolder, bodyFiles(t, e.fs, dir)[0])
	data, err := os.ReadFile(path)
	must(t, err)
	data[700_000] ^= 4
	must(t, os.WriteFile(path, data, 0o600))
	_, _, err = s.Local(bg, "k")
	wantCode(t, err, wharf.CodeInternal)
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
