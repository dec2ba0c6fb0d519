package local

import (
	"context"
	"maps"
	"slices"
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
	queue   []bodyID
	drained chan struct{} // closed when all that was added is done; nil if nothing was
}

// reapBatch is how many files are removed between two syncs.
const reapBatch = 512

func (r *reaper) init(e *Engine) {
	*r = reaper{e: e, wake: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{})}
}

func (r *reaper) start() { go r.run() }

// add queues files whose death is on the disk.
func (r *reaper) add(ids ...bodyID) {
	if len(ids) == 0 {
		return
	}
	r.mu.Lock()
	r.queue = append(r.queue, ids...)
	if r.drained == nil {
		r.drained = make(chan struct{})
	}
	r.mu.Unlock()
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

func (r *reaper) take() []bodyID {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := min(len(r.queue), reapBatch)
	ids := r.queue[:n:n]
	if r.queue = r.queue[n:]; len(r.queue) == 0 {
		r.queue = nil
	}
	return ids
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
		for ids := r.take(); len(ids) > 0 && !r.stopping(); ids = r.take() {
			if err := r.reap(ids); err != nil {
				// The files stay recorded as dead, and are tried again at the
				// next start.
				r.e.log.Warn("removing files failed", "files", len(ids), "error", err)
			}
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

// reap removes files, makes their removal durable, and forgets them. The
// last step need not be durable: a dead file that is not there is no harm.
func (r *reaper) reap(ids []bodyID) error {
	if err := r.e.removeBodies(ids); err != nil {
		return err
	}
	b := r.e.index.NewBatch()
	for _, id := range ids {
		k := idKey(spaceDead, id)
		if err := b.Delete(k[:], nil); err != nil {
			return err
		}
	}
	return r.e.applyLazily(context.Background(), "local.reap", b)
}

// removeBodies removes files and syncs their folders; a folder that is
// empty afterwards goes, too.
func (e *Engine) removeBodies(ids []bodyID) error {
	folders := map[string]bool{}
	for _, id := range ids {
		if err := e.fs.Remove(e.bodyPath(id)); err != nil && !missing(err) {
			return err
		}
		folders[e.folderPath(id)] = true
	}
	emptied := false
	for _, name := range slices.Sorted(maps.Keys(folders)) {
		if !e.ids.uses(name) && e.fs.Remove(name) == nil {
			emptied = true
			continue
		}
		if err := syncFolder(e.fs, name); err != nil && !missing(err) {
			return err
		}
	}
	if !emptied {
		return nil
	}
	return syncFolder(e.fs, e.path(bodiesFolder))
}
