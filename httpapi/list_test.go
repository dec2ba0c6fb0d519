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

// TestListOfNamesThatAreNone tells of objects that other programs made, page
// by page, and says nothing where there are none.
func TestListOfNamesThatAreNone(t *testing.T) {
	f := start(t)
	for _, key := range []string{"/x", "a", "b\x01\xff", "c/../x", "d", "e", "f/", "f/../y"} {
		f.put(key, "x")
	}
	for _, c := range []struct{ query, end string }{
		{"", `],"left_out":{"count":5,"first":["/x","b\\x01\\xff","c/../x","f/","f/../y"]}}`},
		{"?limit=1", `],"next":"a","left_out":{"count":1,"first":["/x"]}}`},
		{"?limit=1&after=a", `],"next":"d","left_out":{"count":2,"first":["b\\x01\\xff","c/../x"]}}`},
		{"?limit=2&after=a", `],"left_out":{"count":4,"first":["b\\x01\\xff","c/../x","f/","f/../y"]}}`},
		{"?limit=1&after=d", `],"left_out":{"count":2,"first":["f/","f/../y"]}}`},
		{"?prefix=c/", `"files":[],"left_out":{"count":1,"first":["c/../x"]}}`},
		{"?prefix=d", `"}]}`},
		{"?pattern=f.*", `"files":[],"left_out":{"count":2,"first":["f/","f/../y"]}}`},
	} {
		a := f.do(f.request("GET", "/v1/stage/s/"+c.query, nil))
		if a.status != 200 || !strings.HasSuffix(a.body, c.end) {
			t.Errorf("%s: %d %s, want the end %s", c.query, a.status, a.body, c.end)
		}
	}
}
