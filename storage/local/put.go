package local

import (
	"context"
	"crypto/md5"
	"errors"
	"hash/crc32"
	"io"
	"slices"
	"time"

	"wharf"
)

// Put stores what r yields under key. A body that fits into one buffer is
// stored within the record that publishes it; a longer one in a file of its
// own, which is on the disk before the record names it.
func (s *Store) Put(ctx context.Context, key wharf.Key, r io.Reader, o wharf.PutOptions) (wharf.Object, error) {
	const op = "local.Put"
	if err := s.e.enter(op); err != nil {
		return wharf.Object{}, err
	}
	defer s.e.leave()
	s.e.hash.uploads.Add(1)
	defer s.e.hash.uploads.Add(-1)
	body, err := wharf.NewBody(ctx, r, o)
	if err != nil {
		return wharf.Object{}, fault(op, err)
	}
	u := &upload{ctx: ctx, s: s, key: key, body: body, o: o}
	if err := u.precheck(); err != nil {
		return wharf.Object{}, fault(op, err)
	}
	obj, err := u.run()
	if err != nil {
		return wharf.Object{}, fault(op, err)
	}
	return obj, nil
}

// upload is one Put on its way.
type upload struct {
	ctx   context.Context
	s     *Store
	key   wharf.Key
	body  *wharf.Body
	o     wharf.PutOptions
	ended bool // the body has nothing more
}

// precheck refuses what can be refused before a byte is read.
func (u *upload) precheck() error {
	if err := u.ctx.Err(); err != nil {
		return err
	}
	if err := u.s.e.take(u.ctx, "local.Put", max(u.o.Size, 0)); err != nil {
		return err
	}
	if !u.o.IfAbsent {
		return nil
	}
	_, found, err := u.s.lookup(u.key)
	if err == nil && found {
		err = u.present()
	}
	return err
}

func (u *upload) run() (wharf.Object, error) {
	c := chunks.Get().(*chunk)
	first, err := u.fill(c[:])
	if err == nil && u.ended && len(first) <= u.s.e.small {
		return u.storeSmall(c, first)
	}
	defer chunks.Put(c)
	if err != nil {
		return wharf.Object{}, err
	}
	return u.storeFile(c[:], first)
}

const (
	// smallMax is the longest body that is stored within the log.
	smallMax = chunkSize

	// copyMax is the longest body that is copied to a buffer of its length
	// while it waits for the disk, so that it does not hold a whole chunk.
	copyMax = 64 << 10

	// md5AtOnce is the longest body whose MD5 is worked out in the upload's
	// own time: some 25 microseconds. Those of longer ones come later.
	md5AtOnce = 16 << 10

	recordCost = 512 // bytes of the disk that an object takes beside its body
)

// storeSmall stores a body that has been read whole, within the log.
func (u *upload) storeSmall(c *chunk, data []byte) (wharf.Object, error) {
	var short *[]byte
	if len(data) <= copyMax {
		short = buffers.take(len(data))
		data = append(*short, data...)
		chunks.Put(c)
	}
	h := head{kind: kindPut, stage: u.s.id, key: u.key, mtime: now(), size: int64(len(data))}
	if len(data) <= md5AtOnce {
		h.md5, h.hasMD5 = md5.Sum(data), true
	}
	var sums [crcLen * chunkSize / blockSize]byte
	table := appendTable(sums[:0], data)
	h.sum = crc32.Checksum(table, castagnoli)
	err := u.s.e.take(u.ctx, "local.Put", h.size+recordCost)
	if err == nil {
		err = u.publish(&h, table, data)
	}
	switch {
	case u.s.e.broken.failed(): // the committer may have the buffer still
	case short != nil:
		buffers.give(short)
	default:
		chunks.Put(c)
	}
	if err != nil {
		return wharf.Object{}, err
	}
	return h.objectOf(), nil
}

// publish adds the object's record to the log. When it returns nil the object
// is durable.
func (u *upload) publish(h *head, table, body []byte) error {
	return u.s.e.committer.do(u.ctx, "local.Put", &op{size: h.length(), prepare: func(t *turn) error {
		if err := t.admit([]*upload{u}, []*head{h}); err != nil {
			return err
		}
		return t.add(h, table, body)
	}})
}

// admit refuses objects of one stage, before they are written, that must not be
// there yet, or with which the stage would hold more than its quota.
func (t *turn) admit(uploads []*upload, heads []*head) error {
	before := t.changes.holds(heads[0].stage)
	after := before
	limited := slices.ContainsFunc(uploads, func(u *upload) bool { return u.o.Quota != wharf.Quota{} })
	for i, u := range uploads {
		if !limited && !u.o.IfAbsent {
			continue
		}
		old, live, err := t.find(heads[i].stage, heads[i].key)
		switch {
		case err != nil:
			return err
		case live && u.o.IfAbsent:
			return u.present()
		case live && !u.o.Unseen:
			after.Files, after.Bytes = after.Files-1, after.Bytes-old.size
		}
		after.Files, after.Bytes = after.Files+1, after.Bytes+heads[i].size
	}
	for _, u := range uploads {
		if err := u.o.Quota.Check(before, after); err != nil {
			return err
		}
	}
	return nil
}

// objectOf returns the object that the record stored.
func (h *head) objectOf() wharf.Object {
	e := entry{seq: h.seq, size: h.size, mtime: h.mtime, md5: h.md5, hasMD5: h.hasMD5}
	return e.object(h.key)
}

// fill reads as much of the body as fits into buf.
func (u *upload) fill(buf []byte) ([]byte, error) {
	n := 0
	for n < len(buf) && !u.ended {
		m, err := u.body.Read(buf[n:])
		n += m
		if errors.Is(err, io.EOF) {
			u.ended = true
		} else if err != nil {
			return nil, err
		}
	}
	return buf[:n], nil
}

func (u *upload) present() error {
	return wharf.Errorf(wharf.CodePrecondition, "the file %q exists already", string(u.key))
}

// now is the modification time of what is stored now: whole microseconds,
// which is what clients are shown.
func now() int64 { return time.Now().UnixMicro() * 1000 }
