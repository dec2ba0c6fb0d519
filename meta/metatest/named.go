package metatest

import (
	"context"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"

	"wharf"
)

// kind is one kind of definition that has a name and nothing else to find it
// by, as the cases see it.
type kind[N ~string, T any] struct {
	make   func(t recorder, name string) T // every field set
	name   func(T) N
	spoil  func(*T) // makes the text something that is not UTF-8
	create func(wharf.Catalog, context.Context, T, wharf.CreateMode) (T, bool, error)
	drop   func(wharf.Catalog, context.Context, N) error
	one    func(wharf.Catalog, context.Context, N) (T, error)
	all    func(wharf.Catalog, context.Context, N, int) ([]T, error)
}

func connections() kind[wharf.ConnectionName, wharf.NamedConnection] {
	return kind[wharf.ConnectionName, wharf.NamedConnection]{
		make: func(t recorder, name string) (c wharf.NamedConnection) {
			n := len(name)
			fill(t, reflect.ValueOf(&c).Elem(), &n)
			c.Name = wharf.ConnectionName(name)
			return c
		},
		name:  func(c wharf.NamedConnection) wharf.ConnectionName { return c.Name },
		spoil: func(c *wharf.NamedConnection) { c.Connection.Region = "\xff" },
		create: func(c wharf.Catalog, ctx context.Context, v wharf.NamedConnection, mode wharf.CreateMode) (wharf.NamedConnection, bool, error) {
			return c.CreateConnection(ctx, v, mode)
		},
		drop: func(c wharf.Catalog, ctx context.Context, name wharf.ConnectionName) error {
			return c.DropConnection(ctx, name)
		},
		one: wharf.Catalog.Connection,
		all: wharf.Catalog.Connections,
	}
}

func formats() kind[wharf.FormatName, wharf.NamedFormat] {
	return kind[wharf.FormatName, wharf.NamedFormat]{
		make: func(t recorder, name string) (f wharf.NamedFormat) {
			n := len(name)
			fill(t, reflect.ValueOf(&f).Elem(), &n)
			f.Name = wharf.FormatName(name)
			return f
		},
		name:  func(f wharf.NamedFormat) wharf.FormatName { return f.Name },
		spoil: func(f *wharf.NamedFormat) { f.Format.NullIf.Value[1] = "\xff" },
		create: func(c wharf.Catalog, ctx context.Context, v wharf.NamedFormat, mode wharf.CreateMode) (wharf.NamedFormat, bool, error) {
			return c.CreateFileFormat(ctx, v, mode)
		},
		drop: func(c wharf.Catalog, ctx context.Context, name wharf.FormatName) error {
			return c.DropFileFormat(ctx, name)
		},
		one: wharf.Catalog.FileFormat,
		all: wharf.Catalog.FileFormats,
	}
}

func namedCases() map[string]func(t recorder, c wharf.Catalog) {
	return map[string]func(t recorder, c wharf.Catalog){
		"connections":         connections().testAll,
		"connections-refused": connections().testRefused,
		"connections-race":    connections().testRace,
		"formats":             formats().testAll,
		"formats-refused":     formats().testRefused,
		"formats-race":        formats().testRace,
	}
}

// same holds two definitions together. Values are not printed: they may
// differ in a secret.
func same[T any](t recorder, what string, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s gives %+v, want %+v", what, got, want)
	}
}

func (k kind[N, T]) wantNames(t recorder, c wharf.Catalog, names ...N) {
	t.Helper()
	all, err := k.all(c, t.Context(), "", len(names)+1)
	if err != nil {
		t.Fatal(err)
	}
	var got []N
	for _, v := range all {
		got = append(got, k.name(v))
	}
	if !slices.Equal(got, names) {
		t.Errorf("the list has %q, want %q", got, names)
	}
}

func (k kind[N, T]) mustCreate(t recorder, c wharf.Catalog, v T, mode wharf.CreateMode) {
	t.Helper()
	got, created, err := k.create(c, t.Context(), v, mode)
	if err != nil || !created {
		t.Fatalf("create: %v, %v", created, err)
	}
	same(t, "create", got, v)
	if got, err = k.one(c, t.Context(), k.name(v)); err != nil {
		t.Fatal(err)
	}
	same(t, "what was made", got, v)
}

