package local

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"
)

// compactor gives the disk back what is dead in the log: it copies what is
// needed of a segment to the end of the log, and removes the segment. A copy
// keeps its sequence, so that readers see no change.
//
// A record that removes something is needed as long as an older one of the
// same key may be in a segment: such a one stands in a segment that existed
// when the removal was first written, because a copy is made only of what is
// live. So it is forgotten when no segment up to that one is left. That a
// segment is gone is known when the removal of its file is durable.
type compactor struct {
	e       *Engine
	wake    chan struct{} // has room for one
	ctx     context.Context
	stop    context.CancelFunc
	done    chan struct{} // closed when the goroutine has ended
	started bool
	rounds  shared
	waiting atomic.Int32 // uploads that wait for space
}

const (
	deadShare   = 3  // a segment is compacted when one part in so many is dead
	keptShare   = 8  // the oldest is when one part in so many of the log is kept for it
	wantedShare = 16 // what a segment must free when the disk is full: one part in so many

	// While uploads run, compactions write at most so much a second, and
	// more only where most of the log is dead.
	compactRate = 64 << 20
	copyBytes   = 1 << 20 // what is copied at once
	copyRecords = 256
)

func (c *compactor) init(e *Engine) {
	*c = compactor{e: e, wake: make(chan struct{}, 1), done: make(chan struct{})}
	c.ctx, c.stop = context.WithCancel(context.Background())
	c.wakeUp()
}

func (c *compactor) wakeUp() { wakeUp(c.wake) }

func (c *compactor) start() {
	c.started = true
	go c.run()
}

func (c *compactor) close() {
	c.stop()
	if c.started {
		<-c.done
	}
	// A round that an upload began may work still.
	_ = c.rounds.alone(func() error { return nil })
}

func (c *compactor) run() {
	defer close(c.done)
	for {
		select {
		case <-c.ctx.Done():
			return
		case <-c.e.broken.ch:
			return
		case <-c.wake:
		}
		if err := c.rounds.do(func() error { return c.work() }); err != nil && c.ctx.Err() == nil && !c.e.broken.failed() {
			c.e.log.Warn("freeing the space of removed files failed", "error", err)
			select {
			case <-time.After(time.Second):
			case <-c.ctx.Done():
			}
		}
	}
}

// reclaim frees what it can now. The channel is closed when that is done.
func (c *compactor) reclaim() <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.waiting.Add(1)
		defer c.waiting.Add(-1)
		// What fails shows as a lack of space, and is logged by run.
		_ = c.rounds.do(func() error { return c.work() })
	}()
	return done
}

// work compacts what is worth it, the segment with most that is dead first.
func (c *compactor) work() error {
	for c.ctx.Err() == nil {
		list := c.choose()
		if len(list) == 0 && !c.e.segs.leave(c.e.sizes.segment) {
			return nil
		}
		for _, g := range list {
			if err := c.copyNeeded(g); err != nil {
				return err
			}
		}
		if err := c.remove(list); err != nil {
			return err
		}
	}
	return c.ctx.Err()
}

// awaitDeadFiles waits until the body files that are dead by now are gone. They must
// be before the records that stored them: only these would tell a new index of
// them.
func (c *compactor) awaitDeadFiles() error {
	for _, stage := range c.e.clears.stages() {
		if err := c.e.sweeper.sweep(c.ctx, stage); err != nil {
			return err
		}
	}
	select {
	case <-c.e.reaper.idle():
		return nil
	case <-c.ctx.Done():
		return c.ctx.Err()
	case <-c.e.broken.ch:
		return c.e.broken.error("local.compact")
	}
}

// choose gives the segments to be removed next: all that is not needed, or the
// one that gives most.
func (c *compactor) choose() []*segment {
	s := &c.e.segs
	share := int64(deadShare)
	if c.waiting.Load() > 0 {
		share = wantedShare
	}
	position := c.e.committer.position()
	s.mu.Lock()
	defer s.mu.Unlock()
	var empty []*segment
	var best, oldest *segment
	var all, kept int64
	for _, g := range s.all {
		all, kept = all+g.size, kept+g.kept
		if g == s.active || g.damaged || g.number >= position.segment {
			continue
		}
		if oldest == nil || g.number < oldest.number {
			oldest = g
		}
		switch {
		case g.needless():
			empty = append(empty, g)
		case g.dead()*share >= g.size && (best == nil || g.dead() > best.dead()):
			best = g
		}
	}
	switch {
	case len(empty) > 0:
		slices.SortFunc(empty, func(a, b *segment) int { return int(int64(a.number - b.number)) })
		return empty
	case best != nil:
		return []*segment{best}
	case oldest != nil && kept*keptShare > all:
		return []*segment{oldest}
	}
	return nil
}

// copyNeeded copies what is needed of a segment.
func (c *compactor) copyNeeded(g *segment) error {
	if c.e.segs.needless(g) {
		return nil
	}
	open, err := c.e.segs.open(g.number)
	if err != nil || open == nil {
		return err
	}
	defer c.e.segs.close(open)
	damages, err := c.copyAll(g, false)
	if err == nil && damages > 0 {
		err = errRecord
	}
	if errors.Is(err, errRecord) {
		// It stays as it is: what else is in it may be needed still.
		c.e.segs.markDamaged(g)
		c.e.log.Error("a part of the log is damaged; stop the server and run wharf check", "segment", g.number)
		return nil
	}
	return err
}

