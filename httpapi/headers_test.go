package httpapi_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestHeaderTooLarge sends headers over the limit, with an end or without, on
// a fresh connection and on one that has had requests.
func TestHeaderTooLarge(t *testing.T) {
	f := start(t)
	get := "GET /v1/health HTTP/1.1\r\nHost: localhost\r\n"
	form := filePart("a", strings.Repeat("\n", 5000)) + formEnd
	post := rawUpload(len(form), form)
	chunked := strings.Replace(rawUpload(0, ""), "Content-Length: 0", "Transfer-Encoding: chunked", 1)
	chunked = fmt.Sprintf("%s%x\r\n%s\r\n0\r\n\r\n", chunked, len(form), form)
	for name, c := range map[string]struct {
		text  string
		codes []int
	}{
		"lines":             {get + strings.Repeat("a: b\r\n", 200) + "\r\n", []int{431}},
		"lines without end": {get + strings.Repeat("a:\n", 6000), []int{431}},
		"bytes":             {get + "a: " + strings.Repeat("b", 16<<10) + "\r\n\r\n", []int{431}},
		"bytes without end": {get + "a: " + strings.Repeat("b", 1<<20), []int{431}},
		"a target":          {"GET /" + strings.Repeat("b", 60<<10), []int{431}},
		"within":            {get + strings.Repeat("a: b\r\n", 199) + "\r\n", []int{200}},
		"pipelined":         {get + "\r\n" + get + "\r\n" + get + strings.Repeat("a:\n", 6000), []int{200, 200, 431}},
		"after a body":      {post + get + strings.Repeat("a:\n", 300), []int{200, 431}},
		"after chunks":      {chunked + get + strings.Repeat("a:\n", 300), []int{200, 431}},
		"within, after all": {post + chunked + get + strings.Repeat("a:\n", 198) + "\r\n", []int{200, 200, 200}},
	} {
		conn := f.dial()
		go io.WriteString(conn, c.text)
		r, got := bufio.NewReader(conn), []int(nil)
		for range c.codes {
			resp, err := http.ReadResponse(r, nil)
			if err != nil {
				t.Errorf("%s: after %d: %v", name, got, err)
				break
			}
			io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			got = append(got, resp.StatusCode)
		}
		if fmt.Sprint(got) != fmt.Sprint(c.codes) {
			t.Errorf("%s: %d, want %d", name, got, c.codes)
		}
		if last := c.codes[len(c.codes)-1]; last != 200 {
			if rest, err := io.ReadAll(r); err != nil || len(rest) > 0 {
				t.Errorf("%s: after the last answer come %q and %v", name, rest, err)
			}
		}
		conn.Close()
	}
}
