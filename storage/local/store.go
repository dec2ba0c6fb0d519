package local

import (
	"context"
	"errors"

	"github.com/cockroachdb/pebble/v2"

	"wharf"
)

// Store is the store of one internal stage.
type Store struct {
	e  *Engine
	id wharf.StageID
}

var (
	_ wharf.Store    = (*Store)(nil)
	_ wharf.Clearer  = (*Store)(nil)
	_ wharf.Budgeter = (*Store)(nil)
)

// Stat tells what is known of the object under key.
func (s *Store) Stat(ctx context.Context, key wharf.Key) (wharf.Object, error) {
	const op = "local.Stat"
	if err := s.e.enter(op); err != nil {
		return wharf.Object{}, err
	}
	defer s.e.leave()
	if err := ctx.Err(); err != nil {
		return wharf.Object{}, wharf.WrapError(wharf.CodeInternal, op, "", err)
	}
	r, found, err := s.lookup(s.objectKey(key))
	switch {
	case err != nil:
		return wharf.Object{}, fault(op, err)
	case !found:
		return wharf.Object{}, notFound(op, key)
	}
	return r.object(key), nil
}

// usualMax is what a body of unknown length counts for.
const usualMax = 1 << 30

// PutMemory tells how much memory a Put of size bytes holds at most: the
// buffer that it reads into, what the index keeps of the body until it is on
// the disk, and the checksums of its blocks. Those of a body of unknown length
// may come to be more, 64 KiB for each GiB, but few are that long.
func (s *Store) PutMemory(size int64) int64 {
	if size >= 0 && size <= smallMax {
		return chunkSize + 2*size
	}
	if size < 0 {
		size = usualMax
	}
	return chunkSize + 2*smallMax + crcLen*blocks(size)
}

func (s *Store) objectKey(key wharf.Key) []byte {
	return appendObjectKey(make([]byte, 0, objectKey+len(key)), s.id, key)
}

// lookup reads the record under an object's index key.
func (s *Store) lookup(indexKey []byte) (r record, found bool, err error) {
	v, done, err := s.e.index.Get(indexKey)
	if errors.Is(err, pebble.ErrNotFound) {
		return record{}, false, nil
	}
	if err != nil {
		return record{}, false, err
	}
	defer done.Close()
	r, err = parseRecord(indexKey, v)
	return r, err == nil, err
}

func notFound(op string, key wharf.Key) error {
	return &wharf.Error{Code: wharf.CodeNotFound, Op: op,
		Msg: wharf.Errorf(wharf.CodeNotFound, "there is no file %q", string(key)).Msg}
}
