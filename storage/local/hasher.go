package local

import (
	"context"
	"crypto/md5"
	"encoding/binary"
	"errors"
	"io"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"
)

// hasher works out the MD5 of bodies that were too long to do it in the
// upload's own time. What it owes stands in the index, written by the commit
// of the upload, so that a restart forgets nothing. It reads what it hashes
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
	h.poke()
}

// poke tells that there is something to do.
func (h *hasher) poke() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

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

// work does what is owed, in the order of the bodies' numbers.
func (h *hasher) work() error {
	for next := []byte{spaceHash}; ; {
		id, owner, err := h.owed(next)
		if err != nil || owner == nil {
			return err
		}
		if err := h.settle(id, owner); err != nil {
			return err
		}
		k := idKey(spaceHash, id+1)
		next = k[:]
	}
}

// owed reads the first debt from the index key next on; owner is nil if there
// is none.
func (h *hasher) owed(next []byte) (id bodyID, owner []byte, err error) {
	it, err := h.e.index.NewIterWithContext(h.ctx, &pebble.IterOptions{
		LowerBound: next, UpperBound: []byte{spaceHash + 1},
	})
	if err != nil {
		return 0, nil, err
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	if !it.First() || len(it.Key()) != 1+8 {
		return 0, nil, it.Error()
	}
	v, err := it.ValueAndErr()
	return bodyID(binary.BigEndian.Uint64(it.Key()[1:])), append([]byte{}, v...), err
}

// settle pays one debt: the object gets its MD5, if it still has that body.
func (h *hasher) settle(id bodyID, owner []byte) error {
	sum, err := h.sum(id, owner)
	if h.ctx.Err() != nil {
		return h.ctx.Err()
	}
	if err != nil {
		// Damaged bytes have no MD5; readers and checks will say so.
		h.e.log.Warn("a stored file cannot be read", "body", idText(id), "error", err)
	}
	b := h.e.index.NewBatch()
	debt := idKey(spaceHash, id)
	if err := b.Delete(debt[:], nil); err != nil {
		return err
	}
	return h.apply(b, id, owner, sum)
}

func (h *hasher) apply(b *pebble.Batch, id bodyID, owner []byte, sum []byte) error {
	if stage, key, ok := splitObjectKey(owner); ok && sum != nil {
		s := h.e.Store(stage)
		k := s.objectKey(key)
		defer h.e.stripes.lock(k).Unlock()
		r, found, err := s.lookup(k)
		if err == nil && found && r.id == id {
			copy(r.md5[:], sum)
			r.hasMD5 = true
			if err := b.Set(k, r.append(nil, k), nil); err != nil {
				return err
			}
		}
	}
	return h.e.applyLazily(h.ctx, "local.hash", b)
}

// sum reads a body and gives its MD5, nil if the object has another by now.
func (h *hasher) sum(id bodyID, owner []byte) ([]byte, error) {
	stage, key, ok := splitObjectKey(owner)
	if !ok {
		return nil, errRecord
	}
	s := h.e.Store(stage)
	f, err := s.open(key)
	if err != nil {
		return nil, ignoreNotFound(err)
	}
	defer f.Close()
	if f.Object().ETag != idText(id) {
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
