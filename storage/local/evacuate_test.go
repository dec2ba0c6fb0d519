package local_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"wharf"
	"wharf/storage/local"
	"wharf/storage/local/fsck"
)

// TestEvacuateIsDurable loses the power as soon as a segment has been evacuated: a
// start finds nothing missing, and a check finds nothing at all.
func TestEvacuateIsDurable(t *testing.T) {
	all := segmentsOf(t, newMemory(t))
	for i, number := range all {
		m := newMemory(t)
		p, err := local.OpenRepairer("data", false, options(m.fs))
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Evacuate(bg, segmentsOf(t, m)[i]); err != nil {
			t.Fatal(err)
		}
		after := m.afterCrash(0, nil)
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
		var log bytes.Buffer
		o := options(after.afterCrash(0, nil).fs)
		o.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelError}))
		e, err := local.Open("data", o)
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Close(); err != nil || log.Len() > 0 {
			t.Errorf("segment %d of %d: a start: %v, %s", number, len(all), err, &log)
		}
		err = fsck.Check(bg, "data", fsck.Options{Open: options(after.fs)}, func(f fsck.Finding) {
			t.Errorf("segment %d of %d: a check: %v", number, len(all), f)
		})
		if lost, lerr := after.lost(); err != nil || lerr != nil || len(lost) > 0 {
			t.Errorf("segment %d of %d: %v; lost %v, %v", number, len(all), err, lost, lerr)
		}
	}
}

func segmentsOf(t *testing.T, m *memory) []uint64 {
	t.Helper()
	p, err := local.OpenRepairer("data", false, options(m.afterCrash(0, nil).fs))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	return local.SegmentsOf(p)
}

// TestEvacuateWithoutFileHandles: no file can be made while the last segment is
// evacuated. The log grows on in the old one then: nothing must be copied there.
func TestEvacuateWithoutFileHandles(t *testing.T) {
	m := newMemory(t)
	var none atomic.Bool
	p, err := local.OpenRepairer("data", false, options(errorfs.Wrap(m.fs, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if none.Load() && op.Kind == errorfs.OpCreate && strings.HasSuffix(op.Path, ".seg") {
			return syscall.EMFILE
		}
		return nil
	}))))
	if err != nil {
		t.Fatal(err)
	}
	all := segmentsOf(t, m)
	none.Store(true)
	if err := p.Evacuate(bg, all[len(all)-1]); wharf.CodeOf(err) != wharf.CodeUnavailable {
		t.Errorf("without file handles: %v", err)
	}
	none.Store(false)
	if err := errors.Join(p.Evacuate(bg, all[len(all)-1]), p.Close()); err != nil {
		t.Errorf("with file handles: %v", err)
	}
	if lost, err := m.lost(); err != nil || len(lost) > 0 {
		t.Errorf("lost: %v, %v", lost, err)
	}
}
