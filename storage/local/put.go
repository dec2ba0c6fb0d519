package local

import (
	"context"
	"crypto/md5"
	"errors"
	"hash/crc32"
	"io"
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
	u := &upload{ctx: ctx, s: s, key: key, r: r, o: o}
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
	r     io.Reader
	o     wharf.PutOptions
	got   int64 // bytes read so far
	ended bool  // r has nothing more
}

// precheck refuses what can be refused before a byte is read.
func (u *upload) precheck() error {
	if err := u.ctx.Err(); err != nil {
		return err
	}
	if u.o.Limit > 0 && u.o.Size > u.o.Limit {
		return u.tooLarge()
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
	if u.s.e.broken.failed() {
		return wharf.Object{}, err // the committer may have the buffer still
	}
	if short != nil {
		buffers.give(short)
	} else {
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
		if u.o.IfAbsent {
			switch _, live, err := t.find(h.stage, h.key); {
			case err != nil:
				return err
			case live:
				return u.present()
			}
		}
		return t.add(h, table, body)
	}})
}

// objectOf returns the object that the record stored.
func (h *head) objectOf() wharf.Object {
	e := entry{seq: h.seq, size: h.size, mtime: h.mtime, md5: h.md5, hasMD5: h.hasMD5}
	return e.object(h.key)
}

// fill reads as much of the body as fits into buf, and checks its length as
// far as it can be told. It reads one byte further than what was declared
// or allowed, to see that there is no more.
func (u *upload) fill(buf []byte) ([]byte, error) {
	n := 0
	for n < len(buf) && !u.ended {
		if err := u.ctx.Err(); err != nil {
			return nil, err
		}
		m, err := u.r.Read(buf[n:u.want(n, len(buf))])
		n += m
		if u.got += int64(m); u.got > u.most() {
			return nil, u.overrun()
		}
		if errors.Is(err, io.EOF) {
			u.ended = true
		} else if err != nil {
			return nil, err
		}
	}
	if u.ended && u.o.Size >= 0 && u.got != u.o.Size {
		return nil, wharf.Errorf(wharf.CodeInvalid,
			"the file ended after %d bytes; %d were declared", u.got, u.o.Size)
	}
	return buf[:n], nil
}

// want is the end of the part of the buffer to read into next.
func (u *upload) want(n, end int) int {
	if left := u.most() - u.got; left < int64(end-n) {
		return n + int(left) + 1
	}
	return end
}

// most is how long the body may be.
func (u *upload) most() int64 {
	most := int64(1<<63 - 2)
	if u.o.Limit > 0 {
		most = u.o.Limit
	}
	if u.o.Size >= 0 {
		most = min(most, u.o.Size)
	}
	return most
}

func (u *upload) overrun() error {
	if u.o.Size >= 0 && u.got > u.o.Size {
		return wharf.Errorf(wharf.CodeInvalid, "the file is longer than the %d bytes that were declared", u.o.Size)
	}
	return u.tooLarge()
}

func (u *upload) tooLarge() error {
	return wharf.Errorf(wharf.CodeTooLarge, "the file is longer than %d bytes, the most that is allowed", u.o.Limit)
}

func (u *upload) present() error {
	return wharf.Errorf(wharf.CodePrecondition, "the file %q exists already", string(u.key))
}

// now is the modification time of what is stored now: whole microseconds,
// which is what clients are shown.
func now() int64 { return time.Now().UnixMicro() * 1000 }
