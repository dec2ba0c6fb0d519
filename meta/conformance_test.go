package meta

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"wharf"
)

// conformance holds a catalog to the contract of wharf.Catalog. It uses
// nothing of this package, so that it can move when there is a second
// catalog. The function gives a fresh, empty one.
func conformance(t *testing.T, fresh func(t *testing.T) wharf.Catalog) {
	cases := map[string]func(t *testing.T, c wharf.Catalog){
		"create":            testCreate,
		"create-modes":      testCreateModes,
		"every-field":       testEveryField,
		"copies":            testCopies,
		"drop":              testDrop,
		"dropped-list":      testDroppedList,
		"order":             testOrder,
		"odd-names":         testOddNames,
		"contexts":          testContexts,
		"race-create":       testRaceCreate,
		"race-replace":      testRaceReplace,
		"refused-unchanged": testRefusedUnchanged,
	}
	for name, run := range cases {
		t.Run(name, func(t *testing.T) { run(t, fresh(t)) })
	}
}

func stage(name string) wharf.Stage {
	return wharf.Stage{
		ID: wharf.NewStageID(), Name: wharf.StageName(name), Creator: "root", Revision: 1,
		CreatedOn: time.Now().UTC().Round(0),
	}
}

func external(name string) wharf.Stage {
	s := stage(name)
	s.URL = "s3://bucket/" + name + "/"
	s.Connection = wharf.Connection{
		EndpointURL: "http://127.0.0.1:9000", Region: "eu-west-1", VirtualHostStyle: true, RoleARN: "arn:aws:iam::1:role/x",
		AccessKeyID: wharf.NewSecret("AKIA-" + name), SecretAccessKey: wharf.NewSecret("very-secret-" + name),
		SessionToken: wharf.NewSecret("token-" + name), ExternalID: wharf.NewSecret("external-" + name),
	}
	return s
}

func create(t *testing.T, c wharf.Catalog, s wharf.Stage) {
	t.Helper()
	got, created, err := c.CreateStage(t.Context(), s, wharf.CreateNew)
	if err != nil || !created {
		t.Fatalf("CreateStage(%q): %v, %v", s.Name, created, err)
	}
	wantStage(t, "CreateStage", got, s)
}

func wantStage(t *testing.T, what string, got, want wharf.Stage) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		// %v shows no secret, and the difference may be in one.
		t.Errorf("%s gives %+v, want %+v; the same secrets: %v", what, got, want, got.Connection == want.Connection)
	}
}

func wantCode(t *testing.T, what string, err error, code wharf.Code) {
	t.Helper()
	if wharf.CodeOf(err) != code {
		t.Errorf("%s: want the code %q: %v", what, code, err)
	}
}

