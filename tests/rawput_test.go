package tests

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"hash/crc32"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// checksumHeaders are the checks of a body that a client may send.
var checksumHeaders = map[string]func() hash.Hash{
	"Content-MD5":           md5.New,
	"x-amz-checksum-crc32":  func() hash.Hash { return crc32.NewIEEE() },
	"x-amz-checksum-crc32c": func() hash.Hash { return crc32.New(crc32.MakeTable(crc32.Castagnoli)) },
	"x-amz-checksum-sha1":   sha1.New,
	"x-amz-checksum-sha256": sha256.New,
}

// checksumHeader is the header of that name for these bytes.
func checksumHeader(name string, content []byte) string {
	h := checksumHeaders[name]()
	h.Write(content)
	return name + ": " + base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// A body that has not the checksum that its header tells is refused. Nothing
// of it is stored, and what was there stays.
func TestRawPutChecksums(t *testing.T) {
	t.Parallel()
	eachKind(t, func(t *testing.T, s *server) {
		for _, size := range []int{0, 1, 100_000, videoSize} {
			content := random(size)
			for name := range checksumHeaders {
				address := fileURL(s, "s", name)
				wrong := checksumHeader(name, append(slices.Clone(content), 'x'))
				s.do("PUT", address, string(content), wrong).wantFailure(t, 400, "invalid", []string{}, "checksum", http.CanonicalHeaderKey(name))
				if r := s.do("GET", address, ""); r.status != 404 {
					t.Errorf("%s, %d bytes: after the refusal there is a file: %d", name, size, r.status)
				}
				if r := s.do("PUT", address, string(content), checksumHeader(name, content)); r.status != 200 {
					t.Errorf("%s, %d bytes: %d %s", name, size, r.status, r.body)
				}
				s.do("PUT", address, string(content), wrong).wantFailure(t, 400, "invalid", []string{})
				s.wantContent("s", name, content)
				if r := s.do("DELETE", address, ""); r.status != 200 {
					t.Errorf("DELETE: %d %s", r.status, r.body)
				}
			}
			both := []string{checksumHeader("Content-MD5", content), checksumHeader("x-amz-checksum-crc32c", []byte("other"))}
			s.do("PUT", fileURL(s, "s", "both"), string(content), both...).wantFailure(t, 400, "invalid", []string{}, "Crc32c")
		}
		if got := s.list("s"); len(got) != 0 {
			t.Errorf("LIST shows %q", got)
		}
	})
}

// If-None-Match: * makes a file and never replaces one, whoever else tries.
func TestRawPutOnce(t *testing.T) {
	t.Parallel()
	eachKind(t, func(t *testing.T, s *server) {
		for _, size := range []int{10, 1 << 20} {
			statuses := make([]int, 8)
			contents := make([][]byte, len(statuses))
			s.do("DELETE", fileURL(s, "s", "once"), "")
			var wg sync.WaitGroup
			for i := range statuses {
				contents[i] = random(size)
				wg.Go(func() {
					statuses[i] = s.do("PUT", fileURL(s, "s", "once"), string(contents[i]), "If-None-Match: *").status
				})
			}
			wg.Wait()
			first := slices.Index(statuses, 200)
			if first < 0 {
				t.Fatalf("statuses %v", statuses)
			}
			s.wantContent("s", "once", contents[first])
			slices.Sort(statuses)
			if statuses[0] != 200 || slices.ContainsFunc(statuses[1:], func(n int) bool { return n != 412 }) {
				t.Errorf("statuses %v, want one 200 and 412 for the others", statuses)
			}
			s.do("PUT", fileURL(s, "s", "once"), "late", "If-None-Match: *").wantFailure(t, 412, "precondition", []string{}, "once", "exists")
			s.wantContent("s", "once", contents[first])
		}
		s.do("PUT", fileURL(s, "s", "once"), "x", `If-None-Match: "a"`).wantFailure(t, 501, "unsupported", []string{}, "*")
		s.do("PUT", fileURL(s, "s", "once"), "x", "If-Match: *").wantFailure(t, 501, "unsupported", []string{}, "If-Match")
	})
}

// curl -T in its forms, and what is no raw body.
func TestRawPutCurl(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	s.exec("CREATE STAGE s")
	file := filepath.Join(t.TempDir(), "r\u00e9sum\u00e9 1.csv")
	content := random(2 << 20)
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	base := "http://" + s.http + "/v1/stage/s/"
	for key, args := range map[string][]string{
		"r\u00e9sum\u00e9 1.csv": {"-T", file, base},
		"a/named":                {"-T", file, base + "a/named"},
		"chunked":                {"-T", file, "-H", "Transfer-Encoding: chunked", base + "chunked"},
		"http1.0":                {"-T", file, "--http1.0", base + "http1.0"},
		"data":                   {"-X", "PUT", "--data-binary", "@" + file, base + "data"},
	} {
		r := s.curl(args...)
		if r.code != 0 || r.status != 200 || !slices.Equal(r.uploaded(t).Files, []string{key}) {
			t.Errorf("curl %q: exit %d, %d %s", args, r.code, r.status, r.body)
		}
		s.wantContent("s", key, content)
	}
	if r := s.curlWith("from a pipe", "-T", "-", base+"pipe"); r.status != 200 {
		t.Errorf("curl -T -: %d %s", r.status, r.body)
	}
	s.wantContent("s", "pipe", []byte("from a pipe"))
	before := s.list("s")

	s.curl("-X", "PUT", "-F", "upload=@"+file, base+"form").wantFailure(t, 415, "media_type", []string{}, "upload_to_stage")
	s.curl("-T", file, "-H", "Content-Encoding: gzip", base+"gz").wantFailure(t, 415, "media_type", []string{}, "gzip")
	s.curl("-T", file, "-H", "Content-Range: bytes 0-9/20", base+"part").wantFailure(t, 400, "invalid", []string{}, "Content-Range")
	s.curl("-T", file, base+"a/../b", "--path-as-is").wantFailure(t, 400, "invalid", []string{}, "..")
	s.curl("-T", file, base+"bad%00name").wantFailure(t, 400, "invalid", []string{})
	s.curl("-T", file, "http://"+s.http+"/v1/stage/nobody/x").wantFailure(t, 404, "not_found", []string{}, "nobody")
	c := s.dialHTTP()
	c.write("PUT /v1/stage/s/cut HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n" + strings.Repeat("x", 500_000))
	c.Close()
	if got := s.list("s"); !slices.Equal(got, before) {
		t.Errorf("LIST shows %q, want %q", got, before)
	}
	s.alive()
}
