package httpapi_test

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"testing"
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
