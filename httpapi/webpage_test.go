package httpapi_test

import (
	"strings"
	"testing"
)

// TestPage answers a person: HTML to a browser, else text, and the README.
func TestPage(t *testing.T) {
	f := start(t, func(s *settings) { s.http.Auth = password("sesame"); s.http.Version = "1.2<3" })
	for _, c := range []struct{ path, accept, kind, says string }{
		{"/", "*/*", "text/plain; charset=utf-8", "Wharf 1.2<3\n"},
		{"/", "text/html,application/xhtml+xml,*/*;q=0.8", "text/html; charset=utf-8", `<h1>Wharf 1.2&lt;3</h1>`},
		{"/", "text/html", "text/html; charset=utf-8", `href="README.md"`},
		{"/", "", "text/plain; charset=utf-8", "/README.md"},
		{"/README.md", "text/html", "text/plain; charset=utf-8", "# Wharf\n"},
	} {
		a := f.do(f.request("GET", c.path, nil, "Accept:"+c.accept))
		if a.status != 200 || a.header.Get("Content-Type") != c.kind || !strings.Contains(a.body, c.says) {
			t.Errorf("GET %s for %s: %d %v %.200s", c.path, c.accept, a.status, a.header, a.body)
		}
		if a := f.do(f.request("HEAD", c.path, nil)); a.status != 200 || a.body != "" || a.header.Get("Content-Length") == "" {
			t.Errorf("HEAD %s: %d %v", c.path, a.status, a.header)
		}
	}
}

// TestLongPathsInTheLog: one line that shows the beginning of a path, once.
func TestLongPathsInTheLog(t *testing.T) {
	f := start(t)
	logged := func(path string) string {
		before := len(f.log.String())
		req := f.request("GET", path, nil)
		req.RemoteAddr = "127.0.0.1:1"
		f.server.ServeHTTP(newRecorder(), req)
		return f.log.String()[before:]
	}
	long := strings.Repeat("long/", 12<<10)
	for _, path := range []string{
		"/" + long, stageURL(long), "/v1/stage/" + long, "/v1/stage/" + strings.ReplaceAll(long, "/", "-"),
		stageURL("") + "?" + strings.ReplaceAll(long, "/", "-") + "=1",
	} {
		line := logged(path)
		if strings.Count(line, "\n") != 1 || len(line) > 4<<10 || !strings.Contains(line, " bytes)") {
			t.Errorf("%.30s: %d bytes in the log: %.3000s", path, len(line), line)
		}
	}
	key := strings.Repeat("k", 1024)
	if line := logged(stageURL(key)); !strings.Contains(line, "/v1/stage/s/"+key+`"`) {
		t.Errorf("the longest path of a file is not whole in the log: %s", line)
	}
}
