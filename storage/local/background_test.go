package local

import (
	"bytes"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// TestBackgroundErrors has the index's background work fail again and again,
// in several places: it is tried more and more seldom, and logged once. Once
// the fault is over, the work is done.
func TestBackgroundErrors(t *testing.T) {
	for name, c := range map[string]struct {
		kind errorfs.OpKind
		err  error
	}{
		"no file to be had": {errorfs.OpCreate, syscall.EMFILE},
		"a broken disk":     {errorfs.OpFileWrite, syscall.EIO},
		"a sync that fails": {errorfs.OpFileSyncData, syscall.EIO},
		"read-only":         {errorfs.OpCreate, syscall.EROFS},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var failing atomic.Bool
			var tries atomic.Int64
			o := tinyOptions(errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
				if !failing.Load() || op.Kind != c.kind || filepath.Ext(op.Path) != ".sst" {
					return nil
				}
				tries.Add(1)
				return c.err
			})))
			var log bytes.Buffer
			o.Logger = slog.New(slog.NewTextHandler(&log, nil))
			e := openEngine(t, "data", o)
			put(t, e.Store(stageOne), "a", []byte("x"))
			failing.Store(true)
			flushed, err := e.index.db.AsyncFlush()
			must(t, err)
			begun := time.Now()
			for by := time.After(700 * time.Millisecond); by != nil || tries.Load() < 2; {
				select {
				case <-flushed:
					t.Fatal("the flush ended in spite of the fault")
				case <-by:
					by = nil
				case <-time.After(10 * time.Millisecond):
				}
			}
			// 5, 10, 20 … 320 ms, and so on
			most := int64(10)
			for passed := time.Since(begun); passed > 700*time.Millisecond; passed /= 2 {
				most++
			}
			if n := tries.Load(); n > most {
				t.Errorf("%d tries in %s", n, time.Since(begun))
			}
			failing.Store(false)
			<-flushed
			must(t, e.Close())
			if n := strings.Count(log.String(), "\n"); n != 1 {
				t.Errorf("%d lines in the log:\n%s", n, log.String())
			}
		})
	}
}

// TestManyStarts stores an object in each of many short lives. Each leaves a
// table to the index, and the next start has more to compact: where it does not,
// the index takes no change once there are 24 tables.
func TestManyStarts(t *testing.T) {
	fs := vfs.NewMem()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 30 {
			e, err := Open("data", tinyOptions(fs))
			if err != nil {
				t.Errorf("open: %v", err)
				return
			}
			put(t, e.Store(stageOne), "a", []byte("x"))
			if err := e.checkpoint(bg); err != nil {
				t.Errorf("checkpoint: %v", err)
			}
			if err := e.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		}
	}()
	select {
	case <-done:
	case <-time.After(5 * time.Minute):
		t.Fatal("the index takes no change any more")
	}
}

// TestFullDiskPassesDuringAStall has no room for the index's compactions, until
// a change waits for them.
func TestFullDiskPassesDuringAStall(t *testing.T) {
	var full atomic.Bool
	e := openEngine(t, "data", tinyOptions(noCompactions{vfs.NewMem(), &full}))
	change := func() {
		put(t, e.Store(stageOne), "a", []byte("x"))
		if err := e.checkpoint(bg); err != nil && !errors.Is(err, syscall.ENOSPC) {
			t.Error(err)
		}
	}
	for range 6 {
		change()
	}
	must(t, e.index.db.Compact(bg, []byte{0}, []byte{255}, false))
	full.Store(true)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 60 {
			change()
		}
	}()
	waits := func() bool {
		b := e.index.background
		b.mu.Lock()
		defer b.mu.Unlock()
		return b.stalled
	}
	for begun := time.Now(); !waits(); time.Sleep(time.Millisecond) {
		if time.Since(begun) > 5*time.Minute {
			t.Fatal("no change waits")
		}
	}
	full.Store(false)
	select {
	case <-done:
	case <-time.After(5 * time.Minute):
		t.Fatal("changes wait though there is room again")
	}
	must(t, e.Close())
}

// noCompactions is a disk that is full for the index's compactions alone.
type noCompactions struct {
	vfs.FS
	full *atomic.Bool
}

func (f noCompactions) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	if f.full.Load() && c == "pebble-compaction" {
		return nil, syscall.ENOSPC
	}
	return f.FS.Create(name, c)
}
