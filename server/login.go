package server

import (
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"

	"github.com/go-mysql-org/go-mysql/mysql"
	gomysql "github.com/go-mysql-org/go-mysql/server"
)

var errHello = errors.New("malformed login")

// loginConn is the net.Conn that the library sees until the login is done. It
// passes whole packets, so that each can be looked at first: the greeting is
// completed, TLS is started under the library's feet, a malformed hello is
// refused before the library can panic over it, and refusals are our own.
type loginConn struct {
	*wire
	id     uint32
	caps   uint32      // what the server offers
	tls    *tls.Config // nil: TLS is not offered
	secure bool        // TLS has started

	greeted bool
	hello   *hello
	shift   uint8  // packets that the library does not know of
	salt    []byte // of the greeting, or of the library's last switch request
	refusal refusal
	welcome func(*hello) error // what happens to a client that is let in
	pending []byte             // of a packet, read but not yet passed on
}

// Read passes on the client's next packet.
func (l *loginConn) Read(p []byte) (int, error) {
	if len(l.pending) == 0 {
		packet, err := l.packet()
		if err != nil {
			return 0, err
		}
		l.pending = packet
	}
	n := copy(p, l.pending)
	l.pending = l.pending[n:]
	return n, nil
}

func (l *loginConn) packet() ([]byte, error) {
	packet, err := readPacket(l.wire)
	if err != nil || l.hello != nil {
		return l.shifted(packet), err
	}
	if l.asksForTLS(packet[headerLen:]) {
		if err := l.startTLS(); err != nil {
			return nil, err
		}
		if packet, err = readPacket(l.wire); err != nil {
			return nil, err
		}
	}
	h, ok := parseHello(packet[headerLen:])
	if !ok {
		return nil, errHello
	}
	h.caps &= l.caps
	l.hello = &h
	forLibrary(packet[headerLen:])
	return l.shifted(packet), nil
}

func (l *loginConn) shifted(packet []byte) []byte {
	if len(packet) >= headerLen {
		packet[3] -= l.shift
	}
	return packet
}

// readPacket reads one packet with its header, one fragment long.
func readPacket(w *wire) ([]byte, error) {
	var header [headerLen]byte
	if _, err := io.ReadFull(w, header[:]); err != nil {
		return nil, err
	}
	packet := make([]byte, headerLen+w.left)
	copy(packet, header[:])
	_, err := io.ReadFull(w, packet[headerLen:])
	return packet, err
}

func (l *loginConn) asksForTLS(payload []byte) bool {
	return l.tls != nil && len(payload) == sslRequest &&
		binary.LittleEndian.Uint32(payload)&mysql.CLIENT_SSL != 0
}

// startTLS goes below the wire's buffer. The client does not wait for an
// answer to its request, so the start of its handshake may be in that buffer
// already; anything else there fails the handshake.
func (l *loginConn) startTLS() error {
	secure := tls.Server(&unreadConn{Conn: l.Conn, unread: l.in}, l.tls)
	if err := secure.Handshake(); err != nil {
		return err
	}
	l.over(secure)
	l.secure, l.shift = true, 1
	return nil
}

// unreadConn is a net.Conn of which some bytes were read into a buffer.
type unreadConn struct {
	net.Conn
	unread interface {
		io.Reader
		Buffered() int
	}
}

func (c *unreadConn) Read(p []byte) (int, error) {
	if n := c.unread.Buffered(); n > 0 {
		return c.unread.Read(p[:min(len(p), n)])
	}
	return c.Conn.Read(p)
}

// Write passes on one packet of the library's.
func (l *loginConn) Write(packet []byte) (int, error) {
	if len(packet) <= headerLen {
		return 0, errHello
	}
	out := append([]byte(nil), packet...)
	payload := out[headerLen:]
	switch {
	case !l.greeted:
		salt, ok := patchGreeting(payload, l.id, l.caps)
		if !ok {
			return 0, errors.New("the library's greeting is not laid out as expected")
		}
		l.salt, l.greeted = salt, true
	case payload[0] == mysql.ERR_HEADER:
		out = append(out[:headerLen], l.refusal.payload(true)...)
		putLength(out, len(out)-headerLen)
	case payload[0] == mysql.EOF_HEADER && len(payload) > saltLen+1:
		l.salt = payload[len(payload)-saltLen-1 : len(payload)-1]
	}
	out[3] += l.shift
	if _, err := l.wire.Write(out); err != nil {
		return 0, err
	}
	return len(packet), nil
}

// lobby is what the library asks about the connection that it logs in.
type lobby struct {
	gomysql.EmptyHandler
	conn  *loginConn
	check *authenticator
}

// UseDB comes before the password is checked, so it does nothing: the hello
// has the name, and the session is asked once the login is done.
func (l *lobby) UseDB(string) error { return nil }

// GetCredential pretends a password for everybody, because the library
// answers an unknown user with a number of its own. It follows the client's
// plugin where that is one of the two.
func (l *lobby) GetCredential(string) (gomysql.Credential, bool, error) {
	plugin := nativePlugin
	if l.conn.hello.plugin == sha2Plugin {
		plugin = sha2Plugin
	}
	return gomysql.Credential{Passwords: []string{"-"}, AuthPluginName: plugin}, true, nil
}

// Authenticate is the whole check.
func (l *lobby) Authenticate(c *gomysql.Conn, plugin string, data []byte) error {
	a := attempt{
		packets: c, host: hostOf(l.conn.RemoteAddr()), secure: l.conn.secure,
		user: l.conn.hello.user, plugin: plugin, data: data, salt: l.conn.salt,
		// What a client sends for another plugin than the greeting's may be
		// a dummy: libmysqlclient waits for a salt of that plugin's own.
		dummy: plugin != nativePlugin,
	}
	return l.note(l.check.run(&a))
}

// Validate tells which plugins there are.
func (l *lobby) Validate(plugin string) bool { return plugin == nativePlugin || plugin == sha2Plugin }

// OnAuthSuccess gives the final OK packet its status.
func (l *lobby) OnAuthSuccess(c *gomysql.Conn) error {
	c.SetStatus(mysql.SERVER_STATUS_AUTOCOMMIT)
	return l.note(l.conn.welcome(l.conn.hello))
}

// note keeps a refusal for the packet that the library writes on an error.
func (l *lobby) note(err error) error {
	if r, ok := err.(refusal); ok {
		l.conn.refusal = r
	}
	return err
}

// OnAuthFailure has nothing to do: the caller logs.
func (l *lobby) OnAuthFailure(*gomysql.Conn, error) {}

// handshake logs a client in. The library has no part in what follows.
func (l *loginConn) handshake(version string, check *authenticator) error {
	front := &lobby{conn: l, check: check}
	// The library reads without a buffer of its own where TLS is configured;
	// the wire has one.
	lib := gomysql.NewServerWithAuth(version, collation, nativePlugin, nil, &tls.Config{}, front)
	_, err := lib.NewCustomizedConn(l, front, front)
	return err
}

func hostOf(a net.Addr) string {
	host, _, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String()
	}
	return host
}
