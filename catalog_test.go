package wharf_test

import (
	"context"

	"wharf"
	"wharf/meta/memory"
)

// catalog is a wharf.Catalog in memory, whose methods fail with what fail
// gives for their name.
type catalog struct {
	*memory.Catalog
	fail  func(method string) error // nil never fails
	found func()                    // called when Stage has looked one up, if not nil
	asked func()                    // called when Users has answered, if not nil
}

func newCatalog() *catalog { return &catalog{Catalog: memory.New()} }

func (c *catalog) failure(method string) error {
	if c.fail == nil {
		return nil
	}
	return c.fail(method)
}

func (c *catalog) CreateStage(ctx context.Context, s wharf.Stage, mode wharf.CreateMode, checks ...func(wharf.Stage) error) (wharf.Stage, bool, error) {
	if err := c.failure("CreateStage"); err != nil {
		return wharf.Stage{}, false, err
	}
	return c.Catalog.CreateStage(ctx, s, mode, checks...)
}

func (c *catalog) DropStage(ctx context.Context, name wharf.StageName, checks ...func(wharf.Stage) error) (wharf.Stage, error) {
	if err := c.failure("DropStage"); err != nil {
		return wharf.Stage{}, err
	}
	return c.Catalog.DropStage(ctx, name, checks...)
}

func (c *catalog) Stage(ctx context.Context, name wharf.StageName) (wharf.Stage, error) {
	if err := c.failure("Stage"); err != nil {
		return wharf.Stage{}, err
	}
	st, err := c.Catalog.Stage(ctx, name)
	if c.found != nil {
		c.found()
	}
	return st, err
}

func (c *catalog) StageByID(ctx context.Context, id wharf.StageID) (wharf.Stage, error) {
	if err := c.failure("StageByID"); err != nil {
		return wharf.Stage{}, err
	}
	return c.Catalog.StageByID(ctx, id)
}

func (c *catalog) Stages(ctx context.Context, after wharf.StageName, limit int) ([]wharf.Stage, error) {
	if err := c.failure("Stages"); err != nil {
		return nil, err
	}
	return c.Catalog.Stages(ctx, after, limit)
}

func (c *catalog) UpdateStage(ctx context.Context, name wharf.StageName, change func(wharf.Stage) (wharf.Stage, error)) (wharf.Stage, error) {
	if err := c.failure("UpdateStage"); err != nil {
		return wharf.Stage{}, err
	}
	return c.Catalog.UpdateStage(ctx, name, change)
}

func (c *catalog) DroppedStages(ctx context.Context) ([]wharf.Stage, error) {
	if err := c.failure("DroppedStages"); err != nil {
		return nil, err
	}
	return c.Catalog.DroppedStages(ctx)
}

func (c *catalog) ForgetDropped(ctx context.Context, id wharf.StageID) error {
	if err := c.failure("ForgetDropped"); err != nil {
		return err
	}
	return c.Catalog.ForgetDropped(ctx, id)
}

// waiting is how many dropped stages are still to be swept.
func (c *catalog) waiting() int {
	all, err := c.Catalog.DroppedStages(context.Background())
	if err != nil {
		panic(err) // the catalog in memory fails for an ended context only
	}
	return len(all)
}

func (c *catalog) Users(ctx context.Context) (*wharf.Users, error) {
	users, err := c.Catalog.Users(ctx)
	if c.asked != nil {
		c.asked()
	}
	return users, err
}
