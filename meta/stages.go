package meta

import (
	"context"
	"fmt"

	bolt "go.etcd.io/bbolt"

	"wharf"
)

// CreateStage implements [wharf.Catalog].
func (c *Catalog) CreateStage(ctx context.Context, s wharf.Stage, mode wharf.CreateMode, checks ...func(wharf.Stage) error) (wharf.Stage, bool, error) {
	var after wharf.Stage
	created := false
	if s.ID.IsZero() || s.Name == "" {
		return after, false, &wharf.Error{Code: wharf.CodeInternal, Op: "meta.CreateStage", Err: fmt.Errorf("a stage without ID or name")}
	}
	err := c.update(ctx, "meta.CreateStage", func(tx *bolt.Tx) error {
		present, taken, err := c.byName(tx, s.Name)
		switch {
		case err != nil:
			return err
		case taken && mode == wharf.CreateIfNotExists:
			after = present
			return nil
		case taken && mode != wharf.CreateOrReplace:
			return wharf.Errorf(wharf.CodeExists, "the stage %q exists already", s.Name)
		case taken:
			if err := passes(present.Clone(), checks); err != nil {
				return err
			}
			if err := c.drop(tx, present); err != nil {
				return err
			}
		}
		if err := c.mayOwn(tx, s.Name); err != nil {
			return err
		}
		created = true
		after, err = c.add(tx, s)
		return err
	})
	if err != nil {
		return wharf.Stage{}, false, err
	}
	return after, created, nil
}

// DropStage implements [wharf.Catalog].
func (c *Catalog) DropStage(ctx context.Context, name wharf.StageName, checks ...func(wharf.Stage) error) (wharf.Stage, error) {
	var dropped wharf.Stage
	err := c.update(ctx, "meta.DropStage", func(tx *bolt.Tx) error {
		present, found, err := c.byName(tx, name)
		if err != nil {
			return err
		}
		if !found {
			return errNoStage(name)
		}
		if err := passes(present.Clone(), checks); err != nil {
			return err
		}
		dropped = present
		return c.drop(tx, present)
	})
	if err != nil {
		return wharf.Stage{}, err
	}
	return dropped, nil
}

// Stage implements [wharf.Catalog].
func (c *Catalog) Stage(ctx context.Context, name wharf.StageName) (wharf.Stage, error) {
	s, err := c.SharedStage(ctx, name)
	if err != nil {
		return wharf.Stage{}, err
	}
	return s.Clone(), nil
}

// SharedStage implements [wharf.StageSharer].
func (c *Catalog) SharedStage(ctx context.Context, name wharf.StageName) (*wharf.Stage, error) {
	if s := c.recent.name(name); s != nil && c.ready(ctx) == nil {
		return s, nil
	}
	return c.stage(ctx, "meta.Stage", func(tx *bolt.Tx) (wharf.Stage, error) {
		s, found, err := c.byName(tx, name)
		if err == nil && !found {
			err = errNoStage(name)
		}
		return s, err
	})
}

// StageByID implements [wharf.Catalog].
func (c *Catalog) StageByID(ctx context.Context, id wharf.StageID) (wharf.Stage, error) {
	s, err := c.SharedStageByID(ctx, id)
	if err != nil {
		return wharf.Stage{}, err
	}
	return s.Clone(), nil
}

// SharedStageByID implements [wharf.StageSharer].
func (c *Catalog) SharedStageByID(ctx context.Context, id wharf.StageID) (*wharf.Stage, error) {
	if s := c.recent.id(id); s != nil && c.ready(ctx) == nil {
		return s, nil
	}
	return c.stage(ctx, "meta.StageByID", func(tx *bolt.Tx) (wharf.Stage, error) {
		s, found, err := c.byID(tx, bucketStages, id)
		if err == nil && !found {
			err = wharf.Errorf(wharf.CodeNotFound, "the stage was dropped")
		}
		return s, err
	})
}

