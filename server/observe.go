package server

import (
	"strings"
	"time"

	"wharf"
	"wharf/sql/exec"
)

// observe tells of a statement that was begun at that time and has ended.
func (c *conn) observe(st *exec.Stmt, begun time.Time, err error) {
	if c.srv.o.Observe == nil {
		return
	}
	e := c.event(c.user, st.Action(), begun, err)
	database := c.session.Database()
	e.Places = func() []string { return st.Places(database) }
	e.Statement = st.Redacted
	c.srv.o.Observe(e)
}

// observeLogin tells of a login by a user's name.
func (c *conn) observeLogin(user string, begun time.Time, err error) {
	if c.srv.o.Observe != nil {
		c.srv.o.Observe(c.event(strings.ToValidUTF8(cut(user, maxLoggedUser), "?"), "login", begun, err))
	}
}

// maxLoggedUser is how many bytes of a name are told, which the client chose.
const maxLoggedUser = 200

func (c *conn) event(user, action string, begun time.Time, err error) *wharf.Event {
	e := &wharf.Event{
		Listener: "mysql", Connection: uint64(c.id), From: c.raw.RemoteAddr().String(), User: user, Action: action,
		Begun: begun, Took: time.Since(begun), Err: err,
	}
	if err != nil {
		e.Status = int(refusalOf(err, c.id).errno)
	}
	return e
}

// observeUnread tells of a statement that could not be read. Its text may hold
// anything, so that nothing of it is told.
func (c *conn) observeUnread(begun time.Time, err error) {
	if c.srv.o.Observe != nil {
		c.srv.o.Observe(c.event(c.user, "unreadable", begun, err))
	}
}
