package local

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"

	"wharf"
)

// committer is the one that writes: to the log, and to the index. It takes all
// that wait, writes their records at once, syncs once, applies them to the
// index, and answers. So a reader sees nothing that is not durable, and the
// index never has what the log could lose.
type committer struct {
	e    *Engine
	wake chan struct{} // has room for one
	quit chan struct{}
	done chan struct{} // closed when the goroutine has ended

	mu      sync.Mutex // guards what follows
	queue   []*op
	durable applied // how far the log is applied

	started bool

	// What follows is the goroutine's own.
	seq     uint64 // the last that was given out
	turn    uint32
	batches int64 // of the segment, and
	written int64 // how long they were together
	asked   bool  // for a spare
	bufs    [][]byte
	meta    []byte // heads and short bodies of the batch
	pending int    // where in meta the part begins that is not in bufs
}

// op is something for the committer to do.
type op struct {
	// prepare adds records to the batch. If it returns an error it has added
	// none, and the error is the op's.
	prepare func(t *turn) error
	alone   bool  // it changes the index in a way that others must not see half
	size    int64 // about how many bytes of the log it takes
	state   atomic.Int32
	err     error // set before done is closed
	done    chan struct{}
}

const (
	opWaiting = iota
	opTaken
	opDropped
)

const (
	maxBatchBytes = 8 << 20
	maxBatchOps   = 512
)

func (c *committer) init(e *Engine) {
	*c = committer{e: e, wake: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{})}
}

func (c *committer) start() {
	c.started = true
	go c.run()
}

// ended returns a channel that is closed when the committer does not work, or
// works no more.
func (c *committer) ended() <-chan struct{} {
	if c.started {
		return c.done
	}
	return ended
}

// stop ends the committer when it has done what was asked.
func (c *committer) stop() {
	close(c.quit)
	select {
	case <-c.done:
	case <-c.e.broken.ch:
		// It may wait for the index, which waits for ever.
	}
}

// do has the committer do something, and waits until it is durable. While it
// has not begun, the end of ctx drops it.
func (c *committer) do(ctx context.Context, name string, o *op) error {
	if err := c.e.broken.check(name); err != nil {
		return err
	}
	o.done = make(chan struct{})
	c.mu.Lock()
	c.queue = append(c.queue, o)
	c.mu.Unlock()
	wakeUp(c.wake)
	select {
	case <-o.done:
		return o.err
	case <-c.e.broken.ch:
		return c.e.broken.error(name)
	case <-ctx.Done():
	}
	if o.state.CompareAndSwap(opWaiting, opDropped) {
		return wharf.WrapError(wharf.CodeInternal, name, "", ctx.Err())
	}
	select {
	case <-o.done:
		return o.err
	case <-c.e.broken.ch:
		return c.e.broken.error(name)
	}
}

// wakeUp wakes a goroutine that waits for c, which has room for one.
func wakeUp(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func (c *committer) run() {
	defer close(c.done)
	for {
		select {
		case <-c.wake:
		case <-c.e.broken.ch:
			return
		case <-c.quit:
			for ops := c.take(); len(ops) > 0; ops = c.take() {
				c.commit(ops)
			}
			return
		}
		for ops := c.take(); len(ops) > 0; ops = c.take() {
			c.commit(ops)
			if c.e.broken.failed() {
				return
			}
		}
	}
}

// gather lets those run who are ready to, while some of them ask for something
// more: the fewer batches, the fewer syncs. It does not wait: where no
// goroutine is ready to run, it takes no time.
func (c *committer) gather() {
	for had := 0; ; {
		runtime.Gosched()
		c.mu.Lock()
		has := len(c.queue)
		c.mu.Unlock()
		if has == had || has >= maxBatchOps {
			return
		}
		had = has
	}
}

// take gives the ops of the next batch.
func (c *committer) take() (ops []*op) {
	c.gather()
	c.mu.Lock()
	defer c.mu.Unlock()
	size, n := int64(0), 0
	for n < len(c.queue) && len(ops) < maxBatchOps && size < maxBatchBytes {
		o := c.queue[n]
		if o.alone && len(ops) > 0 {
			break
		}
		n++
		if !o.state.CompareAndSwap(opWaiting, opTaken) {
			continue
		}
		ops = append(ops, o)
		size += o.size
		if o.alone {
			break
		}
	}
	rest := copy(c.queue, c.queue[n:])
	clear(c.queue[rest:])
	c.queue = c.queue[:rest]
	return ops
}

// commit does some ops in one batch. On a full disk it tries each by itself:
// what removes something needs little room.
func (c *committer) commit(ops []*op) {
	err := c.batch(ops)
	if fullDisk(err) && len(ops) > 1 {
		for _, o := range ops {
			o.err = nil
			c.commit([]*op{o})
		}
		return
	}
	for _, o := range ops {
		if o.err == nil {
			o.err = err
		}
		close(o.done)
	}
}
