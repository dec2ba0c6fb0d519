package server

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"time"

	"wharf"
	"wharf/sql/exec"
)

var errHandshakeResponse = errors.New("malformed login")

// login lets the client in and opens its session.
func (c *conn) login() error {
	c.wire = newWire(c.raw, loginPacket, &c.srv.readers, &c.counted)
	c.out.w = c.wire
	if err := c.beginLogin(); err != nil {
		return err
	}
	h, err := c.handshake()
	if err != nil {
		c.refuseLogin(err)
		return err
	}
	c.out.caps = h.caps
	c.wire.limit, c.wire.memory = c.srv.o.MaxPacket, c.srv.memory
	c.wire.compress(h)
	return c.endLogin()
}

// beginLogin puts everything under one deadline: a client that is to prove who
// it is has no other. The connection counts as idle meanwhile.
func (c *conn) beginLogin() error {
	if !c.enter(connecting) {
		return shuttingDown()
	}
	c.wire.timeouts = timeouts{}
	c.loginBy = time.Now().Add(c.srv.o.LoginTimeout)
	return c.wire.SetDeadline(c.loginBy)
}

// Delayed moves the deadline by what the server itself took.
func (c *conn) Delayed(d time.Duration) error {
	c.loginBy = c.loginBy.Add(d)
	return c.wire.SetDeadline(c.loginBy)
}

func (c *conn) endLogin() error {
	o := &c.srv.o
	c.wire.timeouts = timeouts{stall: bodyTimeout, write: o.WriteTimeout, grace: o.endGrace}
	return c.wire.endless()
}

// handshake is the way from the greeting to OK.
func (c *conn) handshake() (*handshakeResponse, error) {
	caps := uint32(capabilities)
	if c.srv.o.TLS != nil {
		caps |= clientSSL
	}
	salt := newSalt()
	c.greet(caps, salt)
	h, err := c.readHandshakeResponse(caps)
	if err == nil {
		err = c.authenticate(h, salt)
	}
	if err != nil {
		return nil, err
	}
	c.out.ok(exec.Result{}, 0, c.status())
	c.out.flush()
	return h, c.out.err
}

// authenticate checks that the client is who it says, by what it sent for
// salt, and opens its session. Without a salt it is asked for a proof.
func (c *conn) authenticate(h *handshakeResponse, salt []byte) error {
	a := attempt{
		packets: c, host: c.host, secure: c.tls != nil, user: h.user, plugin: h.plugin, data: h.auth, salt: salt,
		// What a client sends for another plugin than the greeting's may
		// be a dummy: libmysqlclient waits for a salt of that plugin's own.
		dummy: salt == nil || h.plugin != nativePlugin,
	}
	if a.plugin != nativePlugin && a.plugin != sha2Plugin {
		a.plugin, a.data = nativePlugin, nil
	}
	if salt == nil {
		a.data = nil
	}
	begun := time.Now()
	who, err := c.srv.check.run(&a)
	if err == nil {
		err = c.welcome(h, who)
	}
	if err == nil {
		err = c.srv.countLogin(c)
	}
	c.observeLogin(h.user, begun, err)
	return err
}

// refuseLogin tells the client why it is not let in, and the log too.
func (c *conn) refuseLogin(err error) {
	if !c.isEnding() { // else the server closed it
		c.log().Info("MySQL login failed", "error", err)
	}
	r, ok := err.(refusal)
	if !ok {
		r = badHandshake()
	}
	c.out.refuse(r)
	c.out.flush()
}

// readHandshakeResponse reads what the client says of itself, behind TLS if it asks for that.
func (c *conn) readHandshakeResponse(caps uint32) (*handshakeResponse, error) {
	c.out.seq = 1
	packet, err := c.ReadPacket()
	if err == nil && c.asksForTLS(packet) {
		if err = c.startTLS(); err == nil {
			packet, err = c.ReadPacket()
		}
	}
	if err != nil {
		return nil, err
	}
	if c.srv.o.RequireTLS && c.tls == nil {
		return nil, insecure()
	}
	h, ok := parseHandshakeResponse(packet)
	if !ok {
		return nil, errHandshakeResponse
	}
	if !c.place.Busy() {
		return nil, shuttingDown()
	}
	h.caps &= caps
	return &h, nil
}

func (c *conn) asksForTLS(packet []byte) bool {
	return c.srv.o.TLS != nil && len(packet) == sslRequest &&
		binary.LittleEndian.Uint32(packet)&clientSSL != 0
}

// startTLS goes below the wire's buffer. The client does not wait for an
// answer to its request, so the start of its handshake may be in that buffer
// already; anything else there fails the handshake.
func (c *conn) startTLS() error {
	secure := tls.Server(&unreadConn{Conn: c.wire.Conn, unread: c.wire.in, place: c.place}, c.srv.o.TLS)
	if err := secure.Handshake(); err != nil {
		return err
	}
	c.wire.over(secure)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tls = secure
	return nil
}

// unreadConn is a net.Conn of which some bytes were read into a buffer. Its place
// is that of a client that tries to log in from the first write on, which follows
// a whole message of TLS.
type unreadConn struct {
	net.Conn
	unread interface {
		io.Reader
		Buffered() int
	}
	place *wharf.PooledConnection // nil once told
}

func (c *unreadConn) Write(p []byte) (int, error) {
	if c.place != nil {
		c.place.Busy()
		c.place = nil
	}
	return c.Conn.Write(p)
}

func (c *unreadConn) Read(p []byte) (int, error) {
	if n := c.unread.Buffered(); n > 0 {
		return c.unread.Read(p[:min(len(p), n)])
	}
	return c.Conn.Read(p)
}

// welcome opens the session of a user who was let in, on the database that
// the client named.
func (c *conn) welcome(h *handshakeResponse, who wharf.Principal) error {
	if _, ok := exec.FindCollation(h.collation); !ok && h.collation != 0 {
		return unknownCharset(h.collation)
	}
	version, cipher := c.secured()
	session := c.srv.o.NewSession(exec.Client{
		ID: c.id, Principal: who, Host: c.host, Sessions: c.srv, Collation: h.collation,
		Cipher: cipher, TLSVersion: version, Compressed: c.wire.packed != nil, Counters: c.counted.counters,
	})
	if h.db != "" {
		if err := session.UseDatabase(context.Background(), h.db); err != nil {
			session.Close()
			return refusalOf(err, c.id)
		}
	}
	c.closeSession()
	c.session = session
	c.mu.Lock()
	defer c.mu.Unlock()
	c.user, c.owner, c.db = h.user, who.ID, session.Database()
	return nil
}

func hostOf(a net.Addr) string {
	host, _, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String()
	}
	return host
}
