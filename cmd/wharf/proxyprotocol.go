package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"time"

	proxyproto "github.com/pires/go-proxyproto"
	"golang.org/x/sys/unix"
)

// proxyListener accepts connections, and from trusted proxies the header of the
// PROXY protocol (versions 1 and 2) before them, which says who the client is.
// It may be missing. A proxy that is not trusted sends nothing of the kind: the
// header is then the client's own data, and is refused as such.
type proxyListener struct {
	net.Listener
	trusted []netip.Prefix
	wait    time.Duration // for a header

	accepted chan acceptedConn
	reading  chan struct{} // has room for those whose header is being read
	closed   chan struct{}
	closing  sync.Once
}

type acceptedConn struct {
	conn net.Conn
	err  error
}

const (
	// mysqlHeaderWait is how long a trusted proxy's header is waited for where
	// the server speaks first: clients without a proxy wait as long.
	mysqlHeaderWait = 500 * time.Millisecond
	// httpHeaderWait is how long it may take where the client speaks first.
	httpHeaderWait = 10 * time.Second
	// readingAtOnce is how many headers are read at once.
	readingAtOnce = 1024
)

// withProxies takes the headers of trusted proxies off the connections of ln.
func withProxies(ln net.Listener, trusted []netip.Prefix, wait time.Duration) net.Listener {
	if len(trusted) == 0 {
		return ln
	}
	l := &proxyListener{
		Listener: ln, trusted: trusted, wait: wait,
		accepted: make(chan acceptedConn), reading: make(chan struct{}, readingAtOnce), closed: make(chan struct{}),
	}
	go l.run()
	return l
}

// Accept implements [net.Listener].
func (l *proxyListener) Accept() (net.Conn, error) {
	select {
	case a := <-l.accepted:
		return a.conn, a.err
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close implements [net.Listener].
func (l *proxyListener) Close() error {
	l.closing.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

func (l *proxyListener) run() {
	for {
		c, err := l.Listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			l.closing.Do(func() { close(l.closed) })
			return
		}
		tcp, ok := c.(*net.TCPConn)
		if !ok || !isTrusted(l.trusted, tcp.RemoteAddr()) {
			l.deliver(c, err)
			continue
		}
		select {
		case l.reading <- struct{}{}:
			go l.read(tcp)
		case <-l.closed:
			tcp.Close()
		}
	}
}

// deliver hands a connection to Accept.
func (l *proxyListener) deliver(c net.Conn, err error) {
	select {
	case l.accepted <- acceptedConn{c, err}:
	case <-l.closed:
		if c != nil {
			c.Close()
		}
	}
}

func (l *proxyListener) read(c *net.TCPConn) {
	from, err := readProxyHeader(c, l.wait)
	<-l.reading
	switch {
	case err != nil:
		c.Close()
	case from == nil:
		l.deliver(c, nil)
	default:
		l.deliver(&proxiedConn{c, from}, nil)
	}
}

// proxiedConn is a connection whose client is behind a proxy.
type proxiedConn struct {
	*net.TCPConn
	from net.Addr
}

// RemoteAddr implements [net.Conn].
func (c *proxiedConn) RemoteAddr() net.Addr { return c.from }

// NetConn returns the connection to the proxy.
func (c *proxiedConn) NetConn() net.Conn { return c.TCPConn }

// isTrusted reports whether the address is one of the networks.
func isTrusted(trusted []netip.Prefix, addr net.Addr) bool {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok {
		return false
	}
	ip := tcp.AddrPort().Addr().Unmap().WithZone("")
	return slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// maxProxyHeader bounds a header, that of version 2 with what it may carry
// besides addresses.
const maxProxyHeader = 4 << 10

var (
	errProxyHeader   = errors.New("the PROXY header cannot be read")
	proxySignature1  = []byte("PROXY ")
	proxySignature2  = []byte("\r\n\r\n\x00\r\nQUIT\n")
	longestProxyLine = 107 // of version 1
)

// readProxyHeader reads a header if the connection begins with one, and nothing
// else. It returns nil for none, and for one that names no client.
func readProxyHeader(c *net.TCPConn, wait time.Duration) (net.Addr, error) {
	c.SetReadDeadline(time.Now().Add(wait))
	defer c.SetReadDeadline(time.Time{})
	buf := make([]byte, maxProxyHeader)
	n := 0
	for {
		var err error
		if n, err = peek(c, buf, n); err != nil {
			if n == 0 && errors.Is(err, os.ErrDeadlineExceeded) {
				return nil, nil // the client waits for the server's greeting
			}
			return nil, err
		}
		size, known := proxyHeaderSize(buf[:n])
		switch {
		case known && size == 0:
			return nil, nil
		case known && (size < 0 || size > len(buf)):
			return nil, errProxyHeader
		case known && size <= n:
			if _, err := io.ReadFull(c, buf[:size]); err != nil {
				return nil, err
			}
			return proxiedClient(buf[:size])
		}
	}
}

// peek waits for more than n bytes and copies all that are there.
func peek(c *net.TCPConn, buf []byte, n int) (int, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return n, err
	}
	var got int
	var failed error
	err = raw.Read(func(fd uintptr) bool {
		got, _, failed = unix.Recvfrom(int(fd), buf, unix.MSG_PEEK|unix.MSG_DONTWAIT)
		switch {
		case failed == unix.EAGAIN || failed == unix.EINTR:
			return false
		case failed == nil && got == 0:
			failed = io.EOF
		}
		return failed != nil || got > n
	})
	if err != nil {
		return n, err
	}
	if failed != nil {
		return n, failed
	}
	return got, nil
}

// proxyHeaderSize returns how long the header is that b begins with, 0 if b
// begins with none, less than 0 if it is no valid one. It is not known yet if b
// is too short to tell.
func proxyHeaderSize(b []byte) (size int, known bool) {
	switch {
	case bytes.HasPrefix(b, proxySignature1):
		if end := bytes.Index(b[:min(len(b), longestProxyLine)], []byte("\r\n")); end >= 0 {
			return end + 2, true
		}
		return -1, len(b) >= longestProxyLine
	case bytes.HasPrefix(b, proxySignature2):
		if len(b) < 16 {
			return 0, false
		}
		return 16 + int(b[14])<<8 + int(b[15]), true
	}
	begun := bytes.HasPrefix(proxySignature1, b) || bytes.HasPrefix(proxySignature2, b)
	return 0, !begun
}

// proxiedClient reads a whole header. It returns nil if the proxy speaks for
// itself.
func proxiedClient(b []byte) (net.Addr, error) {
	h, err := proxyproto.Read(bufio.NewReaderSize(bytes.NewReader(b), len(b)+16))
	if err != nil {
		return nil, errProxyHeader
	}
	if from, ok := h.SourceAddr.(*net.TCPAddr); ok && h.Command.IsProxy() {
		return from, nil
	}
	return nil, nil
}
