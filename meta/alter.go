package meta

import (
	"context"
	"fmt"

	bolt "go.etcd.io/bbolt"

	"wharf"
)

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
func (c *Catalog) RenameStage(ctx context.Context, from, to wharf.StageName) (wharf.Stage, error) {
	if to == "" {
		return wharf.Stage{}, translate("meta.RenameStage", fmt.Errorf("a stage is to have no name"))
	}
	return c.alter(ctx, "meta.RenameStage", from, func(tx *bolt.Tx, present wharf.Stage) (wharf.Stage, error) {
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