// stage reads a stage, and keeps it.
func (c *Catalog) stage(ctx context.Context, op string, read func(*bolt.Tx) (wharf.Stage, error)) (*wharf.Stage, error) {
	as, s := c.recent.writes.Load(), new(wharf.Stage)
	err := c.view(ctx, op, func(tx *bolt.Tx) (err error) {
		*s, err = read(tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	c.recent.keep(as, s)
	return s, nil
}

// Stages implements [wharf.Catalog].
func (c *Catalog) Stages(ctx context.Context, after wharf.StageName, limit int) ([]wharf.Stage, error) {
	var all []wharf.Stage
	err := c.view(ctx, "meta.Stages", func(tx *bolt.Tx) error {
		// The names are the order; the records are in the order of IDs.
		return eachAfter(tx, bucketNames, string(after), limit, func(name string) error {
			s, _, err := c.byName(tx, wharf.StageName(name))
			all = append(all, s)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// eachAfter calls f for the first limit names of a bucket after after.
func eachAfter(tx *bolt.Tx, bucket, after string, limit int, f func(name string) error) error {
	cursor := tx.Bucket([]byte(bucket)).Cursor()
	name, _ := cursor.Seek([]byte(after))
	if after != "" && string(name) == after {
		name, _ = cursor.Next()
	}
	for ; name != nil && limit > 0; limit-- {
		if err := f(string(name)); err != nil {
			return err
		}
		name, _ = cursor.Next()
	}
	return nil
}

// DroppedStages implements [wharf.Catalog].
func (c *Catalog) DroppedStages(ctx context.Context) ([]wharf.Stage, error) {
	var all []wharf.Stage
	err := c.view(ctx, "meta.DroppedStages", func(tx *bolt.Tx) error {
		return tx.Bucket([]byte(bucketDropped)).ForEach(func(key, _ []byte) error {
			s, _, err := c.byID(tx, bucketDropped, wharf.StageID(key))
			all = append(all, s)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// ForgetDropped implements [wharf.Catalog].
func (c *Catalog) ForgetDropped(ctx context.Context, id wharf.StageID) error {
	return c.update(ctx, "meta.ForgetDropped", func(tx *bolt.Tx) error {
		return tx.Bucket([]byte(bucketDropped)).Delete(id[:])
	})
}

// UpdateStage implements [wharf.Catalog].
func (c *Catalog) UpdateStage(ctx context.Context, name wharf.StageName, change func(wharf.Stage) (wharf.Stage, error)) (wharf.Stage, error) {
	return c.alter(ctx, "meta.UpdateStage", name, func(_ *bolt.Tx, present wharf.Stage) (wharf.Stage, error) {
		next, err := change(present)
		if err == nil && !sameStage(present, next) {
			err = fmt.Errorf("a change of the stage %s touched what stays", present.ID)
		}
		return next, err
	})
}

// sameStage reports whether two definitions agree in all that a change leaves
// as it is.
func sameStage(a, b wharf.Stage) bool {
	return a.ID == b.ID && a.Name == b.Name && a.Creator == b.Creator &&
		a.CreatedOn.Equal(b.CreatedOn) && a.Internal() == b.Internal()
}

// RenameStage implements [wharf.Catalog].
func (c *Catalog) RenameStage(ctx context.Context, from, to wharf.StageName, checks ...func(wharf.Stage) error) (wharf.Stage, error) {
	if to == "" {
		return wharf.Stage{}, translate("meta.RenameStage", fmt.Errorf("a stage is to have no name"))
	}
	return c.alter(ctx, "meta.RenameStage", from, func(tx *bolt.Tx, present wharf.Stage) (wharf.Stage, error) {
		if err := passes(present.Clone(), checks); err != nil {
			return present, err
		}
		_, taken, err := c.byName(tx, to)
		if err != nil {
			return present, err
		}
		if taken {
			return present, wharf.Errorf(wharf.CodeExists, "the stage %q exists already", to)
		}
		if err := tx.Bucket([]byte(bucketNames)).Delete([]byte(from)); err != nil {
			return present, err
		}
		present.Name = to
		return present, putRecord(tx, bucketNames, []byte(to), present.ID[:])
	})
}

// alter stores what change makes of the stage of that name, its Revision one
// higher, and returns it as it is stored.
func (c *Catalog) alter(ctx context.Context, op string, name wharf.StageName,
	change func(*bolt.Tx, wharf.Stage) (wharf.Stage, error)) (wharf.Stage, error) {
	var after wharf.Stage
	err := c.update(ctx, op, func(tx *bolt.Tx) error {
		present, found, err := c.byName(tx, name)
		if err != nil {
			return err
		}
		if !found {
			return errNoStage(name)
		}
		revision := present.Revision + 1
		next, err := change(tx, present)
		if err != nil {
			return err
		}
		next.Revision = revision
		payload, err := c.encodeStage(next)
		if err != nil {
			return err
		}
		if err := putRecord(tx, bucketStages, next.ID[:], payload); err != nil {
			return err
		}
		after, err = c.decodeStage(next.ID, payload)
		return err
	})
	if err != nil {
		return wharf.Stage{}, err
	}
	return after, nil
}
