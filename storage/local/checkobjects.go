package local

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"wharf"
)

// splitObjectKey takes apart an object's index key, without the space's
// letter.
func splitObjectKey(k []byte) (stage wharf.StageID, key wharf.Key, ok bool) {
	if len(k) <= stageLen {
		return stage, "", false
	}
	return wharf.StageID(k[:stageLen]), wharf.Key(k[stageLen:]), true
}

// checkObjects verifies each object's record, and its body.
func (c *checker) checkObjects() error {
	return c.each(spaceObject, func(k, v []byte) error {
		stage, key, ok := splitObjectKey(k[1:])
		f := Finding{Stage: stage, Key: key}
		r, err := parseRecord(k, v)
		if err != nil || !ok {
			f.What = "the object's record is damaged"
			return c.found(f, func() (string, error) {
				return "removed; if its body is whole, it is found below", c.set(deleteKey(k))
			})
		}
		if r.id.large() {
			return c.checkLarge(f, k, r)
		}
		body, err := c.small(r.id)
		if err != nil {
			return err
		}
		if body != nil && body.belongs(stage, key, r) {
			return nil
		}
		f.What = "the body is missing or damaged"
		return c.found(f, func() (string, error) {
			b := idKey(spaceBody, r.id)
			return "lost", c.set(deleteKey(k), deleteKey(b[:]))
		})
	})
}

// small reads a small body, nil if it is not whole.
func (c *checker) small(id bodyID) (*smallBody, error) {
	k := idKey(spaceBody, id)
	v, done, err := c.e.index.Get(k[:])
	if err != nil {
		// Not there, or the index's own checksum does not match.
		return nil, nil
	}
	defer done.Close()
	s, n, err := parseSmall(append([]byte(nil), v...))
	if err != nil || n != len(v) {
		return nil, nil
	}
	return &s, nil
}

// checkLarge verifies an object's body file.
func (c *checker) checkLarge(f Finding, k []byte, r record) error {
	f.File = c.relative(r.id)
	t, err := verifyBody(c.ctx, c.e.fs, c.e.bodyPath(r.id))
	switch {
	case missing(err):
		f.What = "the body file is missing"
	case c.ctx.Err() != nil:
		return c.ctx.Err()
	case err != nil:
		f.What = err.Error()
	case t.id != r.id || t.stage != f.Stage || t.key != f.Key || t.size != r.size:
		f.What = "the body file is another object's"
	default:
		return c.checkOwner(f, k, r)
	}
	return c.found(f, func() (string, error) {
		file := idKey(spaceFile, r.id)
		aside, err := c.putAside(r.id)
		return "lost" + aside, errors.Join(err, c.set(deleteKey(k), deleteKey(file[:])))
	})
}

// checkOwner verifies that the file's record names the object.
func (c *checker) checkOwner(f Finding, k []byte, r record) error {
	file := idKey(spaceFile, r.id)
	v, done, err := c.e.index.Get(file[:])
	if err == nil {
		same := string(v) == string(k[1:])
		if err := done.Close(); err != nil || same {
			return err
		}
	}
	f.What = "the record of the body file's owner is missing or damaged"
	return c.found(f, func() (string, error) { return "written again", c.set(setKey(file[:], k[1:])) })
}

// checkSmall looks for small bodies that no object refers to. Both are
// written by one commit, so that the object's record was lost.
func (c *checker) checkSmall() error {
	return c.each(spaceBody, func(k, v []byte) error {
		s, n, err := parseSmall(v)
		if err != nil || n != len(v) || len(k) != 1+8 || uint64(s.id) != binary.BigEndian.Uint64(k[1:]) {
			f := Finding{What: "a small body is damaged"}
			return c.found(f, func() (string, error) { return "removed", c.set(deleteKey(k)) })
		}
		return c.checkReferred(claim{id: s.id, stage: s.stage, key: s.key, mtime: s.mtime, data: s.data},
			func() error { return c.set(deleteKey(k)) })
	})
}

// checkOwners looks for body files that their object does not refer to.
func (c *checker) checkOwners() error {
	return c.each(spaceFile, func(k, v []byte) error {
		stage, key, ok := splitObjectKey(v)
		if !ok || len(k) != 1+8 {
			f := Finding{What: "the record of a body file's owner is damaged"}
			return c.found(f, func() (string, error) { return "removed", c.set(deleteKey(k)) })
		}
		id := bodyID(binary.BigEndian.Uint64(k[1:]))
		cl := claim{id: id, stage: stage, key: key}
		drop := func() error {
			_, err := c.putAside(id)
			return errors.Join(err, c.set(deleteKey(k)))
		}
		if names, err := c.names(cl); names || err != nil {
			return err
		}
		t, err := verifyBody(c.ctx, c.e.fs, c.e.bodyPath(id))
		if err != nil || t.id != id || t.stage != stage || t.key != key {
			f := Finding{Stage: stage, Key: key, File: c.relative(id), What: "the body file has no object and is not whole"}
			return c.found(f, func() (string, error) { return "lost", drop() })
		}
		cl.size, cl.mtime = t.size, t.mtime
		return c.checkReferred(cl, drop)
	})
}

// claim is a whole body that says whose it is.
type claim struct {
	id    bodyID
	stage wharf.StageID
	key   wharf.Key
	mtime int64
	size  int64  // of a body file
	data  []byte // of a small body
}

func (cl claim) indexKey() []byte { return appendObjectKey(nil, cl.stage, cl.key) }

// record is what the object's record would be.
func (cl claim) record() record {
	r := record{id: cl.id, size: cl.size, mtime: cl.mtime}
	if !cl.id.large() {
		r = smallRecord(cl.id, cl.mtime, cl.data)
	}
	return r
}

// names tells whether the object's record refers to the body.
func (c *checker) names(cl claim) (bool, error) {
	k := cl.indexKey()
	v, done, err := c.e.index.Get(k)
	if errors.Is(err, pebble.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("%w: %w", errIndex, err)
	}
	defer done.Close()
	r, err := parseRecord(k, v)
	return err == nil && r.id == cl.id, nil
}

// checkReferred gives a whole body that no object refers to its object back,
// unless the object has another body.
func (c *checker) checkReferred(cl claim, drop func() error) error {
	if names, err := c.names(cl); names || err != nil {
		return err
	}
	f := Finding{Stage: cl.stage, Key: cl.key, What: "the body is whole, but no object refers to it"}
	if cl.id.large() {
		f.File = c.relative(cl.id)
	}
	return c.found(f, func() (string, error) {
		k := cl.indexKey()
		_, done, err := c.e.index.Get(k)
		if err == nil {
			return "put aside: the object has another body", errors.Join(done.Close(), drop())
		}
		if !errors.Is(err, pebble.ErrNotFound) {
			return "", err
		}
		return "kept: the object has it again", c.set(cl.writes()...)
	})
}
