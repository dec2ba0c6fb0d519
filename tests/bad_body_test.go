package tests

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"wharf/tests/harness"
)

// Bodies that end before they should, in every way that a connection has.
// None of their last files may be seen.
func TestCutBodies(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	s.exec("CREATE STAGE s")
	large := strings.Repeat("0123456789abcdef", 1<<16) // 1 MiB: a large file's path
	for _, content := range []string{"small", large} {
		name := fmt.Sprintf("cut-%d.csv", len(content))
		begun := rawPart(name, content)
		t.Run(fmt.Sprintf("%d bytes", len(content)), func(t *testing.T) {
			t.Run("shorter than its Content-Length", func(t *testing.T) {
				c := s.dialHTTP()
				c.write(uploadHead("s", len(begun)+1000) + begun)
				c.CloseWrite()
				c.reply().wantFailure(t, 400, "invalid", []string{})
			})
			t.Run("chunked and cut in a chunk", func(t *testing.T) {
				c := s.dialHTTP()
				c.write(uploadHead("s", -1) + chunk(begun)[:len(begun)])
				c.CloseWrite()
				c.reply().wantFailure(t, 400, "invalid", []string{})
			})
			t.Run("chunked and ended without a boundary", func(t *testing.T) {
				c := s.dialHTTP()
				c.write(uploadHead("s", -1) + chunk(begun) + chunk(""))
				c.reply().wantFailure(t, 400, "invalid", []string{}, "boundary")
			})
			t.Run("hung up", func(t *testing.T) {
				c := s.dialHTTP()
				c.write(uploadHead("s", len(begun)+1000) + begun)
				c.Close()
			})
			t.Run("reset", func(t *testing.T) {
				c := s.dialHTTP()
				c.write(uploadHead("s", len(begun)+1000) + begun)
				c.SetLinger(0)
				c.Close()
			})
		})
	}
	s.alive()
	s.Stop()
	again := start(t, settings{dir: s.dir})
	if got := again.list("s"); len(got) != 0 {
		t.Errorf("LIST shows %q after cut uploads", got)
	}
	again.wantBodies(0)
}

// A stage that is dropped while a file lands in it: the uploader is told, and
// a new stage of that name does not show the file.
func TestDropWhileLanding(t *testing.T) {
	t.Parallel()
	g := harness.StartS3(t, root, "access", "s3-secret-of-drop")
	s := start(t, settings{secrets: []string{g.Secret}})
	content := strings.Repeat("x", 1<<20)
	for _, c := range []struct{ name, create, drop string }{
		{"drop", "CREATE STAGE s", "DROP STAGE s"},
		{"replace", "CREATE STAGE s", "CREATE OR REPLACE STAGE s"},
		{"external", g.CreateStage("s", "drop/"), "DROP STAGE s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.exec("DROP STAGE IF EXISTS s", c.create)
			conn := s.dialHTTP()
			conn.write(uploadHead("s", -1, "Expect: 100-continue"))
			if r := conn.reply(); r.status != 100 {
				t.Fatalf("status %d %s, want 100", r.status, r.body)
			}
			conn.write(chunk(rawPart("a.csv", content)))
			s.exec(c.drop, "CREATE STAGE IF NOT EXISTS s")
			conn.write(chunk(rawEnd) + chunk(""))
			conn.reply().wantFailure(t, 404, "not_found", []string{}, "dropped")
			if got := s.list("s"); len(got) != 0 {
				t.Errorf("the new stage shows %q", got)
			}
		})
	}
	s.exec("DROP STAGE s")
	s.alive()
	s.wantBodies(0)
}

// Files over --max-file-size, declared and not; one byte less is fine.
func TestMaxFileSize(t *testing.T) {
	t.Parallel()
	const limit = 1 << 20
	s := start(t, settings{args: []string{"--max-file-size", "1MiB"}})
	s.exec("CREATE STAGE s")
	for _, over := range []int{1, limit, 20 * limit} {
		body := rawPart("large.csv", strings.Repeat("x", limit+over)) + rawEnd
		r := s.send("s", "multipart/form-data; boundary="+boundary, strings.NewReader(body))
		r.wantFailure(t, 413, "too_large", []string{}, "1048576")
		c := s.dialHTTP()
		c.write(uploadHead("s", -1) + chunk(body) + chunk(""))
		c.reply().wantFailure(t, 413, "too_large", []string{}, "1048576")
	}
	fits := []byte(strings.Repeat("y", limit))
	s.mustUpload("s", "fits.csv", fits)
	r := s.upload("s", part{name: "also.csv", content: fits}, part{name: "over.csv", content: append(fits, 'z')})
	r.wantFailure(t, 413, "too_large", []string{"also.csv"})
	if got := s.list("s"); !slices.Equal(got, []string{"also.csv", "fits.csv"}) {
		t.Errorf("LIST shows %q", got)
	}
	s.wantContent("s", "fits.csv", fits)
	s.alive()
}

// An early refusal reaches curl as an answer, not as a broken pipe, with and
// without Expect: 100-continue.
func TestEarlyRefusal(t *testing.T) {
	t.Parallel()
	s := start(t, settings{args: []string{"--max-file-size", "1MiB"}})
	s.exec("CREATE STAGE s")
	file := sparseFile(t, 64<<20)
	for _, c := range []struct {
		header string
		status int
	}{{"stage_name: nosuch", 404}, {"stage_name;", 400}, {"stage_name: s", 413}} {
		for _, expect := range []string{"Expect:", "Expect: 100-continue"} {
			r := s.curl("-X", "PUT", "-H", c.header, "-H", expect, "-F", "upload=@"+file, s.uploadURL())
			if r.code != 0 || r.status != c.status {
				t.Errorf("%s with %s: curl status %d, %s; HTTP status %d, want %d", c.header, expect, r.code, r.stderr, r.status, c.status)
			}
		}
	}
}

// 10,000 parts in one form all land.
func TestManyParts(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	s.exec("CREATE STAGE s")
	var parts []part
	var names []string
	for i := range 10_000 {
		names = append(names, fmt.Sprintf("part-%05d.csv", i))
		parts = append(parts, part{name: names[i], content: fmt.Appendf(nil, "%d", i)})
	}
	r := s.upload("s", parts...)
	if r.status != 200 || !slices.Equal(r.uploaded(t).Files, names) {
		t.Fatalf("upload of 10,000 parts: %d %.300s", r.status, r.body)
	}
	if got := s.list("s"); !slices.Equal(got, names) {
		t.Errorf("LIST shows %d files, want all 10,000", len(got))
	}
	for _, i := range []int{0, 4_999, 9_999} {
		s.wantContent("s", names[i], fmt.Appendf(nil, "%d", i))
	}
}

// A name that comes twice is refused: the later file would replace the one
// before it, of which the answer has said that it is there.
func TestSameNameTwice(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	s.exec("CREATE STAGE s")
	r := s.upload("s", part{name: "a", content: []byte("first")}, part{name: "a", content: []byte("second")})
	r.wantFailure(t, 400, "invalid", []string{"a"}, "two files with the name")
	s.wantContent("s", "a", []byte("first"))
	if got := s.list("s"); !slices.Equal(got, []string{"a"}) {
		t.Errorf("LIST shows %q", got)
	}
}
