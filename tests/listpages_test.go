package tests

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"testing"

	"wharf/tests/harness"
)

// TestListPages reads lists page by page, of stages of every kind, from names
// that are there and from one that is not.
func TestListPages(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	g := harness.StartS3(t, root, "access", "pages-secret")
	s := start(t, settings{args: []string{"--fs-allow", folder}, secrets: []string{g.Secret}})
	s.exec("CREATE STAGE internal", "CREATE STAGE folder 'fs://"+folder+"/'", g.CreateStage("bucket", "pages/"))
	var names []string
	for i := range 25 {
		names = append(names, fmt.Sprintf("a/%02d ü+&.csv", i), fmt.Sprintf("a.%02d", i))
	}
	slices.Sort(names)
	for _, stage := range []string{"internal", "folder", "bucket"} {
		var parts []part
		for _, name := range append(names, "b", "Z") {
			parts = append(parts, part{name: name, content: []byte("x")})
		}
		if r := s.upload(stage, parts...); r.status != 200 {
			t.Fatalf("%s: %d %s", stage, r.status, r.body)
		}
		var got []string
		for after := ""; ; {
			p := s.listPage(stage, "?prefix=a&limit=7&after="+url.QueryEscape(after))
			got = append(got, p.names()...)
			if after = p.Next; after == "" {
				break
			}
		}
		if !slices.Equal(got, names) {
			t.Errorf("%s: the pages have %q, want %q", stage, got, names)
		}
		if p := s.listPage(stage, "?after=a%2F23&limit=3"); !slices.Equal(p.names(), []string{"a/23 ü+&.csv", "a/24 ü+&.csv", "b"}) || p.Next != "" {
			t.Errorf("%s: from between two names on: %q, next %q", stage, p.names(), p.Next)
		}
		if p := s.listPage(stage, "?after=zz"); len(p.Files) != 0 || p.Next != "" {
			t.Errorf("%s: after the last: %q", stage, p.names())
		}
	}
}

type listPage struct {
	Files []struct{ Name string }
	Next  string

	LeftOut struct {
		Count int
		First []string
	} `json:"left_out"`
}

func (p listPage) names() (names []string) {
	for _, f := range p.Files {
		names = append(names, f.Name)
	}
	return names
}

func (s *server) listPage(stage, query string) (p listPage) {
	s.t.Helper()
	resp, err := http.Get("http://" + s.http + "/v1/stage/" + stage + "/" + query)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&p); err != nil || resp.StatusCode != 200 {
		s.t.Fatalf("%s: %d, %v", query, resp.StatusCode, err)
	}
	return p
}
