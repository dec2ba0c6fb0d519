package server

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"runtime/debug"
	"slices"
	"time"

	"wharf/sql/exec"

	"wharf"
)

// conn is one connection. All of it but state and raw belongs to the
// goroutine that serves it.
type conn struct {
	srv  *Server
	id   uint32
	raw  net.Conn // the socket; others may close it
	host string

	loginBy time.Time // when the client has to be logged in

	place    *wharf.PooledConnection
	loggedIn bool // counts in the server's loggedIn

	wire    *wire
	out     packets
	session Session

	stmts    map[uint32]*prepared
	lastStmt uint32
	cursors  int  // that are open
	longData int  // bytes that are kept for statements' parameters
	released bool // a statement ended the connection
	quit     bool // the client did
	answered bool // has had an answer since it logged in
	counted  counted

	state
}

func newConn(s *Server, raw net.Conn, host string) *conn {
	return &conn{
		srv: s, raw: raw, host: host,
		stmts: map[uint32]*prepared{},
	}
}

// log is the server's, with what tells connections apart. It is made when
// there is something to say, for most connections never need it.
func (c *conn) log() *slog.Logger {
	return c.srv.o.Logger.With("connection", c.id, "client", c.host)
}

// serve is the life of a connection.
func (c *conn) serve() {
	defer c.srv.forget(c)
	defer c.disconnect()
	// After recovered, which still writes.
	defer func() { c.wire.release() }()
	defer c.recovered()
	defer c.closeSession()
	if c.login() != nil {
		return
	}
	for c.next() {
	}
}

// disconnect closes the connection. Under TLS it says so first: a client that is
// cut off instead speaks of an error of TLS, and not of a server that has gone.
func (c *conn) disconnect() {
	if c.tls == nil {
		c.raw.Close()
		return
	}
	c.tls.Close() // closes the socket too, when it has said so
}

// recovered ends the connection, and nothing else, after a panic.
func (c *conn) recovered() {
	v := recover()
	if v == nil {
		return
	}
	c.log().Error("panic in a MySQL connection", "panic", v, "stack", string(debug.Stack()))
	if c.out.w != nil {
		c.out.discard()
		c.out.refuse(refusalOf(wharf.Errorf(wharf.CodeInternal, ""), c.id))
		c.out.flush()
	}
}

// closeSession closes the session and what belongs to it.
func (c *conn) closeSession() {
	c.dropStatements()
	if c.session != nil {
		c.session.Close()
		c.session = nil
	}
}

// next serves one command. false ends the connection.
func (c *conn) next() bool {
	c.place.Idle(c.answered)
	if !c.enter(idle) {
		return false
	}
	c.rest()
	c.wire.resetDeadline()
	c.wire.idle = c.session.WaitTimeout()
	packet, err := c.wire.packet(0)
	if err != nil {
		c.unreadable(err)
		return false
	}
	if !c.place.Busy() || !c.enter(busy) {
		return false
	}
	c.out.seq = c.wire.seq + 1
	stay := c.command(packet)
	c.out.flush()
	c.answered = true
	return stay && c.out.err == nil && !c.released
}

// rest lets go of what an idle connection need not hold.
func (c *conn) rest() {
	if cap(c.out.buf) > idleBuffer {
		c.out.buf = nil
	}
	c.wire.packed.rest()
}

// ReadPacket reads a packet that continues the command. It makes c the
// packetIO of an attempt.
func (c *conn) ReadPacket() ([]byte, error) {
	packet, err := c.wire.packet(c.out.seq)
	c.out.seq = c.wire.seq + 1
	return slices.Clone(packet), err
}

// WritePacket writes a packet, which begins with room for its header.
func (c *conn) WritePacket(packet []byte) error {
	c.out.begin()
	c.out.buf = append(c.out.buf, packet[headerLen:]...)
	c.out.end()
	c.out.flush()
	return c.out.err
}

// unreadable tells the client what was wrong with its packet, where there is
// something to tell.
func (c *conn) unreadable(err error) {
	switch {
	case errors.Is(err, errOutOfOrder):
		c.refuseAndDrain(outOfOrder())
	case errors.Is(err, errPacketTooLarge):
		c.refuseAndDrain(packetTooLarge())
	case errors.Is(err, errFrame):
		c.log().Debug("MySQL client sent a frame that makes no sense", "error", err)
		c.refuseAndDrain(badFrame())
	case errors.Is(err, errNoRoom):
		c.refuseAndDrain(noRoom())
	case errors.Is(err, errTooSlow):
		c.log().Warn("MySQL client sends a large packet too slowly", "minBytesPerSecond", minRate)
		c.refuseAndDrain(tooSlow())
	case errors.Is(err, os.ErrDeadlineExceeded) && c.wire.left == 0:
		c.refuseAndDrain(inactive())
	}
}

// refuseAndDrain refuses and waits for the client to read it: closing on a client that
// is still sending would take the answer away from it. What the connection holds is free
// before.
func (c *conn) refuseAndDrain(r refusal) {
	c.wire.packed.sync()
	c.out.seq = c.wire.seq + 1
	c.logError(r)
	c.out.refuse(r)
	c.out.flush()
	if c.tls != nil {
		c.tls.CloseWrite()
	}
	if half, ok := c.raw.(interface{ CloseWrite() error }); ok {
		half.CloseWrite()
	}
	c.closeSession()
	c.wire.dropBody()
	pause := c.srv.o.endGrace
	if c.loggedIn {
		pause = drainPause
	}
	drain(c.raw, c.wire.limit, pause)
}

// drain takes what a client still sends, at most a packet of the longest kind, until it
// closes its end, pauses for so long, or has sent for bodyTimeout.
func drain(c net.Conn, most int, pause time.Duration) {
	by := time.Now().Add(bodyTimeout)
	scrap := make([]byte, 16<<10)
	for most > 0 && time.Now().Before(by) {
		c.SetReadDeadline(time.Now().Add(pause))
		n, err := c.Read(scrap)
		if most -= n; err != nil {
			return
		}
	}
}

// fail tells the client of a statement's error, and the log if it is ours.
func (c *conn) fail(err error) {
	r := refusalOf(err, c.id)
	if _, protocol := err.(refusal); !protocol && wharf.CodeOf(err) == wharf.CodeInternal {
		c.log().Error("MySQL statement failed", "error", err)
	} else {
		c.logError(r)
	}
	c.out.refuse(r)
}

// logError writes what a client is told to the log, on level debug.
func (c *conn) logError(r refusal) {
	if c.debugs() {
		c.log().Debug("MySQL error", "number", r.errno, "state", r.state, "message", cut(r.msg, maxMessage))
	}
}

// logStatement writes a statement that was begun at that time to the log, on
// level debug, with its string values as '…'.
func (c *conn) logStatement(st *exec.Stmt, begun time.Time, err error) {
	if !c.debugs() {
		return
	}
	attrs := []any{"statement", cut(st.Redacted(), maxLogged), "duration", time.Since(begun)}
	if err != nil {
		attrs = append(attrs, "error", cut(err.Error(), maxMessage))
	}
	c.log().Debug("MySQL statement", attrs...)
}

// maxLogged is the most bytes of a statement that the log shows.
const maxLogged = 4 << 10

func (c *conn) debugs() bool { return c.srv.o.Logger.Enabled(context.Background(), slog.LevelDebug) }
