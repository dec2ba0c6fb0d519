package metatest

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"wharf"
	"wharf/meta/memory"
)

// notes is a recorder that only tells whether a case failed.
type notes struct {
	ctx    context.Context
	failed atomic.Bool
}

func (n *notes) Helper()                  {}
func (n *notes) Error(...any)             { n.failed.Store(true) }
func (n *notes) Errorf(string, ...any)    { n.failed.Store(true) }
func (n *notes) Fatal(...any)             { n.failed.Store(true); runtime.Goexit() }
func (n *notes) Fatalf(string, ...any)    { n.failed.Store(true); runtime.Goexit() }
func (n *notes) Context() context.Context { return n.ctx }

// fails reports whether a case finds a fault in the catalog.
func fails(t *testing.T, run func(recorder, wharf.Catalog), c wharf.Catalog) bool {
	n := &notes{ctx: t.Context()}
	var wg sync.WaitGroup
	wg.Go(func() { run(n, c) })
	wg.Wait()
	return n.failed.Load()
}

// TestEveryBreakIsFound runs the suite against catalogs that are broken on
// purpose: each break is found, and each case finds one.
func TestEveryBreakIsFound(t *testing.T) {
	finds := map[string]bool{}
	for _, all := range []map[string]func(*broken){createBreaks(), findBreaks(), alterBreaks(), namedBreaks()} {
		for what, breakIt := range all {
			found := false
			for name, run := range cases() {
				b := &broken{Catalog: memory.New()}
				breakIt(b)
				if fails(t, run, b) {
					finds[name], found = true, true
				}
			}
			if !found {
				t.Errorf("no case finds a catalog in which %s", what)
			}
		}
	}
	for name, run := range cases() {
		if !finds[name] {
			t.Errorf("the case %s finds none of the breaks", name)
		}
		if fails(t, run, memory.New()) {
			t.Errorf("the case %s finds a fault in the reference", name)
		}
	}
}
