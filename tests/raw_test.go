package tests

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// rawConn is a connection to the HTTP port whose every byte the test writes
// itself.
type rawConn struct {
	t testing.TB
	*net.TCPConn
	r *bufio.Reader
}

func (s *server) dialHTTP() *rawConn {
	s.t.Helper()
	c, err := net.Dial("tcp", s.http)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(2 * time.Minute)); err != nil {
		s.t.Fatal(err)
	}
	return &rawConn{s.t, c.(*net.TCPConn), bufio.NewReader(c)}
}

// write sends the text. A server that has refused already may have closed
// the connection: what counts is its answer.
func (c *rawConn) write(text string) { io.WriteString(c, text) }

// reply reads one answer.
func (c *rawConn) reply() reply {
	c.t.Helper()
	resp, err := http.ReadResponse(c.r, nil)
	if err != nil {
		c.t.Fatalf("no answer: %v", err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Errorf("answer cut short: %v", err)
	}
	return reply{status: resp.StatusCode, body: string(b), header: resp.Header}
}

// boundary is the one of all raw forms.
const boundary = "b0undary"

// uploadHead is the head of an upload with a declared length; a negative one
// is a body in chunks.
func uploadHead(stage string, length int, more ...string) string {
	size := "Content-Length: " + strconv.Itoa(length)
	if length < 0 {
		size = "Transfer-Encoding: chunked"
	}
	lines := append([]string{"PUT /v1/upload_to_stage HTTP/1.1", "Host: localhost", "stage_name: " + stage,
		"Content-Type: multipart/form-data; boundary=" + boundary, size}, more...)
	return strings.Join(lines, "\r\n") + "\r\n\r\n"
}

// rawPart is a file of a raw form, without the boundary that ends it.
func rawPart(name, content string) string {
	return "--" + boundary + "\r\nContent-Disposition: form-data; name=\"upload\"; filename=\"" + name + "\"\r\n\r\n" + content
}

const (
	rawNext = "\r\n" // before the next rawPart
	rawEnd  = "\r\n--" + boundary + "--\r\n"
)

// chunk is one chunk of a body in chunks; an empty text is the last one.
func chunk(text string) string {
	return strconv.FormatInt(int64(len(text)), 16) + "\r\n" + text + "\r\n"
}
