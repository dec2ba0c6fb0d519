package wharf

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

const mib = 1 << 20

// ask starts to wait for memory, and sends what it got.
func ask(ctx context.Context, a *transferLimit, cost int64) <-chan reservation {
	got := make(chan reservation, 1)
	go func() {
		defer close(got)
		if r, err := a.acquire(ctx, cost); err == nil {
			got <- r
		}
	}()
	return got
}

// TestSmallUploadsPassLargeOnes: large uploads that hold all they may, and more
// that wait, keep no small one waiting.
func TestSmallUploadsPassLargeOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newTransferLimit(96*mib, time.Minute)
		var large []reservation
		for range 2 {
			large = append(large, <-ask(t.Context(), a, 33*mib))
		}
		third := ask(t.Context(), a, 33*mib)
		synctest.Wait()
		start := time.Now()
		var small []reservation
		for range 24 {
			r, err := a.acquire(t.Context(), mib)
			if err != nil {
				t.Fatalf("after %d small ones: %v", len(small), err)
			}
			small = append(small, r)
		}
		if waited := time.Since(start); waited != 0 {
			t.Errorf("they waited %s", waited)
		}
		large[0].release()
		if _, ok := <-third; !ok || time.Since(start) != 0 {
			t.Error("the large one that waited was not next")
		}
		for _, r := range append(small, large[1]) {
			r.release()
		}
	})
}

// TestFirstUploadsOfEachUser: one user's uploads that do not end, and many of
// that user's that wait, keep no other user waiting. Whoever has presigned URLs
// of a user is another.
func TestFirstUploadsOfEachUser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newTransferLimit(96*mib, time.Minute)
		a.shareAmongUsers()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		slow, others := holder{user: UserID{1}, byURL: true}, []holder{{user: UserID{1}}, {user: UserID{2}}}
		var held []reservation
		for range 3 + 84 { // the firsts of a user, and all but an eighth
			r, err := a.acquireFor(ctx, slow, mib)
			if err != nil {
				t.Fatal(err)
			}
			held = append(held, r)
		}
		waits := make(chan error)
		go func() {
			r, err := a.acquireFor(ctx, slow, mib)
			if err == nil {
				r.release()
			}
			waits <- err
		}()
		synctest.Wait()
		start := time.Now()
		for _, other := range others {
			var own []reservation
			for range 3 {
				r, err := a.acquireFor(t.Context(), other, mib)
				if err != nil || time.Since(start) != 0 {
					t.Fatalf("another user waited %s: %v", time.Since(start), err)
				}
				own = append(own, r)
			}
			for _, r := range own {
				r.release()
			}
		}
		held[3].release()
		if err := <-waits; err != nil || time.Since(start) != 0 {
			t.Errorf("the next of the first user waited %s: %v", time.Since(start), err)
		}
		for i, r := range held {
			if i != 3 {
				r.release()
			}
		}
		if a.free != a.total || len(a.holds) != 0 {
			t.Errorf("%d bytes are free of %d; %v", a.free, a.total, a.holds)
		}
	})
}

// TestLargeUploadsAreNotStarved: small ones hold all memory, and each that ends
// is followed by another; a large one gets its turn.
func TestLargeUploadsAreNotStarved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newTransferLimit(96*mib, time.Hour)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var small []reservation
		for range 96 {
			small = append(small, <-ask(ctx, a, mib))
		}
		large := ask(ctx, a, 200*mib)
		synctest.Wait()
		var followers []<-chan reservation
		for i := range 72 {
			select {
			case <-large:
				t.Fatalf("the large one came in after %d small ones went, beside the others", i)
			default:
			}
			small[i].release()
			followers = append(followers, ask(ctx, a, mib))
			synctest.Wait()
		}
		select {
		case r := <-large:
			r.release()
		default:
			t.Fatal("the large one still waits")
		}
		for _, f := range followers {
			(<-f).release()
		}
		for _, r := range small[72:] {
			r.release()
		}
		if a.free != a.total {
			t.Errorf("%d bytes are free of %d", a.free, a.total)
		}
	})
}

// TestSmallUploadsOfLittleMemory: where not even one small upload fits into the
// quarter, they go on one at a time while a large one waits, which still gets
// its turn.
func TestSmallUploadsOfLittleMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newTransferLimit(3*mib, time.Minute)
		slow := <-ask(t.Context(), a, mib+1)
		waits := ask(t.Context(), a, 40*mib)
		synctest.Wait()
		one := <-ask(t.Context(), a, mib)
		second := ask(t.Context(), a, mib)
		synctest.Wait()
		select {
		case <-second:
			t.Error("two small ones passed a large one that waits, beyond their quarter")
		default:
		}
		slow.release()
		one.release()
		large, ok := <-waits
		if !ok {
			t.Fatal("the large one did not get its turn")
		}
		if large.class != &a.large {
			t.Error("one that counts for all there is was taken for a small one")
		}
		large.release()
		if last, ok := <-second; !ok {
			t.Error("the second small one did not get its turn")
		} else {
			last.release()
		}
	})
}

// TestUploadThatGivesUpBlocksNoOther: small ones that wait for a large one's sake go
// on when it leaves.
func TestUploadThatGivesUpBlocksNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newTransferLimit(16*mib, time.Hour)
		for range 8 {
			<-ask(t.Context(), a, mib)
		}
		ctx, cancel := context.WithCancel(t.Context())
		large := ask(ctx, a, 12*mib)
		synctest.Wait()
		small := ask(t.Context(), a, mib)
		synctest.Wait()
		select {
		case <-small:
			t.Error("a small one took what a large one waits for")
		default:
		}
		cancel()
		if _, ok := <-large; ok {
			t.Error("it gave up, and has memory")
		}
		if _, ok := <-small; !ok {
			t.Error("the small one did not get its turn")
		}
	})
}

// TestTransferLimitAtRandom: no more is held than there is, everybody gets a turn,
// and all is given back.
func TestTransferLimitAtRandom(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	synctest.Test(t, func(t *testing.T) {
		a := newTransferLimit(96*mib, time.Hour)
		var all sync.WaitGroup
		for i := range uint64(200) {
			rng := rand.New(rand.NewPCG(seed, i))
			all.Go(func() {
				for range 20 {
					cost := 1 + rng.Int64N(2*mib)
					if rng.IntN(4) == 0 {
						cost = rng.Int64N(120 * mib)
					}
					ctx, cancel := context.WithTimeout(t.Context(), time.Duration(1+rng.IntN(600))*time.Second)
					if r, err := a.acquire(ctx, cost); err == nil {
						time.Sleep(time.Duration(rng.IntN(1000)) * time.Millisecond)
						r.release()
					} else if ctx.Err() == nil {
						t.Errorf("%d bytes: %v", cost, err)
					}
					cancel()
					a.mu.Lock()
					if a.free < 0 || a.free+a.small.held+a.large.held != a.total || a.large.held > a.total-a.reserve {
						t.Errorf("free %d, small ones hold %d, large ones %d", a.free, a.small.held, a.large.held)
					}
					a.mu.Unlock()
				}
			})
		}
		all.Wait()
		if a.free != a.total || a.large.queue.Len()+a.small.queue.Len() > 0 {
			t.Errorf("%d bytes are free, %d and %d wait", a.free, a.large.queue.Len(), a.small.queue.Len())
		}
	})
}
