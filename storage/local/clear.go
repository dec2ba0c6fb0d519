package local

import (
	"context"
	"errors"

	"github.com/cockroachdb/pebble/v2"
)

// clearBatch is how many objects are taken out of a stage under one lock:
// few enough that uploads to other stages do not notice.
const clearBatch = 2048

// Clear removes all objects of the stage. An upload that lands meanwhile is
// removed or stays, and is whole in either case.
func (s *Store) Clear(ctx context.Context) error {
	const op = "local.Clear"
	if err := s.e.enter(op); err != nil {
		return err
	}
	defer s.e.leave()
	for more := true; more; {
		if err := ctx.Err(); err != nil {
			return fault(op, err)
		}
		var err error
		if more, err = s.clearPart(ctx); err != nil {
			return fault(op, err)
		}
	}
	return nil
}

func (s *Store) clearPart(ctx context.Context) (more bool, err error) {
	b := s.e.index.NewBatch()
	dead, more, err := s.applyClear(ctx, b)
	if err != nil {
		return false, err
	}
	if err := s.e.settle("local.Clear", b); err != nil {
		return false, err
	}
	s.e.reaper.add(dead...)
	return more, nil
}

// applyClear removes the first objects of the stage, under the locks of all
// keys, since it does not know which it will meet.
func (s *Store) applyClear(ctx context.Context, b *pebble.Batch) (dead []bodyID, more bool, err error) {
	defer s.e.stripes.lockEvery()()
	lower, upper := stageSpan(spaceObject, s.id)
	it, err := s.e.index.NewIterWithContext(ctx, &pebble.IterOptions{LowerBound: lower, UpperBound: upper})
	if err != nil {
		return nil, false, err
	}
	n := 0
	for more = it.First(); more && n < clearBatch; more = it.Next() {
		id, err := s.clearAt(b, it)
		if err != nil {
			return nil, false, errors.Join(err, it.Close())
		}
		if id.large() {
			dead = append(dead, id)
		}
		n++
	}
	if more {
		upper = append([]byte(nil), it.Key()...)
	}
	err = errors.Join(it.Error(), it.Close(), b.DeleteRange(lower, upper, nil))
	if err == nil && !more {
		// No object is left, so that no small body is referred to.
		bodies, end := stageSpan(spaceBody, s.id)
		err = b.DeleteRange(bodies, end, nil)
	}
	if err != nil {
		return nil, false, err
	}
	return dead, more, s.e.apply(ctx, "local.Clear", b)
}

// clearAt adds the death of a body file to b; small bodies go all at once.
func (s *Store) clearAt(b *pebble.Batch, it *pebble.Iterator) (bodyID, error) {
	v, err := it.ValueAndErr()
	if err != nil {
		return 0, err
	}
	r, err := parseRecord(it.Key(), v)
	if err != nil || !r.id.large() {
		// What a damaged record referred to is for a check to find.
		return 0, nil
	}
	return r.id, s.dropBody(b, r.id)
}
