package httpapi

import (
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"wharf"
)

// TestWholeWriteHolds drives a connection as net/http does: what is held back
// goes out with the next write, in order, and nothing is held without reason.
func TestWholeWriteHolds(t *testing.T) {
	const header = "HTTP/1.1 200 OK\r\nA: b\r\n\r\n"
	long := strings.Repeat("x", 2*heldSize)
	for name, c := range map[string]struct {
		expect int
		writes []string
		held   int // after the first write
	}{
		"nothing expected":      {0, []string{header + "ab", "cd"}, 0},
		"the body is all there": {4, []string{header + "abcd"}, 0},
		"the body goes on":      {4, []string{header + "ab", "cd"}, len(header) + 2},
		"the header alone":      {4, []string{header, "abcd"}, len(header)},
		"the header goes on":    {4, []string{header[:9], header[9:], "abcd"}, 0},
		"too long to be held":   {len(long) + 1, []string{header + long, "y"}, 0},
		"a long end":            {len(long) + 1, []string{header + "y", long, "next"}, len(header) + 1},
	} {
		t.Run(name, func(t *testing.T) {
			conn, peer := wholePair(t)
			conn.expect(c.expect)
			go func() {
				defer conn.CloseWrite()
				for i, w := range c.writes {
					n, err := conn.Write([]byte(w))
					if n != len(w) || err != nil {
						t.Errorf("write %d: %d of %d, %v", i, n, len(w), err)
					}
					if i == 0 && conn.held != c.held {
						t.Errorf("%d bytes are held back, want %d", conn.held, c.held)
					}
				}
				if conn.held != 0 || conn.buffer != nil {
					t.Errorf("%d bytes stayed back", conn.held)
				}
			}()
			got, err := io.ReadAll(peer)
			if want := strings.Join(c.writes, ""); err != nil || string(got) != want {
				t.Errorf("%d bytes came, want %d; %v", len(got), len(want), err)
			}
		})
	}
}

// TestWholeWriteFails: what was held back fails with the write that it goes
// with, and is not kept for another.
func TestWholeWriteFails(t *testing.T) {
	conn, _ := wholePair(t)
	conn.expect(4)
	if _, err := conn.Write([]byte("HTTP/1.1 200 OK\r\n\r\nab")); err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if n, err := conn.Write([]byte("cd")); n != 0 || err == nil {
		t.Errorf("%d, %v", n, err)
	}
	if conn.held != 0 || conn.buffer != nil {
		t.Errorf("%d bytes stayed back", conn.held)
	}
}

func wholePair(t *testing.T) (*clientConn, net.Conn) {
	t.Helper()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer inner.Close()
	peer, err := net.Dial("tcp", inner.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { peer.Close() })
	c, err := clientListener{inner, time.Minute, defaultMaxHeaderBytes, wharf.NewConnectionPool(8, wharf.ConnectionLimits{}), new(atomic.Int64), nil}.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c.(*clientConn), peer
}
