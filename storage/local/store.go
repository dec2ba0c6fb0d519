package local

import (
	"context"

	"wharf"
)

// Store is the store of one internal stage.
type Store struct {
	e  *Engine
	id wharf.StageID
}

var (
	_ wharf.Store     = (*Store)(nil)
	_ wharf.Clearer   = (*Store)(nil)
	_ wharf.Budgeter  = (*Store)(nil)
	_ wharf.Localizer = (*Store)(nil)
	_ wharf.Meter     = (*Store)(nil)
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
	e, found, err := s.lookup(key)
	switch {
	case err != nil:
		return wharf.Object{}, fault(op, err)
	case !found:
		return wharf.Object{}, notFound(op, key)
	}
	return e.object(key), nil
}

// usualMax is what a body of unknown length counts for.
const usualMax = 1 << 30

// PutMemory returns how much memory a Put of size bytes holds at most: the
// buffer that it reads into, a copy of a short body, and the checksums of the
// blocks of a long one. Those of a body of unknown length may come to be more,
// 64 KiB for each GiB, but few are that long.
func (s *Store) PutMemory(size int64) int64 {
	switch {
	case size < 0:
		size = usualMax
	case size <= copyMax:
		return chunkSize + 2*size
	}
	return chunkSize + 2*copyMax + crcLen*blocks(size)
}

func (s *Store) objectKey(key wharf.Key) []byte {
	return appendObjectKey(make([]byte, 0, objectKey+len(key)), s.id, key)
}

// lookup reads what is known of an object.
func (s *Store) lookup(key wharf.Key) (e entry, found bool, err error) {
	cleared := s.e.clears.at(s.id) // before the index: it is forgotten after that is swept
	e, found, err = s.e.index.lookup(s.objectKey(key))
	if err != nil || !found || e.seq <= cleared {
		return entry{}, false, err
	}
	return e, true, nil
}

// Usage returns how many objects the stage has and how many bytes these have
// together.
func (s *Store) Usage(ctx context.Context) (wharf.Usage, error) {
	const op = "local.Usage"
	if err := s.e.enter(op); err != nil {
		return wharf.Usage{}, err
	}
	defer s.e.leave()
	if err := ctx.Err(); err != nil {
		return wharf.Usage{}, wharf.WrapError(wharf.CodeInternal, op, "", err)
	}
	return s.e.usage.of(s.id), nil
}

func notFound(op string, key wharf.Key) error {
	return &wharf.Error{Code: wharf.CodeNotFound, Op: op,
		Msg: wharf.Errorf(wharf.CodeNotFound, "there is no file %q", string(key)).Msg}
}
