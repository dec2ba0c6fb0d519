package httpapi_test

import (
	"bufio"
	"context"
	"crypto/md5"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"wharf"
	"wharf/storage/storagetest"
)

// put stores an object past the server.
func (f *fixture) put(key, content string) wharf.Object {
	f.Helper()
	obj, err := f.faulty.Store.Put(f.Context(), wharf.Key(key), strings.NewReader(content), wharf.PutOptions{Size: int64(len(content))})
	if err != nil {
		f.Fatal(err)
	}
	return obj
}

func stageURL(key string) string { return "/v1/stage/s/" + (&url.URL{Path: key}).EscapedPath() }

func TestDownload(t *testing.T) {
	f := start(t)
	for key, want := range map[string]string{
		"a.csv":                  "text/csv; charset=utf-8",
		"dir/b.PARQUET":          "application/vnd.apache.parquet",
		"evil.html":              "text/html; charset=utf-8",
		"no extension":           "application/octet-stream",
		"100%/ü \"q\" 👍?#&+.bin": "application/octet-stream",
	} {
		obj := f.put(key, large+key)
		a := f.do(f.request("GET", stageURL(key), nil))
		if a.status != 200 || a.body != large+key {
			t.Errorf("%q: %d, %d bytes", key, a.status, len(a.body))
		}
		sum := md5.Sum([]byte(large + key))
		for name, value := range map[string]string{
			"Content-Type":           want,
			"X-Content-Type-Options": "nosniff",
			"Content-Length":         fmt.Sprint(len(large) + len(key)),
			"Etag":                   `"` + obj.ETag + `"`,
			"Accept-Ranges":          "bytes",
			"Content-Md5":            base64.StdEncoding.EncodeToString(sum[:]),
			"Last-Modified":          obj.ModTime.UTC().Format(http.TimeFormat),
		} {
			if got := a.header.Get(name); got != value {
				t.Errorf("%q: %s is %q, want %q", key, name, got, value)
			}
		}
		if csp := a.header.Get("Content-Security-Policy"); !strings.Contains(csp, "sandbox") {
			t.Errorf("%q: Content-Security-Policy is %q", key, csp)
		}
		kind, params, err := mime.ParseMediaType(a.header.Get("Content-Disposition"))
		if base := key[strings.LastIndexByte(key, '/')+1:]; err != nil || kind != "attachment" || params["filename"] != base {
			t.Errorf("%q: Content-Disposition %q gives the name %q, %v", key, a.header.Get("Content-Disposition"), params["filename"], err)
		}
		head := f.do(f.request("HEAD", stageURL(key), nil))
		if head.status != 200 || head.body != "" || head.header.Get("Content-Length") != a.header.Get("Content-Length") || head.header.Get("Etag") != a.header.Get("Etag") {
			t.Errorf("%q: HEAD gives %d %v", key, head.status, head.header)
		}
	}
}

func TestDownloadRefused(t *testing.T) {
	f := start(t)
	f.put("a", "x")
	for path, want := range map[string]struct {
		status int
		code   wharf.Code
	}{
		"/v1/stage/s/b":          {404, wharf.CodeNotFound},
		"/v1/stage/nope/a":       {404, wharf.CodeNotFound},
		"/v1/stage/s":            {404, wharf.CodeNotFound},
		"/v1/stage/":             {404, wharf.CodeNotFound},
		"/v1/stage/s/a/":         {400, wharf.CodeInvalid},
		"/v1/stage/s/../a":       {400, wharf.CodeInvalid},
		"/v1/stage/s/%2e%2e%2fa": {400, wharf.CodeInvalid},
		"/v1/stage/s//a":         {400, wharf.CodeInvalid},
		"/v1/stage/s/a%00":       {400, wharf.CodeInvalid},
		"/v1/stage/s/a%ff":       {400, wharf.CodeInvalid},
		"/v1/stage/b%20d/a":      {400, wharf.CodeInvalid},
		"/v1/stage/%2e%2e/a":     {400, wharf.CodeInvalid},
	} {
		a, _ := f.raw("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n")
		f.wantFailed(a, want.status, want.code)
	}
	req := f.request("GET", "/v1/stage/s/a", nil)
	req.Host = "evil.example"
	f.wantFailed(f.do(req), 403, wharf.CodeDenied)
}

