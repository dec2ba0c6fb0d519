package wharf

import (
	"container/list"
	"context"
	"sync"
	"time"
)

// smallUpload is the most that an upload may count for to be a small one: all
// but long ones into a store behind the network, which holds parts of them.
const smallUpload = 1 << 20

// admission bounds the memory that uploads hold at one time. There are two
// queues, each first come, first served. Large uploads leave a quarter of the
// memory to small ones, so that a few that are slow do not keep everybody out.
// Small ones may take all that is free, but for while a large one waits: then
// no more than their quarter, or one at a time where that is too little, so
// that it is not overtaken for ever.
type admission struct {
	total   int64
	reserve int64 // of total: what large uploads leave
	wait    time.Duration

	mu    sync.Mutex // guards what follows
	free  int64
	large class
	small class
	left  time.Time // when somebody last waited in vain
}

// class is the uploads of one size.
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
	from  *admission
	class *class
	cost  int64
}

func newAdmission(total int64, wait time.Duration) *admission {
	return &admission{total: total, reserve: total / 4, wait: wait, free: total}
}

// acquire waits for cost bytes. After the wait it fails with CodeUnavailable.
// Who asks for more than large uploads may hold together counts for all of it.
func (a *admission) acquire(ctx context.Context, cost int64) (reservation, error) {
	r := reservation{from: a, class: &a.small}
	if cost > smallUpload {
		r.class = &a.large
	}
	cost = min(max(cost, 1), a.total-a.reserve)
	r.cost = cost
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

// leave gives a place in a queue up. It tells whether the turn came meanwhile.
func (a *admission) leave(c *class, place *list.Element) bool {
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

// pressed tells whether somebody waits, or did in vain within the last wait:
// who looks only now and then sees it too.
func (a *admission) pressed() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.large.queue.Len()+a.small.queue.Len() > 0 || time.Since(a.left) < a.wait
}

// release gives the memory back.
func (r reservation) release() {
	a := r.from
	a.mu.Lock()
	defer a.mu.Unlock()
	r.class.held -= r.cost
	a.free += r.cost
	a.serve()
}

// serve gives memory to those who wait and whose turn it is.
func (a *admission) serve() {
	for _, c := range []*class{&a.large, &a.small} {
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

// fits tells whether the next upload of a class can have its memory.
func (a *admission) fits(c *class, cost int64) bool {
	switch {
	case cost > a.free:
		return false
	case c == &a.large:
		return a.large.held+cost <= a.total-a.reserve
	}
	return a.large.queue.Len() == 0 || a.small.held == 0 || a.small.held+cost <= a.reserve
}

func (a *admission) take(c *class, cost int64) {
	c.held += cost
	a.free -= cost
}
