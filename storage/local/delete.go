package local

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"wharf"
)

// One commit removes at most so many objects, with keys of so many bytes: it
// must fit into the log file that is there.
const (
	deleteBatch = 1024
	deleteBytes = 48 << 10
)

// Delete removes the objects under keys, some hundreds in one commit.
func (s *Store) Delete(ctx context.Context, keys []wharf.Key) error {
	const op = "local.Delete"
	if err := s.e.enter(op); err != nil {
		return err
	}
	defer s.e.leave()
	for len(keys) > 0 {
		if err := ctx.Err(); err != nil {
			return fault(op, err)
		}
		n := batchOf(keys)
		if err := s.deletePart(ctx, keys[:n]); err != nil {
			return fault(op, err)
		}
		keys = keys[n:]
	}
	return nil
}

// batchOf is how many of the keys go into the next commit.
func batchOf(keys []wharf.Key) int {
	n, size := 0, 0
	for n < len(keys) && n < deleteBatch && size < deleteBytes {
		size += len(keys[n])
		n++
	}
	return n
}

func (s *Store) deletePart(ctx context.Context, keys []wharf.Key) error {
	sorted := make([][]byte, len(keys))
	for i, k := range keys {
		sorted[i] = s.objectKey(k)
	}
	slices.SortFunc(sorted, bytes.Compare)
	sorted = slices.CompactFunc(sorted, bytes.Equal)
	b := s.e.index.NewBatch()
	dead, err := s.applyDelete(ctx, b, sorted)
	if err != nil || b.Empty() {
		return err
	}
	if err := s.e.settle("local.Delete", b); err != nil {
		return err
	}
	s.e.bury(dead...)
	return nil
}

// applyDelete is the part of a delete that holds the keys' locks.
func (s *Store) applyDelete(ctx context.Context, b *pebble.Batch, sorted [][]byte) (dead []record, err error) {
	defer s.e.stripes.lockAll(sorted)()
	lower, upper := stageSpan(s.id)
	it, err := s.e.index.NewIterWithContext(ctx, &pebble.IterOptions{LowerBound: lower, UpperBound: upper})
	if err != nil {
		return nil, err
	}
	for _, k := range sorted {
		if !it.SeekGE(k) || !bytes.Equal(it.Key(), k) {
			continue
		}
		r, err := s.deleteAt(b, it)
		if err != nil {
			return nil, errors.Join(err, it.Close())
		}
		dead = append(dead, r)
	}
	if err := errors.Join(it.Error(), it.Close()); err != nil || b.Empty() {
		return nil, err
	}
	return dead, s.e.apply(ctx, "local.Delete", b)
}

// deleteAt adds the removal of the object at it to b.
func (s *Store) deleteAt(b *pebble.Batch, it *pebble.Iterator) (record, error) {
	r, err := recordAt(it)
	if err == nil && r.id != 0 {
		err = s.dropBody(b, r.id)
	}
	return r, errors.Join(err, b.Delete(it.Key(), nil))
}
