//go:build !race

package attack

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"wharf/tests/harness"
)

// Streams of HTTP/2 whose clients take nothing, as many on each connection as
// the server lets be: flow control holds them up, and not the connection.
func TestHTTP2Streams(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		connections int
		request     string
	}{
		"large headers":    {1000, http2Get("/v1/health") + strings.Repeat("\x00\x04abcd\x78"+strings.Repeat("x", 120), 90)},
		"unread downloads": {1000, http2Get("/v1/stage/s/large")},
		"unread lists":     {500 / 16, http2Get("/v1/stage/s/")}, // as many as by HTTP/1.1
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, harness.Options{})
			s.fill(t)
			s.under(func() {
				f := newFlood(t, "127.0.0.1")
				f.run(c.connections, s.HTTP, func(conn net.Conn, _ int) error {
					text := "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + http2Frame(4, 0, 0, "\x00\x04\x00\x00\x00\x00") // no window
					for i := range 16 {
						text += http2Frame(1, 5, 1+2*i, c.request)
					}
					_, err := io.WriteString(conn, text)
					conn.SetDeadline(time.Time{})
					return err
				})
				honest := s.honestClient()
				defer honest.close()
				if err := honest.use(); err != nil {
					t.Error(err)
				}
				f.end()
			})
			if peak := s.Memory("VmHWM"); peak > 500*mib {
				t.Errorf("it took %d MiB", peak/mib)
			}
		})
	}
}

// http2Get is the header of a GET in HPACK (RFC 7541), without an index of its
// own.
func http2Get(path string) string {
	return "\x82\x86\x04" + string(rune(len(path))) + path + "\x01\x09localhost"
}

func http2Frame(kind, flags byte, stream int, payload string) string {
	n := len(payload)
	return string([]byte{byte(n >> 16), byte(n >> 8), byte(n), kind, flags, 0, 0, 0, byte(stream)}) + payload
}
