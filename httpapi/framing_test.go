package httpapi_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"wharf"
)

// TestSmuggling: a request that says in two ways where its body ends is
// refused, its connection closed, and what may be a request in its body is not
// run, whichever way it is sent.
func TestSmuggling(t *testing.T) {
	smuggled := "DELETE /v1/stage/s/precious HTTP/1.1\r\nHost: localhost\r\n\r\n"
	chunks := "0\r\n\r\n" + smuggled
	length := fmt.Sprintf("Content-Length: %d\r\n", len(chunks))
	for name, head := range map[string]string{
		"length first":         "HTTP/1.1\r\nHost: localhost\r\n" + length + "Transfer-Encoding: chunked\r\n",
		"coding first":         "HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n" + length,
		"other case":           "HTTP/1.1\r\nHost: localhost\r\ntransfer-encoding: Chunked\r\nCONTENT-LENGTH:0\r\n",
		"length twice":         "HTTP/1.1\r\nHost: localhost\r\n" + length + length + "Transfer-Encoding: chunked\r\n",
		"lines that end in LF": "HTTP/1.1\nHost: localhost\n" + strings.TrimSuffix(length, "\r\n") + "\nTransfer-Encoding: chunked\n",
		"folded coding":        "HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding:\r\n chunked\r\n",
		"folded length":        "HTTP/1.1\r\nHost: localhost\r\nContent-Length:\r\n\t0\r\n",
		"HTTP/1.0":             "HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n",
		"HTTP/1.0, length":     "HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n" + length,
	} {
		for _, request := range []string{"PUT /v1/stage/s/a ", "GET /v1/health ", "POST " + uploadPath + " ", "OPTIONS * "} {
			for _, before := range []string{"", "GET /v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n"} {
				f := start(t)
				f.put("precious", "x")
				conn := f.dial()
				go sendSlowly(conn, before+request+head+"\r\n"+chunks, len(before) > 0)
				r := bufio.NewReader(conn)
				if before != "" {
					if a := f.readNext(r); a.status != 200 {
						t.Fatalf("the request before: %d", a.status)
					}
				}
				a := f.readNext(r)
				f.wantFailed(a, 400, wharf.CodeInvalid)
				if rest, _ := io.ReadAll(r); !a.close || len(rest) > 0 {
					t.Errorf("%s, %s: after the answer %v, %q", name, request, a.header, rest)
				}
				if _, there := f.content("precious"); !there {
					t.Errorf("%s, %s: the smuggled request ran", name, request)
				}
			}
		}
	}
}

// sendSlowly writes text at once, or a byte at a time.
func sendSlowly(w io.Writer, text string, slowly bool) {
	if !slowly {
		io.WriteString(w, text)
		return
	}
	for i := range text {
		if _, err := io.WriteString(w, text[i:i+1]); err != nil {
			return
		}
	}
}

func (f *fixture) readNext(r *bufio.Reader) answer {
	f.Helper()
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		f.Fatalf("no answer came: %v", err)
	}
	return f.read(resp)
}

// TestUnambiguous requests are answered on one connection, whatever names and
// values they have that only look like those of framing.
func TestUnambiguous(t *testing.T) {
	f := start(t)
	conn := f.dial()
	r := bufio.NewReader(conn)
	for i, text := range []string{
		"PUT /v1/stage/s/a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nX-Content-Length: 3\r\n\r\n1\r\nx\r\n0\r\n\r\n",
		"PUT /v1/stage/s/b HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nX: Transfer-Encoding: chunked\r\nTransfer-Encodings: x\r\n\r\nx",
		"PUT /v1/stage/s/c HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
		"PUT /v1/stage/s/d HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nX-A: b,\r\n c\r\n\r\nx",
		"PUT /v1/stage/s/e HTTP/1.1\r\nHost: localhost\r\nContent-Length: 38\r\n\r\n\r\nTransfer-Encoding: chunked\r\nX: y\r\n\r\n",
		"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"GET http://localhost/v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"PUT /v1/stage/s/f HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx",
	} {
		if _, err := io.WriteString(conn, text); err != nil {
			t.Fatal(err)
		}
		if a := f.readNext(r); a.status != 200 {
			t.Errorf("%d: %d %s", i, a.status, a.body)
		}
	}
	f.wantStored("a", "b", "c", "d", "e", "f")
}

// TestOtherCodings are refused by net/http, which closes the connection.
func TestOtherCodings(t *testing.T) {
	f := start(t)
	for _, coding := range []string{"identity", "xchunked", "gzip, chunked", "chunked, identity", "\vchunked", "chunked\r\nTransfer-Encoding: chunked", "\"chunked\""} {
		a, conn := f.raw("PUT /v1/stage/s/a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: " + coding + "\r\n\r\n1\r\nx\r\n0\r\n\r\n")
		if a.status != 501 && a.status != 400 || !a.close {
			t.Errorf("%q: %d %s", coding, a.status, a.body)
		}
		conn.Close()
	}
	f.wantStored()
}
