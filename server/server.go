package server

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"wharf/meta/auth"
	"wharf/sql/exec"
)

// DefaultMaxPacket is the most bytes of one packet after login, and so of a
// statement.
const DefaultMaxPacket = 64 << 20

// DefaultMaxConnections is how many connections there may be at once.
const DefaultMaxConnections = 1000

// Options say how a Server behaves. NewSession is the only one that must be
// given.
type Options struct {
	// NewSession opens the session of a connection that has logged in.
	NewSession func(exec.Client) Session
	// Root is root's password. While none is set, only loopback addresses
	// may connect.
	Root auth.Password
	// Version is the server's version in the greeting: 8.0.36-wharf-….
	Version string
	// TLS is offered to clients if it is not nil.
	TLS *tls.Config
	// Logger is where the server logs; nil is slog.Default.
	Logger *slog.Logger

	MaxConnections int // at once; 0 is DefaultMaxConnections
	MaxStatements  int // prepared, of all connections; 0 is 16,382
	MaxPacket      int // the most bytes of one packet after login; 0 is DefaultMaxPacket
	// PacketMemory is the most bytes of all packets over 1 MiB together; more
	// of them wait for MemoryWait. 0 is 256 MiB and 10 s.
	PacketMemory int
	MemoryWait   time.Duration
	// StatementMemory is the most bytes of the texts of all prepared
	// statements and the data that was sent for them; 0 is 128 MiB.
	StatementMemory int
	LoginTimeout    time.Duration // from accept to logged in; 0 is 10 s
	WriteTimeout    time.Duration // how long one write may stand still; 0 is 60 s
}

// loginPacket is the most bytes of one packet before login. The largest part of
// a hello is the attributes of the connection, of which MySQL takes 64 KiB.
const loginPacket = 128 << 10

func (o *Options) setDefaults() {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	setDefault(&o.Version, "8.0.36-wharf")
	setDefault(&o.MaxConnections, DefaultMaxConnections)
	setDefault(&o.MaxStatements, 16382)
	setDefault(&o.MaxPacket, DefaultMaxPacket)
	setDefault(&o.PacketMemory, 256<<20)
	setDefault(&o.MemoryWait, 10*time.Second)
	setDefault(&o.StatementMemory, 128<<20)
	setDefault(&o.LoginTimeout, 10*time.Second)
	setDefault(&o.WriteTimeout, time.Minute)
}

func setDefault[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

// Server serves the MySQL protocol. It is safe for concurrent use.
type Server struct {
	o       Options
	check   *authenticator
	memory  *memory
	started time.Time

	statements atomic.Int64 // prepared now
	questions  atomic.Uint64
	running    sync.WaitGroup // the goroutines of conns
	readers    sync.Pool      // of their buffers

	mu        sync.Mutex // guards what follows
	draining  bool
	lastID    uint32
	listeners map[net.Listener]struct{}
	conns     map[uint32]*conn
}

var _ exec.Sessions = (*Server)(nil)

// New makes a Server. It does not listen.
func New(o Options) *Server {
	o.setDefaults()
	return &Server{
		o: o, check: newAuthenticator(o.Root), memory: newMemory(&o), started: time.Now(),
		listeners: map[net.Listener]struct{}{}, conns: map[uint32]*conn{},
	}
}

// Serve accepts connections until the listener fails, which it returns, or
// Shutdown is called, which gives nil. It closes the listener.
func (s *Server) Serve(ln net.Listener) error {
	defer ln.Close()
	if !s.listen(ln) {
		return nil
	}
	for {
		c, err := ln.Accept()
		switch {
		case err == nil:
			s.accept(c)
		case s.isDraining():
			return nil
		case isTemporary(err):
			// Out of file descriptors: connections that end give some back.
			s.o.Logger.Warn("cannot accept a MySQL connection", "error", err)
			time.Sleep(50 * time.Millisecond)
		default:
			return err
		}
	}
}

func isTemporary(err error) bool {
	// Temporary is deprecated for everything but Accept, where it tells what
	// may pass from what will not.
	var t interface{ Temporary() bool }
	return errors.As(err, &t) && t.Temporary()
}

func (s *Server) listen(ln net.Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.draining {
		s.listeners[ln] = struct{}{}
	}
	return !s.draining
}

func (s *Server) isDraining() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.draining
}

// accept gives a connection its goroutine, or refuses it in place of the
// greeting.
func (s *Server) accept(raw net.Conn) {
	c, r := s.admit(raw)
	if c != nil {
		go c.serve()
		return
	}
	if r != (refusal{}) {
		p := packets{w: raw}
		p.begin()
		p.buf = append(p.buf, r.payload(false)...)
		p.end()
		// A socket that was just opened has room for a packet; a deadline all
		// the same, because this is the accepting goroutine.
		raw.SetWriteDeadline(time.Now().Add(time.Second))
		p.flush()
	}
	raw.Close()
}

func (s *Server) admit(raw net.Conn) (*conn, refusal) {
	host := hostOf(raw.RemoteAddr())
	if !s.o.Root.IsSet() && !isLoopback(host) {
		s.o.Logger.Warn("refused a MySQL connection from another machine: root has no password", "client", host)
		return nil, hostNotAllowed(host)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining {
		return nil, refusal{}
	}
	if len(s.conns) >= s.o.MaxConnections {
		return nil, tooManyConnections()
	}
	for s.lastID++; s.lastID == 0 || s.conns[s.lastID] != nil; s.lastID++ {
	}
	c := newConn(s, s.lastID, raw, host)
	s.conns[c.id] = c
	s.running.Add(1)
	return c, refusal{}
}

func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

func (s *Server) forget(c *conn) {
	s.mu.Lock()
	delete(s.conns, c.id)
	s.mu.Unlock()
	s.running.Done()
}

func (s *Server) all() []*conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]*conn, 0, len(s.conns))
	for _, c := range s.conns {
		all = append(all, c)
	}
	return all
}
