package local

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"wharf"
)

// TestPowerLossInStart cuts the power at each operation of a start. The next one
// finds the index whole, and need not make it anew.
func TestPowerLossInStart(t *testing.T) {
	disk := NewCrashDisk()
	e := openEngine(t, "data", tinyOptions(Mortal{disk}))
	put(t, e.Store(stageOne), "k", []byte("x"))
	must(t, e.Close())
	seeds := uint64(12)
	if raceDetector {
		seeds = 2
	}
	for at, more := 0, true; more; at++ {
		for seed := range seeds {
			after, ops := startCut(t, disk, at, rand.New(rand.NewPCG(seed, uint64(at))))
			if more = at < ops; !more {
				break
			}
			var log errorLog
			o := tinyOptions(Mortal{after})
			o.Logger = log.logger()
			e := openEngine(t, "data", o)
			if data, err := readAll(e.Store(stageOne), "k"); err != nil || string(data) != "x" || log.String() != "" {
				t.Fatalf("power lost at operation %d, seed %d: %q, %v\n%s", at, seed, data, err, &log)
			}
			must(t, e.Close())
		}
	}
}

// startCut starts an engine, and returns what the disk has when the power fails
// at an operation of that, and how many there were.
func startCut(t *testing.T, disk *CrashDisk, at int, rng *rand.Rand) (after *CrashDisk, ops int) {
	t.Helper()
	work := disk.Crash(0, rng)
	var mu sync.Mutex // guards what follows
	opened := false
	e := openEngine(t, "data", tinyOptions(Mortal{errorfs.Wrap(work, errorfs.InjectorFunc(func(op errorfs.Op) error {
		mu.Lock()
		defer mu.Unlock()
		if opened || op.Kind.ReadOrWrite() != errorfs.OpIsWrite {
			return nil
		}
		if ops == at {
			after = work.Crash(30+rng.IntN(40), rng)
		}
		ops++
		return nil
	}))}))
	mu.Lock()
	opened = true
	mu.Unlock()
	must(t, e.Close())
	return after, ops
}

// TestFailedUploadStaysInFlight: the file of an upload that failed could not be
// removed durably. The records that follow must not say that no upload has its
// number any more: then no start would remove it.
func TestFailedUploadStaysInFlight(t *testing.T) {
	disk := NewCrashDisk()
	var off, fail atomic.Bool // file operations come from many goroutines
	e := openEngine(t, "data", tinyOptions(errorfs.Wrap(disk, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind == errorfs.OpRemove && strings.Contains(op.Path, bodiesFolder) {
			fail.Store(true)
		}
		if fail.Load() && !off.Load() && op.Kind == errorfs.OpFileSync && strings.Contains(op.Path, bodiesFolder) {
			return syscall.EIO
		}
		return nil
	}))))
	s := e.Store(stageOne)
	put(t, s, "whole", make([]byte, 3000))              // makes the folder
	ended := bytes.NewReader(make([]byte, chunkSize+1)) // the file is made after the first chunk
	if _, err := s.Put(bg, "failed", &syncing{Reader: ended, disk: disk}, wharf.PutOptions{Size: 2 * chunkSize}); err == nil {
		t.Fatal("an upload that ends too soon is stored")
	}
	put(t, s, "later", []byte("x"))
	again := openEngine(t, "data", tinyOptions(disk.Crash(0, nil)))
	must(t, noStrays(again))
	off.Store(true)
}

// syncing is a body whose end finds the file of the upload on the disk.
type syncing struct {
	*bytes.Reader
	disk *CrashDisk
}

func (r *syncing) Read(p []byte) (int, error) {
	if r.Len() == 0 {
		folders, err := r.disk.List("data/" + bodiesFolder)
		for _, name := range folders {
			if err == nil {
				err = syncFolder(r.disk, r.disk.PathJoin("data", bodiesFolder, name))
			}
		}
		if err != nil {
			return 0, err
		}
	}
	return r.Reader.Read(p)
}

// TestIndexAfterStart: what a start wrote around a torn end is a part of what the
// first checkpoint says that the index has; and it is durable before the index has
// the position behind it.
func TestIndexAfterStart(t *testing.T) {
	for name, write := range map[string]func(e *Engine) error{
		"checkpoint": func(e *Engine) error { return e.checkpoint(bg) },
		"flush":      func(e *Engine) error { return e.index.flush() },
	} {
		t.Run(name, func(t *testing.T) {
			disk := NewCrashDisk()
			e := openEngine(t, "data", tinyOptions(Mortal{disk}))
			put(t, e.Store(stageOne), "k", []byte("x"))
			must(t, e.Close())
			segments := e.segs.sorted()
			last := segments[len(segments)-1].path
			f, err := disk.OpenReadWrite(last, vfs.WriteCategoryUnspecified)
			must(t, err)
			info, err := f.Stat()
			must(t, err)
			_, err = f.WriteAt(make([]byte, 300), info.Size())
			must(t, errors.Join(err, f.Sync(), f.Close()))

			e = openEngine(t, "data", tinyOptions(Mortal{disk}))
			must(t, write(e))
			after := disk.Crash(0, nil)
			wantNoDamage(t, after)
			var log errorLog
			o := tinyOptions(Mortal{after})
			o.Logger = log.logger()
			again := openEngine(t, "data", o)
			if data, err := readAll(again.Store(stageOne), "k"); err != nil || string(data) != "x" || log.String() != "" {
				t.Fatalf("%q, %v\n%s", data, err, &log)
			}
		})
	}
}

// TestKilledStartRemovedStrays: a start that was killed had removed some of the
// files of failed uploads. They stay gone, though the next start does not see them.
func TestKilledStartRemovedStrays(t *testing.T) {
	for name, stray := range map[string]struct{ removed, left uint64 }{
		"in a folder that stays":    {2, 5},
		"in a folder of its own":    {5, 9},
		"in the folder of the next": {2, 3},
	} {
		t.Run(name, func(t *testing.T) {
			disk := NewCrashDisk()
			e := openEngine(t, "data", tinyOptions(Mortal{disk}))
			put(t, e.Store(stageOne), "k", make([]byte, 3000))
			must(t, e.Close())
			for _, n := range []uint64{stray.removed, stray.left} {
				must(t, disk.MkdirAll(e.folderPath(n), folderMode))
				f, err := disk.Create(e.bodyPath(n), vfs.WriteCategoryUnspecified)
				must(t, errors.Join(err, f.Sync(), f.Close(), syncFolder(disk, e.folderPath(n))))
			}
			must(t, syncFolder(disk, e.path(bodiesFolder)))

			must(t, disk.Remove(e.bodyPath(stray.removed)))
			_ = disk.Remove(e.folderPath(stray.removed)) // if it is empty
			e = openEngine(t, "data", tinyOptions(Mortal{disk}))
			put(t, e.Store(stageOne), "k", make([]byte, 3000))
			must(t, e.Close())
			must(t, noStrays(openEngine(t, "data", tinyOptions(Mortal{disk.Crash(0, nil)}))))
		})
	}
}
