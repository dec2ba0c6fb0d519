package memory

import (
	"context"
	"errors"

	"wharf"
)

// UpdateStage implements [wharf.Catalog].
func (c *Catalog) UpdateStage(ctx context.Context, name wharf.StageName, change func(wharf.Stage) (wharf.Stage, error)) (wharf.Stage, error) {
	const op = "memory.UpdateStage"
	unlock, err := c.lock(ctx, op)
	if err != nil {
		return wharf.Stage{}, err
	}
	defer unlock()
	old, ok := c.stages[name]
	if !ok {
		return wharf.Stage{}, errNoStage(name)
	}
	next, err := change(old.Clone())
	if err == nil {
		err = checkStage(next)
	}
	if err != nil {
		return wharf.Stage{}, wrap(op, err)
	}
	if next.ID != old.ID || next.Name != old.Name || next.Creator != old.Creator ||
		!next.CreatedOn.Equal(old.CreatedOn) || next.Internal() != old.Internal() {
		return wharf.Stage{}, wrap(op, errors.New("the change touched what stays"))
	}
	next.Revision = old.Revision + 1
	c.stages[name] = next.Clone()
	return next.Clone(), nil
}

// RenameStage implements [wharf.Catalog].
func (c *Catalog) RenameStage(ctx context.Context, from, to wharf.StageName) (wharf.Stage, error) {
	const op = "memory.RenameStage"
	unlock, err := c.lock(ctx, op)
	if err != nil {
		return wharf.Stage{}, err
	}
	defer unlock()
	if to == "" {
		return wharf.Stage{}, wrap(op, errors.New("a stage is to have no name"))
	}
	s, ok := c.stages[from]
	if !ok {
		return wharf.Stage{}, errNoStage(from)
	}
	if _, taken := c.stages[to]; taken {
		return wharf.Stage{}, wharf.Errorf(wharf.CodeExists, "the stage %q exists already", to)
	}
	s.Name = to
	s.Revision++
	if err := checkStage(s); err != nil {
		return wharf.Stage{}, err
	}
	delete(c.stages, from)
	c.stages[to] = s
	return s.Clone(), nil
}
