package tests

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"wharf/tests/harness"
)

// eachKind runs a test with a stage "s" on the server's own disk, and with
// one in a bucket of a real S3 server.
func eachKind(t *testing.T, test func(t *testing.T, s *server)) {
	t.Run("local", func(t *testing.T) {
		t.Parallel()
		s := start(t, settings{})
		s.exec("CREATE STAGE s")
		test(t, s)
	})
	t.Run("s3", func(t *testing.T) {
		t.Parallel()
		g := harness.StartS3(t, root, "each-kind-key", "each-kind-secret")
		s := start(t, settings{secrets: []string{g.Secret}})
		s.exec(g.CreateStage("s", "in/"))
		test(t, s)
	})
}

const videoSize = 3<<20 + 17

// TestDownloadCurl fetches a file with the options of curl that people use.
func TestDownloadCurl(t *testing.T) {
	t.Parallel()
	eachKind(t, func(t *testing.T, s *server) {
		want := random(videoSize)
		s.mustUpload("s", "clips/my clip.mp4", want)
		address := fileURL(s, "s", "clips/my clip.mp4")
		for name, c := range map[string]struct {
			args   []string
			status int
			want   []byte
		}{
			"whole":      {nil, 200, want},
			"first byte": {[]string{"-r", "0-0"}, 206, want[:1]},
			"middle":     {[]string{"-r", "65530-65545"}, 206, want[65530:65546]},
			"suffix":     {[]string{"-r", "-100"}, 206, want[videoSize-100:]},
			"from":       {[]string{"-r", "3000000-"}, 206, want[3000000:]},
			"past":       {[]string{"-r", "3000000-9999999"}, 206, want[3000000:]},
			"compressed": {[]string{"--compressed"}, 200, want},
			"http1.0":    {[]string{"--http1.0"}, 200, want},
			"unchanged":  {[]string{"-z", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)}, 304, nil},
			"changed":    {[]string{"-z", "Mon, 01 Jan 2001 00:00:00 GMT"}, 200, want},
		} {
			r := s.curl(append(c.args, address)...)
			if r.code != 0 || r.status != c.status || r.body != string(c.want) {
				t.Errorf("%s: curl %q: exit %d, status %d and %d bytes, want %d and %d\n%s", name, c.args, r.code, r.status, len(r.body), c.status, len(c.want), r.stderr)
			}
		}
		if r := s.curl("-I", address); r.code != 0 || r.status != 200 || !strings.Contains(r.body, "Content-Length: "+strconv.Itoa(videoSize)) {
			t.Errorf("curl -I: exit %d, %d %s", r.code, r.status, r.body)
		}
		curlResumes(t, s, address, want)
		curlETag(t, s, address)
	})
}

// curlResumes goes on with a file of which a part is there, and saves it
// under the name that the server gives.
func curlResumes(t *testing.T, s *server, address string, want []byte) {
	t.Helper()
	part := filepath.Join(t.TempDir(), "part")
	if err := os.WriteFile(part, want[:1_234_567], 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := execCommand(s, "curl", "--disable", "-sS", "-f", "-C", "-", "-o", part, address)
	out := capture(t, cmd, "")
	if got, err := os.ReadFile(part); err != nil || out.code != 0 || !bytes.Equal(got, want) {
		t.Errorf("curl -C -: exit %d %s, %d bytes, %v", out.code, out.stderr, len(got), err)
	}
	dir := t.TempDir()
	cmd = execCommand(s, "curl", "--disable", "-sS", "-f", "-O", "-J", "--output-dir", dir, address+"?download")
	if out := capture(t, cmd, ""); out.code != 0 {
		t.Errorf("curl -OJ: exit %d %s", out.code, out.stderr)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "my clip.mp4")); err != nil || !bytes.Equal(got, want) {
		t.Errorf("curl -OJ saved %d bytes, %v", len(got), err)
	}
}

// curlETag fetches a file once, and again only when it has changed.
func curlETag(t *testing.T, s *server, address string) {
	t.Helper()
	tag := filepath.Join(t.TempDir(), "etag")
	fetch := func() reply { return s.curl("--etag-save", tag, "--etag-compare", tag, address) }
	if r := fetch(); r.status != 200 {
		t.Errorf("first: %d", r.status)
	}
	if r := fetch(); r.status != 304 || r.body != "" {
		t.Errorf("unchanged: %d and %d bytes, want 304", r.status, len(r.body))
	}
	s.mustUpload("s", "clips/my clip.mp4", []byte("another"))
	if r := fetch(); r.status != 200 || r.body != "another" {
		t.Errorf("changed: %d %.100q", r.status, r.body)
	}
}

