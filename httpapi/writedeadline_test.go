package httpapi_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"wharf"
)

// TestSlowReaderIsNoStall takes a file steadily, and so slowly that the
// kernel keeps the server from writing for longer than a stall.
func TestSlowReaderIsNoStall(t *testing.T) {
	t.Parallel()
	const stall = 400 * time.Millisecond
	f := start(t, func(s *settings) { s.http.StallTimeout = stall })
	const size = 8 << 20
	f.put("a", strings.Repeat("x", size))
	for {
		taken, late, err := f.takeSlowly(t)
		if taken == size && err == nil {
			return
		}
		if late < stall/2 {
			t.Fatalf("after %d bytes of %d: %v", taken, size, err)
		}
		t.Logf("again: the machine kept the client from reading for %s", late)
	}
}

// takeSlowly takes a file, and returns the longest time between two reads.
func (f *fixture) takeSlowly(t *testing.T) (taken int64, late time.Duration, err error) {
	const tick, piece = 20 * time.Millisecond, 32 << 10
	dialer := net.Dialer{Control: smallReceiveBuffer}
	conn, err := dialer.DialContext(t.Context(), "tcp", f.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET /v1/stage/s/a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReaderSize(conn, 16), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	last := time.Now()
	for pace := time.Tick(tick); ; <-pace {
		n, err := io.CopyN(io.Discard, resp.Body, piece)
		now := time.Now()
		late, last = max(late, now.Sub(last)), now
		if taken += n; err == io.EOF {
			return taken, late, nil
		}
		if err != nil {
			return taken, late, err
		}
	}
}

// TestStandstill takes one answer whole and the next one not, after a pause and
// without one: the server lets go.
func TestStandstill(t *testing.T) {
	const stall = 100 * time.Millisecond
	for _, pause := range []time.Duration{0, 2 * stall} {
		f := start(t, func(s *settings) { s.http.StallTimeout = stall })
		f.put("a", "x")
		f.put("b", strings.Repeat("x", 16<<20))
		conn := f.dial()
		r := bufio.NewReader(conn)
		for range 3 {
			if _, err := io.WriteString(conn, "HEAD /v1/stage/s/a HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
				t.Fatal(err)
			}
			resp, err := http.ReadResponse(r, &http.Request{Method: "HEAD"})
			if err != nil || resp.StatusCode != 200 {
				t.Fatal(resp, err)
			}
			time.Sleep(pause)
		}
		ended := make(chan struct{})
		f.faulty.Content = func(ctx context.Context, _ wharf.Key, r io.Reader) io.Reader {
			context.AfterFunc(ctx, func() { close(ended) })
			return r
		}
		if _, err := io.WriteString(conn, "GET /v1/stage/s/b HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		select {
		case <-ended:
		case <-time.After(patience):
			t.Errorf("pause %s: the server still waits for a client that takes nothing", pause)
		}
	}
}

// smallReceiveBuffer keeps the kernel from taking most of a file by itself.
func smallReceiveBuffer(_, _ string, c syscall.RawConn) error {
	return c.Control(func(fd uintptr) {
		syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 64<<10)
	})
}
