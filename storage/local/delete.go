package local

import (
	"context"

	"wharf"
)

// One batch removes at most so many objects.
const deleteBatch = 1024

// Delete removes the objects under keys, some hundreds in one batch.
func (s *Store) Delete(ctx context.Context, keys []wharf.Key) error {
	const name = "local.Delete"
	if err := s.e.enter(name); err != nil {
		return err
	}
	defer s.e.leave()
	for len(keys) > 0 {
		if err := ctx.Err(); err != nil {
			return fault(name, err)
		}
		part := keys[:min(len(keys), deleteBatch)]
		keys = keys[len(part):]
		o := &op{size: int64(len(part)) * 3 * headLen, prepare: func(t *turn) error { return t.remove(s.id, part) }}
		if err := s.e.committer.do(ctx, name, o); err != nil {
			return fault(name, err)
		}
	}
	return nil
}

// remove adds a record for each key that has an object.
func (t *turn) remove(stage wharf.StageID, keys []wharf.Key) error {
	for _, key := range keys {
		_, live, err := t.find(stage, key)
		if err != nil {
			return err
		}
		if live {
			if err := t.add(&head{kind: kindDelete, stage: stage, key: key}, nil, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// Clear removes all objects of the stage by one record, which hides them at
// once. An upload that lands meanwhile is removed or stays, and is whole in
// either case.
func (s *Store) Clear(ctx context.Context) error {
	const name = "local.Clear"
	if err := s.e.enter(name); err != nil {
		return err
	}
	defer s.e.leave()
	if err := ctx.Err(); err != nil {
		return fault(name, err)
	}
	err := s.e.committer.do(ctx, name, &op{prepare: func(t *turn) error {
		if t.changes.holds(s.id) == (wharf.Usage{}) {
			return nil // nothing is there
		}
		return t.add(&head{kind: kindClear, stage: s.id}, nil, nil)
	}})
	if err == nil {
		err = s.e.sweeper.sweep(ctx, s.id)
	}
	if err != nil {
		return fault(name, err)
	}
	return nil
}
