package local

import (
	"context"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"wharf"
)

// TestClearCutShort ends the context of a Clear, and the engine, at different
// moments: the objects are all there or all gone, and stay so.
func TestClearCutShort(t *testing.T) {
	step := 1
	if testing.Short() || raceDetector {
		step = 20
	}
	for n := 0; n < 2000; n += step {
		mem := vfs.NewMem()
		e := openEngine(t, "data", tinyOptions(mem))
		s := e.Store(stageOne)
		put(t, s, "large", make([]byte, 5000))
		put(t, s, "small", make([]byte, 50))
		ctx, cancel := context.WithCancel(bg)
		done := make(chan error)
		go func() { done <- s.Clear(ctx) }()
		for range n {
			e.committer.position()
		}
		cancel()
		must(t, e.Close()) // while Clear is under way
		<-done
		e = openEngine(t, "data", tinyOptions(mem))
		if left := keysOf(t, e.Store(stageOne)); left != 0 && left != 2 {
			t.Fatalf("%d: %d objects are left", n, left)
		}
		must(t, e.Close())
	}
}

// keysOf reads all objects and counts them.
func keysOf(t *testing.T, s *Store) (n int) {
	t.Helper()
	for o, err := range s.List(bg, wharf.ListOptions{}) {
		must(t, err)
		if _, err := readAll(s, o.Key); err != nil {
			t.Fatalf("%s: %v", o.Key, err)
		}
		n++
	}
	return n
}
