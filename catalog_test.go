package wharf_test

import (
	"context"
	"slices"
	"strings"
	"sync"

	"wharf"
)

// catalog is a wharf.Catalog in memory, whose methods fail with what fail
// gives for their name.
type catalog struct {
	mu      sync.Mutex
	stages  map[wharf.StageName]wharf.Stage
	dropped map[wharf.StageID]wharf.Stage
	fail    func(method string) error // nil never fails
}

func (c *catalog) failure(method string) error {
	if c.fail == nil {
		return nil
	}
	return c.fail(method)
}

func newCatalog() *catalog {
	return &catalog{stages: map[wharf.StageName]wharf.Stage{}, dropped: map[wharf.StageID]wharf.Stage{}}
}

func (c *catalog) CreateStage(_ context.Context, s wharf.Stage, mode wharf.CreateMode) (wharf.Stage, bool, error) {
	if err := c.failure("CreateStage"); err != nil {
		return wharf.Stage{}, false, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if old, ok := c.stages[s.Name]; ok {
		switch mode {
		case wharf.CreateNew:
			return wharf.Stage{}, false, wharf.Errorf(wharf.CodeExists, "the stage %q exists already", s.Name)
		case wharf.CreateIfNotExists:
			return old, false, nil
		}
		c.drop(old)
	}
	c.stages[s.Name] = s
	return s, true, nil
}

func (c *catalog) drop(s wharf.Stage) {
	delete(c.stages, s.Name)
	if s.Internal() {
		c.dropped[s.ID] = s
	}
}

func (c *catalog) DropStage(ctx context.Context, name wharf.StageName) (wharf.Stage, error) {
	if err := c.failure("DropStage"); err != nil {
		return wharf.Stage{}, err
	}
	s, err := c.Stage(ctx, name)
	if err == nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.drop(s)
	}
	return s, err
}

func (c *catalog) Stage(_ context.Context, name wharf.StageName) (wharf.Stage, error) {
	if err := c.failure("Stage"); err != nil {
		return wharf.Stage{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	s, ok := c.stages[name]
	if !ok {
		return wharf.Stage{}, wharf.Errorf(wharf.CodeNotFound, "there is no stage %q", name)
	}
	return s, nil
}

func (c *catalog) StageByID(_ context.Context, id wharf.StageID) (wharf.Stage, error) {
	if err := c.failure("StageByID"); err != nil {
		return wharf.Stage{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.stages {
		if s.ID == id {
			return s, nil
		}
	}
	return wharf.Stage{}, wharf.Errorf(wharf.CodeNotFound, "there is no stage of that ID")
}

func (c *catalog) Stages(context.Context) ([]wharf.Stage, error) {
	if err := c.failure("Stages"); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []wharf.Stage
	for _, s := range c.stages {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b wharf.Stage) int { return strings.Compare(string(a.Name), string(b.Name)) })
	return all, nil
}

func (c *catalog) DroppedStages(context.Context) ([]wharf.Stage, error) {
	if err := c.failure("DroppedStages"); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []wharf.Stage
	for _, s := range c.dropped {
		all = append(all, s)
	}
	return all, nil
}

func (c *catalog) ForgetDropped(_ context.Context, id wharf.StageID) error {
	if err := c.failure("ForgetDropped"); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.dropped, id)
	return nil
}
