package tests

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Names that no file may have. The part's header is written as it would have
// to be sent.
func TestBadNames(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	s.exec("CREATE STAGE s")
	for _, c := range []struct{ what, name, word string }{
		{"empty", "", "empty"},
		{"absolute", "/etc/passwd", "absolute"},
		{"up", "../a.csv", ".."},
		{"up inside", "a/../b.csv", ".."},
		{"up alone", "..", ".."},
		{"dot", "a/./b.csv", "."},
		{"folder", "a/", "folder"},
		{"NUL", "a\x00b.csv", ""},
		{"control", "a\x01b.csv", ""},
		{"tab", "a\tb.csv", "control"},
		{"delete", "a\x7fb.csv", ""},
		{"C1 control", "a\u0085b.csv", "control"},
		{"not UTF-8", "a\xffb.csv", "UTF-8"},
		{"too long", strings.Repeat("x", 1025), "1024"},
		{"too long in bytes", strings.Repeat("é", 513), "1024"},
	} {
		t.Run(c.what, func(t *testing.T) {
			body := "--" + boundary + "\r\nContent-Disposition: form-data; name=\"upload\"; filename=\"" + c.name + "\"\r\n\r\n1" + rawEnd
			r := s.send("s", "multipart/form-data; boundary="+boundary, strings.NewReader(body))
			r.wantFailure(t, 400, "invalid", []string{}, c.word)
		})
	}
	if got := s.list("s"); len(got) != 0 {
		t.Errorf("LIST shows %q after refused names", got)
	}
	s.alive()
}

// Names that look odd and are fine: stored, listed, fetched and removed as
// they were sent.
func TestOddNames(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	s.exec("CREATE STAGE s")
	names := []string{
		"with space.csv", "it's.csv", "50%.csv", "%20.csv", "emoji 🚢.parquet", "batch/1.csv", "a..b", "...",
		"semi;colon", "back`tick", "#hash", "a+b&c=d?e", "ünïcödé/ß.csv", "-- comment", "@at", "{brace}", "日本語.csv",
		strings.Repeat("x", 1024), strings.Repeat("d/", 500) + "deep", "CON", "a//b", "trailing. ",
	}
	for i, name := range names {
		content := fmt.Appendf(nil, "file %d", i)
		r := s.upload("s", part{name: name, content: content})
		if r.status != 200 || !slices.Equal(r.uploaded(t).Files, []string{name}) {
			t.Errorf("upload of %.60q: %d %.300s", name, r.status, r.body)
			continue
		}
		s.wantContent("s", name, content)
	}
	slices.Sort(names)
	if got := s.list("s"); !slices.Equal(got, names) {
		t.Errorf("LIST shows %.2000q,\nwant %.2000q", got, names)
	}
	for _, name := range names {
		location := strings.ReplaceAll(strings.ReplaceAll("@s/"+name, `\`, `\\`), "'", "''")
		if got := s.column("REMOVE '" + location + "'"); !slices.Equal(got, []string{name}) {
			t.Errorf("REMOVE of %.60q: %.200q", name, got)
		}
	}
	if got := s.list("s"); len(got) != 0 {
		t.Errorf("LIST shows %.2000q after all were removed", got)
	}
}

// curl and browsers send a quote as %22, and nobody decodes it; a name in
// filename* is decoded.
func TestNameSpellings(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	s.exec("CREATE STAGE s")
	for _, c := range []struct{ disposition, want string }{
		{`form-data; name="upload"; filename="a%22b.csv"`, "a%22b.csv"},
		{`form-data; name="upload"; filename=token.csv`, "token.csv"},
		{`form-data; name="any"; filename="other field.csv"`, "other field.csv"},
		{`form-data; name="upload"; filename="a.csv"; filename*=UTF-8''na%C3%AFve.csv`, "naïve.csv"},
		{`FORM-DATA; NAME="upload"; FILENAME="case.csv"`, "case.csv"},
	} {
		r := s.upload("s", part{disposition: c.disposition, content: []byte("1")})
		if r.status != 200 || !slices.Equal(r.uploaded(t).Files, []string{c.want}) {
			t.Errorf("%s: %d %s, want %q", c.disposition, r.status, r.body, c.want)
			continue
		}
		s.wantContent("s", c.want, []byte("1"))
	}
}

// relative_path goes before every name of the form.
func TestRelativePath(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	s.exec("CREATE STAGE s")
	for _, c := range []struct{ header, path, want string }{
		{"relative_path", "in", "in/books.csv"},
		{"relative_path", "in/deep/", "in/deep/books.csv"},
		{"x-databend-relative-path", "db", "db/books.csv"},
	} {
		r := s.curl("-H", "x-databend-stage-name: s", "-H", c.header+": "+c.path, "-F", "upload=@testdata/files/books.csv", s.uploadURL())
		if r.status != 200 {
			t.Errorf("%s %s: %d %s", c.header, c.path, r.status, r.body)
		}
	}
	if got := s.list("s"); !slices.Equal(got, []string{"db/books.csv", "in/books.csv", "in/deep/books.csv"}) {
		t.Errorf("LIST shows %q", got)
	}
}