func wantNames(t *testing.T, c wharf.Catalog, names ...wharf.StageName) {
	t.Helper()
	all, err := c.Stages(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []wharf.StageName
	for _, s := range all {
		got = append(got, s.Name)
	}
	if !slices.Equal(got, names) {
		t.Errorf("Stages gives %q, want %q", got, names)
	}
}

func wantDropped(t *testing.T, c wharf.Catalog, want ...wharf.Stage) {
	t.Helper()
	got, err := c.DroppedStages(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(want) {
		t.Errorf("DroppedStages gives %d stages, want %d", len(got), len(want))
	}
	for _, w := range want {
		if !slices.ContainsFunc(got, func(s wharf.Stage) bool { return reflect.DeepEqual(s, w) }) {
			t.Errorf("DroppedStages lacks %+v: %+v", w, got)
		}
	}
}

func testCreate(t *testing.T, c wharf.Catalog) {
	wantNames(t, c)
	for _, s := range []wharf.Stage{stage("a"), external("b")} {
		_, err := c.Stage(t.Context(), s.Name)
		wantCode(t, "Stage before it is made", err, wharf.CodeNotFound)
		create(t, c, s)
		got, err := c.Stage(t.Context(), s.Name)
		if err != nil {
			t.Fatal(err)
		}
		wantStage(t, "Stage", got, s)
		if got, err = c.StageByID(t.Context(), s.ID); err != nil {
			t.Fatal(err)
		}
		wantStage(t, "StageByID", got, s)
	}
	wantNames(t, c, "a", "b")
	wantDropped(t, c)
	_, err := c.Stage(t.Context(), "A")
	wantCode(t, "Stage by a name in another case", err, wharf.CodeNotFound)
	_, err = c.Stage(t.Context(), "")
	wantCode(t, "Stage without a name", err, wharf.CodeNotFound)
	_, err = c.StageByID(t.Context(), wharf.NewStageID())
	wantCode(t, "StageByID of nobody", err, wharf.CodeNotFound)
}

func testCreateModes(t *testing.T, c wharf.Catalog) {
	old := stage("s")
	create(t, c, old)
	_, created, err := c.CreateStage(t.Context(), stage("s"), wharf.CreateNew)
	wantCode(t, "CreateNew of a taken name", err, wharf.CodeExists)
	if created {
		t.Error("CreateNew of a taken name says that it created")
	}
	got, created, err := c.CreateStage(t.Context(), external("s"), wharf.CreateIfNotExists)
	if err != nil || created {
		t.Errorf("CreateIfNotExists of a taken name: %v, %v", created, err)
	}
	wantStage(t, "CreateIfNotExists", got, old)
	wantDropped(t, c)
	for _, next := range []wharf.Stage{external("s"), stage("s")} {
		got, created, err = c.CreateStage(t.Context(), next, wharf.CreateOrReplace)
		if err != nil || !created {
			t.Errorf("CreateOrReplace: %v, %v", created, err)
		}
		wantStage(t, "CreateOrReplace", got, next)
		wantDropped(t, c, old) // the external one has no files here
		_, err = c.StageByID(t.Context(), old.ID)
		wantCode(t, "StageByID of what was replaced", err, wharf.CodeNotFound)
		wantNames(t, c, "s")
	}
	for name, mode := range map[string]wharf.CreateMode{"x": wharf.CreateIfNotExists, "y": wharf.CreateOrReplace} {
		s := stage(name)
		got, created, err := c.CreateStage(t.Context(), s, mode)
		if err != nil || !created {
			t.Errorf("mode %d of a free name: %v, %v", mode, created, err)
		}
		wantStage(t, "CreateStage", got, s)
	}
}

// testEveryField fills every field that a stage has by reflection, so that
// one that is added and not stored is found.
func testEveryField(t *testing.T, c wharf.Catalog) {
	var s wharf.Stage
	n := 0
	fill(t, reflect.ValueOf(&s).Elem(), &n)
	s.ID, s.URL = wharf.NewStageID(), "s3://b/"
	create(t, c, s)
	got, err := c.StageByID(t.Context(), s.ID)
	if err != nil {
		t.Fatal(err)
	}
	wantStage(t, "a stage with every field set", got, s)
}

func fill(t *testing.T, v reflect.Value, n *int) {
	*n++
	switch v.Interface().(type) {
	case wharf.Secret:
		v.Set(reflect.ValueOf(wharf.NewSecret(fmt.Sprintf("secret %d", *n))))
		return
	case time.Time:
		v.Set(reflect.ValueOf(time.Unix(int64(*n)*1e9, 123456789).UTC()))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(t, v.Field(i), n)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(t, v.Index(i), n)
		}
	case reflect.Array:
		for i := range v.Len() {
			fill(t, v.Index(i), n)
		}
	case reflect.String:
		v.SetString(fmt.Sprintf("text %d <&>\x00\u2028", *n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Uint8, reflect.Uint64:
		v.SetUint(uint64(*n % 251))
	default:
		t.Fatalf("fill does not know %v", v.Type())
	}
}

func testCopies(t *testing.T, c wharf.Catalog) {
	s := stage("s")
	s.FileFormat = []wharf.Option{{Name: "NULL_IF", List: []string{"a", "b"}, Kind: wharf.OptionList}}
	got, _, err := c.CreateStage(t.Context(), s, wharf.CreateNew)
	if err != nil {
		t.Fatal(err)
	}
	s.FileFormat[0].List[0] = "changed by the caller"
	got.FileFormat[0].List[1] = "changed by the caller"
	got.FileFormat[0].Name = "changed by the caller"
	again, err := c.Stage(t.Context(), "s")
	if err != nil {
		t.Fatal(err)
	}
	s.FileFormat[0].List[0] = "a"
	wantStage(t, "Stage after its copies were changed", again, s)
}

func testDrop(t *testing.T, c wharf.Catalog) {
	for _, s := range []wharf.Stage{stage("s"), external("s")} {
		_, err := c.DropStage(t.Context(), "s")
		wantCode(t, "DropStage of nothing", err, wharf.CodeNotFound)
		create(t, c, s)
		got, err := c.DropStage(t.Context(), "s")
		if err != nil {
			t.Fatal(err)
		}
		wantStage(t, "DropStage", got, s)
		_, err = c.Stage(t.Context(), "s")
		wantCode(t, "Stage after DropStage", err, wharf.CodeNotFound)
		_, err = c.StageByID(t.Context(), s.ID)
		wantCode(t, "StageByID after DropStage", err, wharf.CodeNotFound)
		wantNames(t, c)
	}
}

func testDroppedList(t *testing.T, c wharf.Catalog) {
	var dropped []wharf.Stage
	for range 3 {
		s := stage("s")
		create(t, c, s)
		if _, err := c.DropStage(t.Context(), "s"); err != nil {
			t.Fatal(err)
		}
		dropped = append(dropped, s)
		wantDropped(t, c, dropped...)
	}
	_, _, err := c.CreateStage(t.Context(), dropped[0], wharf.CreateNew)
	wantCode(t, "CreateStage with a dropped ID", err, wharf.CodeInternal)
	for _, id := range []wharf.StageID{dropped[1].ID, dropped[1].ID, wharf.NewStageID()} {
		if err := c.ForgetDropped(t.Context(), id); err != nil {
			t.Error(err)
		}
	}
	wantDropped(t, c, dropped[0], dropped[2])
	s := stage("s")
	create(t, c, s)
	if err := c.ForgetDropped(t.Context(), s.ID); err != nil {
		t.Error(err)
	}
	wantNames(t, c, "s")
}

func testOrder(t *testing.T, c wharf.Catalog) {
	names := []wharf.StageName{"-", "A", "Z", "_", "a", "a-", "a1", "aa", "b", "é", "日本", "𝒳"}
	for _, i := range []int{5, 3, 11, 0, 7, 9, 1, 10, 2, 8, 4, 6} {
		create(t, c, stage(string(names[i])))
	}
	wantNames(t, c, names...)
}

func testOddNames(t *testing.T, c wharf.Catalog) {
	long := make([]byte, wharf.MaxStageName)
	for i := range long {
		long[i] = 'x'
	}
	for _, name := range []string{"~root", "~", string(long), "$", "0"} {
		s := stage(name)
		create(t, c, s)
		got, err := c.Stage(t.Context(), s.Name)
		if err != nil {
			t.Fatal(err)
		}
		wantStage(t, "Stage", got, s)
	}
}

func testContexts(t *testing.T, c wharf.Catalog) {
	s := stage("s")
	create(t, c, s)
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	expired, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	for ctx, code := range map[context.Context]wharf.Code{canceled: wharf.CodeCanceled, expired: wharf.CodeTimeout} {
		_, _, err := c.CreateStage(ctx, stage("t"), wharf.CreateNew)
		wantCode(t, "CreateStage", err, code)
		_, err = c.DropStage(ctx, "s")
		wantCode(t, "DropStage", err, code)
		_, err = c.Stage(ctx, "s")
		wantCode(t, "Stage", err, code)
		_, err = c.StageByID(ctx, s.ID)
		wantCode(t, "StageByID", err, code)
		_, err = c.Stages(ctx)
		wantCode(t, "Stages", err, code)
		_, err = c.DroppedStages(ctx)
		wantCode(t, "DroppedStages", err, code)
		wantCode(t, "ForgetDropped", c.ForgetDropped(ctx, s.ID), code)
	}
	wantNames(t, c, "s")
	wantDropped(t, c)
}

func testRaceCreate(t *testing.T, c wharf.Catalog) {
	var made, exists, kept atomic.Int64
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			mode := wharf.CreateMode(i % 2) // CreateNew, CreateIfNotExists
			got, created, err := c.CreateStage(t.Context(), stage("s"), mode)
			switch {
			case created:
				made.Add(1)
			case wharf.CodeOf(err) == wharf.CodeExists && mode == wharf.CreateNew:
				exists.Add(1)
			case err == nil && mode == wharf.CreateIfNotExists && got.Name == "s":
				kept.Add(1)
			default:
				t.Errorf("CreateStage: %v", err)
			}
		})
	}
	wg.Wait()
	if made.Load() != 1 || exists.Load()+kept.Load() != 15 {
		t.Errorf("%d made it, %d were told that it exists, %d kept it", made.Load(), exists.Load(), kept.Load())
	}
	wantNames(t, c, "s")
}

