package wharf_test

import (
	"strings"
	"testing"

	"wharf"
)

func ptr[T any](v T) *T { return &v }

func (f *fixture) stage(name string) wharf.Stage {
	f.t.Helper()
	st, err := f.Stage(f.t.Context(), wharf.Root, wharf.StageName(name))
	if err != nil {
		f.t.Fatal(err)
	}
	return st
}

func (f *fixture) createExternal(name string) {
	f.t.Helper()
	def := wharf.Stage{Name: wharf.StageName(name), URL: "s3://bucket/", Connection: wharf.Connection{Region: "eu-west-1"}}
	if _, err := f.CreateStage(f.t.Context(), wharf.Root, def, wharf.CreateNew); err != nil {
		f.t.Fatal(err)
	}
}

func TestAlterStage(t *testing.T) {
	f := newFixture(t)
	f.createExternal("s")
	old := f.stage("s")
	format := wharf.FileFormat{Type: wharf.CSV}
	changes := []wharf.StageChange{
		{Comment: ptr("new")},
		{URL: ptr("s3://other/"), Connection: ptr(wharf.Connection{Region: "us-east-1"})},
		{FileFormat: &format, CopyOptions: &wharf.CopyOptions{Purge: wharf.Given(true)}},
		{Comment: ptr(""), CopyOptions: &wharf.CopyOptions{}},
	}
	for _, c := range changes {
		if ok, err := f.AlterStage(t.Context(), wharf.Root, "s", c, false); err != nil || !ok {
			t.Fatal(ok, err)
		}
	}
	got := f.stage("s")
	want := old
	want.URL, want.Connection.Region, want.FileFormat, want.Revision = "s3://other/", "us-east-1", format, old.Revision+4
	if got.URL != want.URL || got.Connection != want.Connection || got.Comment != "" || got.CopyOptions.Purge.Given ||
		got.FileFormat.Type != wharf.CSV || got.Revision != want.Revision || got.ID != old.ID {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestAlterStageRefuses(t *testing.T) {
	f := newFixture(t)
	f.create("in")
	f.createExternal("ex")
	f.opener.check = func(s wharf.Stage) error {
		if s.URL == "s3://denied/" {
			return wharf.Errorf(wharf.CodeDenied, "not there")
		}
		return nil
	}
	for _, c := range []struct {
		who    wharf.Principal
		name   wharf.StageName
		change wharf.StageChange
		code   wharf.Code
		says   string
	}{
		{wharf.Principal{}, "in", wharf.StageChange{}, wharf.CodeUnauthenticated, ""},
		{wharf.Root, "~", wharf.StageChange{}, wharf.CodeInvalid, "every user's own"},
		{wharf.Root, "nobody", wharf.StageChange{}, wharf.CodeNotFound, "nobody"},
		{wharf.Root, "in", wharf.StageChange{URL: ptr("s3://b/")}, wharf.CodeInvalid, "internal and cannot get a URL"},
		{wharf.Root, "in", wharf.StageChange{Connection: &wharf.Connection{}}, wharf.CodeInvalid, "takes no CONNECTION"},
		{wharf.Root, "ex", wharf.StageChange{URL: ptr("")}, wharf.CodeInvalid, "cannot become internal"},
		{wharf.Root, "ex", wharf.StageChange{URL: ptr("s3://denied/")}, wharf.CodeDenied, "not there"},
		{wharf.Root, "ex", wharf.StageChange{FileFormat: &wharf.FileFormat{FormatName: "f"}}, wharf.CodeNotFound, `"f"`},
	} {
		c.change.Comment = ptr("changed")
		_, err := f.AlterStage(t.Context(), c.who, c.name, c.change, false)
		wantCode(t, err, c.code)
		if !strings.Contains(wharf.MessageOf(err), c.says) {
			t.Errorf("the message %q does not say %q", wharf.MessageOf(err), c.says)
		}
	}
	for _, name := range []string{"in", "ex"} {
		if st := f.stage(name); st.Comment != "" || st.Revision != 1 {
			t.Errorf("a refused change left %+v", st)
		}
	}
	if ok, err := f.AlterStage(t.Context(), wharf.Root, "nobody", wharf.StageChange{}, true); ok || err != nil {
		t.Errorf("IF EXISTS of nobody: %v, %v", ok, err)
	}
	f.catalog.fail = func(method string) error { return wharf.Errorf(wharf.CodeNoSpace, "%s is full", method) }
	_, err := f.AlterStage(t.Context(), wharf.Root, "in", wharf.StageChange{}, true)
	wantCode(t, err, wharf.CodeNoSpace)
}

func TestRenameStage(t *testing.T) {
	f := newFixture(t)
	f.create("s")
	f.create("taken")
	f.put("s", "a")
	u, err := f.BeginUpload(t.Context(), wharf.Root, "s", wharf.UnknownSize)
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	if ok, err := f.RenameStage(t.Context(), wharf.Root, "s", "new", false); err != nil || !ok {
		t.Fatal(ok, err)
	}
	if _, err := u.Put(t.Context(), "b", strings.NewReader("b"), wharf.PutOptions{Size: 1}); err != nil {
		t.Fatalf("an upload that began under the old name: %v", err)
	}
	if got := f.list("new/"); got != "a b" {
		t.Errorf("the renamed stage has %q", got)
	}
	_, err = f.RenameStage(t.Context(), wharf.Root, "s", "x", false)
	wantCode(t, err, wharf.CodeNotFound)
	if ok, err := f.RenameStage(t.Context(), wharf.Root, "s", "x", true); ok || err != nil {
		t.Errorf("IF EXISTS of nobody: %v, %v", ok, err)
	}
	for _, to := range []wharf.StageName{"taken", "new"} {
		_, err = f.RenameStage(t.Context(), wharf.Root, "new", to, true)
		wantCode(t, err, wharf.CodeExists)
	}
	_, err = f.RenameStage(t.Context(), wharf.Root, "new", "~", false)
	wantCode(t, err, wharf.CodeInvalid)
	_, err = f.RenameStage(t.Context(), wharf.Principal{}, "new", "y", false)
	wantCode(t, err, wharf.CodeUnauthenticated)
}

func TestReservedStageNames(t *testing.T) {
	f := newFixture(t)
	f.create("free")
	for _, name := range []wharf.StageName{"default", "Default", "mysql", "SYS", "performance_schema", "Information_Schema"} {
		if _, err := f.CreateStage(t.Context(), wharf.Root, wharf.Stage{Name: name}, wharf.CreateOrReplace); wharf.CodeOf(err) != wharf.CodeInvalid {
			t.Errorf("a stage %s is created: %v", name, err)
		}
		if _, err := f.RenameStage(t.Context(), wharf.Root, "free", name, false); wharf.CodeOf(err) != wharf.CodeInvalid {
			t.Errorf("a stage is renamed to %s: %v", name, err)
		}
	}
	for _, name := range []wharf.StageName{"system", "defaults", "mysql_"} {
		f.create(string(name))
	}
}
