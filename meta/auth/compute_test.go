package auth_test

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"wharf/meta/auth"
)

// However many log in, half of the processors are left.
func TestComputationsAtOnce(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	const most = 2
	g := auth.NewGate(auth.GateOptions{})
	var under, highest atomic.Int64
	var logins sync.WaitGroup
	for range 50 {
		logins.Go(func() {
			g.Compute(func() {
				n := under.Add(1)
				for seen := highest.Load(); n > seen && !highest.CompareAndSwap(seen, n); seen = highest.Load() {
				}
				for range 10 {
					runtime.Gosched() // the others come as far as they may
				}
				under.Add(-1)
			})
		})
	}
	logins.Wait()
	if n := highest.Load(); n > most {
		t.Errorf("%d computations ran at once on 4 processors, want at most %d", n, most)
	}
}

// A panic, which ends one connection, leaves its place to others.
func TestComputePanics(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	g := auth.NewGate(auth.GateOptions{})
	for range 2 {
		func() {
			defer func() { recover() }()
			g.Compute(func() { panic("as it is to be") })
		}()
	}
	ran := false
	if g.Compute(func() { ran = true }); !ran {
		t.Error("the computation did not run")
	}
}

// What can run already runs before a computation.
func TestComputeYields(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	g := auth.NewGate(auth.GateOptions{})
	const tries = 20
	before := 0
	for range tries { // now and then the scheduler goes back to who has yielded
		var other atomic.Bool
		go other.Store(true)
		g.Compute(func() {
			if other.Load() {
				before++
			}
		})
	}
	if before < tries/2 {
		t.Errorf("%d of %d computations let the goroutine before them run", before, tries)
	}
}
