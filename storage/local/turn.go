package local

import (
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"golang.org/x/sys/unix"

	"wharf"
)

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
		c.batches, c.written, c.asked = 0, 0, false
		return seg, true, nil
	case !fullDisk(err) && !outOfFiles(err):
		c.e.broken.fail(err)
		return nil, false, c.e.broken.error("local.commit")
	case active != nil:
		return active, false, nil
	}
	return nil, false, err
}

// wantSpare asks for a spare, once in a segment, if its batches are short.
func (c *committer) wantSpare(batch, end int64) {
	c.batches, c.written = c.batches+1, c.written+batch
	if !c.asked && end >= c.e.spare.size/4 && c.written/c.batches < spareBatch {
		c.asked = true
		wakeUp(c.e.spare.wake)
	}
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
		c.e.spare.release()
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
		c.wantSpare(t.size, p.offset)
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
