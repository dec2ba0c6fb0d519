package memory

import (
	"context"
	"errors"

	"wharf"
)

// named is the definitions of one kind that are found by name alone.
type named[N ~string, T any] struct {
	what  string
	name  func(T) N
	clone func(T) T
	texts func(T) []string
	all   map[N]T
}

func newConnections() named[wharf.ConnectionName, wharf.NamedConnection] {
	return named[wharf.ConnectionName, wharf.NamedConnection]{
		what:  "connection",
		name:  func(c wharf.NamedConnection) wharf.ConnectionName { return c.Name },
		clone: wharf.NamedConnection.Clone,
		texts: func(c wharf.NamedConnection) []string {
			return append(connectionTexts(c.Connection), string(c.Name), c.StorageType, c.Creator)
		},
		all: map[wharf.ConnectionName]wharf.NamedConnection{},
	}
}

func newFormats() named[wharf.FormatName, wharf.NamedFormat] {
	return named[wharf.FormatName, wharf.NamedFormat]{
		what: "file format",
		name: func(f wharf.NamedFormat) wharf.FormatName { return f.Name },
		clone: func(f wharf.NamedFormat) wharf.NamedFormat {
			f.Format = f.Format.Clone()
			return f
		},
		texts: func(f wharf.NamedFormat) []string {
			return append(optionTexts(f.Format.Options()), string(f.Name), f.Creator)
		},
		all: map[wharf.FormatName]wharf.NamedFormat{},
	}
}

func (n named[N, T]) create(ctx context.Context, c *Catalog, v T, mode wharf.CreateMode, checks []func(T) error) (none T, created bool, err error) {
	unlock, err := c.lock(ctx, "memory.create")
	if err != nil {
		return none, false, err
	}
	defer unlock()
	if err := checkText(n.texts(v)); err != nil {
		return none, false, err
	}
	name := n.name(v)
	if name == "" || len(name) > wharf.MaxStageName {
		return none, false, wrap("memory.create", errors.New("a definition needs a name"))
	}
	old, taken := n.all[name]
	switch {
	case taken && mode == wharf.CreateIfNotExists:
		return n.clone(old), false, nil
	case taken && mode != wharf.CreateOrReplace:
		return none, false, wharf.Errorf(wharf.CodeExists, "the %s %q exists already", n.what, name)
	case taken:
		if err := passes(old, n.clone, checks); err != nil {
			return none, false, wrap("memory.create", err)
		}
	}
	n.all[name] = n.clone(v)
	return n.clone(v), true, nil
}

// passes asks the checks of what is there.
func passes[T any](present T, clone func(T) T, checks []func(T) error) error {
	for _, check := range checks {
		if err := check(clone(present)); err != nil {
			return err
		}
	}
	return nil
}

func (n named[N, T]) find(ctx context.Context, c *Catalog, name N) (none T, err error) {
	unlock, err := c.lock(ctx, "memory.find")
	if err != nil {
		return none, err
	}
	defer unlock()
	v, ok := n.all[name]
	if !ok {
		return none, n.missing(name)
	}
	return n.clone(v), nil
}

func (n named[N, T]) drop(ctx context.Context, c *Catalog, name N, checks []func(T) error) error {
	unlock, err := c.lock(ctx, "memory.drop")
	if err != nil {
		return err
	}
	defer unlock()
	old, ok := n.all[name]
	if !ok {
		return n.missing(name)
	}
	if err := passes(old, n.clone, checks); err != nil {
		return wrap("memory.drop", err)
	}
	delete(n.all, name)
	return nil
}

func (n named[N, T]) missing(name N) error {
	return wharf.Errorf(wharf.CodeNotFound, "there is no %s %q", n.what, name)
}

func (n named[N, T]) list(ctx context.Context, c *Catalog, after N, limit int) ([]T, error) {
	unlock, err := c.lock(ctx, "memory.list")
	if err != nil {
		return nil, err
	}
	defer unlock()
	var all []T
	for _, name := range namesAfter(n.all, after, limit) {
		all = append(all, n.clone(n.all[name]))
	}
	return all, nil
}

// CreateConnection implements [wharf.Catalog].
func (c *Catalog) CreateConnection(ctx context.Context, v wharf.NamedConnection, mode wharf.CreateMode, checks ...func(wharf.NamedConnection) error) (wharf.NamedConnection, bool, error) {
	return c.connections.create(ctx, c, v, mode, checks)
}

// DropConnection implements [wharf.Catalog].
func (c *Catalog) DropConnection(ctx context.Context, name wharf.ConnectionName, checks ...func(wharf.NamedConnection) error) error {
	return c.connections.drop(ctx, c, name, checks)
}

// UpdateConnection implements [wharf.Catalog].
func (c *Catalog) UpdateConnection(ctx context.Context, name wharf.ConnectionName, change func(wharf.NamedConnection) (wharf.NamedConnection, error)) (wharf.NamedConnection, error) {
	const op = "memory.UpdateConnection"
	unlock, err := c.lock(ctx, op)
	if err != nil {
		return wharf.NamedConnection{}, err
	}
	defer unlock()
	old, ok := c.connections.all[name]
	if !ok {
		return wharf.NamedConnection{}, c.connections.missing(name)
	}
	next, err := change(old.Clone())
	if err == nil {
		err = checkText(c.connections.texts(next))
	}
	if err == nil && (next.Name != old.Name || next.Creator != old.Creator || !next.CreatedOn.Equal(old.CreatedOn)) {
		err = errors.New("the change touched what stays")
	}
	if err != nil {
		return wharf.NamedConnection{}, wrap(op, err)
	}
	c.connections.all[name] = next.Clone()
	return next.Clone(), nil
}

// Connection implements [wharf.Catalog].
func (c *Catalog) Connection(ctx context.Context, name wharf.ConnectionName) (wharf.NamedConnection, error) {
	return c.connections.find(ctx, c, name)
}

// Connections implements [wharf.Catalog].
func (c *Catalog) Connections(ctx context.Context, after wharf.ConnectionName, limit int) ([]wharf.NamedConnection, error) {
	return c.connections.list(ctx, c, after, limit)
}

// CreateFileFormat implements [wharf.Catalog].
func (c *Catalog) CreateFileFormat(ctx context.Context, v wharf.NamedFormat, mode wharf.CreateMode, checks ...func(wharf.NamedFormat) error) (wharf.NamedFormat, bool, error) {
	return c.formats.create(ctx, c, v, mode, checks)
}

// DropFileFormat implements [wharf.Catalog].
func (c *Catalog) DropFileFormat(ctx context.Context, name wharf.FormatName, checks ...func(wharf.NamedFormat) error) error {
	return c.formats.drop(ctx, c, name, checks)
}

// FileFormat implements [wharf.Catalog].
func (c *Catalog) FileFormat(ctx context.Context, name wharf.FormatName) (wharf.NamedFormat, error) {
	return c.formats.find(ctx, c, name)
}

// FileFormats implements [wharf.Catalog].
func (c *Catalog) FileFormats(ctx context.Context, after wharf.FormatName, limit int) ([]wharf.NamedFormat, error) {
	return c.formats.list(ctx, c, after, limit)
}
