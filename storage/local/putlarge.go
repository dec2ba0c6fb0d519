package local

import (
	"context"
	"errors"

	"github.com/cockroachdb/pebble/v2/vfs"

	"wharf"
)

// storeLarge stores a body whose first bytes have been read into buf.
func (u *upload) storeLarge(buf, first []byte) (wharf.Object, error) {
	e := u.s.e
	id, dir, err := e.ids.newFile(u.ctx)
	if err != nil {
		return wharf.Object{}, err
	}
	r := record{id: id, mtime: now()}
	if r.size, err = u.writeFile(id, buf, first, r.mtime); err == nil {
		err = dir.sync()
	}
	if err == nil {
		err = u.publishFile(r)
	}
	if err != nil {
		return wharf.Object{}, errors.Join(err, e.discard(id))
	}
	e.ids.release(id)
	return r.object(u.key), nil
}

// writeFile writes the body file and makes its bytes durable.
func (u *upload) writeFile(id bodyID, buf, first []byte, mtime int64) (size int64, err error) {
	f, err := u.s.e.fs.Create(u.s.e.bodyPath(id), vfs.WriteCategoryUnspecified)
	if err != nil {
		return 0, err
	}
	defer func() {
		if cerr := f.Close(); err == nil {
			err = cerr
		}
	}()
	w := &bodyWriter{f: f}
	if u.o.Size > 0 {
		w.table = make([]byte, 0, crcLen*blocks(u.o.Size)+footerLen+int64(stageLen+len(u.key)))
	}
	for part := first; len(part) > 0; {
		if err := u.s.e.take(u.ctx, "local.Put", int64(len(part))); err != nil {
			return 0, err
		}
		if err := w.write(part); err != nil {
			return 0, err
		}
		if part, err = u.fill(buf); err != nil {
			return 0, err
		}
	}
	t := trailer{id: id, mtime: mtime, stage: u.s.id, key: u.key}
	return w.size, w.finish(t)
}

// publishFile commits the object of a body file.
func (u *upload) publishFile(r record) error {
	b := u.s.e.index.NewBatch()
	k := idKey(spaceFile, r.id)
	if err := b.Set(k[:], u.indexKey[1:], nil); err != nil {
		return err
	}
	return u.publish(b, r)
}

// discard removes the file of an upload that failed.
func (e *Engine) discard(id bodyID) error {
	if e.broken.failed() {
		// Perhaps the commit is on the disk nevertheless: the next start knows.
		return nil
	}
	err := e.fs.Remove(e.bodyPath(id))
	if err == nil || missing(err) {
		e.ids.abort(id)
		return nil
	}
	return e.setAside(id)
}

// setAside records a file that could not be removed as dead, for the reaper to
// try again.
func (e *Engine) setAside(id bodyID) error {
	const op = "local.setAside"
	b := e.index.NewBatch()
	k := idKey(spaceDead, id)
	if err := b.Set(k[:], nil, nil); err != nil {
		return err
	}
	if err := e.commit(context.Background(), op, b); err != nil {
		return err
	}
	e.ids.release(id)
	e.reaper.add(id)
	return nil
}
