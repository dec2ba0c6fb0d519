package local

import (
	"context"

	"github.com/cockroachdb/pebble/v2/vfs"

	"wharf"
)

// Open opens the object under key. A short body is read at once; a longer one
// stays where it is, and the open handle keeps this version's bytes.
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

// open looks the object up again when its segment or its file was removed in
// between: then it was moved, replaced or removed.
func (s *Store) open(key wharf.Key) (f wharf.File, err error) {
	err = s.retry(key, func(e entry) (bool, error) {
		var there bool
		f, there, err = s.openBody(key, e)
		return there, err
	})
	return f, err
}

// retry calls do with what is known of an object, again as long as do finds
// that it is not there and it has changed.
func (s *Store) retry(key wharf.Key, do func(e entry) (there bool, err error)) error {
	for last := (entry{}); ; {
		e, found, err := s.lookup(key)
		switch {
		case err != nil:
			return err
		case !found:
			return notFound("local.Open", key)
		case e.seq == last.seq && e.at == last.at:
			return damaged("local.Open", "the body is missing")
		}
		if there, err := do(e); there || err != nil {
			return err
		}
		last = e
	}
}

func (s *Store) openBody(key wharf.Key, e entry) (f wharf.File, there bool, err error) {
	g, err := s.e.segs.open(e.at.segment)
	if err != nil || g == nil {
		return nil, missing(err), ignoreMissing(err)
	}
	r := record{head: head{kind: kindPut, size: e.size, key: key}, offset: e.at.offset}
	if e.file {
		r.kind = kindFile
	}
	if !e.file && e.size <= copyMax {
		defer s.e.segs.close(g)
		f, err := openSmall(g, r, s.id, e)
		return f, true, err
	}
	b := &blockFile{e: s.e, obj: e.object(key), seg: g, table: r.offset + r.prefix(), file: g.file, start: r.offset + r.prefix() + r.tableLen()}
	if e.file {
		b.start = 0
		b.own, there, err = s.openOwn(e)
		b.file = b.own
	} else {
		there, err = true, checkHeads(g, r, s.id, e)
	}
	if !there || err != nil {
		s.e.segs.close(g)
		return nil, there, err
	}
	return b, true, nil
}

// openOwn opens the body file of an object.
func (s *Store) openOwn(e entry) (f vfs.File, there bool, err error) {
	f, err = s.e.fs.Open(s.e.bodyPath(e.number))
	if err != nil {
		return nil, false, ignoreMissing(err)
	}
	info, err := f.Stat()
	if err == nil && info.Size() != e.size {
		err = damaged("local.Open", "a body file has the wrong length")
	}
	if err != nil {
		f.Close()
		return nil, true, err
	}
	return f, true, nil
}

// openSmall reads a whole body out of the log.
func openSmall(g *segment, r record, stage wharf.StageID, e entry) (wharf.File, error) {
	n := r.prefix() + r.tableLen() + r.bodyLen()
	buffer := buffers.take(int(n))
	all := (*buffer)[:n]
	err := readStored(g.file, all, r.offset)
	if err == nil {
		h, ok := parseFirst(all, g.tag, r.offset)
		if !ok {
			err = checkLast(g, r, stage, e)
		} else if !h.is(stage, r.key, e) {
			err = damaged("local.Open", "another record stands where the index says")
		}
	}
	p := payload{table: all[r.prefix() : r.prefix()+r.tableLen()], body: all[r.prefix()+r.tableLen():]}
	if err == nil && !verifyBlocks(p.body, p.table) {
		err = damaged("local.Open", "a body does not match its checksum")
	}
	if err != nil {
		buffers.give(buffer)
		return nil, err
	}
	return &smallFile{obj: e.object(r.key), data: p.body, buffer: buffer}, nil
}

// is reports whether the head is that of the object's record.
func (h *head) is(stage wharf.StageID, key wharf.Key, e entry) bool {
	return h.object() && h.seq == e.seq && h.stage == stage && h.key == key && h.size == e.size
}

// checkHeads makes sure that the record that the index names is the object's.
func checkHeads(g *segment, r record, stage wharf.StageID, e entry) error {
	p := make([]byte, r.prefix())
	if err := readStored(g.file, p, r.offset); err != nil {
		return err
	}
	if h, ok := parseFirst(p, g.tag, r.offset); ok && h.is(stage, r.key, e) {
		return nil
	}
	return checkLast(g, r, stage, e)
}

func checkLast(g *segment, r record, stage wharf.StageID, e entry) error {
	p := make([]byte, r.prefix())
	at := r.end() - r.prefix()
	if err := readStored(g.file, p, at); err != nil {
		return err
	}
	if h, begin, ok := parseLast(p, g.tag, at); ok && begin == r.offset && h.is(stage, r.key, e) {
		return nil
	}
	return damaged("local.Open", "the record is damaged")
}

// extent checks a range against a size and returns its end.
func extent(size, off, n int64) (end int64, err error) {
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
