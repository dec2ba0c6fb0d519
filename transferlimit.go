package wharf

import (
	"container/list"
	"context"
	"sync"
	"time"
)

// smallUpload is the most bytes of memory that a small upload counts for. Only
// long uploads into a store behind the network, which buffers parts of them,
// count for more.
const smallUpload = 1 << 20

// transferLimit bounds the memory that uploads hold at one time, or how many
// downloads run, which is in the same words. Each size has a queue, first come, first served. Large
// uploads leave a quarter of the memory to small ones, so that a few slow ones
// do not keep all others out. Small uploads may take all that is free, except
// while a large upload waits; then at most a quarter, or one at a time if a
// quarter is too little, so that it is not starved.
//
// The first small uploads of each user have an eighth to themselves, and a queue,
// so that a user with many slow ones does not keep out the others.
type transferLimit struct {
	total   int64
	reserve int64 // of total: what large uploads leave
	firsts  int64 // of total: what is for the first uploads of each user
	few     int64 // the most that those of one user hold
	wait    time.Duration

	mu    sync.Mutex // guards what follows
	free  int64
	large class
	small class
	first class
	holds map[holder]int64 // what the first uploads of each user, and of its presigned URLs, hold or wait for
	left  time.Time        // when an upload last gave up waiting
}

// class is the uploads of one size, or the first of each user.
type class struct {
	held  int64
	queue list.List // of *turn
}

// turn is an upload that waits.
type turn struct {
	cost int64
	come chan struct{} // closed once the memory is the upload's
}

// reservation is memory that an upload holds.
type reservation struct {
	from  *transferLimit
	class *class
	cost  int64
	of    holder // of class first
}

func newTransferLimit(total int64, wait time.Duration) *transferLimit {
	return &transferLimit{total: total, reserve: total / 4, wait: wait, free: total}
}

// shareAmongUsers keeps memory for the first uploads of each user. A total of
// less than 32 MiB is too little for it.
func (a *transferLimit) shareAmongUsers() {
	if few := a.total / 32; few >= smallUpload {
		a.few, a.firsts, a.holds = few, a.total/8, map[holder]int64{}
	}
}

// acquireFor is acquire for an upload of a user, or of those who have its presigned URLs.
func (a *transferLimit) acquireFor(ctx context.Context, of holder, cost int64) (reservation, error) {
	if !a.claimFirst(of, cost) {
		return a.acquire(ctx, cost)
	}
	r, err := a.acquireAs(ctx, &a.first, cost)
	if err != nil {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.unclaim(of, cost)
	}
	r.of = of
	return r, err
}

// claimFirst reports whether an upload is one of the user's first, and counts
// it then.
func (a *transferLimit) claimFirst(of holder, cost int64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if cost > smallUpload || a.holds[of]+cost > a.few {
		return false
	}
	a.holds[of] += cost
	return true
}

// unclaim is claimFirst's counterpart. a.mu is held.
func (a *transferLimit) unclaim(of holder, cost int64) {
	if a.holds[of] -= cost; a.holds[of] == 0 {
		delete(a.holds, of)
	}
}

// acquire waits for cost bytes. After the wait it fails with CodeUnavailable.
// A cost of more than large uploads may hold together counts as that much.
func (a *transferLimit) acquire(ctx context.Context, cost int64) (reservation, error) {
	if cost > smallUpload {
		return a.acquireAs(ctx, &a.large, cost)
	}
	return a.acquireAs(ctx, &a.small, cost)
}

// tryAcquire is acquireAs that does not wait, and reports whether there was room.
func (a *transferLimit) tryAcquire(c *class, cost int64) (reservation, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	r := reservation{from: a, class: c, cost: a.counted(cost)}
	if c.queue.Len() > 0 || !a.fits(c, r.cost) {
		return reservation{}, false
	}
	a.take(c, r.cost)
	return r, true
}

