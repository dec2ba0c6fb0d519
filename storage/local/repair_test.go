package local_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"wharf"
	"wharf/storage/local"
	"wharf/storage/local/fsck"
	"wharf/storage/storagetest"
)

// memory is a data folder on a disk in memory, whose power can fail.
type memory struct {
	t       *testing.T
	fs      *local.CrashDisk
	objects map[string][]byte
}

func options(fs vfs.FS) local.Options {
	return local.Options{FS: local.Mortal{FS: fs}, SegmentSize: 16 << 10}.WithoutSpare()
}

var (
	stages = []wharf.StageID{{1}, {2}}
	bg     = context.Background()
)

func name(stage wharf.StageID, key wharf.Key) string { return fmt.Sprintf("%x/%s", stage[0], key) }

func read(s wharf.Store, key wharf.Key) ([]byte, error) { return storagetest.ReadAll(bg, s, key) }

// newMemory makes a stopped data folder with several segments and two long
// bodies.
func newMemory(t *testing.T) *memory {
	t.Helper()
	m := &memory{t: t, fs: local.NewCrashDisk(), objects: map[string][]byte{}}
	e, err := local.Open("data", options(m.fs))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 40 {
		key, size := wharf.Key(fmt.Sprintf("k%02d", i)), 100+i*53
		if i == 7 || i == 23 {
			size = 300_000
		}
		stage := stages[i%2]
		m.objects[name(stage, key)] = bytes.Repeat([]byte{byte(i)}, size)
		if _, err := e.Store(stage).Put(bg, key, bytes.NewReader(m.objects[name(stage, key)]), wharf.PutOptions{Size: int64(size)}); err != nil {
			t.Fatal(err)
		}
		if i%9 == 8 {
			if err := e.Store(stage).Delete(bg, []wharf.Key{key}); err != nil {
				t.Fatal(err)
			}
			delete(m.objects, name(stage, key))
		}
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	return m
}

// afterCrash is what a loss of power leaves, with a part of what was not synced.
func (m *memory) afterCrash(percent int, rng *rand.Rand) *memory {
	return &memory{t: m.t, objects: m.objects, fs: m.fs.Crash(percent, rng)}
}

// all lists the files below a folder, with their bytes.
func (m *memory) all(dir string) map[string][]byte {
	m.t.Helper()
	files := map[string][]byte{}
	names, err := m.fs.List(dir)
	if err != nil {
		m.t.Fatal(err)
	}
	for _, n := range names {
		p := path.Join(dir, n)
		info, err := m.fs.Stat(p)
		if err != nil {
			m.t.Fatal(err)
		}
		if info.IsDir() {
			maps.Copy(files, m.all(p))
			continue
		}
		data, err := m.fs.UnsafeGetFileDataBuffer(p)
		if err != nil {
			m.t.Fatal(err)
		}
		files[p] = bytes.Clone(data)
	}
	return files
}

// repair runs a repair, which may be cut short; nil is none that is.
func (m *memory) repair(inject errorfs.InjectorFunc) error {
	o := options(m.fs)
	if inject != nil {
		o = options(errorfs.Wrap(m.fs, inject))
	}
	return fsck.Check(bg, "data", fsck.Options{Open: o, Repair: true}, func(fsck.Finding) {})
}

// lost starts a server and returns which objects it does not serve.
func (m *memory) lost() (lost []string, err error) {
	e, err := local.Open("data", options(m.fs))
	if err != nil {
		return nil, err
	}
	for k, want := range m.objects {
		stage, key, _ := strings.Cut(k, "/")
		if data, err := read(e.Store(wharf.StageID{stage[0] - '0'}), wharf.Key(key)); err != nil {
			lost = append(lost, k)
		} else if !bytes.Equal(data, want) {
			return nil, fmt.Errorf("%s is wrong", k)
		}
	}
	slices.Sort(lost)
	return lost, e.Close()
}

// spoil changes the first file that matches, or removes it, durably.
func (m *memory) spoil(pattern string, change func([]byte)) (file string, after []byte) {
	m.t.Helper()
	for _, p := range slices.Sorted(maps.Keys(m.all("data"))) {
		if ok, _ := path.Match("data/"+pattern, p); ok && file == "" {
			file = p
		}
	}
	after = m.all("data")[file]
	err := m.fs.Remove(file)
	if change != nil {
		change(after)
		f, cerr := m.fs.Create(file, vfs.WriteCategoryUnspecified)
		if cerr != nil {
			m.t.Fatal(cerr)
		}
		_, werr := f.Write(bytes.Clone(after)) // which it may spoil (pebble v2.1.4, vfs/mem_fs.go)
		err = errors.Join(err, werr, f.Sync(), f.Close())
	}
	dir, derr := m.fs.OpenDir(path.Dir(file))
	if derr != nil {
		m.t.Fatal(derr)
	}
	if err := errors.Join(err, dir.Sync(), dir.Close()); err != nil {
		m.t.Fatal(err)
	}
	return file, after
}

// TestPowerLossInRepair cuts the power at operations of a repair. The next one
// ends as well as it would have without: it loses no object more, the folder is
// sound, and what is put aside is there.
func TestPowerLossInRepair(t *testing.T) {
	const seed = 1
	flip := func(data []byte) { data[len(data)/2] ^= 1 }
	for name, c := range map[string]struct {
		pattern string
		change  func([]byte)
		aside   bool // the damaged file itself is kept
	}{
		"segment":         {"log/*.seg", flip, true},
		"segment, zeros":  {"log/*.seg", func(data []byte) { clear(data[1000:4000]) }, true},
		"body":            {"bodies/*/*", flip, true},
		"missing body":    {"bodies/*/*", nil, false},
		"missing segment": {"log/*.seg", nil, false},
		"table":           {"index/*.sst", flip, false},
		"manifest":        {"index/MANIFEST-*", flip, false},
		"FORMAT":          {"FORMAT", flip, false},
		"missing FORMAT":  {"FORMAT", nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMemory(t)
			file, damaged := m.spoil(c.pattern, c.change)
			m = m.afterCrash(100, rand.New(rand.NewPCG(0, 0)))
			uncut := m.afterCrash(100, rand.New(rand.NewPCG(0, 0)))
			total := uncut.cut(-1, nil)
			want := uncut.sound(nil)
			if len(want) == len(m.objects) || total < 5 {
				t.Fatalf("the repair of %s loses all: %d operations, %v", file, total, want)
			}
			step := 1
			if local.RaceDetector || testing.Short() {
				step = 7
			}
			for at := 0; at < total; at += step {
				rng := rand.New(rand.NewPCG(seed, uint64(at)))
				p := m.afterCrash(100, rng)
				p.cut(at, rng)
				aside := damaged
				if !c.aside {
					aside = nil
				}
				if got := p.sound(aside); !slices.Equal(got, want) {
					t.Errorf("power lost at operation %d of %d: %v are lost, and not %v", at, total, got, want)
				}
				if t.Failed() {
					t.Fatalf("power lost at operation %d of %d, seed %d", at, total, seed)
				}
			}
		})
	}
}

