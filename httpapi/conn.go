package httpapi

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"wharf"
)

// clientConn is a client's connection. It holds headers to their limit and the
// client to taking its answers, and has a place in the pool.
//
// It embeds the interface, so that net/http does not find ReadFrom, which would
// go past the pace. Only one goroutine at a time writes, which net/http sees to.
type clientConn struct {
	net.Conn
	tcp   *net.TCPConn
	tls   *tls.Conn // over tcp; nil without TLS
	ended atomic.Bool
	reads readDeadline
	watch clientWatch
	pace  pace
	limit headerLimit
	place *wharf.PooledConnection
	num   uint64 // in the order of arrival
	wholeWrite
	greeted bool // TLS has answered
	// looks is whether the read that net/http may begin now is its look at whether
	// the client is there, which Read answers at once.
	looks bool

	http2    *atomic.Int64 // how many connections of the server are HTTP/2's
	counted  atomic.Bool   // this one is among them
	prefaced bool          // it began as one of HTTP/2
}

// id is the connection's number, 0 if there is none.
func (c *clientConn) id() uint64 {
	if c == nil {
		return 0
	}
	return c.num
}

// connections counts those of HTTP that this process has accepted.
var connections atomic.Uint64

// Read implements [net.Conn].
func (c *clientConn) Read(p []byte) (int, error) {
	if len(p) == 1 && c.tls == nil && c.limit.between() {
		c.watch.begin()
		return 0, nil
	}
	n, err := c.limit.read(c.stream(), p)
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
func (c *clientConn) Close() error {
	c.ended.Store(true)
	c.watch.close()
	if c.tls != nil {
		// It says so first: a client takes a mere end for an attack.
		c.tcp.SetWriteDeadline(time.Now().Add(closeTime))
		c.tls.Close()
	}
	err := c.tcp.Close()
	if c.tls != nil && errors.Is(err, net.ErrClosed) {
		err = nil
	}
	c.endHTTP2()
	c.place.Leave()
	return err
}

// SetWriteDeadline implements [net.Conn]. The deadline is the pace's, and
// net/http would take it away after each answer.
func (c *clientConn) SetWriteDeadline(time.Time) error { return nil }

// CloseWrite is what net/http ends a connection with before it closes it.
func (c *clientConn) CloseWrite() error {
	if c.tls != nil {
		c.tls.CloseWrite()
	}
	return c.tcp.CloseWrite()
}

// closeTime is how long a connection that ends may take to say so.
const closeTime = time.Second

// stream is what the bytes of HTTP are read from.
func (c *clientConn) stream() io.Reader {
	if c.tls != nil {
		return c.tls
	}
	return &c.reads
}

// SetReadDeadline implements [net.Conn].
func (c *clientConn) SetReadDeadline(t time.Time) error {
	if c.tls != nil {
		return c.tcp.SetReadDeadline(t)
	}
	// net/http takes the deadline away before it begins that look, in a goroutine,
	// and sets one that has passed to end it. Where a request is answered before the
	// goroutine has run, that would move the socket's deadline twice.
	if t.IsZero() {
		c.looks = c.limit.between()
	} else if c.looks && t.Before(longAgo) {
		return nil
	}
	return c.reads.set(t)
}

// belowTLS is the connection that TLS is over. Its writes hold the client to its
// pace, so that TLS sees no deadline of theirs: it could not go on after one.
type belowTLS struct {
	net.Conn
	c *clientConn
}

// Write implements [net.Conn]. The first follows a whole message of the client,
// with which it counts as one that tries to log in.
func (b belowTLS) Write(p []byte) (int, error) {
	if !b.c.greeted {
		b.c.greeted = true
		b.c.place.Busy()
	}
	return b.c.writeOne(p)
}

// SetWriteDeadline implements [net.Conn]; see [clientConn.SetWriteDeadline].
func (b belowTLS) SetWriteDeadline(time.Time) error { return nil }

// clientListener makes clientConns, which hold their clients to a pace and have
// a place in the pool.
type clientListener struct {
	net.Listener
	stall     time.Duration
	maxHeader int
	pool      *wharf.ConnectionPool
	http2     *atomic.Int64
	tls       *tls.Config // nil without TLS
}

// Accept implements [net.Listener].
func (l clientListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		tcp := tcpOf(c)
		if tcp == nil {
			return c, err
		}
		w := &clientConn{Conn: c, tcp: tcp, pace: pace{stall: l.stall}, limit: headerLimit{most: l.maxHeader}, http2: l.http2, num: connections.Add(1)}
		w.reads.conn, w.watch.conn = tcp, &w.reads
		if l.tls != nil {
			w.tls = tls.Server(belowTLS{tcp, w}, l.tls)
		}
		addr, _ := c.RemoteAddr().(*net.TCPAddr)
		if w.place = l.pool.Add(addr.AddrPort().Addr(), func() { tcp.Close() }); w.place != nil {
			return w, nil
		}
		if l.tls != nil {
			tcp.Close() // who has not shaken hands reads no answer
			continue
		}
		refuseConnection(tcp)
	}
}

// tcpOf returns the connection of TCP that c is, or that it is over where c names
// another client; nil if there is none.
func tcpOf(c net.Conn) *net.TCPConn {
	if over, ok := c.(interface{ NetConn() net.Conn }); ok {
		c = over.NetConn()
	}
	tcp, _ := c.(*net.TCPConn)
	return tcp
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
func (c *clientConn) begin(r *http.Request) bool {
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
func (x *exchange) authenticated(s *wharf.Service) error {
	if x.client == nil {
		return nil
	}
	user, err := s.ConnectionUser(x.r.Context(), x.principal)
	if err != nil {
		return err
	}
	return x.client.place.Authenticated(user)
}

// onState follows net/http's connections.
func onState(c net.Conn, s http.ConnState) {
	w, ok := c.(*clientConn)
	switch {
	case !ok:
	case s == http.StateIdle && !w.limit.http2:
		w.watch.end()
		w.limit.beginHeader()
		w.place.Idle(true)
	case s == http.StateIdle:
		w.place.Idle(true)
	case s == http.StateActive && w.limit.http2:
		w.place.Busy()
	}
}

// connKey is where the context of a request has its clientConn.
type connKey struct{}

func withConn(ctx context.Context, c net.Conn) context.Context {
	if w, ok := c.(*clientConn); ok {
		ctx, w.watch.cancel = context.WithCancel(ctx)
	}
	return context.WithValue(ctx, connKey{}, c)
}

// connOf returns the connection of a request, or nil where it is of another
// kind.
func connOf(ctx context.Context) *clientConn {
	c, _ := ctx.Value(connKey{}).(*clientConn)
	return c
}