func TestDownloadConditions(t *testing.T) {
	f := start(t)
	obj := f.put("a", "0123456789")
	tag := `"` + obj.ETag + `"`
	at := func(d time.Duration) string { return obj.ModTime.Add(d).UTC().Format(http.TimeFormat) }
	for _, c := range []struct {
		headers []string
		status  int
	}{
		{[]string{"If-None-Match:" + tag}, 304},
		{[]string{"If-None-Match:W/" + tag}, 304},
		{[]string{`If-None-Match:"x", ` + tag}, 304},
		{[]string{"If-None-Match:*"}, 304},
		{[]string{`If-None-Match:"x"`}, 200},
		{[]string{"If-Modified-Since:" + at(0)}, 304},
		{[]string{"If-Modified-Since:" + at(time.Hour)}, 304},
		{[]string{"If-Modified-Since:" + at(-time.Hour)}, 200},
		{[]string{"If-Modified-Since:yesterday"}, 200},
		{[]string{`If-None-Match:"x"`, "If-Modified-Since:" + at(0)}, 200},
		{[]string{"If-Match:" + tag}, 200},
		{[]string{`If-Match:"x"`}, 412},
		{[]string{"If-Match:W/" + tag}, 412},
		{[]string{"If-Unmodified-Since:" + at(0)}, 200},
		{[]string{"If-Unmodified-Since:" + at(-time.Hour)}, 412},
		{[]string{"Range:bytes=1-2", "If-Range:" + tag}, 206},
		{[]string{"Range:bytes=1-2", `If-Range:"x"`}, 200},
		{[]string{"Range:bytes=1-2", "If-Range:" + at(0)}, 206},
		{[]string{"Range:bytes=1-2", "If-Range:" + at(-time.Hour)}, 200},
	} {
		a := f.do(f.request("GET", "/v1/stage/s/a", nil, c.headers...))
		if a.status != c.status {
			t.Errorf("%q: %d, want %d", c.headers, a.status, c.status)
		}
		if c.status == 304 && (a.body != "" || a.header.Get("Etag") != tag) {
			t.Errorf("%q: 304 with %q and %v", c.headers, a.body, a.header)
		}
	}
}

func TestDownloadRanges(t *testing.T) {
	f := start(t)
	f.put("a", "0123456789")
	f.put("empty", "")
	for _, c := range []struct {
		key, spec string
		status    int
		body      string
		crange    string
	}{
		{"a", "bytes=0-0", 206, "0", "bytes 0-0/10"},
		{"a", "bytes=2-4", 206, "234", "bytes 2-4/10"},
		{"a", "bytes=7-", 206, "789", "bytes 7-9/10"},
		{"a", "bytes=0-", 206, "0123456789", "bytes 0-9/10"},
		{"a", "bytes=-3", 206, "789", "bytes 7-9/10"},
		{"a", "bytes=-30", 206, "0123456789", "bytes 0-9/10"},
		{"a", "bytes=8-99999999999999999999", 206, "89", "bytes 8-9/10"},
		{"a", "bytes=9-9, 100-", 206, "9", "bytes 9-9/10"},
		{"a", "bytes=10-", 416, "", "bytes */10"},
		{"a", "bytes=99999999999999999999-", 416, "", "bytes */10"},
		{"a", "bytes=-0", 416, "", "bytes */10"},
		{"a", "bytes=4-2", 200, "0123456789", ""},
		{"a", "bytes=,", 200, "0123456789", ""},
		{"a", "bytes=x", 200, "0123456789", ""},
		{"a", "bytes=+1-2", 200, "0123456789", ""},
		{"a", "lines=1-2", 200, "0123456789", ""},
		{"a", "bytes=0-9,0-9", 200, "0123456789", ""},
		{"a", "bytes=" + strings.Repeat("1-1,", 65) + "1-1", 200, "0123456789", ""},
		{"empty", "bytes=0-", 200, "", ""},
	} {
		a := f.do(f.request("GET", stageURL(c.key), nil, "Range:"+c.spec))
		if a.status != c.status || a.header.Get("Content-Range") != c.crange {
			t.Errorf("%s: %d %q, want %d %q", c.spec, a.status, a.header.Get("Content-Range"), c.status, c.crange)
		}
		if c.status == 416 {
			f.wantFailed(a, 416, wharf.CodeRange)
		} else if a.body != c.body {
			t.Errorf("%s: the body is %q, want %q", c.spec, a.body, c.body)
		}
	}
}