var errRecord = errors.New("a record is damaged")

// copyAll copies what is needed of an open segment. Where the body of a record is
// damaged it ends, or, for a salvage, goes on without that.
func (c *compactor) copyAll(g *segment, salvage bool) (damages int, err error) {
	b := &copies{c: c, g: g, salvage: salvage}
	s, err := c.e.scanOf(g, c.e.segs.after(g))
	if err != nil {
		return 0, err
	}
	defer s.close()
	s.closed = true
	if _, err = s.run(b.add); err == nil {
		err = b.flush()
	}
	return len(s.damages), err
}

// salvage copies what is whole of a damaged segment, all that may be needed.
func (c *compactor) salvage(g *segment) error {
	open, err := c.e.segs.open(g.number)
	if err != nil || open == nil {
		return err
	}
	defer c.e.segs.close(open)
	_, err = c.copyAll(g, true)
	return err
}

// copies are records that are copied together.
type copies struct {
	c       *compactor
	g       *segment
	salvage bool
	records []record
	data    []payload
	size    int64
}

func (b *copies) add(r record) error {
	if needed, err := b.c.needed(r, b.g); err != nil || !needed {
		return err
	}
	var p payload
	if r.object() {
		var err error
		if p, err = readPayload(b.g.file, r); err != nil {
			return err
		}
		if !p.matches(r) {
			p.release()
			if b.salvage {
				return nil
			}
			return errRecord
		}
	}
	b.records, b.data, b.size = append(b.records, r), append(b.data, p), b.size+r.length()
	if b.size >= copyBytes || len(b.records) >= copyRecords {
		return b.flush()
	}
	return nil
}

// needed is a first look, before a record is read; the committer has the last.
func (c *compactor) needed(r record, g *segment) (bool, error) {
	if !r.object() {
		return r.kind == kindDelete || r.kind == kindClear || r.kind == kindMD5, nil
	}
	e, found, err := c.e.index.lookup(appendObjectKey(nil, r.stage, r.key))
	return found && e.at == position{g.number, r.offset}, err
}

// flush has the committer write the copies.
func (b *copies) flush() error {
	if len(b.records) == 0 {
		return nil
	}
	err := b.c.e.committer.do(b.c.ctx, "local.compact", &op{size: b.size, prepare: func(t *turn) error {
		for i, r := range b.records {
			if err := t.copy(r, b.data[i], b.g); err != nil {
				return err
			}
		}
		return nil
	}})
	if b.c.e.broken.failed() {
		return err // the committer may have the buffers still
	}
	for _, p := range b.data {
		p.release()
	}
	size := b.size
	b.records, b.data, b.size = b.records[:0], b.data[:0], 0
	if err == nil {
		err = b.c.pause(size)
	}
	return err
}

// copy adds a copy of a record to the batch, if it is still needed.
func (t *turn) copy(r record, p payload, g *segment) error {
	h := r.head
	h.follow = 0
	switch r.kind {
	case kindPut, kindFile:
		e, live, err := t.find(r.stage, r.key)
		if err != nil || !live || e.at != (position{g.number, r.offset}) {
			return err
		}
		h.md5, h.hasMD5 = e.md5, e.hasMD5
	case kindDelete, kindClear:
		if t.c.e.segs.oldest(g.number) > r.born {
			return nil // no older record can be left
		}
	case kindMD5:
		e, live, err := t.find(r.stage, r.key)
		if err != nil || !live || e.seq != r.number || e.inline {
			return err
		}
	}
	t.changes.again = true
	defer func() { t.changes.again = false }()
	return t.add(&h, p.table, p.body)
}

// pause keeps to the rate.
func (c *compactor) pause(size int64) error {
	if c.waiting.Load() > 0 || c.e.hash.uploads.Load() == 0 || c.e.segs.mostlyDead() {
		return c.ctx.Err()
	}
	select {
	case <-time.After(time.Duration(size) * time.Second / compactRate):
		return nil
	case <-c.ctx.Done():
		return c.ctx.Err()
	}
}

// remove removes segments that are needed no more, durably. Before that the
// index must be on the disk without them, and say so in the log.
func (c *compactor) remove(list []*segment) error {
	list = slices.DeleteFunc(list, c.e.segs.isDamaged)
	for _, g := range list {
		if err := c.e.forgetSegment(c.ctx, g.number); err != nil {
			return err
		}
	}
	if err := c.awaitDeadFiles(); err != nil {
		return err
	}
	if err := c.e.checkpoint(c.ctx); err != nil {
		return err
	}
	for _, g := range list {
		if err := c.e.fs.Remove(g.path); err != nil && !missing(err) {
			return err
		}
		if err := syncFolder(c.e.fs, c.e.segs.dir); err != nil {
			return err
		}
		c.e.segs.forget(g)
	}
	return nil
}

// forgetSegment takes a segment out of the index, in which nothing points to it
// any more.
func (e *Engine) forgetSegment(ctx context.Context, number uint64) error {
	return e.committer.do(ctx, "local.forget", &op{alone: true, prepare: func(t *turn) error {
		e.segs.leaveOut(number)
		return t.changes.batch.Delete(numberKey(spaceSegment, number), nil)
	}})
}