// chrome is what a browser sends when it plays a video of the page's origin.
var chrome = []string{
	"Accept: */*", "Accept-Encoding: identity;q=1, *;q=0", "Accept-Language: en-US,en;q=0.9",
	"Sec-Fetch-Dest: video", "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Site: same-origin",
}

// TestDownloadBrowser plays a video: from the start, by seeking, and on with
// what the browser has already.
func TestDownloadBrowser(t *testing.T) {
	t.Parallel()
	eachKind(t, func(t *testing.T, s *server) {
		want := random(videoSize)
		s.mustUpload("s", "v.mp4", want)
		address := fileURL(s, "s", "v.mp4")
		first := s.do("GET", address, "", append(chrome, "Range: bytes=0-")...)
		tag, modified := first.header.Get("ETag"), first.header.Get("Last-Modified")
		if first.status != 206 || first.body != string(want) || tag == "" || modified == "" ||
			first.header.Get("Accept-Ranges") != "bytes" || first.header.Get("Content-Type") != "video/mp4" {
			t.Fatalf("bytes=0-: %d, %d bytes, %v", first.status, len(first.body), first.header)
		}
		old := time.Now().Add(-24 * time.Hour).UTC().Format(http.TimeFormat)
		for _, c := range []struct {
			headers    string
			status     int
			start, end int
		}{
			{"Range: bytes=0-", 206, 0, videoSize},
			{"Range: bytes=2097152-", 206, 2 << 20, videoSize},
			{"Range: bytes=1000000-1065535", 206, 1_000_000, 1_065_536},
			{"Range: bytes=3145744-", 206, videoSize - 1, videoSize},
			{"Range: bytes=-500", 206, videoSize - 500, videoSize},
			{"Range: bytes=-99999999", 206, 0, videoSize},
			{"Range: bytes=2000000-|If-Range: " + tag, 206, 2_000_000, videoSize},
			{"Range: bytes=2000000-|If-Range: " + modified, 206, 2_000_000, videoSize},
			{`Range: bytes=2000000-|If-Range: "another"`, 200, 0, videoSize},
			{"Range: bytes=2000000-|If-Range: W/" + tag, 200, 0, videoSize},
			{"Range: bytes=2000000-|If-Range: " + old, 200, 0, videoSize},
			{"Range: bytes=5-2", 200, 0, videoSize},
			{"Range: bytes=a-b", 200, 0, videoSize},
			{"Range: lines=1-2", 200, 0, videoSize},
			{"Range: bytes=3145745-", 416, 0, 0},
			{"Range: bytes=99999999999999999999-", 416, 0, 0},
			{"Range: bytes=-0", 416, 0, 0},
		} {
			r := s.do("GET", address, "", append(chrome, strings.Split(c.headers, "|")...)...)
			if r.status != c.status || c.status != 416 && r.body != string(want[c.start:c.end]) {
				t.Errorf("%s: status %d and %d bytes, want %d and %d", c.headers, r.status, len(r.body), c.status, c.end-c.start)
			}
			about := map[int]string{200: "", 206: "bytes " + strconv.Itoa(c.start) + "-" + strconv.Itoa(c.end-1) + "/" + strconv.Itoa(videoSize),
				416: "bytes */" + strconv.Itoa(videoSize)}[c.status]
			if got := r.header.Get("Content-Range"); got != about {
				t.Errorf("%s: Content-Range %q, want %q", c.headers, got, about)
			}
		}
		severalRanges(t, s, address, want)
		leaves(t, s, address)
	})
}

// severalRanges asks for three parts in one request.
func severalRanges(t *testing.T, s *server, address string, want []byte) {
	t.Helper()
	r := s.do("GET", address, "", "Range: bytes=0-99, 1000000-1000049,-7")
	kind, params, err := mime.ParseMediaType(r.header.Get("Content-Type"))
	if r.status != 206 || err != nil || kind != "multipart/byteranges" || r.header.Get("Content-Length") != strconv.Itoa(len(r.body)) {
		t.Fatalf("three ranges: %d %v, %v", r.status, r.header, err)
	}
	parts := multipart.NewReader(strings.NewReader(r.body), params["boundary"])
	for _, c := range []struct{ from, to int }{{0, 100}, {1_000_000, 1_000_050}, {videoSize - 7, videoSize}} {
		p, err := parts.NextPart()
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(p)
		about := "bytes " + strconv.Itoa(c.from) + "-" + strconv.Itoa(c.to-1) + "/" + strconv.Itoa(videoSize)
		if err != nil || !bytes.Equal(got, want[c.from:c.to]) || p.Header.Get("Content-Range") != about || p.Header.Get("Content-Type") != "video/mp4" {
			t.Errorf("range %d-%d: %d bytes, %v, %v", c.from, c.to, len(got), p.Header, err)
		}
	}
	if _, err := parts.NextPart(); err != io.EOF {
		t.Errorf("after the last range: %v", err)
	}
}

