package tests

import (
	"slices"
	"strings"
	"testing"
)

// Requests that are not an upload, each answered with its status, its code
// and a message that tells what is wrong, and without effect.
func TestBadRequests(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	s.exec("CREATE STAGE s")
	whole := rawPart("a.csv", "1,2") + rawEnd
	multipart := "Content-Type: multipart/form-data; boundary=" + boundary
	for _, c := range []struct {
		name   string
		header []string
		body   string
		status int
		code   string
		words  []string
	}{
		{"no stage_name", []string{multipart}, whole, 400, "invalid", []string{"stage_name"}},
		{"empty stage_name", []string{"stage_name;", multipart}, whole, 400, "invalid", []string{"stage_name"}},
		{"unknown stage", []string{"stage_name: nosuch", multipart}, whole, 404, "not_found", []string{"nosuch"}},
		{"impossible stage name", []string{"stage_name: a/b", multipart}, whole, 400, "invalid", []string{"a/b"}},
		{"no file", []string{"stage_name: s", multipart},
			"--" + boundary + "\r\nContent-Disposition: form-data; name=\"upload\"\r\n\r\ntext" + rawEnd, 400, "invalid", []string{"file"}},
		{"empty form", []string{"stage_name: s", multipart}, "--" + boundary + "--\r\n", 400, "invalid", []string{"file"}},
		{"empty body", []string{"stage_name: s", multipart}, "", 400, "invalid", nil},
		{"no content type", []string{"stage_name: s", "Content-Type:"}, whole, 415, "media_type", []string{"multipart/form-data"}},
		{"JSON", []string{"stage_name: s", "Content-Type: application/json"}, "{}", 415, "media_type", []string{"multipart/form-data"}},
		{"no boundary in the header", []string{"stage_name: s", "Content-Type: multipart/form-data"}, whole, 415, "media_type", []string{"boundary"}},
		{"another boundary in the body", []string{"stage_name: s", "Content-Type: multipart/form-data; boundary=other"}, whole, 400, "invalid", []string{"boundary"}},
		{"no final boundary", []string{"stage_name: s", multipart}, rawPart("a.csv", "1,2"), 400, "invalid", []string{"boundary"}},
		{"part without disposition", []string{"stage_name: s", multipart}, "--" + boundary + "\r\n\r\n1,2" + rawEnd, 400, "invalid", nil},
		{"relative path up", []string{"stage_name: s", multipart, "relative_path: ../x"}, whole, 400, "invalid", []string{".."}},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := []string{"-X", "PUT", "--data-binary", "@-", s.uploadURL()}
			for _, h := range c.header {
				args = append(args, "-H", h)
			}
			r := s.curlWith(c.body, args...)
			if r.code != 0 {
				t.Fatalf("curl: %d %s", r.code, r.stderr)
			}
			r.wantFailure(t, c.status, c.code, []string{}, c.words...)
		})
	}
	if got := s.list("s"); len(got) != 0 {
		t.Errorf("LIST shows %q after refused uploads", got)
	}
	s.alive()
}

// A form whose first file is whole and whose second is not: the answer names
// what landed.
func TestFormFailsHalfWay(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	s.exec("CREATE STAGE s")
	body := rawPart("one.csv", "1") + rawNext + rawPart("two.csv", "2")
	r := s.send("s", "multipart/form-data; boundary="+boundary, strings.NewReader(body))
	r.wantFailure(t, 400, "invalid", []string{"one.csv"}, "boundary")
	r = s.upload("s", part{name: "three.csv", content: []byte("3")}, part{name: "../four.csv", content: []byte("4")})
	r.wantFailure(t, 400, "invalid", []string{"three.csv"}, "..")
	if got := s.list("s"); !slices.Equal(got, []string{"one.csv", "three.csv"}) {
		t.Errorf("LIST shows %q, want the two that the answers named", got)
	}
	s.wantContent("s", "one.csv", []byte("1"))
	s.alive()
}

// Other addresses and methods get an answer in the same form.
func TestUnknownAddress(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	for _, c := range []struct {
		args   []string
		status int
	}{
		{[]string{"http://" + s.http + "/v1/nothing"}, 404},
		{[]string{s.uploadURL()}, 405},
		{[]string{"-X", "DELETE", s.uploadURL()}, 405},
		{[]string{"http://" + s.http + "/v1/stage/nosuch/file"}, 404},
	} {
		r := s.curl(c.args...)
		if r.status != c.status || !strings.HasPrefix(r.body, "{") {
			t.Errorf("curl %q: %d %q, want %d and JSON", c.args, r.status, r.body, c.status)
		}
	}
}

// A header of 1 MiB is 431, and costs the server no more than that.
func TestHugeHeader(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	s.exec("CREATE STAGE s")
	body := rawPart("a.csv", "1") + rawEnd
	c := s.dialHTTP()
	c.write(uploadHead("s", len(body), "X-Large: "+strings.Repeat("x", 1<<20)) + body)
	if r := c.reply(); r.status != 431 {
		t.Errorf("a header of 1 MiB: %d %s, want 431", r.status, r.body)
	}
	// The header of a part is bounded too.
	part := "--" + boundary + "\r\nX-Large: " + strings.Repeat("x", 1<<20) +
		"\r\nContent-Disposition: form-data; name=\"upload\"; filename=\"a.csv\"\r\n\r\n1" + rawEnd
	r := s.send("s", "multipart/form-data; boundary="+boundary, strings.NewReader(part))
	r.wantFailure(t, 413, "too_large", []string{}, "header")
	if got := s.list("s"); len(got) != 0 {
		t.Errorf("LIST shows %q", got)
	}
	s.alive()
}

// A page of another site that points its name at this machine gets nothing
// while root has no password.
func TestForeignHost(t *testing.T) {
	t.Parallel()
	s := start(t, settings{args: []string{"--public-url", "https://stage.localhost"}})
	s.exec("CREATE STAGE s")
	for host, status := range map[string]int{
		"evil.example": 403, "localhost.evil.example": 403, "10.1.2.3": 403, "stage.localhost.evil.example": 403,
		"localhost": 200, "localhost:1234": 200, "127.0.0.1": 200, "[::1]:80": 200, "stage.localhost": 200,
	} {
		r := s.curl("-H", "stage_name:s", "-H", "Host: "+host, "-F", "upload=@testdata/files/books.csv", s.uploadURL())
		if r.status != status {
			t.Errorf("Host %s: %d %s, want %d", host, r.status, r.body, status)
		}
		if status == 403 {
			r.wantFailure(t, 403, "denied", []string{})
		}
	}
}
