package httpapi_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"wharf"
	"wharf/storage/storagetest"
)

// TestCutOff ends bodies before their time, and keeps what was whole.
func TestCutOff(t *testing.T) {
	whole := filePart("a", "first")
	for name, c := range map[string]struct {
		body  string
		files []string
	}{
		"at once":           {"", nil},
		"in a header":       {whole[:30], nil},
		"in a small file":   {whole[:len(whole)-4], nil},
		"before a boundary": {whole, nil},
		"after a boundary":  {whole + "--B\r\n", []string{"a"}},
		"in a large file":   {whole + filePart("b", large), []string{"a"}},
		"in the epilogue":   {whole + formEnd, []string{"a"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := start(t)
			conn := f.dial()
			if _, err := io.WriteString(conn, rawUpload(len(c.body)+1, c.body)); err != nil {
				t.Fatal(err)
			}
			conn.(*net.TCPConn).CloseWrite()
			f.wantFailed(f.readRaw(conn), 400, wharf.CodeInvalid, c.files...)
			f.wantStored(c.files...)
		})
	}
}

// TestHangUp leaves without a word in the middle of a file.
func TestHangUp(t *testing.T) {
	f := start(t)
	gone := make(chan error, 1)
	f.faulty.Body = func(_ context.Context, _ wharf.Key, r io.Reader) io.Reader { return &tell{r, gone} }
	conn := f.dial()
	if _, err := io.WriteString(conn, rawUpload(1<<20, filePart("a", large))); err != nil {
		t.Fatal(err)
	}
	conn.(*net.TCPConn).SetLinger(0) // a reset, as when a client is killed
	conn.Close()
	if err := <-gone; wharf.CodeOf(err) != wharf.CodeInvalid {
		t.Errorf("the store is told %v", err)
	}
	f.wantStored()
}

// tell passes on the error that ends a reader.
type tell struct {
	io.Reader
	end chan error
}

func (t *tell) Read(p []byte) (int, error) {
	n, err := t.Reader.Read(p)
	if err != nil {
		select {
		case t.end <- err:
		default:
		}
	}
	return n, err
}

// shortStall is a time to wait for that a test can be longer than, and that a client that
// means to send does not need, however busy the machine is.
const shortStall = 2 * time.Second

// TestStall stops sending and stays.
func TestStall(t *testing.T) {
	t.Parallel()
	f := start(t, func(s *settings) { s.http.StallTimeout = shortStall })
	a, _ := f.raw(rawUpload(1<<20, filePart("a", "x")+filePart("b", large)))
	f.wantFailed(a, 400, wharf.CodeInvalid, "a")
	if !strings.Contains(a.Error.Message, shortStall.String()) {
		t.Errorf("the message is %q", a.Error.Message)
	}
	f.wantStored("a")
}

// TestSlowStoreIsNoStall has all of a body come, and the store take longer
// than the body may stall.
func TestSlowStoreIsNoStall(t *testing.T) {
	t.Parallel()
	f := start(t, func(s *settings) { s.http.StallTimeout = shortStall })
	f.faulty.AfterPut = func(ctx context.Context, _ wharf.Object) {
		select {
		case <-time.After(2 * shortStall):
		case <-ctx.Done():
			t.Error("the request was cancelled while its file was stored")
		}
	}
	if a := f.upload(filePart("a", large) + formEnd); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// TestReadOnAfterTheEnd has a store that asks a body for more after its end.
func TestReadOnAfterTheEnd(t *testing.T) {
	t.Parallel()
	f := start(t, func(s *settings) { s.http.StallTimeout = shortStall })
	f.faulty.Body = func(_ context.Context, _ wharf.Key, r io.Reader) io.Reader { return again{r} }
	f.faulty.AfterPut = func(ctx context.Context, _ wharf.Object) {
		select {
		case <-time.After(2 * shortStall):
		case <-ctx.Done():
			t.Error("the request was cancelled while its file was stored")
		}
	}
	if a := f.do(f.request("PUT", stageURL("a"), strings.NewReader(large))); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// again reads once more after the end, some time later.
type again struct{ io.Reader }

func (r again) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err == io.EOF {
		time.Sleep(shortStall / 2) // longer than the deadline may be left alone
		_, err = r.Reader.Read(p[n:])
	}
	return n, err
}

// TestBrokenBodyIsTheReason has a store that notices the cancelled context
// before the broken body that cancelled it.
func TestBrokenBodyIsTheReason(t *testing.T) {
	for name, text := range map[string]string{
		"form": rawUpload(1<<20, filePart("a", large)),
		"raw":  "PUT /v1/stage/s/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf",
	} {
		f := start(t)
		f.faulty.Body = func(ctx context.Context, _ wharf.Key, r io.Reader) io.Reader { return late{r, ctx} }
		conn := f.dial()
		if _, err := io.WriteString(conn, text); err != nil {
			t.Fatal(err)
		}
		conn.(*net.TCPConn).CloseWrite()
		if a := f.readRaw(conn); a.status != 400 || !strings.Contains(a.Error.Message, "cut off") {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
}

// late returns the context's error instead of the body's.
type late struct {
	io.Reader
	ctx context.Context
}

func (r late) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != nil && err != io.EOF {
		<-r.ctx.Done()
		err = r.ctx.Err()
	}
	return n, err
}

// TestEarlyRefusal refuses clients that send on: the answer reaches them.
func TestEarlyRefusal(t *testing.T) {
	f := start(t)
	for _, size := range []int{1 << 10, 300 << 10, 900 << 10} {
		text := strings.Replace(rawUpload(size, strings.Repeat("x", size)), "stage_name:s", "stage_name:nope", 1)
		conn := f.dial()
		// The kernel does not take it all, so that the server must.
		if err := conn.(*net.TCPConn).SetWriteBuffer(16 << 10); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, text); err != nil { // before the answer is read
			t.Errorf("%d bytes: %v", size, err)
			continue
		}
		a := f.readRaw(conn)
		f.wantFailed(a, 404, wharf.CodeNotFound)
		if !a.close {
			t.Errorf("%d bytes: the answer does not say Connection: close", size)
		}
		if _, err := conn.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("%d bytes: after the answer comes %v, want the end", size, err)
		}
	}
}

