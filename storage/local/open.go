package local

import (
	"context"
	"errors"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"wharf"
)

// Open opens the object under key. A small body is read at once; of a body
// file, the open handle keeps this version's bytes.
func (s *Store) Open(ctx context.Context, key wharf.Key) (wharf.File, error) {
	const op = "local.Open"
	if err := s.e.enter(op); err != nil {
		return nil, err
	}
	defer s.e.leave()
	if err := ctx.Err(); err != nil {
		return nil, wharf.WrapError(wharf.CodeInternal, op, "", err)
	}
	f, err := s.open(key)
	if err != nil {
		return nil, fault(op, err)
	}
	return f, nil
}

// open looks the object up again when its body was removed in between, which
// means that the object was replaced or removed.
func (s *Store) open(key wharf.Key) (wharf.File, error) {
	indexKey := s.objectKey(key)
	for last := bodyID(0); ; {
		r, found, err := s.lookup(indexKey)
		switch {
		case err != nil:
			return nil, err
		case !found:
			return nil, notFound("local.Open", key)
		case r.id == last:
			return nil, damaged("local.Open", "the body is missing")
		}
		f, err := s.openBody(key, r)
		if err == nil || !missing(err) && !errors.Is(err, pebble.ErrNotFound) {
			return f, err
		}
		last = r.id
	}
}

func (s *Store) openBody(key wharf.Key, r record) (wharf.File, error) {
	if r.id.large() {
		return openLarge(s.e.fs, s.e.bodyPath(r.id), r, key)
	}
	k := idKey(spaceBody, r.id)
	v, done, err := s.e.index.Get(k[:])
	if err != nil {
		return nil, err
	}
	defer done.Close()
	body, n, err := parseSmall(v)
	if err != nil || n != len(v) || !body.belongs(s.id, key, r) {
		return nil, damaged("local.Open", "a small body does not match its checksum")
	}
	return newSmallFile(r.object(key), body.data), nil
}

// span checks a range against a size and gives its end.
func span(size, off, n int64) (end int64, err error) {
	end = size
	if n >= 0 && off <= size {
		end = off + n
	}
	if off < 0 || off > size || end > size || end < off {
		return 0, wharf.Errorf(wharf.CodeRange,
			"the range is not within the file, which has %d bytes", size)
	}
	return end, nil
}

// openLarge opens a body file and makes sure that it is the one that the
// record means.
func openLarge(fs vfs.FS, path string, r record, key wharf.Key) (wharf.File, error) {
	f, err := fs.Open(path)
	if err != nil {
		return nil, err
	}
	if err := checkFooter(f, r, key); err != nil {
		f.Close()
		return nil, err
	}
	return &largeFile{obj: r.object(key), f: f, size: r.size}, nil
}

func checkFooter(f vfs.File, r record, key wharf.Key) error {
	var footer [footerLen]byte
	info, err := f.Stat()
	if err != nil {
		return err
	}
	want := trailer{size: r.size}.fileSize(len(key))
	if info.Size() != want {
		return damaged("local.Open", "a body file has the wrong length")
	}
	if _, err := f.ReadAt(footer[:], want-footerLen); err != nil {
		return err
	}
	t, keyLen, err := parseFooter(footer[:])
	if err != nil || t.id != r.id || t.size != r.size || keyLen != len(key) {
		return damaged("local.Open", "a body file is not the one that the index names")
	}
	return nil
}
