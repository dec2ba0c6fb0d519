package fsck_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wharf"
	"wharf/storage/local"
	"wharf/storage/local/fsck"
	"wharf/storage/storagetest"
)

var (
	stages = []wharf.StageID{{1}, {2}}
	bg     = context.Background()
)

// folder is a stopped data folder and what is in it.
type folder struct {
	t        *testing.T
	dir      string
	objects  map[string][]byte // by stage and key
	records  map[string][]span // where the bytes of each object are
	needless map[string]bool   // files that may be damaged and lost
	log      bytes.Buffer      // the errors that a start logs
}

func (f *folder) relative(path string) string { return strings.TrimPrefix(path, f.dir+"/") }

// sizes lists all files of the folder.
func (f *folder) sizes() map[string]int64 {
	f.t.Helper()
	all := map[string]int64{}
	err := filepath.WalkDir(f.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			all[f.relative(path)] = info.Size()
		}
		return err
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return all
}

func name(stage wharf.StageID, key wharf.Key) string { return fmt.Sprintf("%x/%s", stage[0], key) }

func body(key string, n int) []byte {
	return bytes.Repeat([]byte(key+" is a body. "), n/len(key)+1)[:n]
}

// newFolder makes a data folder with a log of several segments, in which there
// are dead records, removals and copies.
func newFolder(t *testing.T) *folder {
	t.Helper()
	f := &folder{t: t, dir: t.TempDir(), objects: map[string][]byte{}}
	e, err := local.Open(f.dir, local.Options{SegmentSize: 64 << 10})
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range 300 {
		stage, key := stages[i%2], wharf.Key(fmt.Sprintf("k%d", rng.IntN(80)))
		s := e.Store(stage)
		switch {
		case i%7 == 6:
			if err := s.Delete(bg, []wharf.Key{key}); err != nil {
				t.Fatal(err)
			}
			delete(f.objects, name(stage, key))
			continue
		case i == 200:
			if err := e.Store(stages[1]).Clear(bg); err != nil {
				t.Fatal(err)
			}
			for k := range f.objects {
				if strings.HasPrefix(k, "2/") {
					delete(f.objects, k)
				}
			}
		}
		size := rng.IntN(6000)
		if i%25 == 0 {
			size = 262_145 + rng.IntN(100_000) // a file
		}
		data := body(fmt.Sprintf("%s of %d", key, i), size)
		if _, err := s.Put(bg, key, bytes.NewReader(data), wharf.PutOptions{Size: int64(size)}); err != nil {
			t.Fatal(err)
		}
		f.objects[name(stage, key)] = data
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	return f
}

// copyOf copies the folder, with the labels of its files.
func (f *folder) copyOf(t *testing.T) *folder {
	t.Helper()
	c := &folder{t: t, dir: t.TempDir(), objects: f.objects}
	if err := copyTree(f.dir, c.dir); err != nil {
		t.Fatal(err)
	}
	return c
}

func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(to, strings.TrimPrefix(path, from))
		if d.IsDir() {
			return os.MkdirAll(target, 0o700)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := os.WriteFile(target, data, 0o600); err != nil {
			return err
		}
		return copyLabel(path, target)
	})
}

// files lists the files of the folder whose path matches.
func (f *folder) files(pattern string) []string {
	found, err := filepath.Glob(filepath.Join(f.dir, pattern))
	if err != nil || len(found) == 0 {
		f.t.Fatalf("%s: %v, %v", pattern, found, err)
	}
	slices.Sort(found)
	return found
}

func (f *folder) check(repair bool) (findings []fsck.Finding) {
	f.t.Helper()
	err := fsck.Check(bg, f.dir, fsck.Options{Repair: repair}, func(x fsck.Finding) {
		if strings.Contains(x.String(), "\n") {
			f.t.Errorf("a finding is more than a line: %q", x)
		}
		findings = append(findings, x)
	})
	if err != nil {
		f.t.Fatalf("Check: %v", err)
	}
	return findings
}

// served starts an engine and reads all objects. Those that it lists and cannot
// read are in failed.
func (f *folder) served() (got map[string][]byte, failed map[string]bool, err error) {
	f.t.Helper()
	logger := slog.New(slog.NewTextHandler(&f.log, &slog.HandlerOptions{Level: slog.LevelError}))
	e, err := local.Open(f.dir, local.Options{SegmentSize: 64 << 10, Logger: logger})
	if err != nil {
		return nil, nil, err
	}
	got, failed = map[string][]byte{}, map[string]bool{}
	for _, stage := range stages {
		for o, err := range e.Store(stage).List(bg, wharf.ListOptions{}) {
			if err != nil {
				f.t.Fatalf("list: %v", err)
			}
			data, err := read(e.Store(stage), o.Key)
			if err != nil {
				failed[name(stage, o.Key)] = true
				continue
			}
			got[name(stage, o.Key)] = data
		}
	}
	if _, err := e.Store(stages[0]).Put(bg, "after", strings.NewReader("x"), wharf.PutOptions{Size: 1}); err != nil {
		f.t.Errorf("Put: %v", err)
	}
	if err := e.Store(stages[0]).Delete(bg, []wharf.Key{"after"}); err != nil {
		f.t.Errorf("Delete: %v", err)
	}
	if err := e.Close(); err != nil {
		f.t.Errorf("Close: %v", err)
	}
	return got, failed, nil
}

func read(s wharf.Store, key wharf.Key) ([]byte, error) { return storagetest.ReadAll(bg, s, key) }
