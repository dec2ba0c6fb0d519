package server

import (
	"context"
	"crypto/tls"
	"strings"
	"sync"
	"time"

	"wharf"
	"wharf/sql/exec"
)

// state is what others may know of a connection, and do to it.
type state struct {
	mu       sync.Mutex // guards what follows
	phase    phase
	ending   bool  // takes no further command
	why      error // it was told to end now; nil if not
	since    time.Time
	user, db string
	owner    wharf.UserID // zero for root
	tls      *tls.Conn    // over the socket, once it is set up; nil without. Its goroutine reads it without the lock
	stmt     *exec.Stmt   // what is running
	info     string       // stmt as the process list shows it; "" until then
	cancel   context.CancelCauseFunc
	watch
}

type phase uint8

const (
	connecting phase = iota
	idle
	busy
)

// enter changes the phase. It returns false if the connection is to end
// instead.
func (c *conn) enter(p phase) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.phase, c.since = p, time.Now()
	return !c.ending
}

// isEnding reports whether the server has told the connection to end.
func (c *conn) isEnding() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ending
}

// start begins what cancel ends, and finish ends that.
func (c *conn) start(cancel context.CancelCauseFunc) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cancel = cancel
	if c.why != nil {
		cancel(c.why)
	}
	c.beginWatch()
}

// running makes st the running statement.
func (c *conn) running(st *exec.Stmt) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stmt, c.info = st, ""
}

func (c *conn) finish() {
	db := c.session.Database()
	c.mu.Lock()
	c.stmt, c.info, c.cancel, c.db = nil, "", nil, db
	looking := c.endWatch()
	c.mu.Unlock()
	if looking != nil {
		c.wire.unpeek(looking)
	}
}

func (c *conn) isRunning() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cancel != nil
}

// interrupt cancels the running statement, if there is one.
func (c *conn) interrupt(why refusal) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cancel != nil {
		c.cancel(why)
		c.wire.endSoon()
	}
}

// drain ends the connection as soon as it is idle.
func (c *conn) drain() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ending = true
	switch {
	case c.phase == busy:
	case c.tls == nil:
		c.raw.Close()
	default:
		go c.disconnect() // it may take a while
	}
}

// end ends the connection now. A running statement has a moment to end and
// to tell its client why; then its socket is gone.
func (c *conn) end(why refusal) {
	c.drain()
	c.mu.Lock()
	c.why = why
	c.mu.Unlock()
	c.interrupt(why)
	time.AfterFunc(c.srv.o.endGrace, func() { c.raw.Close() })
}

func (c *conn) process() (exec.Process, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := exec.Process{ID: c.id, User: c.user, Owner: c.owner, Host: c.host, DB: c.db, Command: "Sleep", Since: c.since}
	switch c.phase {
	case busy:
		p.Command = "Query"
	case connecting:
		p.Command = "Connect"
	}
	if c.stmt != nil && c.info == "" {
		c.info = shorten(c.stmt.Redacted())
	}
	p.Info = c.info
	return p, c.user != ""
}

// maxInfo is how much of a statement the process list shows, in bytes: there
// may be as many long ones as connections.
const maxInfo = 16 << 10

func shorten(text string) string {
	if len(text) <= maxInfo {
		return text
	}
	return strings.ToValidUTF8(text[:maxInfo], "") + "…"
}
