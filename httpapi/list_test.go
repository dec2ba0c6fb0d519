package httpapi_test

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"testing"

	"wharf"
)

// TestHeadOfList answers at once, and leaves the connection usable.
func TestHeadOfList(t *testing.T) {
	f := start(t)
	f.put("a", "x")
	conn := f.dial()
	r := bufio.NewReader(conn)
	for _, method := range []string{"HEAD", "HEAD", "GET"} {
		if _, err := io.WriteString(conn, method+" /v1/stage/s/ HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		resp, err := http.ReadResponse(r, &http.Request{Method: method})
		if err != nil {
			t.Fatalf("%s: no answer came: %v", method, err)
		}
		body, err := io.ReadAll(resp.Body)
		if resp.StatusCode != 200 || err != nil || (method == "GET") != strings.Contains(string(body), `"name":"a"`) {
			t.Errorf("%s: %d %q, %v", method, resp.StatusCode, body, err)
		}
	}
}

// TestListOfPrefixesThatAreNoNames finds what starts with one or two dots.
func TestListOfPrefixesThatAreNoNames(t *testing.T) {
	f := start(t)
	for _, key := range []string{".hidden", "a/..x", "a/.y", "b"} {
		f.put(key, "x")
	}
	for prefix, want := range map[string]int{".": 1, "..": 0, "a/.": 2, "a/..": 1} {
		if p := f.page("?prefix=" + prefix); len(p.Files) != want {
			t.Errorf("%q: %d files, want %d", prefix, len(p.Files), want)
		}
	}
	f.wantFailed(f.do(f.request("GET", "/v1/stage/s/?prefix=../a", nil)), 400, wharf.CodeInvalid)
	for _, name := range []string{"%2e", "a/%2e%2e"} {
		f.wantFailed(f.do(f.request("PUT", "/v1/stage/s/"+name, strings.NewReader("x"))), 400, wharf.CodeInvalid)
	}
}
