package memory

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"unicode/utf8"

	"wharf"
)

// Catalog holds definitions in memory. Make it with [New].
type Catalog struct {
	mu          sync.Mutex // guards what follows
	stages      map[wharf.StageName]wharf.Stage
	dropped     map[wharf.StageID]wharf.Stage
	connections named[wharf.ConnectionName, wharf.NamedConnection]
	formats     named[wharf.FormatName, wharf.NamedFormat]
	signing     []wharf.SigningKey // the newest first
	users       *wharf.Users
}

var (
	_ wharf.Catalog     = (*Catalog)(nil)
	_ wharf.SigningKeys = (*Catalog)(nil)
	_ wharf.UserCatalog = (*Catalog)(nil)
)

// New makes an empty catalog.
func New() *Catalog {
	return &Catalog{
		stages:      map[wharf.StageName]wharf.Stage{},
		dropped:     map[wharf.StageID]wharf.Stage{},
		connections: newConnections(),
		formats:     newFormats(),
		users:       &wharf.Users{},
	}
}

// lock begins a method, and returns what ends it.
func (c *Catalog) lock(ctx context.Context, op string) (unlock func(), err error) {
	c.mu.Lock()
	if err := ctx.Err(); err != nil {
		c.mu.Unlock()
		return nil, wrap(op, err)
	}
	return c.mu.Unlock, nil
}

func wrap(op string, err error) error { return wharf.WrapError(wharf.CodeInternal, op, "", err) }

func errNoStage(name wharf.StageName) error {
	return wharf.Errorf(wharf.CodeNotFound, "there is no stage %q", name)
}

// CreateStage implements [wharf.Catalog].
func (c *Catalog) CreateStage(ctx context.Context, s wharf.Stage, mode wharf.CreateMode, checks ...func(wharf.Stage) error) (wharf.Stage, bool, error) {
	const op = "memory.CreateStage"
	unlock, err := c.lock(ctx, op)
	if err != nil {
		return wharf.Stage{}, false, err
	}
	defer unlock()
	if s.ID.IsZero() || s.Name == "" || c.used(s.ID) {
		return wharf.Stage{}, false, wrap(op, errors.New("a stage needs a name and an ID of its own"))
	}
	old, taken := c.stages[s.Name]
	switch {
	case taken && mode == wharf.CreateIfNotExists:
		return old.Clone(), false, nil
	case taken && mode != wharf.CreateOrReplace:
		return wharf.Stage{}, false, wharf.Errorf(wharf.CodeExists, "the stage %q exists already", s.Name)
	case taken:
		if err := passes(old, wharf.Stage.Clone, checks); err != nil {
			return wharf.Stage{}, false, wrap(op, err)
		}
	}
	if err := checkStage(s); err != nil {
		return wharf.Stage{}, false, err
	}
	if id, own := s.Name.OwnerByName(); own {
		if _, there := c.users.ByID(id); !there {
			return wharf.Stage{}, false, wharf.Errorf(wharf.CodeUnauthenticated, "the user does not exist; it may have been dropped")
		}
	}
	if taken {
		c.drop(old)
	}
	c.stages[s.Name] = s.Clone()
	return s.Clone(), true, nil
}

// used reports whether a stage has or had the ID.
func (c *Catalog) used(id wharf.StageID) bool {
	_, dropped := c.dropped[id]
	_, present := c.byID(id)
	return dropped || present
}

func (c *Catalog) byID(id wharf.StageID) (wharf.Stage, bool) {
	for _, s := range c.stages {
		if s.ID == id {
			return s.Clone(), true
		}
	}
	return wharf.Stage{}, false
}

func (c *Catalog) drop(s wharf.Stage) {
	delete(c.stages, s.Name)
	if s.Internal() {
		c.dropped[s.ID] = s
	}
}

