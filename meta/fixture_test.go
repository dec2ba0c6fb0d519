package meta

import (
	"reflect"
	"slices"
	"testing"

	"wharf"
	"wharf/meta/metatest"
)

func stage(name string) wharf.Stage { return metatest.Stage(name) }

func external(name string) wharf.Stage { return metatest.External(name) }

func connectionNamed(name string) wharf.NamedConnection {
	s := external(name)
	return wharf.NamedConnection{
		Name: wharf.ConnectionName(name), StorageType: "s3", Connection: s.Connection, Creator: "root", CreatedOn: s.CreatedOn,
	}
}

func formatNamed(name string) wharf.NamedFormat {
	return wharf.NamedFormat{
		Name: wharf.FormatName(name), Creator: "root", CreatedOn: stage(name).CreatedOn,
		Format: wharf.FileFormat{Type: wharf.NDJSON, NullIf: wharf.Given([]string{"a", ""})},
	}
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
	all, err := c.Stages(t.Context(), "", 1000)
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