// TestEarlyRefusalOfEndlessBody reads the answer of a refusal beside a body
// that goes on for ever, as curl does.
func TestEarlyRefusalOfEndlessBody(t *testing.T) {
	f := start(t)
	conn := f.dial()
	text := strings.Replace(rawUpload(1<<40, ""), "stage_name:s", "stage_name:nope", 1)
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for block := make([]byte, 64<<10); ; {
			if _, err := conn.Write(block); err != nil {
				return
			}
		}
	}()
	f.wantFailed(f.readRaw(conn), 404, wharf.CodeNotFound)
	<-ended
}

// TestExpectContinue asks before it sends: who is refused is never told to go
// on.
func TestExpectContinue(t *testing.T) {
	f := start(t)
	form := filePart("a", large) + formEnd
	head := func(stage string) string {
		text := rawUpload(len(form), "")
		text = strings.Replace(text, "\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n", 1)
		return strings.Replace(text, "stage_name:s", "stage_name:"+stage, 1)
	}
	a, _ := f.raw(head("nope"))
	f.wantFailed(a, 404, wharf.CodeNotFound)

	conn := f.dial()
	r := bufio.NewReader(conn)
	for range 2 { // the connection stays usable
		if _, err := io.WriteString(conn, head("s")); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"HTTP/1.1 100 Continue\r\n", "\r\n"} {
			if line, err := r.ReadString('\n'); line != want {
				t.Fatalf("before the body comes %q, %v", line, err)
			}
		}
		if _, err := io.WriteString(conn, form); err != nil {
			t.Fatal(err)
		}
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		if a := f.read(resp); a.status != 200 {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
}

// TestKeepAlive does much over one connection: uploads, small and large, with
// and without a length, and requests that fail without a body.
func TestKeepAlive(t *testing.T) {
	f := start(t)
	conn := f.dial()
	r := bufio.NewReader(conn)
	send := func(text string, status int) {
		t.Helper()
		if _, err := io.WriteString(conn, text); err != nil {
			t.Fatal(err)
		}
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		if a := f.read(resp); a.status != status {
			t.Errorf("%d %s, want %d", a.status, a.body, status)
		}
	}
	for range 3 {
		for _, content := range []string{"x", large} {
			form := filePart("a", content) + formEnd
			send(rawUpload(len(form), form), 200)
			chunked := strings.Replace(rawUpload(0, ""), "Content-Length: 0", "Transfer-Encoding: chunked", 1)
			send(fmt.Sprintf("%s%x\r\n%s\r\n0\r\n\r\n", chunked, len(form), form), 200)
		}
		send("GET /v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n", 200)
		send("GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n", 404)
	}
}

func TestLargeHeader(t *testing.T) {
	f := start(t)
	text := strings.Replace(rawUpload(0, ""), "\r\n\r\n", "\r\nX-Large: "+strings.Repeat("x", 1<<20)+"\r\n\r\n", 1)
	if a, _ := f.raw(text); a.status != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := f.upload(filePart("a", "x") + formEnd); a.status != 200 {
		t.Errorf("after it: %d %s", a.status, a.body)
	}
}

// TestReplacedAtOnce overwrites a file while its new bytes come slowly.
func TestReplacedAtOnce(t *testing.T) {
	f := start(t)
	f.upload(filePart("a", "old") + formEnd)
	gate := storagetest.NewGate()
	f.faulty.Body = func(ctx context.Context, _ wharf.Key, r io.Reader) io.Reader { return gate.Reader(ctx, r, 100) }
	done := make(chan answer, 1)
	go func() { done <- f.upload(filePart("a", large) + formEnd) }()
	<-gate.Arrived()
	if got, _ := f.content("a"); got != "old" {
		t.Errorf("half-way the file holds %d bytes", len(got))
	}
	gate.Open()
	if a := <-done; a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if got, _ := f.content("a"); got != large {
		t.Errorf("afterwards the file holds %d bytes", len(got))
	}
}

// TestFilesAreExact sends files whose bytes look like the form's own.
func TestFilesAreExact(t *testing.T) {
	f := start(t)
	for i, content := range []string{"", "\r\n", "\r", "\n--B", "--C", "\r\n--", "\r\n-", "\r\n--A\r\n", strings.Repeat("\r\n-", 100_000), large} {
		if a := f.upload(filePart("a", content) + formEnd); a.status != 200 {
			t.Errorf("content %d: %d %s", i, a.status, a.body)
		}
		if got, _ := f.content("a"); !bytes.Equal([]byte(got), []byte(content)) {
			t.Errorf("content %d: %d bytes are stored as %d", i, len(content), len(got))
		}
	}
}
