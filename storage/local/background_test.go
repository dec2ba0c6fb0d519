package local

import (
	"bytes"
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
			select {
			case <-flushed:
				t.Error("the flush ended in spite of the fault")
			case <-time.After(700 * time.Millisecond):
			}
			// 5, 10, 20 … 320 ms
			if n := tries.Load(); n < 2 || n > 10 {
				t.Errorf("%d tries", n)
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
