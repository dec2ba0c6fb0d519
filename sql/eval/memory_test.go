package eval

import (
	"context"
	"sync"
	"testing"
	"time"

	"wharf"
)

func wantCode(t *testing.T, err error, want wharf.Code) {
	t.Helper()
	if got := wharf.CodeOf(err); got != want {
		t.Fatalf("code %q, want %q (%v)", got, want, err)
	}
}

// A session has its own bound, and its server's above it.
func TestTakeIsBounded(t *testing.T) {
	server := NewMemory(1 << 20)
	a, b := server.Session(600<<10, 1000), server.Session(600<<10, 1000)
	wantCode(t, a.Take(601<<10), wharf.CodeTooLarge)
	wantCode(t, a.Take(600<<10), "")
	wantCode(t, b.Take(600<<10), wharf.CodeUnavailable)
	wantCode(t, b.Take(1000), "") // it is always there
	wantCode(t, b.Take(400<<10), "")
	a.Return(600 << 10)
	b.Return(1000 + 400<<10)
	if a.Used() != 0 || b.Used() != 0 || server.Used() != 0 {
		t.Fatalf("after all was returned %d, %d and %d bytes are in use", a.Used(), b.Used(), server.Used())
	}
}

// Small pieces are taken from the server in lumps; where there is no lump left,
// as they are.
func TestTakeInLumps(t *testing.T) {
	server := NewMemory(2 * lump)
	s := server.Session(1<<20, 0)
	wantCode(t, s.Take(1), "")
	if got := server.Used(); got != lump {
		t.Fatalf("the server counts %d bytes, want a lump", got)
	}
	wantCode(t, server.Take(lump-10), "")
	wantCode(t, s.Take(lump+9), "")
	wantCode(t, s.Take(1), wharf.CodeUnavailable)
	s.Return(lump + 10)
	if got := server.Used(); got != lump-10 {
		t.Fatalf("the server counts %d bytes, want %d", got, lump-10)
	}
}

// Who waits gets its bytes in turn, and the small ones that do not wait are not
// kept out by it.
func TestWait(t *testing.T) {
	server := NewMemory(100)
	wantCode(t, server.Take(60), "")
	order := make(chan int64, 2)
	var wg sync.WaitGroup
	for i, n := range []int64{1000, 50} { // more than there is counts as all
		wg.Go(func() {
			got, err := server.Wait(t.Context(), n)
			if err != nil {
				t.Error(err)
			}
			order <- n
			server.Return(got)
		})
		await(t, func() bool { return waiters(server) == i+1 })
	}
	wantCode(t, server.Take(40), "")
	server.Return(40)
	server.Return(60)
	wg.Wait()
	if first := <-order; first != 1000 {
		t.Errorf("the one that waited second came first")
	}
	if server.Used() != 0 {
		t.Errorf("%d bytes are in use", server.Used())
	}
}

// Who gives up waiting takes nothing, and does not hold up the next.
func TestWaitGivesUp(t *testing.T) {
	server := NewMemory(100)
	wantCode(t, server.Take(60), "")
	ctx, cancel := context.WithCancel(t.Context())
	failed, got := make(chan error), make(chan int64)
	go func() { _, err := server.Wait(ctx, 100); failed <- err }()
	await(t, func() bool { return waiters(server) == 1 })
	go func() { n, _ := server.Wait(t.Context(), 30); got <- n }()
	await(t, func() bool { return waiters(server) == 2 })
	cancel()
	if err := <-failed; err == nil {
		t.Error("a wait that was cancelled has no error")
	}
	if n := <-got; n != 30 || server.Used() != 90 {
		t.Errorf("got %d, and %d are in use; want 30 and 90", n, server.Used())
	}
}

func waiters(m *Memory) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.waiting)
}

func await(t *testing.T, done func() bool) {
	t.Helper()
	for by := time.Now().Add(10 * time.Second); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(by) {
			t.Fatal("waited in vain")
		}
	}
}

// What is kept for longer leaves statements half of the server's, beside what
// every session has.
func TestKeep(t *testing.T) {
	server := NewMemory(4 * lump)
	a, b := server.Session(1<<20, 100), server.Session(1<<20, 100)
	wantCode(t, a.Keep(2*lump+100), "")
	wantCode(t, b.Keep(101), wharf.CodeUnavailable)
	wantCode(t, b.Keep(100), "")
	wantCode(t, b.Take(lump), "")
	wantCode(t, b.Keep(1), wharf.CodeUnavailable)
	a.Unkeep(2 * lump)
	wantCode(t, b.Keep(lump), "")
	wantCode(t, a.Keep(lump), "")
	wantCode(t, a.Keep(1), wharf.CodeUnavailable)
	a.Unkeep(lump + 100)
	b.Unkeep(lump + 100)
	b.Return(lump)
	if server.Used() != 0 || server.kept != 0 || a.kept != 0 || b.kept != 0 {
		t.Errorf("after all was returned %d bytes are in use, %d of them kept", server.Used(), server.kept)
	}
	small := server.Session(50, 100)
	wantCode(t, small.Keep(60), wharf.CodeTooLarge)
	if server.kept != 0 || small.kept != 0 {
		t.Errorf("a refused Keep left %d and %d bytes kept", server.kept, small.kept)
	}
}

func TestAccount(t *testing.T) {
	server := NewMemory(1000)
	a := Account{Memory: server}
	wantCode(t, a.Take(100), "")
	mark := a.Taken()
	wantCode(t, a.Take(900), "")
	wantCode(t, a.Take(1), wharf.CodeUnavailable)
	a.ReturnTo(mark)
	if server.Used() != 100 {
		t.Errorf("%d bytes are in use, want 100", server.Used())
	}
	a.ReturnTo(0)
	if server.Used() != 0 {
		t.Errorf("%d bytes are in use, want none", server.Used())
	}
}
