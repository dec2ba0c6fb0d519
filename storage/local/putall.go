package local

import (
	"context"
	"errors"

	"wharf"
)

// PutAll stores several objects, all of them or none. Each body is a file, and
// the records that publish them are one commit of the log: each says how many
// follow, and a start drops a commit of which not all are there.
func (s *Store) PutAll(ctx context.Context, files []wharf.NewFile) ([]wharf.Object, error) {
	const op = "local.PutAll"
	if err := s.e.enter(op); err != nil {
		return nil, err
	}
	defer s.e.leave()
	s.e.hash.uploads.Add(1)
	defer s.e.hash.uploads.Add(-1)
	all := &commit{s: s}
	err := all.write(ctx, files)
	if err == nil {
		err = all.publish(ctx)
	}
	if err != nil {
		return nil, fault(op, errors.Join(err, all.discard()))
	}
	objects := make([]wharf.Object, len(all.heads))
	for i, h := range all.heads {
		s.e.bodies.end(h.number)
		s.e.checks.know(h.number)
		objects[i] = h.objectOf()
	}
	return objects, nil
}

// commit is one PutAll on its way.
type commit struct {
	s       *Store
	heads   []*head
	tables  [][]byte
	uploads []*upload
}

// write writes the body files and makes them durable.
func (c *commit) write(ctx context.Context, files []wharf.NewFile) error {
	buf := chunks.Get().(*chunk)
	defer chunks.Put(buf)
	folders := map[*folder]bool{}
	seen := map[wharf.Key]bool{}
	for _, f := range files {
		if seen[f.Key] {
			return wharf.Errorf(wharf.CodeInvalid, "the file %q is there twice", string(f.Key))
		}
		seen[f.Key] = true
		dir, err := c.writeOne(ctx, f, buf[:])
		if err != nil {
			return err
		}
		folders[dir] = true
	}
	for dir := range folders {
		if err := dir.sync(); err != nil {
			return err
		}
	}
	return nil
}

func (c *commit) writeOne(ctx context.Context, f wharf.NewFile, buf []byte) (*folder, error) {
	file, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer file.Close()
	body, err := wharf.NewBody(ctx, file, f.Options)
	if err != nil {
		return nil, err
	}
	u := &upload{ctx: ctx, s: c.s, key: f.Key, body: body, o: f.Options}
	if err := u.precheck(); err != nil {
		return nil, err
	}
	first, err := u.fill(buf)
	if err != nil {
		return nil, err
	}
	n, dir, err := c.s.e.bodies.begin()
	if err != nil {
		return nil, err
	}
	h := &head{kind: kindFile, number: n, stage: c.s.id, key: f.Key, mtime: now()}
	c.heads, c.uploads = append(c.heads, h), append(c.uploads, u)
	table, err := u.writeFile(h, buf, first)
	c.tables = append(c.tables, table)
	return dir, err
}

// publish adds the records to the log. When it returns nil the objects are
// durable.
func (c *commit) publish(ctx context.Context) error {
	size := int64(0)
	for i, h := range c.heads {
		h.follow = uint32(len(c.heads) - 1 - i)
		size += h.length()
	}
	if err := c.s.e.take(ctx, "local.PutAll", size); err != nil || len(c.heads) == 0 {
		return err
	}
	return c.s.e.committer.do(ctx, "local.PutAll", &op{size: size, prepare: func(t *turn) error {
		if err := t.admit(c.uploads, c.heads); err != nil {
			return err
		}
		for i, h := range c.heads {
			if err := t.add(h, c.tables[i], nil); err != nil {
				return err
			}
		}
		return nil
	}})
}

// discard removes the files of a commit that failed.
func (c *commit) discard() (err error) {
	for _, h := range c.heads {
		err = errors.Join(err, c.s.e.discard(h.number))
	}
	return err
}