// testRaceReplace has many replace one stage and others drop it: every stage
// that was made is either there or on the list, once.
func testRaceReplace(t *testing.T, c wharf.Catalog) {
	const n = 24
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			if _, created, err := c.CreateStage(t.Context(), stage("s"), wharf.CreateOrReplace); err != nil || !created {
				t.Errorf("CreateOrReplace: %v, %v", created, err)
			}
			if i%3 > 0 {
				return
			}
			if _, err := c.DropStage(t.Context(), "s"); err != nil && wharf.CodeOf(err) != wharf.CodeNotFound {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	dropped, err := c.DroppedStages(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	present, err := c.Stages(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ids := map[wharf.StageID]bool{}
	for _, s := range slices.Concat(dropped, present) {
		ids[s.ID] = true
	}
	if len(ids) != n || len(dropped)+len(present) != n {
		t.Errorf("of %d stages, %d are dropped and %d there, %d in all", n, len(dropped), len(present), len(ids))
	}
}

func testRefusedUnchanged(t *testing.T, c wharf.Catalog) {
	old := stage("s")
	create(t, c, old)
	bad := stage("s")
	bad.Comment = "not \xff UTF-8"
	_, _, err := c.CreateStage(t.Context(), bad, wharf.CreateOrReplace)
	wantCode(t, "CreateOrReplace with text that is not UTF-8", err, wharf.CodeInvalid)
	for _, s := range []wharf.Stage{{Name: "x"}, {ID: wharf.NewStageID()}, {ID: old.ID, Name: "x"}} {
		_, _, err := c.CreateStage(t.Context(), s, wharf.CreateOrReplace)
		wantCode(t, fmt.Sprintf("CreateStage of %+v", s), err, wharf.CodeInternal)
	}
	got, err := c.Stage(t.Context(), "s")
	if err != nil {
		t.Fatal(err)
	}
	wantStage(t, "Stage after a replacement was refused", got, old)
	wantNames(t, c, "s")
	wantDropped(t, c)
}
