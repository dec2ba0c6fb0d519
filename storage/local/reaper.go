package local

import (
	"context"
	"errors"
	"sync"
)

// reaper removes, in the background, the body files that nothing refers to
// any more. Each is recorded as dead in the index until its removal is on
// the disk, so that a crash forgets none. A reader that has the file open
// reads on: the operating system keeps its bytes until it is closed.
type reaper struct {
	e    *Engine
	wake chan struct{} // has room for one
	quit chan struct{}
	done chan struct{} // closed when the goroutine has ended

	mu      sync.Mutex // guards what follows
	queue   []uint64
	drained chan struct{} // closed when all that was added is done; nil if nothing was
}

// reapBatch is how many files are removed between two syncs.
const reapBatch = 512

func (r *reaper) init(e *Engine) {
	*r = reaper{e: e, wake: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{})}
}

func (r *reaper) start() { go r.run() }

// add queues files whose death is on the disk.
func (r *reaper) add(numbers ...uint64) {
	if len(numbers) == 0 {
		return
	}
	r.mu.Lock()
	r.queue = append(r.queue, numbers...)
	if r.drained == nil {
		r.drained = make(chan struct{})
	}
	r.mu.Unlock()
	wakeUp(r.wake)
}

func (r *reaper) take() []uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := min(len(r.queue), reapBatch)
	numbers := r.queue[:n:n]
	if r.queue = r.queue[n:]; len(r.queue) == 0 {
		r.queue = nil
	}
	return numbers
}

// rest declares the queue done.
func (r *reaper) rest() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.queue) == 0 && r.drained != nil {
		close(r.drained)
		r.drained = nil
	}
}

// idle gives a channel that is closed when all files that were added so far
// are removed, or could not be.
func (r *reaper) idle() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.drained != nil {
		return r.drained
	}
	c := make(chan struct{})
	close(c)
	return c
}

// stop ends the reaper; what is left in its queue is for the next start.
func (r *reaper) stop() {
	close(r.quit)
	<-r.done
}

func (r *reaper) run() {
	defer close(r.done)
	for {
		select {
		case <-r.quit:
			return
		case <-r.wake:
		}
		for numbers := r.take(); len(numbers) > 0 && !r.stopping(); numbers = r.take() {
			if err := r.reap(numbers); err != nil {
				// The files stay recorded as dead, and are tried again at the
				// next start.
				r.e.log.Warn("removing files failed", "files", len(numbers), "error", err)
			}
		}
		if r.stopping() {
			return // what was taken from the queue is not done
		}
		r.rest()
	}
}

func (r *reaper) stopping() bool {
	select {
	case <-r.quit:
		return true
	case <-r.e.broken.ch:
		return true
	default:
		return false
	}
}

// reap removes files, makes their removal durable, and forgets them. The last
// need not be durable: a dead file that is not there is no harm. Files that an
// engine reads by their path are kept until it lets go of them.
func (r *reaper) reap(numbers []uint64) error {
	numbers = r.e.pins.unpinned(numbers)
	if err := r.e.removeBodies(numbers); err != nil {
		return err
	}
	return r.e.committer.do(context.Background(), "local.reap", &op{alone: true, prepare: func(t *turn) (err error) {
		for _, n := range numbers {
			err = errors.Join(err, t.changes.batch.Delete(numberKey(spaceDead, n), nil))
		}
		return err
	}})
}