// cut runs a repair, and takes what the disk has when the power fails at an
// operation. It returns how many there were.
func (m *memory) cut(at int, rng *rand.Rand) (operations int) {
	m.t.Helper()
	var mu sync.Mutex // guards what follows
	var after *memory
	err := m.repair(func(op errorfs.Op) error {
		mu.Lock()
		defer mu.Unlock()
		if op.Kind.ReadOrWrite() != errorfs.OpIsWrite {
			return nil
		}
		if operations == at {
			after = m.afterCrash([]int{0, 0, 50, 100}[rng.IntN(4)], rng)
		}
		operations++
		return nil
	})
	if err != nil {
		m.t.Fatalf("repair: %v", err)
	}
	mu.Lock()
	defer mu.Unlock()
	if after == nil && rng != nil { // the work of the index differs a little
		after = m.afterCrash(0, rng)
	}
	if after != nil {
		m.fs = after.fs
	}
	return operations
}

// sound repairs a folder in which a repair was cut short, and returns what is
// lost. The damaged file must be where it was, or aside.
func (m *memory) sound(damaged []byte) (lost []string) {
	m.t.Helper()
	if err := m.repair(nil); err != nil {
		m.t.Errorf("the next repair: %v", err)
		return nil
	}
	m = m.afterCrash(0, rand.New(rand.NewPCG(0, 0)))
	err := fsck.Check(bg, "data", fsck.Options{Open: options(m.fs)}, func(f fsck.Finding) { m.t.Errorf("after the repair: %v", f) })
	if err != nil {
		m.t.Errorf("the check after the repair: %v", err)
	}
	if damaged != nil && !slices.ContainsFunc(slices.Collect(maps.Values(m.all("data"))), func(data []byte) bool { return bytes.Equal(data, damaged) }) {
		m.t.Errorf("the damaged file is gone: %v", slices.Sorted(maps.Keys(m.all("data"))))
	}
	if lost, err = m.lost(); err != nil {
		m.t.Errorf("the start after the repair: %v", err)
	}
	return lost
}
