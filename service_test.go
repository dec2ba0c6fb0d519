package wharf_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"wharf"
	"wharf/storage/memory"
	"wharf/storage/storagetest"
)

// fixture is a Service over a catalog and stores in memory, each of which a
// test may make fail.
type fixture struct {
	*wharf.Service
	t       *testing.T
	catalog *catalog
	opener  *opener
}

// opener opens stores in memory, seen through what wrap gives.
type opener struct {
	*memory.Opener
	check func(wharf.Stage) error
	wrap  func(wharf.Stage, wharf.Store) wharf.Store
}

func (o *opener) Check(s wharf.Stage) error {
	if o.check != nil {
		return o.check(s)
	}
	return o.Opener.Check(s)
}

func (o *opener) Open(ctx context.Context, s *wharf.Stage) (wharf.Store, error) {
	store, err := o.Opener.Open(ctx, s)
	if err == nil && o.wrap != nil {
		store = o.wrap(*s, store)
	}
	return store, err
}

func newFixture(t *testing.T, change ...func(*wharf.ServiceOptions)) *fixture {
	f := &fixture{t: t, catalog: newCatalog(), opener: &opener{Opener: memory.NewOpener()}}
	o := wharf.ServiceOptions{Catalog: f.catalog, Users: f.catalog, Hasher: hasher{}, Opener: f.opener, Now: func() time.Time { return time.Unix(1e9, 0) }}
	for _, c := range change {
		c(&o)
	}
	f.Service = wharf.NewService(o)
	return f
}

// faulty puts the store of every stage behind one Faulty.
func (f *fixture) faulty(change func(*storagetest.Faulty)) {
	f.opener.wrap = func(_ wharf.Stage, s wharf.Store) wharf.Store {
		faulty := &storagetest.Faulty{Store: s}
		change(faulty)
		return faulty
	}
}

func (f *fixture) create(name string) {
	f.t.Helper()
	if _, err := f.CreateStage(f.t.Context(), wharf.Root, wharf.Stage{Name: wharf.StageName(name)}, wharf.CreateNew); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) upload(stage string, keys ...string) error {
	f.t.Helper()
	u, err := f.BeginUpload(f.t.Context(), wharf.Root, wharf.StageName(stage), wharf.UnknownSize)
	if err != nil {
		return err
	}
	defer u.Close()
	for _, key := range keys {
		if _, err := u.Put(f.t.Context(), wharf.Key(key), strings.NewReader(key), wharf.PutOptions{Size: int64(len(key))}); err != nil {
			return err
		}
	}
	return nil
}

func (f *fixture) put(stage string, keys ...string) {
	f.t.Helper()
	if err := f.upload(stage, keys...); err != nil {
		f.t.Fatal(err)
	}
}

func location(t *testing.T, text string) wharf.Location {
	t.Helper()
	loc, err := wharf.ParseLocation(text)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// list gives the keys under a location, joined by blanks.
func (f *fixture) list(text string) string {
	f.t.Helper()
	objects, err := f.ListFiles(f.t.Context(), wharf.Root, location(f.t, text), wharf.Pattern{})
	if err != nil {
		f.t.Fatal(err)
	}
	var keys []string
	for obj, err := range objects.All {
		if err != nil {
			f.t.Fatal(err)
		}
		keys = append(keys, string(obj.Key))
	}
	return strings.Join(keys, " ")
}

func wantCode(t *testing.T, err error, want wharf.Code) {
	t.Helper()
	if got := wharf.CodeOf(err); got != want {
		t.Fatalf("got %q (%v), want %q", got, err, want)
	}
}

func TestEveryMethodWantsAPrincipal(t *testing.T) {
	f := newFixture(t)
	f.create("s")
	ctx, nobody, loc := t.Context(), wharf.Principal{}, location(t, "s/k")
	calls := map[string]func() error{
		"CreateStage": func() error {
			_, err := f.CreateStage(ctx, nobody, wharf.Stage{Name: "x"}, wharf.CreateNew)
			return err
		},
		"DropStage":   func() error { _, err := f.DropStage(ctx, nobody, "s", true); return err },
		"Stage":       func() error { _, err := f.Stage(ctx, nobody, "s"); return err },
		"Stages":      func() error { _, err := f.Stages(ctx, nobody); return err },
		"ListFiles":   func() error { _, err := f.ListFiles(ctx, nobody, loc, wharf.Pattern{}); return err },
		"OpenFile":    func() error { _, err := f.OpenFile(ctx, nobody, loc); return err },
		"StatFile":    func() error { _, err := f.StatFile(ctx, nobody, loc); return err },
		"RemoveFiles": func() error { _, err := f.RemoveFiles(ctx, nobody, loc, wharf.Pattern{}, true); return err },
		"BeginUpload": func() error { _, err := f.BeginUpload(ctx, nobody, "s", 1); return err },
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) { wantCode(t, call(), wharf.CodeUnauthenticated) })
	}
}

func TestCreateFillsTheDefinition(t *testing.T) {
	f := newFixture(t)
	f.create("s")
	st, err := f.Stage(t.Context(), wharf.Root, "s")
	if err != nil {
		t.Fatal(err)
	}
	if st.ID.IsZero() || st.Creator != "root" || st.Revision != 1 || !st.CreatedOn.Equal(time.Unix(1e9, 0)) || st.CreatedOn.Location() != time.UTC {
		t.Fatalf("%+v", st)
	}
}

