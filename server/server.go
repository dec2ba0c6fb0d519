package server

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"wharf"
	"wharf/meta/auth"
	"wharf/sql/exec"
)

// Options say how a Server behaves. NewSession is the only one that must be
// given.
type Options struct {
	// NewSession opens the session of a connection that has logged in.
	NewSession func(exec.Client) Session
	// Gate knows who may log in; nil knows root, without a password. While root
	// has none, only loopback addresses may connect.
	Gate *auth.Gate
	// Version is the server's version in the greeting: 8.0.36-wharf-….
	Version string
	// TLS is offered to clients if it is not nil.
	TLS *tls.Config
	// RequireTLS refuses logins without TLS.
	RequireTLS bool
	// Logger is where the server logs; nil is slog.Default.
	Logger *slog.Logger

	// Observe is told of statements and of logins; nil is not.
	Observe wharf.Observer

	// Pool bounds the connections of this server and of others together; nil
	// is a pool of its own.
	Pool *wharf.ConnectionPool

	MaxConnections int // that have logged in, at once; 0 is exec.DefaultMaxConnections. SuperConnections more are for users with SUPER
	MaxStatements  int // prepared, of all connections; 0 is 16,382
	MaxPacket      int // the most bytes of one packet after login; 0 is exec.DefaultMaxPacket
	// Memory bounds what the connections together hold of what clients sent;
	// their sessions take from it too. nil is exec.DefaultMemory. A packet over
	// 16 KiB counts four times, and waits for that much for MemoryWait; 0 is
	// 30 s.
	Memory       *exec.Memory
	MemoryWait   time.Duration
	LoginTimeout time.Duration // from accept to logged in; 0 is 10 s
	WriteTimeout time.Duration // how long one write may stand still; 0 is 60 s

	// endGrace is how long a statement that was told to end may take before its
	// connection is closed under it; 0 is 500 ms. Tests on a busy machine take longer.
	endGrace time.Duration
}

// loginPacket is the most bytes of one packet before login. The largest part of
// a handshake response is the attributes of the connection, of which MySQL takes 64 KiB.
const loginPacket = 128 << 10

func (o *Options) setDefaults() {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Pool == nil {
		o.Pool = wharf.NewConnectionPool(wharf.DefaultConnections, wharf.ConnectionLimits{})
	}
	if o.Gate == nil {
		o.Gate = auth.NewGate(auth.GateOptions{})
	}
	setDefault(&o.Version, exec.DefaultVersion)
	setDefault(&o.MaxConnections, exec.DefaultMaxConnections)
	setDefault(&o.MaxStatements, 16382)
	setDefault(&o.MaxPacket, exec.DefaultMaxPacket)
	if o.Memory == nil {
		o.Memory = exec.NewMemory(exec.DefaultMemory)
	}
	setDefault(&o.MemoryWait, 30*time.Second)
	setDefault(&o.LoginTimeout, 10*time.Second)
	setDefault(&o.WriteTimeout, time.Minute)
	setDefault(&o.endGrace, 500*time.Millisecond)
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
	loggedIn  int           // of conns
	ended     exec.Counters // of connections that have ended, and of all
}

var _ exec.Sessions = (*Server)(nil)

// New makes a Server. It does not listen.
func New(o Options) *Server {
	o.setDefaults()
	return &Server{
		o: o, check: newAuthenticator(o.Gate), memory: newMemory(&o), started: time.Now(),
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
	var failures acceptFailures
	for {
		c, err := ln.Accept()
		switch {
		case err == nil:
			failures.pause = 0
			s.accept(c)
		case s.isDraining():
			return nil
		case isTemporary(err):
			// Out of file descriptors: connections that end give some back.
			failures.wait(s.o.Logger, err)
		default:
			return err
		}
	}
}

// acceptFailures is the state of a listener that could not accept.
type acceptFailures struct {
	pause  time.Duration
	logged time.Time
}

// wait pauses, longer each time, and logs err once a minute.
func (f *acceptFailures) wait(log *slog.Logger, err error) {
	if now := time.Now(); now.Sub(f.logged) > time.Minute {
		f.logged = now
		log.Warn("cannot accept MySQL connections", "error", err)
	}
	f.pause = min(max(2*f.pause, 5*time.Millisecond), time.Second)
	time.Sleep(f.pause)
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
	if !s.o.Gate.RootPasswordSet() && !auth.IsLoopback(host) {
		s.o.Logger.Warn("refused a MySQL connection from another machine: root has no password", "client", host)
		return nil, hostNotAllowed(host)
	}
	c := newConn(s, raw, host)
	addr, _ := netip.ParseAddr(host)
	if c.place = s.o.Pool.Add(addr, c.drain); c.place == nil {
		return nil, tooManyConnections()
	}
	if r, ok := s.register(c); !ok {
		c.place.Leave()
		return nil, r
	}
	return c, refusal{}
}

// register gives the connection its ID.
func (s *Server) register(c *conn) (refusal, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining {
		return refusal{}, false
	}
	if s.loggedIn >= s.o.MaxConnections+SuperConnections {
		return tooManyConnections(), false
	}
	for s.lastID++; s.lastID == 0 || s.conns[s.lastID] != nil; s.lastID++ {
	}
	c.id = s.lastID
	s.ended.Connections++
	s.conns[c.id] = c
	s.running.Add(1)
	return refusal{}, true
}

// SuperConnections is how many connections users with SUPER may have beside all others.
const SuperConnections = 5

// countLogin counts a connection whose client has proved who it is, also where it is
// another user now. It refuses the client where there are too many connections.
func (s *Server) countLogin(c *conn) error {
	user, err := c.session.User(context.Background())
	if err != nil {
		return refusalOf(err, c.id)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	most := s.o.MaxConnections
	if user.Super {
		most += SuperConnections
	}
	if !c.loggedIn && s.loggedIn >= most {
		return tooManyConnections()
	}
	if err := c.place.Authenticated(user); err != nil {
		return noConnection(err, c.user)
	}
	if c.loggedIn {
		return nil
	}
	s.loggedIn++
	s.ended.MostConnections = max(s.ended.MostConnections, uint64(s.loggedIn))
	c.loggedIn = true
	return nil
}

func (s *Server) forget(c *conn) {
	c.place.Leave()
	s.mu.Lock()
	delete(s.conns, c.id)
	s.countEnd(c)
	if c.loggedIn {
		s.loggedIn--
	}
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