// testAll makes, replaces, lists and drops, with every field set.
func (k kind[N, T]) testAll(t recorder, c wharf.Catalog) {
	k.wantNames(t, c)
	first, second := k.make(t, "b"), k.make(t, "b")
	k.mustCreate(t, c, first, wharf.CreateNew)
	got, created, err := k.create(c, t.Context(), second, wharf.CreateIfNotExists)
	if err != nil || created {
		t.Errorf("CreateIfNotExists of a taken name: %v, %v", created, err)
	}
	same(t, "CreateIfNotExists", got, first)
	_, created, err = k.create(c, t.Context(), second, wharf.CreateNew)
	wantCode(t, "CreateNew of a taken name", err, wharf.CodeExists)
	if created {
		t.Error("CreateNew of a taken name says that it created")
	}
	k.mustCreate(t, c, second, wharf.CreateOrReplace)
	k.mustCreate(t, c, k.make(t, "a"), wharf.CreateIfNotExists)
	k.mustCreate(t, c, k.make(t, "日本"), wharf.CreateOrReplace)
	k.mustCreate(t, c, k.make(t, "B"), wharf.CreateNew)
	k.wantNames(t, c, "B", "a", "b", "日本")
	wantPages(t, "definitions", k.all, c, k.name, "B", "a", "b", "日本")
	if err := k.drop(c, t.Context(), "b"); err != nil {
		t.Fatal(err)
	}
	wantCode(t, "the second drop", k.drop(c, t.Context(), "b"), wharf.CodeNotFound)
	_, err = k.one(c, t.Context(), "b")
	wantCode(t, "what was dropped", err, wharf.CodeNotFound)
	k.wantNames(t, c, "B", "a", "日本")
	wantNames(t, c) // none of them is a stage
	wantDropped(t, c)
}

func (k kind[N, T]) testRefused(t recorder, c wharf.Catalog) {
	old := k.make(t, "s")
	k.mustCreate(t, c, old, wharf.CreateNew)
	bad := k.make(t, "s")
	k.spoil(&bad)
	_, _, err := k.create(c, t.Context(), bad, wharf.CreateOrReplace)
	wantCode(t, "text that is not UTF-8", err, wharf.CodeInvalid)
	_, _, err = k.create(c, t.Context(), k.make(t, ""), wharf.CreateOrReplace)
	wantCode(t, "no name", err, wharf.CodeInternal)
	_, err = k.one(c, t.Context(), "")
	wantCode(t, "a question without a name", err, wharf.CodeNotFound)
	_, err = k.one(c, t.Context(), "S")
	wantCode(t, "the name in another case", err, wharf.CodeNotFound)
	wantCode(t, "a drop without a name", k.drop(c, t.Context(), ""), wharf.CodeNotFound)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err = k.create(c, ctx, k.make(t, "t"), wharf.CreateNew)
	wantCode(t, "create after its context", err, wharf.CodeCanceled)
	wantCode(t, "drop after its context", k.drop(c, ctx, "s"), wharf.CodeCanceled)
	_, err = k.one(c, ctx, "s")
	wantCode(t, "a question after its context", err, wharf.CodeCanceled)
	_, err = k.all(c, ctx, "", 9)
	wantCode(t, "the list after its context", err, wharf.CodeCanceled)
	got, err := k.one(c, t.Context(), "s")
	if err != nil {
		t.Fatal(err)
	}
	same(t, "what was there before", got, old)
	k.wantNames(t, c, "s")
}

func (k kind[N, T]) testRace(t recorder, c wharf.Catalog) {
	v := k.make(t, "s")
	var made atomic.Int64
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			mode := wharf.CreateMode(i % 2) // CreateNew, CreateIfNotExists
			_, created, err := k.create(c, t.Context(), v, mode)
			switch {
			case created:
				made.Add(1)
			case mode == wharf.CreateNew && wharf.CodeOf(err) != wharf.CodeExists, mode == wharf.CreateIfNotExists && err != nil:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if made.Load() != 1 {
		t.Errorf("%d made it", made.Load())
	}
	k.wantNames(t, c, "s")
}
