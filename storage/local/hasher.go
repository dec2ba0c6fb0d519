package local

import (
	"context"
	"crypto/md5"
	"io"
	"sync/atomic"
	"time"

	"wharf"
)

// hasher works out the MD5 of bodies that were too long to do it in the
// upload's own time. What it owes stands in the index, so that a restart
// forgets nothing. It reads what it hashes
// through the block checksums.
type hasher struct {
	e       *Engine
	uploads atomic.Int64  // how many run
	wake    chan struct{} // has room for one
	ctx     context.Context
	stop    context.CancelFunc
	done    chan struct{} // closed when the goroutine has ended
}

// pause is how long the hasher waits after each chunk while uploads run:
// then it takes a few hundredths of one core.
const pause = 10 * time.Millisecond

func (h *hasher) init(e *Engine) {
	h.e, h.wake, h.done = e, make(chan struct{}, 1), make(chan struct{})
	h.ctx, h.stop = context.WithCancel(context.Background())
	h.wakeUp()
}

// wakeUp tells that there is something to do.
func (h *hasher) wakeUp() { wakeUp(h.wake) }

func (h *hasher) start() { go h.run() }

func (h *hasher) close() {
	h.stop()
	<-h.done
}

func (h *hasher) run() {
	defer close(h.done)
	for {
		select {
		case <-h.ctx.Done():
			return
		case <-h.e.broken.ch:
			return
		case <-h.wake:
		}
		if err := h.work(); err != nil && h.ctx.Err() == nil && !h.e.broken.failed() {
			h.e.log.Warn("working out MD5s failed", "error", err)
		}
	}
}

// hashBatch is how many MD5s go into one batch of the log.
const hashBatch = 64

// work does what is owed, in the order in which it was stored.
func (h *hasher) work() error {
	var sums []*head
	for next := uint64(0); ; {
		seq, owner, err := h.owed(next)
		if err != nil {
			return err
		}
		if owner != nil {
			if sum, err := h.pay(seq, owner); err != nil {
				return err
			} else if sum != nil {
				sums = append(sums, sum)
			}
			next = seq + 1
		}
		if len(sums) == hashBatch || owner == nil && len(sums) > 0 {
			if err := h.store(sums); err != nil {
				return err
			}
			sums = sums[:0]
		}
		if owner == nil {
			return nil
		}
	}
}

// owed reads the first debt from the sequence next on; owner is nil if there
// is none.
func (h *hasher) owed(next uint64) (seq uint64, owner []byte, err error) {
	err = h.e.index.each(h.ctx, spaceHash, numberKey(0, next)[1:], func(k, v []byte) (bool, error) {
		var ok bool
		if seq, ok = parseNumberKey(k); ok {
			owner = append([]byte{}, v...)
		}
		return false, nil
	})
	return seq, owner, err
}

// pay works out one MD5. It returns nil where there is nothing to be stored.
func (h *hasher) pay(seq uint64, owner []byte) (*head, error) {
	stage, key, ok := splitObjectKey(owner)
	if !ok {
		return nil, errEntry
	}
	sum, err := h.sum(seq, stage, key)
	if h.ctx.Err() != nil {
		return nil, h.ctx.Err()
	}
	if err != nil {
		// Damaged bytes have no MD5; readers and checks will say so.
		h.e.log.Warn("a stored file cannot be read", "stage", stage, "sequence", seq, "error", err)
	}
	if sum == nil {
		return nil, h.forgive(seq)
	}
	return &head{kind: kindMD5, hasMD5: true, stage: stage, key: key, number: seq, md5: [md5Len]byte(sum)}, nil
}

// forgive forgets a debt until the index is made anew.
func (h *hasher) forgive(seq uint64) error {
	return h.e.committer.do(h.ctx, "local.hash", &op{alone: true, prepare: func(t *turn) error {
		return t.changes.batch.Delete(numberKey(spaceHash, seq), nil)
	}})
}

// store writes MD5s down, of the objects that still have that body.
func (h *hasher) store(sums []*head) error {
	return h.e.committer.do(h.ctx, "local.hash", &op{prepare: func(t *turn) error {
		for _, sum := range sums {
			e, live, err := t.find(sum.stage, sum.key)
			if err != nil {
				return err
			}
			if !live || e.seq != sum.number || e.hasMD5 {
				continue
			}
			if err := t.add(sum, nil, nil); err != nil {
				return err
			}
		}
		return nil
	}})
}

// sum reads a body and returns its MD5, nil if the object has another by now.
func (h *hasher) sum(seq uint64, stage wharf.StageID, key wharf.Key) ([]byte, error) {
	f, err := h.e.Store(stage).open(key)
	if err != nil {
		return nil, ignoreNotFound(err)
	}
	defer f.Close()
	if want := (&entry{seq: seq}).object(key); f.Object().ETag != want.ETag {
		return nil, nil
	}
	r, err := f.Range(h.ctx, 0, -1)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	sum := md5.New()
	if _, err := io.Copy(&considerate{h, sum}, r); err != nil {
		return nil, err
	}
	return sum.Sum(nil), nil
}

// considerate waits between chunks while uploads run.
type considerate struct {
	h *hasher
	w io.Writer
}

func (c *considerate) Write(p []byte) (int, error) {
	if c.h.uploads.Load() > 0 {
		select {
		case <-time.After(pause):
		case <-c.h.ctx.Done():
			return 0, c.h.ctx.Err()
		}
	}
	return c.w.Write(p)
}
