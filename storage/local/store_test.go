package local

import (
	"testing"

	"wharf"
	"wharf/storage/storagetest"
)

// openEngine opens an engine that is closed with the test.
func openEngine(t testing.TB, dir string, o Options) *Engine {
	t.Helper()
	e, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return e
}

func knowsSegment(e *Engine, number uint64) bool {
	e.segs.mu.Lock()
	defer e.segs.mu.Unlock()
	return e.segs.all[number] != nil
}

func TestConformance(t *testing.T) {
	engines := map[wharf.Store]struct {
		e   *Engine
		dir string
	}{}
	open := func(t *testing.T, dir string, id wharf.StageID) wharf.Store {
		e := openEngine(t, dir, Options{SegmentSize: 1 << 20})
		s := e.Store(id)
		engines[s] = struct {
			e   *Engine
			dir string
		}{e, dir}
		return s
	}
	storagetest.Run(t, storagetest.Options{
		New: func(t *testing.T) wharf.Store { return open(t, t.TempDir(), wharf.NewStageID()) },
		Reopen: func(t *testing.T, s wharf.Store) wharf.Store {
			if err := engines[s].e.Close(); err != nil {
				t.Fatal(err)
			}
			return open(t, engines[s].dir, s.(*Store).id)
		},
	})
}

// TestPutMemoryIsSmall: what is not known to be long is no large upload, beside
// which others would have to wait.
func TestPutMemoryIsSmall(t *testing.T) {
	s := &Store{}
	for _, size := range []int64{wharf.UnknownSize, 0, copyMax + 1, smallMax + 1, 1 << 30, 5 << 30} {
		if got := s.PutMemory(size) + 320<<10; got > 1<<20 {
			t.Errorf("%d bytes hold %d with the listener", size, got)
		}
	}
	if known, unknown := s.PutMemory(1<<30), s.PutMemory(wharf.UnknownSize); unknown < known {
		t.Errorf("a body of unknown length counts for %d, one of 1 GiB for %d", unknown, known)
	}
}
