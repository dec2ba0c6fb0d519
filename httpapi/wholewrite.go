package httpapi

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"wharf"
)

// heldSize is as long as net/http's buffer of a connection: no write of an
// answer's beginning is longer, but for those that have the body with them.
const heldSize = 4 << 10

var heldBuffers = sync.Pool{New: func() any { return new([heldSize]byte) }}

// wholeConn sends the header of an answer and what is known of its body in one
// system call. net/http writes them through a buffer, and what does not fit
// into it follows by itself: for a file of 4 KiB that is a second packet, which
// costs both sides as much as the first.
//
// It embeds the interface, so that net/http does not find ReadFrom, which
// would go past what is held back. Only one goroutine at a time writes, which
// net/http sees to.
type wholeConn struct {
	net.Conn
	tcp      *net.TCPConn
	pace     pace
	limit    headerLimit
	place    *wharf.PooledConnection
	http2    *atomic.Int64   // how many connections of the server are HTTP/2's
	counted  atomic.Bool     // this one is among them
	prefaced bool            // it began as one of HTTP/2
	body     int             // bytes of the body that are to go out with the header; 0 for none
	buffer   *[heldSize]byte // from heldBuffers while something is held back
	held     int             // bytes held back
	both     [2][]byte       // the room of a net.Buffers
}

// expect announces an answer whose header was not written yet: with it go the
// next n bytes of body, which the caller writes at once.
func (c *wholeConn) expect(n int) { c.body = n }

// Write implements [net.Conn].
func (c *wholeConn) Write(p []byte) (int, error) {
	if c.buffer != nil {
		return c.writeBoth(p)
	}
	n := c.body
	c.body = 0
	if n == 0 || len(p) > heldSize {
		return c.writeOne(p)
	}
	header := bytes.Index(p, []byte("\r\n\r\n")) + 4
	if header < 4 || len(p) >= header+n {
		return c.writeOne(p)
	}
	c.buffer = heldBuffers.Get().(*[heldSize]byte)
	c.held = copy(c.buffer[:], p)
	return len(p), nil
}

// writeOne writes p.
func (c *wholeConn) writeOne(p []byte) (int, error) {
	total := 0
	for patient := c.pace.begin(c.tcp); ; {
		n, err := c.tcp.Write(p[total:])
		total += n
		if !c.pace.goOn(c.tcp, &patient, int64(n), err) {
			return total, err
		}
	}
}

// writeBoth writes what was held back and p.
func (c *wholeConn) writeBoth(p []byte) (int, error) {
	held := c.held
	c.both = [2][]byte{c.buffer[:held], p}
	buffers := net.Buffers(c.both[:])
	defer func() {
		c.both = [2][]byte{}
		heldBuffers.Put(c.buffer)
		c.buffer, c.held = nil, 0
	}()
	total := int64(0)
	for patient := c.pace.begin(c.tcp); ; {
		n, err := buffers.WriteTo(c.tcp) // takes off what was written
		total += n
		if !c.pace.goOn(c.tcp, &patient, n, err) {
			return max(0, int(total)-held), err
		}
	}
}

// Read implements [net.Conn].
func (c *wholeConn) Read(p []byte) (int, error) {
	n, err := c.limit.read(c.tcp, p)
	if err == errHeaderTooLarge {
		return 0, c.refuseHeader()
	}
	if c.limit.http2 && !c.prefaced {
		c.prefaced = true
		if !c.beginHTTP2() {
			return 0, net.ErrClosed
		}
	}
	return n, err
}

// Close implements [net.Conn].
func (c *wholeConn) Close() error {
	err := c.tcp.Close()
	c.endHTTP2()
	c.place.Leave()
	return err
}

// SetWriteDeadline implements [net.Conn]. The deadline is the pace's, and
// net/http would take it away after each answer.
func (c *wholeConn) SetWriteDeadline(time.Time) error { return nil }

// CloseWrite is what net/http ends a connection with before it closes it.
func (c *wholeConn) CloseWrite() error { return c.tcp.CloseWrite() }

// wholeListener makes wholeConns, which hold their clients to a pace and have
// a place in the pool.
type wholeListener struct {
	net.Listener
	stall     time.Duration
	maxHeader int
	pool      *wharf.ConnectionPool
	http2     *atomic.Int64
}

// Accept implements [net.Listener].
func (l wholeListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		tcp, ok := c.(*net.TCPConn)
		if !ok {
			return c, err
		}
		w := &wholeConn{Conn: tcp, tcp: tcp, pace: pace{stall: l.stall}, limit: headerLimit{most: l.maxHeader}, http2: l.http2}
		addr, _ := tcp.RemoteAddr().(*net.TCPAddr)
		if w.place = l.pool.Add(addr.AddrPort().Addr(), func() { tcp.Close() }); w.place != nil {
			return w, nil
		}
		refuseConnection(tcp)
	}
}

// refuseConnection answers a connection for which there is no place.
func refuseConnection(c *net.TCPConn) {
	// A socket that was just opened has room for this; a deadline all the same,
	// because this is the accepting goroutine.
	c.SetWriteDeadline(time.Now().Add(time.Second))
	io.WriteString(c, "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\n"+
		"Retry-After: "+retryAfter+"\r\nConnection: close\r\n\r\n503 Service Unavailable: too many connections\n")
	c.Close()
}

// begin says that a request begins, whose header was read. It returns false if
// the connection was closed to make room for another.
func (c *wholeConn) begin(r *http.Request) bool {
	if r.ProtoMajor == 2 {
		return true // onState follows these
	}
	if r.ContentLength != 0 {
		c.limit.beginBody(r.ContentLength)
	}
	return c.place.Busy()
}

// authenticated says that the client may come in: its connection then counts
// among those of clients who may.
func (x *exchange) authenticated() error {
	if c := wholeConnOf(x.r.Context()); c != nil && !c.place.Authenticated() {
		return wharf.Errorf(wharf.CodeUnavailable, "the server has too many connections; try again")
	}
	return nil
}

// onState follows net/http's connections.
func onState(c net.Conn, s http.ConnState) {
	w, ok := c.(*wholeConn)
	switch {
	case !ok:
	case s == http.StateIdle && !w.limit.http2:
		w.limit.beginHeader()
		w.place.Idle()
	case s == http.StateIdle:
		w.place.Idle()
	case s == http.StateActive && w.limit.http2:
		w.place.Busy()
	}
}

// connKey is where the context of a request has its wholeConn.
type connKey struct{}

func withConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// wholeConnOf gives the connection of a request, or nil where it is of another
// kind.
func wholeConnOf(ctx context.Context) *wholeConn {
	c, _ := ctx.Value(connKey{}).(*wholeConn)
	return c
}
