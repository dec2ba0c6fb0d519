package metatest

import (
	"context"
	"reflect"
	"slices"
	"time"

	"wharf"
)

// Stage returns an internal stage of that name.
func Stage(name string) wharf.Stage {
	return wharf.Stage{
		ID: wharf.NewStageID(), Name: wharf.StageName(name), Creator: "root", Revision: 1,
		CreatedOn: time.Now().UTC().Round(0),
	}
}

// External returns a stage on S3 of that name, every setting of its connection
// given.
func External(name string) wharf.Stage {
	s := Stage(name)
	s.URL = "s3://bucket/" + name + "/"
	s.Connection = wharf.Connection{
		EndpointURL: "http://127.0.0.1:9000", Region: "eu-west-1", VirtualHostStyle: true, RoleARN: "arn:aws:iam::1:role/x",
		AccessKeyID: wharf.NewSecret("AKIA-" + name), SecretAccessKey: wharf.NewSecret("very-secret-" + name),
		SessionToken: wharf.NewSecret("token-" + name), ExternalID: wharf.NewSecret("external-" + name),
	}
	return s
}

func create(t recorder, c wharf.Catalog, s wharf.Stage) {
	t.Helper()
	got, created, err := c.CreateStage(t.Context(), s, wharf.CreateNew)
	if err != nil || !created {
		t.Fatalf("CreateStage(%q): %v, %v", s.Name, created, err)
	}
	wantStage(t, "CreateStage", got, s)
}

func wantStage(t recorder, what string, got, want wharf.Stage) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		// %v shows no secret, and the difference may be in one.
		t.Errorf("%s gives %+v, want %+v; the same secrets: %v", what, got, want, got.Connection == want.Connection)
	}
}

func wantCode(t recorder, what string, err error, code wharf.Code) {
	t.Helper()
	if wharf.CodeOf(err) != code {
		t.Errorf("%s: want the code %q: %v", what, code, err)
	}
}

func wantNames(t recorder, c wharf.Catalog, names ...wharf.StageName) {
	t.Helper()
	all, err := c.Stages(t.Context(), "", len(names)+1)
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

// wantPages reads a list page by page, from each name and from between names.
func wantPages[N ~string, T any](t recorder, what string, page func(wharf.Catalog, context.Context, N, int) ([]T, error), c wharf.Catalog,
	name func(T) N, names ...N) {
	t.Helper()
	for limit := 1; limit <= len(names)+1; limit++ {
		for from := range len(names) + 1 {
			afters := []N{""}
			if from > 0 {
				afters = []N{names[from-1], names[from-1] + "\x01"} // the second is no name
			}
			for _, after := range afters {
				items, err := page(c, t.Context(), after, limit)
				if err != nil {
					t.Fatal(err)
				}
				var got []N
				for _, item := range items {
					got = append(got, name(item))
				}
				if want := names[from:min(from+limit, len(names))]; !slices.Equal(got, want) {
					t.Errorf("%d %s after %q: %q, want %q", limit, what, after, got, want)
				}
			}
		}
	}
}

func wantDropped(t recorder, c wharf.Catalog, want ...wharf.Stage) {
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
