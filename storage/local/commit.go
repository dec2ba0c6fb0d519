package local

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"golang.org/x/sys/unix"

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

// take gives the ops of the next batch.
func (c *committer) take() (ops []*op) {
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

// turn is one batch of the committer on its way.
type turn struct {
	c       *committer
	changes *changes
	seg     *segment
	base    int64 // where in the segment the batch begins
	size    int64
	low     uint64
}

// batch writes what the ops prepare, syncs it, and applies it to the index.
func (c *committer) batch(ops []*op) error {
	t := &turn{c: c, changes: c.e.newChanges(), low: c.e.bodies.lowest()}
	defer t.changes.close()
	if !ops[0].alone {
		if err := c.begin(t); err != nil {
			return err
		}
	}
	for _, o := range ops {
		o.err = o.prepare(t)
		if err := c.e.broken.check("local.commit"); err != nil {
			return err
		}
	}
	if t.size > 0 {
		begun := time.Now()
		if err := c.write(t); err != nil {
			return err
		}
		c.e.tell(len(ops), time.Since(begun))
	}
	return c.finish(t)
}

// begin starts a batch, in a new segment if the last is full.
func (c *committer) begin(t *turn) error {
	c.turn++
	c.bufs, c.pending = c.bufs[:0], 0
	if c.meta = c.meta[:0]; cap(c.meta) > maxMeta {
		c.meta = nil
	}
	seg, isNew, err := c.roll()
	if err != nil {
		return err
	}
	t.seg, t.base = seg, c.durable.offset
	if isNew {
		last := c.durable.position
		t.base = 0
		return t.add(&head{kind: kindStart, number: last.segment, size: last.offset}, nil, nil)
	}
	return nil
}

// roll gives the segment to write to. Where a new one cannot be made, the old
// one grows on.
func (c *committer) roll() (seg *segment, isNew bool, err error) {
	s := &c.e.segs
	active := s.active // only this goroutine changes it
	switch {
	case active != nil && c.durable.segment != active.number:
		return active, true, nil // its first batch could not be written
	case active != nil && !s.full(active, c.e.sizes.segment):
		return active, false, nil
	}
	seg, err = s.create(c.durable.segment)
	switch {
	case err == nil:
		return seg, true, nil
	case !fullDisk(err) && !outOfFiles(err):
		c.e.broken.fail(err)
		return nil, false, c.e.broken.error("local.commit")
	case active != nil:
		return active, false, nil
	}
	return nil, false, err
}

// find gives what is known of an object.
func (t *turn) find(stage wharf.StageID, key wharf.Key) (e entry, live bool, err error) {
	e, _, live, err = t.changes.find(appendObjectKey(nil, stage, key))
	if err != nil {
		t.c.e.broken.fail(err) // the index must be made anew
		return entry{}, false, t.c.e.broken.error("local.commit")
	}
	return e, live, nil
}

// add adds a record to the batch, and its changes to those of the index. body
// is not copied unless it is short, and must stay as it is until the op is
// answered.
func (t *turn) add(h *head, table, body []byte) error {
	c := t.c
	if h.seq == 0 {
		c.seq++
		h.seq = c.seq
	}
	if h.born == 0 {
		h.born = t.seg.number
	}
	h.batch, h.turn, h.low = t.base, c.turn, t.low
	at := position{t.seg.number, t.base + t.size}
	if err := t.changes.apply(h, at); err != nil {
		c.e.broken.fail(err)
		return c.e.broken.error("local.commit")
	}
	c.meta = h.append(c.meta, headMagic, t.seg.tag, at.offset)
	c.meta = append(c.meta, table...)
	if len(body) > copyBelow {
		c.cutMeta()
		c.bufs = append(c.bufs, body)
	} else {
		c.meta = append(c.meta, body...)
	}
	c.meta = h.append(c.meta, tailMagic, t.seg.tag, at.offset)
	t.size += h.length()
	return nil
}

const (
	// copyBelow is the size up to which a body is copied beside its heads: a
	// write of fewer pieces is quicker then.
	copyBelow = 8 << 10
	// maxMeta is how much of these copies is kept for the next batch.
	maxMeta = 1 << 20
)

// cutMeta makes what was added to the meta buffer since the last time the next
// piece of the write.
func (c *committer) cutMeta() {
	if n := len(c.meta); n > c.pending {
		c.bufs = append(c.bufs, c.meta[c.pending:n:n])
		c.pending = n
	}
}

// write writes the batch and makes it durable.
func (c *committer) write(t *turn) error {
	c.cutMeta()
	err := writeAll(t.seg.file, c.bufs, t.base)
	if fullDisk(err) {
		c.e.space.ballast.release()
		err = writeAll(t.seg.file, c.bufs, t.base)
	}
	if fullDisk(err) {
		// Where this fails, too, what was written is written over by the next
		// batch, or is behind where the next segment says that this one ends.
		if fd := t.seg.file.Fd(); fd != vfs.InvalidFd {
			_ = unix.Ftruncate(int(fd), t.base)
		}
		return err
	}
	if err == nil {
		err = t.seg.file.SyncData()
	}
	if err != nil {
		// What the disk holds is not known now.
		c.e.broken.fail(err)
		return c.e.broken.error("local.commit")
	}
	return nil
}

// finish applies the batch to the index.
func (c *committer) finish(t *turn) error {
	p := c.durable
	if t.size > 0 {
		p.position = position{t.seg.number, t.base + t.size}
		p.seq = c.seq
		c.e.segs.grow(t.seg, p.offset)
	}
	p.low, p.next = t.low, c.e.bodies.following()
	if err := t.changes.finish(p); err != nil {
		c.e.broken.fail(err)
		return c.e.broken.error("local.commit")
	}
	c.mu.Lock()
	c.durable = p
	c.mu.Unlock()
	c.e.reaper.add(t.changes.dead...)
	if t.changes.hash {
		c.e.hash.wakeUp()
	}
	if len(t.changes.account) > 0 {
		c.e.compactor.wakeUp()
	}
	return nil
}

// position gives how far the log is applied to the index in memory.
func (c *committer) position() position {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.durable.position
}
