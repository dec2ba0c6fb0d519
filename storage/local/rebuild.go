package local

import (
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// newIndexFolder is where a new index is made. It takes the old one's place
// when it is complete, so that a repair that is cut short can begin again.
const newIndexFolder = "index.new"

// rebuild makes a new index of what can be proven whole, and puts the old
// one aside.
func (c *checker) rebuild(why Finding) error {
	switch done, err := c.finishRebuild(); {
	case err != nil:
		return err
	case done:
		return c.withIndex(indexFolder, c.checkAll)
	}
	m, err := readRemains(c.ctx, c.e.fs, c.e.path(indexFolder))
	if err != nil {
		return err
	}
	why.Done = "put aside; a new index is made of what is whole"
	c.report(why)
	for _, b := range m.broken {
		c.report(Finding{File: indexFolder, What: b, Done: "what it held alone is lost"})
	}
	if err := c.e.fs.RemoveAll(c.e.path(newIndexFolder)); err != nil {
		return err
	}
	if err := c.withIndex(newIndexFolder, func() error { return c.fillIndex(m) }); err != nil {
		return err
	}
	if err := c.moveAside(c.e.path(indexFolder)); err != nil {
		return err
	}
	_, err = c.finishRebuild()
	return err
}

// finishRebuild puts a complete new index in the place of the old one, once
// that is out of the way.
func (c *checker) finishRebuild() (done bool, err error) {
	fs := c.e.fs
	if _, err := fs.Stat(c.e.path(indexFolder)); !missing(err) {
		return false, err
	}
	if _, err := fs.Stat(c.e.path(newIndexFolder)); missing(err) {
		// Neither is there: all that is left are the body files.
		return false, fs.MkdirAll(c.e.path(indexFolder), folderMode)
	}
	if err := fs.Rename(c.e.path(newIndexFolder), c.e.path(indexFolder)); err != nil {
		return false, err
	}
	return true, syncFolder(fs, c.e.dir)
}

// fillIndex gives the new index all that may be believed.
func (c *checker) fillIndex(m *remains) error {
	s := &salvage{c: c, m: m}
	if err := c.eachFile(s.file); err != nil {
		return err
	}
	if err := carve(c.e.fs, c.e.path(indexFolder), s.small); err != nil {
		return err
	}
	if err := s.numbers(); err != nil {
		return err
	}
	if err := s.lost(); err != nil {
		return err
	}
	if err := c.stages(); err != nil {
		return err
	}
	return c.e.index.Flush()
}

// salvage fills a new index.
type salvage struct {
	c       *checker
	m       *remains
	highest allocation // the highest numbers that were met
}

// file keeps a body file, or puts it aside.
func (s *salvage) file(id bodyID, path, relative string) error {
	t, err := verifyBody(s.c.ctx, s.c.e.fs, path)
	if s.c.ctx.Err() != nil {
		return s.c.ctx.Err()
	}
	f := Finding{Stage: t.stage, Key: t.key, File: relative}
	s.met(id)
	switch cl := (claim{id: id, stage: t.stage, key: t.key, mtime: t.mtime, size: t.size}); {
	case err != nil:
		f.What = err.Error()
	case t.id != id:
		f.What = "the body file says that it is another"
	case s.m.allows(cl):
		return s.keep(cl)
	default:
		f.What = "the body file belongs to no object"
	}
	f.Done = "put aside"
	s.c.report(f)
	return s.c.moveAside(path)
}

func (s *salvage) small(b smallBody) error {
	s.met(b.id)
	cl := claim{id: b.id, stage: b.stage, key: b.key, mtime: b.mtime, size: int64(len(b.data)), data: b.data}
	if err := s.c.ctx.Err(); err != nil || !s.m.allows(cl) {
		return err
	}
	return s.keep(cl)
}

// keep gives an object its body, unless it has a later one.
func (s *salvage) keep(cl claim) error {
	k := cl.indexKey()
	v, done, err := s.c.e.index.Get(k)
	if errors.Is(err, pebble.ErrNotFound) {
		return s.c.set(cl.writes()...)
	}
	if err != nil {
		return err
	}
	old, err := parseRecord(k, v)
	if err = errors.Join(err, done.Close()); err != nil || old.mtime >= cl.mtime {
		return err
	}
	space := byte(spaceBody)
	if old.id.large() {
		space = spaceFile
	}
	drop := idKey(space, old.id)
	return s.c.set(append(cl.writes(), deleteKey(drop[:]))...)
}

// met remembers the highest numbers, so that none is handed out again.
func (s *salvage) met(id bodyID) {
	if id.large() {
		s.highest.to = max(s.highest.to, id.number()+1)
	} else {
		s.highest.epoch = max(s.highest.epoch, id.number()>>epochShift)
	}
}

func (s *salvage) numbers() error {
	for _, o := range s.m.objects {
		if !o.gone {
			s.met(o.rec.id)
		}
	}
	// Bodies that were removed may have had higher numbers: leave a gap.
	width := s.c.e.ids.width
	next := (s.highest.to/width + 2) * width
	a := allocation{epoch: s.highest.epoch + 1, from: next, to: next}
	return s.c.set(setKey([]byte{spaceAlloc}, a.append(nil)))
}

// lost reports the objects whose record was found, but not their body.
func (s *salvage) lost() error {
	for k, o := range s.m.objects {
		if o.gone {
			continue
		}
		_, done, err := s.c.e.index.Get([]byte(k))
		if err == nil {
			if err := done.Close(); err != nil {
				return err
			}
			continue
		}
		if !errors.Is(err, pebble.ErrNotFound) {
			return fmt.Errorf("%w: %w", errIndex, err)
		}
		stage, key, _ := splitObjectKey([]byte(k)[1:])
		s.c.report(Finding{Stage: stage, Key: key, What: "the body is missing or damaged", Done: "lost"})
	}
	return nil
}