func TestDownloadSeveralRanges(t *testing.T) {
	f := start(t)
	f.put("a.csv", "0123456789")
	a := f.do(f.request("GET", stageURL("a.csv"), nil, "Range:bytes=0-1, 5-5,-2"))
	kind, params, err := mime.ParseMediaType(a.header.Get("Content-Type"))
	if a.status != 206 || err != nil || kind != "multipart/byteranges" {
		t.Fatalf("%d %q", a.status, a.header.Get("Content-Type"))
	}
	if got := a.header.Get("Content-Length"); got != fmt.Sprint(len(a.body)) {
		t.Errorf("Content-Length %s, the body has %d bytes", got, len(a.body))
	}
	r := multipart.NewReader(strings.NewReader(a.body), params["boundary"])
	for _, want := range []struct{ crange, body string }{{"bytes 0-1/10", "01"}, {"bytes 5-5/10", "5"}, {"bytes 8-9/10", "89"}} {
		p, err := r.NextPart()
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(p)
		if err != nil || string(body) != want.body || p.Header.Get("Content-Range") != want.crange || p.Header.Get("Content-Type") != "text/csv; charset=utf-8" {
			t.Errorf("%q %v %v, want %v", body, p.Header, err, want)
		}
	}
	if _, err := r.NextPart(); err != io.EOF {
		t.Errorf("after the last part: %v", err)
	}
}

// TestDownloadDamaged has the store find a damaged block in the middle: the
// client gets less than it was promised, and never wrong bytes.
func TestDownloadDamaged(t *testing.T) {
	f := start(t)
	f.put("a", large)
	damaged := wharf.Errorf(wharf.CodeInternal, "a block is damaged")
	var length int64
	f.faulty.BeforeRange = func(_ context.Context, _ wharf.Key, _, n int64) error { length = n; return nil }
	f.faulty.Content = func(_ context.Context, _ wharf.Key, r io.Reader) io.Reader {
		if length < 100_000 {
			return r
		}
		return storagetest.FailReader(r, 100_000, damaged)
	}
	for _, spec := range []string{"", "bytes=10-", "bytes=0-5,20000-"} {
		req := f.request("GET", "/v1/stage/s/a", nil)
		if spec != "" {
			req.Header.Set("Range", spec)
		}
		resp, err := f.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err == nil || int64(len(got)) >= resp.ContentLength {
			t.Errorf("%q: %d bytes of %d came, with %v", spec, len(got), resp.ContentLength, err)
		}
		if spec == "" && !strings.HasPrefix(large, string(got)) {
			t.Error("what came is not the file's")
		}
	}
	f.faulty.Content = func(_ context.Context, _ wharf.Key, r io.Reader) io.Reader {
		return storagetest.FailReader(r, 0, damaged)
	}
	a := f.do(f.request("GET", "/v1/stage/s/a", nil))
	f.wantFailed(a, 500, wharf.CodeInternal)
	if a.header.Get("Content-Disposition") != "" || a.header.Get("Etag") != "" {
		t.Errorf("the error has the file's headers: %v", a.header)
	}
	if n := strings.Count(f.log.String(), "a block is damaged"); n != 4 {
		t.Errorf("4 damaged downloads are in the log %d times", n)
	}
}

// TestDownloadReplaced has a store that cannot hold a version open: what was
// replaced before its first byte is opened again, and not for ever.
func TestDownloadReplaced(t *testing.T) {
	f := start(t)
	f.put("a", "content")
	left := 0
	f.faulty.BeforeRange = func(context.Context, wharf.Key, int64, int64) error {
		if left--; left < 0 {
			return nil
		}
		return &wharf.Error{Code: wharf.CodeUpstream, Msg: "replaced", Err: wharf.ErrReplaced}
	}
	for _, c := range []struct{ times, status int }{{0, 200}, {1, 200}, {4, 200}, {5, 502}} {
		left = c.times
		a := f.do(f.request("GET", "/v1/stage/s/a", nil))
		if a.status != c.status || c.status == 200 && a.body != "content" {
			t.Errorf("replaced %d times: %d %s", c.times, a.status, a.body)
		}
	}
}

// TestDownloadNotTaken stops reading: the server lets go.
func TestDownloadNotTaken(t *testing.T) {
	f := start(t, func(s *settings) { s.http.StallTimeout = 50 * time.Millisecond })
	f.put("a", strings.Repeat(large, 100))
	ended := make(chan struct{})
	f.faulty.Content = func(ctx context.Context, _ wharf.Key, r io.Reader) io.Reader {
		context.AfterFunc(ctx, func() { close(ended) })
		return r
	}
	conn := f.dial()
	if _, err := io.WriteString(conn, "GET /v1/stage/s/a HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReaderSize(conn, 16).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	<-ended
}
