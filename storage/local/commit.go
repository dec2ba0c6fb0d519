package local

import (
	"context"
	"fmt"
	"hash/maphash"
	"slices"
	"sync"

	"github.com/cockroachdb/pebble/v2"

	"wharf"
)

// apply writes a batch to the log, without waiting for the disk, and makes
// it visible. Batches become durable in the order in which they were
// applied, so a key's lock need not be held until settle has returned.
//
// The gate lets one commit in at a time. Pebble would queue them at a mutex
// of its own, but who waits at that one waits for ever after a panic inside
// (pebble v2.1.4, db.go, rotateWAL panics while it is held).
func (e *Engine) apply(ctx context.Context, op string, b *pebble.Batch) error {
	return e.change(ctx, op, func() error {
		err := e.index.ApplyNoSyncWait(b, pebble.Sync)
		if err != nil {
			e.broken.fail(err)
			return e.broken.error(op)
		}
		return nil
	})
}

// change lets one change of the index's log in at a time.
func (e *Engine) change(ctx context.Context, op string, do func() error) (err error) {
	if err := e.broken.check(op); err != nil {
		return err
	}
	select {
	case <-e.gate:
	case <-e.broken.ch:
		return e.broken.error(op)
	case <-ctx.Done():
		return wharf.WrapError(wharf.CodeInternal, op, "", ctx.Err())
	}
	err = e.guard(op, do)
	if !e.broken.failed() {
		e.gate <- struct{}{} // else it stays shut
	}
	return err
}

// guard turns a panic of the index into its failure: it panics where its log
// cannot be changed.
func (e *Engine) guard(op string, do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			e.broken.fail(fmt.Errorf("index: %v", p))
			err = e.broken.error(op)
		}
	}()
	return do()
}

// aside is guard for what may also fail by never returning, because the
// index declared itself lost in the middle of it (see indexLogger).
func (e *Engine) aside(op string, do func() error) error {
	done := make(chan error, 1)
	go func() { done <- e.guard(op, do) }()
	select {
	case err := <-done:
		return err
	case <-e.broken.ch:
		return e.broken.error(op)
	}
}

// settle waits until an applied batch is on the disk. One sync serves all
// who wait.
func (e *Engine) settle(op string, b *pebble.Batch) error {
	if err := b.SyncWait(); err != nil {
		e.broken.fail(err)
	}
	// The index may have been told that a failed sync went well: see fuse.
	if err := e.broken.check(op); err != nil {
		return err
	}
	b.Close()
	return nil
}

// commit is apply and settle, for what needs no lock.
func (e *Engine) commit(ctx context.Context, op string, b *pebble.Batch) error {
	if err := e.apply(ctx, op, b); err != nil {
		return err
	}
	return e.settle(op, b)
}

// applyLazily is apply for what a crash may undo: it becomes durable with the
// next commit that must be.
func (e *Engine) applyLazily(ctx context.Context, op string, b *pebble.Batch) error {
	return e.change(ctx, op, func() error {
		if err := e.index.Apply(b, pebble.NoSync); err != nil {
			e.broken.fail(err)
			return e.broken.error(op)
		}
		return b.Close()
	})
}

// stripes are the locks of the keys: whoever reads an object's record to
// change it holds its stripe until the change is applied.
type stripes struct {
	seed maphash.Seed
	mu   [256]sync.Mutex
}

func (s *stripes) init() { s.seed = maphash.MakeSeed() }

func (s *stripes) of(indexKey []byte) int {
	return int(maphash.Bytes(s.seed, indexKey) % uint64(len(s.mu)))
}

// lock locks one key's stripe.
func (s *stripes) lock(indexKey []byte) *sync.Mutex {
	m := &s.mu[s.of(indexKey)]
	m.Lock()
	return m
}

// lockAll locks the stripes of many keys, in the one order that everyone
// keeps, and returns what unlocks them.
func (s *stripes) lockAll(indexKeys [][]byte) (unlock func()) {
	held := make([]int, 0, len(indexKeys))
	for _, k := range indexKeys {
		held = append(held, s.of(k))
	}
	slices.Sort(held)
	return s.lockThese(slices.Compact(held))
}

// lockEvery locks all keys of all stages.
func (s *stripes) lockEvery() (unlock func()) {
	all := make([]int, len(s.mu))
	for i := range all {
		all[i] = i
	}
	return s.lockThese(all)
}

func (s *stripes) lockThese(held []int) (unlock func()) {
	for _, i := range held {
		s.mu[i].Lock()
	}
	return func() {
		for _, i := range held {
			s.mu[i].Unlock()
		}
	}
}