func TestCreateModes(t *testing.T) {
	f := newFixture(t)
	f.create("s")
	f.put("s", "old")
	before, _ := f.Stage(t.Context(), wharf.Root, "s")

	_, err := f.CreateStage(t.Context(), wharf.Root, wharf.Stage{Name: "s"}, wharf.CreateNew)
	wantCode(t, err, wharf.CodeExists)
	created, err := f.CreateStage(t.Context(), wharf.Root, wharf.Stage{Name: "s"}, wharf.CreateIfNotExists)
	if err != nil || created || f.list("s") != "old" {
		t.Fatalf("created %t, %v, files %q", created, err, f.list("s"))
	}
	created, err = f.CreateStage(t.Context(), wharf.Root, wharf.Stage{Name: "s"}, wharf.CreateOrReplace)
	after, _ := f.Stage(t.Context(), wharf.Root, "s")
	if err != nil || !created || f.list("s") != "" || after.ID == before.ID {
		t.Fatalf("created %t, %v, files %q, same ID %t", created, err, f.list("s"), after.ID == before.ID)
	}
}

func TestCreateAsksTheOpener(t *testing.T) {
	f := newFixture(t)
	f.opener.check = func(wharf.Stage) error { return wharf.Errorf(wharf.CodeDenied, "not here") }
	_, err := f.CreateStage(t.Context(), wharf.Root, wharf.Stage{Name: "s", URL: "fs:///etc/"}, wharf.CreateNew)
	wantCode(t, err, wharf.CodeDenied)
	if all, err := f.catalog.Stages(t.Context(), "", 100); err != nil || len(all) != 0 {
		t.Fatal("the stage was made all the same")
	}
}

func TestDrop(t *testing.T) {
	f := newFixture(t)
	_, err := f.DropStage(t.Context(), wharf.Root, "s", false)
	wantCode(t, err, wharf.CodeNotFound)
	dropped, err := f.DropStage(t.Context(), wharf.Root, "s", true)
	if err != nil || dropped {
		t.Fatalf("dropped %t, %v", dropped, err)
	}
	f.create("s")
	if dropped, err = f.DropStage(t.Context(), wharf.Root, "s", true); err != nil || !dropped {
		t.Fatalf("dropped %t, %v", dropped, err)
	}
	f.create("s")
	if got := f.list("s"); got != "" {
		t.Fatalf("old files show: %q", got)
	}
}

func TestCatalogFailuresKeepTheirCode(t *testing.T) {
	f := newFixture(t)
	f.create("s")
	f.catalog.fail = func(string) error { return wharf.WrapError(wharf.CodeNoSpace, "x", "full", errors.New("disk")) }
	_, err := f.DropStage(t.Context(), wharf.Root, "s", true)
	wantCode(t, err, wharf.CodeNoSpace)
	_, err = f.stages()
	wantCode(t, err, wharf.CodeNoSpace)
	wantCode(t, f.upload("s", "a"), wharf.CodeNoSpace)
}

func TestUserStage(t *testing.T) {
	f := newFixture(t)
	_, err := f.CreateStage(t.Context(), wharf.Root, wharf.Stage{Name: wharf.UserStage}, wharf.CreateNew)
	wantCode(t, err, wharf.CodeInvalid)
	_, err = f.DropStage(t.Context(), wharf.Root, wharf.UserStage, true)
	wantCode(t, err, wharf.CodeInvalid)

	f.put("~", "mine")
	if got := f.list("~"); got != "mine" {
		t.Fatalf("got %q", got)
	}
	stages, err := f.stages()
	if err != nil || len(stages) != 0 {
		t.Fatalf("%v, %v", stages, err)
	}
	other, err := f.ListFiles(t.Context(), f.user("other"), location(t, "~"), wharf.Pattern{})
	if err != nil {
		t.Fatal(err)
	}
	for obj := range other.All {
		t.Fatalf("another user sees %q", obj.Key)
	}
}

// stages lists all stages.
func (f *fixture) stages() ([]wharf.Stage, error) {
	return collect(f.Stages(f.t.Context(), wharf.Root))
}

// collect reads a stream to its end.
func collect[T any](items iter.Seq2[T, error], err error) ([]T, error) {
	if err != nil {
		return nil, err
	}
	var all []T
	for item, err := range items {
		if err != nil {
			return nil, err
		}
		all = append(all, item)
	}
	return all, nil
}

// TestManyStages has more stages than a page of the catalog, among them users'
// own, which are not listed.
func TestManyStages(t *testing.T) {
	f := newFixture(t)
	f.put("~", "mine")
	for i := range 450 {
		f.create(fmt.Sprintf("s%03d", i))
	}
	stages, err := f.stages()
	if err != nil || len(stages) != 450 {
		t.Fatalf("%d stages, %v", len(stages), err)
	}
	for i, st := range stages {
		if want := wharf.StageName(fmt.Sprintf("s%03d", i)); st.Name != want {
			t.Fatalf("%q is where %q should be", st.Name, want)
		}
	}
}

func TestStagesAreSorted(t *testing.T) {
	f := newFixture(t)
	for _, name := range []string{"b", "a", "Z"} {
		f.create(name)
	}
	stages, err := f.stages()
	if err != nil || !slices.IsSortedFunc(stages, func(a, b wharf.Stage) int { return strings.Compare(string(a.Name), string(b.Name)) }) || len(stages) != 3 {
		t.Fatalf("%v, %v", stages, err)
	}
}
