package local

import (
	"context"
	"errors"
	"slices"

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
	s.e.bury(dead...)
	return more, nil
}

// applyClear removes the first objects of the stage, under the locks of all
// keys, since it does not know which it will meet.
func (s *Store) applyClear(ctx context.Context, b *pebble.Batch) (dead []record, more bool, err error) {
	defer s.e.stripes.lockEvery()()
	lower, upper := stageSpan(s.id)
	it, err := s.e.index.NewIterWithContext(ctx, &pebble.IterOptions{LowerBound: lower, UpperBound: upper})
	if err != nil {
		return nil, false, err
	}
	for more = it.First(); more && len(dead) < clearBatch; more = it.Next() {
		r, err := recordAt(it)
		if err != nil {
			return nil, false, errors.Join(err, it.Close())
		}
		dead = append(dead, r)
	}
	if more {
		upper = append([]byte(nil), it.Key()...)
	}
	err = errors.Join(it.Error(), it.Close(), b.DeleteRange(lower, upper, nil),
		s.dropBodies(b, dead))
	if err != nil {
		return nil, false, err
	}
	return dead, more, s.e.apply(ctx, "local.Clear", b)
}

// recordAt gives the record of the object at it, the zero record if it is
// damaged: what that one referred to is for a check to find.
func recordAt(it *pebble.Iterator) (record, error) {
	v, err := it.ValueAndErr()
	if err != nil {
		return record{}, err
	}
	r, err := parseRecord(it.Key(), v)
	if err != nil {
		return record{}, nil
	}
	return r, nil
}

// dropBodies adds to b that the bodies of dead objects are not referred to.
func (s *Store) dropBodies(b *pebble.Batch, dead []record) error {
	var small []bodyID
	for _, r := range dead {
		switch {
		case r.id.large():
			if err := s.dropBody(b, r.id); err != nil {
				return err
			}
		case r.id != 0:
			small = append(small, r.id)
		}
	}
	return dropSmall(b, small)
}

// dropSmall removes small bodies. Those of one stage were mostly stored in a
// row, and a row of numbers goes with one record.
func dropSmall(b *pebble.Batch, ids []bodyID) error {
	slices.Sort(ids)
	for len(ids) > 0 {
		n := 1
		for n < len(ids) && ids[n] == ids[n-1]+1 {
			n++
		}
		from, to := idKey(spaceBody, ids[0]), idKey(spaceBody, ids[n-1]+1)
		var err error
		if n == 1 {
			err = b.Delete(from[:], nil)
		} else {
			err = b.DeleteRange(from[:], to[:], nil)
		}
		if err != nil {
			return err
		}
		ids = ids[n:]
	}
	return nil
}