// counted is what a cost counts for.
func (a *transferLimit) counted(cost int64) int64 { return min(max(cost, 1), a.total-a.reserve) }

// acquireAs is acquire with the class given, whatever the cost.
func (a *transferLimit) acquireAs(ctx context.Context, c *class, cost int64) (reservation, error) {
	cost = a.counted(cost)
	r := reservation{from: a, class: c, cost: cost}
	a.mu.Lock()
	if r.class.queue.Len() == 0 && a.fits(r.class, cost) {
		a.take(r.class, cost)
		a.mu.Unlock()
		return r, nil
	}
	t := &turn{cost: cost, come: make(chan struct{})}
	place := r.class.queue.PushBack(t)
	a.mu.Unlock()
	waiting, cancel := context.WithTimeout(ctx, a.wait)
	defer cancel()
	select {
	case <-t.come:
		return r, nil
	case <-waiting.Done():
	}
	if a.leave(r.class, place) {
		return r, nil
	}
	if ctx.Err() != nil {
		return reservation{}, WrapError(CodeCanceled, "upload", "the request was interrupted", ctx.Err())
	}
	return reservation{}, Errorf(CodeUnavailable, "the server is busy with other transfers and had no room for this one within %s; try again", a.wait)
}

// leave takes an upload out of its queue. It reports whether its turn came
// meanwhile.
func (a *transferLimit) leave(c *class, place *list.Element) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	select {
	case <-place.Value.(*turn).come:
		return true
	default:
	}
	c.queue.Remove(place)
	a.left = time.Now()
	a.serve()
	return false
}

// pressed reports whether an upload waits, or gave up within the last wait, so
// that a caller that looks rarely sees it too.
func (a *transferLimit) pressed() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.waiting() > 0 || time.Since(a.left) < a.wait
}

// release frees the memory.
func (r reservation) release() {
	a := r.from
	a.mu.Lock()
	defer a.mu.Unlock()
	r.class.held -= r.cost
	a.free += r.cost
	if r.class == &a.first {
		a.unclaim(r.of, r.cost)
	}
	a.serve()
}

// serve starts the waiting uploads whose turn it is.
func (a *transferLimit) serve() {
	for _, c := range []*class{&a.first, &a.large, &a.small} {
		for first := c.queue.Front(); first != nil; first = c.queue.Front() {
			t := first.Value.(*turn)
			if !a.fits(c, t.cost) {
				break
			}
			c.queue.Remove(first)
			a.take(c, t.cost)
			close(t.come)
		}
	}
}

// fits reports whether the next upload of a class can have its memory.
func (a *transferLimit) fits(c *class, cost int64) bool {
	free := a.free
	if c != &a.first {
		free -= max(0, a.firsts-a.first.held)
	}
	switch {
	case cost > free:
		return false
	case c == &a.large:
		return a.large.held+cost <= a.total-a.reserve
	case c == &a.first && a.first.held+cost <= a.firsts:
		return true
	}
	return a.large.queue.Len() == 0 || a.small.held == 0 || a.small.held+cost <= a.reserve
}

func (a *transferLimit) take(c *class, cost int64) {
	c.held += cost
	a.free -= cost
}

// TransferStats are the uploads or downloads that hold something of a limit.
type TransferStats struct {
	Held, Limit int64 // bytes of memory of uploads; downloads
	Waiting     int
}

func (a *transferLimit) stats() TransferStats {
	a.mu.Lock()
	defer a.mu.Unlock()
	return TransferStats{Held: a.total - a.free, Limit: a.total, Waiting: a.waiting()}
}

// waiting is how many uploads wait. a.mu is held.
func (a *transferLimit) waiting() int {
	return a.large.queue.Len() + a.small.queue.Len() + a.first.queue.Len()
}

// Transfers reports what uploads and downloads hold now, and how many wait.
func (s *Service) Transfers() (uploads, downloads TransferStats) {
	return s.uploads.stats(), s.downloads.stats()
}
