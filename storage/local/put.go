package local

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"wharf"
)

// Put stores what r yields under key. A body that fits into one small buffer
// is stored within the commit that publishes it; a longer one in a file of
// its own, which is on the disk before the commit names it.
func (s *Store) Put(ctx context.Context, key wharf.Key, r io.Reader, o wharf.PutOptions) (wharf.Object, error) {
	const op = "local.Put"
	if err := s.e.enter(op); err != nil {
		return wharf.Object{}, err
	}
	defer s.e.leave()
	s.e.hash.uploads.Add(1)
	defer s.e.hash.uploads.Add(-1)
	u := &upload{ctx: ctx, s: s, key: key, indexKey: s.objectKey(key), r: r, o: o}
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
	ctx      context.Context
	s        *Store
	key      wharf.Key
	indexKey []byte
	r        io.Reader
	o        wharf.PutOptions
	got      int64 // bytes read so far
	ended    bool  // r has nothing more
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
	_, found, err := u.s.lookup(u.indexKey)
	if err == nil && found {
		err = u.present()
	}
	return err
}

func (u *upload) run() (wharf.Object, error) {
	c := chunks.Get().(*chunk)
	first, err := u.fill(c[:])
	if err == nil && u.ended && len(first) <= u.s.e.small {
		b, r, err := u.smallBatch(first)
		chunks.Put(c) // not held while the commit waits for the disk
		if err == nil {
			err = u.publish(b, r)
		}
		if err != nil {
			return wharf.Object{}, err
		}
		return r.object(u.key), nil
	}
	defer chunks.Put(c)
	if err != nil {
		return wharf.Object{}, err
	}
	return u.storeLarge(c[:], first)
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

// publish commits the object's record, together with what b holds already,
// and gives back what it replaced. When it returns nil the object is durable.
func (u *upload) publish(b *pebble.Batch, r record) error {
	replaced, err := u.apply(b, r)
	if err != nil {
		return err
	}
	if err := u.s.e.settle("local.Put", b); err != nil {
		return err
	}
	u.s.e.bury(replaced)
	if !r.hasMD5 {
		u.s.e.hash.poke()
	}
	return nil
}

// apply is the part of publish that holds the key's lock. It returns what
// the object was before, if it was.
func (u *upload) apply(b *pebble.Batch, r record) (old record, err error) {
	e := u.s.e
	lock := e.stripes.lock(u.indexKey)
	defer lock.Unlock()
	old, found, err := u.s.lookup(u.indexKey)
	switch {
	case errors.Is(err, errRecord):
		// What a damaged record referred to is for a check to find; the key
		// must not be blocked by it.
	case err != nil:
		return old, err
	case found && u.o.IfAbsent:
		return old, u.present()
	case found:
		if err := u.s.dropBody(b, old.id); err != nil {
			return old, err
		}
	}
	err = b.Set(u.indexKey, r.append(nil, u.indexKey), nil)
	if err == nil && !r.hasMD5 {
		debt := idKey(spaceHash, r.id)
		err = b.Set(debt[:], u.indexKey[1:], nil)
	}
	if err != nil {
		return old, err
	}
	return old, e.apply(u.ctx, "local.Put", b)
}

// dropBody adds to b that the body id is no longer referred to.
func (s *Store) dropBody(b *pebble.Batch, id bodyID) error {
	if !id.large() {
		k := idKey(spaceBody, id)
		return b.Delete(k[:], nil)
	}
	file, dead := idKey(spaceFile, id), idKey(spaceDead, id)
	return errors.Join(b.Delete(file[:], nil), b.Set(dead[:], nil, nil))
}

// bury hands bodies whose death is on the disk to those who give their room
// back.
func (e *Engine) bury(dead ...record) {
	var files []bodyID
	var bytes int64
	for _, r := range dead {
		if r.id.large() {
			files = append(files, r.id)
		} else if r.id != 0 {
			bytes += r.size + smallCost
		}
	}
	e.reaper.add(files...)
	if bytes > 0 {
		e.tidy.add(bytes)
	}
}

// now is the modification time of what is stored now: whole microseconds,
// which is what clients are shown.
func now() int64 { return time.Now().UnixMicro() * 1000 }