// leaves ends connections in the middle of an answer, as seeking does.
func leaves(t *testing.T, s *server, address string) {
	t.Helper()
	for range 5 {
		c := s.dialHTTP()
		c.write("GET " + strings.TrimPrefix(address, "http://"+s.http) + " HTTP/1.1\r\nHost: localhost\r\nRange: bytes=0-\r\n\r\n")
		if line, err := c.r.ReadString('\n'); err != nil || !strings.Contains(line, "206") {
			t.Errorf("%q, %v", line, err)
		}
		c.Close()
	}
	s.alive()
}

// TestDownloadConditions holds each of the conditions to a file that is
// replaced in between.
func TestDownloadConditions(t *testing.T) {
	t.Parallel()
	eachKind(t, func(t *testing.T, s *server) {
		s.mustUpload("s", "f.csv", []byte("first"))
		address := fileURL(s, "s", "f.csv")
		h := s.do("HEAD", address, "").header
		tag := h.Get("ETag")
		modified, err := http.ParseTime(h.Get("Last-Modified"))
		if err != nil {
			t.Fatal(err)
		}
		before, at, after := modified.Add(-time.Minute).Format(http.TimeFormat), modified.Format(http.TimeFormat), modified.Add(time.Minute).Format(http.TimeFormat)
		for headers, status := range map[string]int{
			"If-None-Match: " + tag:                                304,
			"If-None-Match: W/" + tag:                              304,
			`If-None-Match: "x", ` + tag:                           304,
			"If-None-Match: *":                                     304,
			`If-None-Match: "x"`:                                   200,
			"If-Modified-Since: " + at:                             304,
			"If-Modified-Since: " + after:                          304,
			"If-Modified-Since: " + before:                         200,
			"If-Modified-Since: yesterday":                         200,
			`If-None-Match: "x"|If-Modified-Since: ` + after:       200,
			"If-Match: " + tag:                                     200,
			"If-Match: *":                                          200,
			`If-Match: "x"`:                                        412,
			"If-Unmodified-Since: " + before:                       412,
			"If-Unmodified-Since: " + at:                           200,
			`If-Match: "x"|If-None-Match: ` + tag:                  412,
			"If-Match: " + tag + "|If-Unmodified-Since: " + before: 200,
		} {
			for _, method := range []string{"GET", "HEAD"} {
				r := s.do(method, address, "", strings.Split(headers, "|")...)
				if r.status != status {
					t.Errorf("%s with %s: %d, want %d", method, headers, r.status, status)
				}
				if status == 304 && (r.body != "" || r.header.Get("ETag") != tag) {
					t.Errorf("%s with %s: 304 with %q and ETag %s", method, headers, r.body, r.header.Get("ETag"))
				}
			}
		}
		s.mustUpload("s", "f.csv", []byte("other"))
		r := s.do("GET", address, "", "If-None-Match: "+tag)
		if r.status != 200 || r.body != "other" || r.header.Get("ETag") == tag {
			t.Errorf("after it was replaced: %d %q %s", r.status, r.body, r.header.Get("ETag"))
		}
		sum := md5.Sum([]byte("other"))
		if got := r.header.Get("Content-Md5"); got != base64.StdEncoding.EncodeToString(sum[:]) {
			t.Errorf("Content-MD5 is %q", got)
		}
		if r := s.do("GET", address, "", "If-Match: "+tag); r.status != 412 {
			t.Errorf("If-Match with the old version: %d", r.status)
		}
	})
}

// A block that went bad on the disk ends the connection short of its
// Content-Length: every byte that came is right.
func TestDownloadOfDamagedFile(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	s.exec("CREATE STAGE s")
	want := random(2 << 20)
	s.mustUpload("s", "f", want)
	found := bodies(t, s.dir)
	if len(found) != 1 {
		t.Fatalf("%d body files", len(found))
	}
	const bad = 1_500_000
	f, err := os.OpenFile(found[0], os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte{want[bad] ^ 1}, bad); err != nil {
		t.Fatal(err)
	}
	r := s.curl(fileURL(s, "s", "f"))
	if r.code != 18 || len(r.body) > bad || !bytes.HasPrefix(want, []byte(r.body)) {
		t.Errorf("curl: exit %d, %d bytes, right as far as they go: %t; want exit 18 (partial file)", r.code, len(r.body), bytes.HasPrefix(want, []byte(r.body)))
	}
	if r := s.curl("-r", "0-999999", fileURL(s, "s", "f")); r.status != 206 || r.body != string(want[:1_000_000]) {
		t.Errorf("a range before it: %d and %d bytes", r.status, len(r.body))
	}
	s.curl("-r", "1500000-", fileURL(s, "s", "f")).wantFailure(t, 500, "internal", []string{})
	s.alive()
}
