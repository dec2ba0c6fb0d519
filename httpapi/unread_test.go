package httpapi_test

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestBodyThatNobodyReads announces bodies where there is no use for one, and
// sends none: the answer comes all the same, and the connection ends.
func TestBodyThatNobodyReads(t *testing.T) {
	f := start(t)
	f.put("a", large)
	f.put("b", "x")
	etag := f.do(f.request("HEAD", stageURL("a"), nil)).header.Get("Etag")
	for _, c := range []struct {
		request string
		status  int
	}{
		{"GET /v1/health", 200}, {"HEAD /v1/health", 200}, {"GET /v1/stage/s/a", 200}, {"HEAD /v1/stage/s/a", 200},
		{"GET /v1/stage/s/", 200}, {"HEAD /v1/stage/s/", 200}, {"DELETE /v1/stage/s/b", 200},
		{"OPTIONS /v1/stage/s/a", 204}, {"GET /nothing", 404}, {"PATCH /v1/stage/s/a", 405},
	} {
		for _, declared := range []string{"Content-Length: 1", "Content-Length: 1000000", "Transfer-Encoding: chunked"} {
			f.put("b", "x")
			f.wantLastAnswer(c.request, declared, c.status)
		}
	}
	f.wantLastAnswer("GET /v1/stage/s/a", "If-None-Match: "+etag+"\r\nContent-Length: 1", 304)
}

// wantLastAnswer sends a request whose body does not come.
func (f *fixture) wantLastAnswer(request, declared string, status int) {
	f.Helper()
	conn := f.dial()
	defer conn.Close()
	if _, err := io.WriteString(conn, request+" HTTP/1.1\r\nHost: localhost\r\n"+declared+"\r\n\r\n"); err != nil {
		f.Fatal(err)
	}
	method, _, _ := strings.Cut(request, " ")
	r := bufio.NewReader(conn)
	resp, err := http.ReadResponse(r, &http.Request{Method: method})
	if err != nil {
		f.Errorf("%s with %s: no answer came: %v", request, declared, err)
		return
	}
	if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != status || !resp.Close {
		f.Errorf("%s with %s: %d, close %t, %v; want %d and the last of its connection",
			request, declared, resp.StatusCode, resp.Close, err, status)
	}
}

// TestBodyThatComesLate sends a body with a GET, which is read and dropped.
func TestBodyThatComesLate(t *testing.T) {
	f := start(t)
	f.put("a", large)
	a, conn := f.raw("GET /v1/stage/s/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}")
	if a.status != 200 || a.body != large {
		t.Errorf("%d, %d bytes", a.status, len(a.body))
	}
	if _, err := conn.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("after the answer comes %v, want the end", err)
	}
}