// DropStage implements [wharf.Catalog].
func (c *Catalog) DropStage(ctx context.Context, name wharf.StageName, checks ...func(wharf.Stage) error) (wharf.Stage, error) {
	const op = "memory.DropStage"
	unlock, err := c.lock(ctx, op)
	if err != nil {
		return wharf.Stage{}, err
	}
	defer unlock()
	s, ok := c.stages[name]
	if !ok {
		return wharf.Stage{}, errNoStage(name)
	}
	if err := passes(s, wharf.Stage.Clone, checks); err != nil {
		return wharf.Stage{}, wrap(op, err)
	}
	c.drop(s)
	return s.Clone(), nil
}

// Stage implements [wharf.Catalog].
func (c *Catalog) Stage(ctx context.Context, name wharf.StageName) (wharf.Stage, error) {
	unlock, err := c.lock(ctx, "memory.Stage")
	if err != nil {
		return wharf.Stage{}, err
	}
	defer unlock()
	s, ok := c.stages[name]
	if !ok {
		return wharf.Stage{}, errNoStage(name)
	}
	return s.Clone(), nil
}

// StageByID implements [wharf.Catalog].
func (c *Catalog) StageByID(ctx context.Context, id wharf.StageID) (wharf.Stage, error) {
	unlock, err := c.lock(ctx, "memory.StageByID")
	if err != nil {
		return wharf.Stage{}, err
	}
	defer unlock()
	s, ok := c.byID(id)
	if !ok {
		return wharf.Stage{}, wharf.Errorf(wharf.CodeNotFound, "the stage was dropped")
	}
	return s, nil
}

// Stages implements [wharf.Catalog].
func (c *Catalog) Stages(ctx context.Context, after wharf.StageName, limit int) ([]wharf.Stage, error) {
	unlock, err := c.lock(ctx, "memory.Stages")
	if err != nil {
		return nil, err
	}
	defer unlock()
	var page []wharf.Stage
	for _, name := range namesAfter(c.stages, after, limit) {
		page = append(page, c.stages[name])
	}
	return page, nil
}

// namesAfter returns the first limit names after after, in order.
func namesAfter[N ~string, T any](all map[N]T, after N, limit int) []N {
	names := slices.Sorted(maps.Keys(all))
	from, found := slices.BinarySearch(names, after)
	if found {
		from++
	}
	names = names[from:]
	return names[:min(limit, len(names))]
}

// DroppedStages implements [wharf.Catalog].
func (c *Catalog) DroppedStages(ctx context.Context) ([]wharf.Stage, error) {
	unlock, err := c.lock(ctx, "memory.DroppedStages")
	if err != nil {
		return nil, err
	}
	defer unlock()
	return copies(slices.Collect(maps.Values(c.dropped))), nil
}

// ForgetDropped implements [wharf.Catalog].
func (c *Catalog) ForgetDropped(ctx context.Context, id wharf.StageID) error {
	unlock, err := c.lock(ctx, "memory.ForgetDropped")
	if err != nil {
		return err
	}
	defer unlock()
	delete(c.dropped, id)
	return nil
}

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
func (c *Catalog) RenameStage(ctx context.Context, from, to wharf.StageName, checks ...func(wharf.Stage) error) (wharf.Stage, error) {
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
	if err := passes(s, wharf.Stage.Clone, checks); err != nil {
		return wharf.Stage{}, wrap(op, err)
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

func copies(all []wharf.Stage) []wharf.Stage {
	for i := range all {
		all[i] = all[i].Clone()
	}
	return all
}

// checkStage holds the text of a definition to the contract.
func checkStage(s wharf.Stage) error {
	texts := append(optionTexts(s.FileFormat.Options()), string(s.Name), s.URL, s.Comment, s.Creator)
	return checkText(append(append(texts, optionTexts(s.CopyOptions.Options())...), connectionTexts(s.Connection)...))
}

func connectionTexts(c wharf.Connection) []string {
	return []string{c.EndpointURL, c.Region, c.RoleARN}
}

func optionTexts(options []wharf.Option) []string {
	var texts []string
	for _, o := range options {
		texts = append(append(texts, o.Value), o.List...)
	}
	return texts
}

func checkText(texts []string) error {
	if slices.ContainsFunc(texts, func(s string) bool { return !utf8.ValidString(s) }) {
		return wharf.Errorf(wharf.CodeInvalid, "the definition holds text that is not valid UTF-8")
	}
	return nil
}
