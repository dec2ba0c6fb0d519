package tests

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// curl with both methods, small and large, with and without
// Expect: 100-continue, declared and chunked, HTTP/1.0.
func TestCurl(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	s.exec("CREATE STAGE s")
	dir := t.TempDir()
	files := map[string][]byte{"small": random(100), "empty": nil, "large": random(8 << 20)}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{
			{"-X", "PUT"}, {"-X", "POST"}, {}, {"-X", "PUT", "-H", "Expect:"}, {"-H", "Expect: 100-continue"},
			{"-H", "Transfer-Encoding: chunked"}, {"--http1.0"}, {"--http2"}, {"--http2-prior-knowledge"},
		} {
			key := name + strings.NewReplacer(" ", "", ":", "").Replace(strings.Join(args, ""))
			r := s.curl(append(args, "-H", "stage_name:s", "-F", "upload=@"+filepath.Join(dir, name)+";filename="+key, s.uploadURL())...)
			if r.code != 0 || r.status != 200 {
				t.Errorf("curl %q of %s: %d %s, status %d %s", args, name, r.code, r.stderr, r.status, r.body)
				continue
			}
			if u := r.uploaded(t); u.State != "SUCCESS" || u.StageName != "s" || !slices.Equal(u.Files, []string{key}) || u.Error != nil {
				t.Errorf("curl %q of %s: %s", args, name, r.body)
			}
			s.wantContent("s", key, content)
		}
	}
}

// Above 1 MiB curl asks before it sends, and is told to go on.
func TestCurlExpects(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	s.exec("CREATE STAGE s")
	r := s.curl("-v", "-H", "stage_name:s", "-H", "Expect: 100-continue", "-F", "upload=@"+sparseFile(t, 4<<20), s.uploadURL())
	if r.status != 200 || !strings.Contains(r.stderr, "HTTP/1.1 100 Continue") {
		t.Errorf("status %d, no 100 Continue in:\n%s", r.status, r.stderr)
	}
}

// Uploads one after the other on one connection; one that is refused after
// its body came does not cost the connection.
func TestKeepAlive(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	s.exec("CREATE STAGE s")
	upload := func(stage, file string) []string {
		return []string{"-H", "stage_name:" + stage, "-F", "upload=@testdata/files/" + file, s.uploadURL()}
	}
	args := slices.Concat([]string{"-w", "%{http_code} %{num_connects}\n"}, upload("s", "books.csv"),
		[]string{"--next", "-sS", "-o", "/dev/null", "-w", "%{http_code} %{num_connects}\n"}, upload("s", "books.parquet"))
	cmd := append([]string{"curl", "--disable", "-sS", "-o", "/dev/null"}, args...)
	out := capture(t, execCommand(s, cmd...), "")
	if out.code != 0 || out.stdout != "200 1\n200 0\n" {
		t.Errorf("two uploads in one curl: %d, %q %s, want 200 with one connection, then 200 with none", out.code, out.stdout, out.stderr)
	}
	if got := s.list("s"); !slices.Equal(got, []string{"books.csv", "books.parquet"}) {
		t.Errorf("LIST shows %q", got)
	}
}

// Several files in one form, in order.
func TestCurlManyFiles(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	s.exec("CREATE STAGE s")
	r := s.curl("-H", "stage_name:s", "-F", "upload=@testdata/files/books.parquet", "-F", "upload=@testdata/files/books.csv", s.uploadURL())
	if r.status != 200 || !slices.Equal(r.uploaded(t).Files, []string{"books.parquet", "books.csv"}) {
		t.Errorf("%d %s", r.status, r.body)
	}
}

// Several files of one field, which curl sends as a form within the form, and
// what curl sends of a file without its name.
func TestCurlFilesOfOneField(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	s.exec("CREATE STAGE s")
	r := s.curl("-H", "stage_name:s", "-F", "upload=@testdata/files/books.parquet,testdata/files/books.csv", "-F", "upload=@testdata/files/books.csv;filename=c", s.uploadURL())
	if r.status != 200 || !slices.Equal(r.uploaded(t).Files, []string{"books.parquet", "books.csv", "c"}) {
		t.Errorf("%d %s", r.status, r.body)
	}
	content, err := os.ReadFile("testdata/files/books.parquet")
	if err != nil {
		t.Fatal(err)
	}
	s.wantContent("s", "books.parquet", content)
	for _, field := range []string{"upload=<testdata/files/books.csv", "data=<testdata/files/books.parquet", "data=1;type=application/octet-stream"} {
		r := s.curl("-H", "stage_name:s", "-F", field, "-F", "upload=@testdata/files/books.csv;filename=d", s.uploadURL())
		r.wantFailure(t, 400, "invalid", []string{}, "=@file")
	}
}

// An upload over an existing name replaces it whole, at once: readers in
// between see one or the other, never a mixture and never nothing.
func TestReplaceIsAtomic(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	s.exec("CREATE STAGE s")
	versions := [][]byte{random(3 << 20), random(100), random(3<<20 + 1), nil}
	s.mustUpload("s", "f", versions[0])
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 40 {
			s.upload("s", part{name: "f", content: versions[i%len(versions)]})
		}
	}()
	for reads := 0; ; reads++ {
		select {
		case <-done:
			t.Logf("%d reads", reads)
			s.wantContent("s", "f", versions[39%len(versions)])
			return
		default:
		}
		status, got := s.fetch("s", "f")
		whole := slices.ContainsFunc(versions, func(v []byte) bool { return slices.Equal(v, got) })
		if status != 200 || !whole {
			t.Fatalf("a reader got status %d and %d bytes that nobody uploaded", status, len(got))
		}
	}
}
