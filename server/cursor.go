package server

import (
	"context"

	"github.com/go-mysql-org/go-mysql/mysql"

	"wharf"
)

// cursorReadOnly is the flag of COM_STMT_EXECUTE that asks for a cursor. Those
// for updates and for scrolling open none in MySQL either: the rows follow at
// once, without the status flag of a cursor.
const cursorReadOnly = 1

// openCursor runs a prepared statement and answers with its columns alone. The
// rows follow where no cursor can be opened.
func (c *conn) openCursor(ctx context.Context, p *prepared, args []wharf.Value) error {
	return c.attempt(ctx, p.stmt, args, func() error {
		r, cursor, err := c.session.OpenCursor(ctx, p.stmt, args)
		if err != nil {
			return err
		}
		if cursor == nil {
			return c.result(ctx, r, binaryRow, false)
		}
		p.cursor = cursor
		c.cursors++
		c.encode()
		c.out.header(cursor.Columns)
		c.endFetch(mysql.SERVER_STATUS_CURSOR_EXISTS)
		return nil
	})
}

// endFetch ends a list of rows, or of columns: also for clients that have given
// EOF packets up, since its flags tell of the cursor.
func (c *conn) endFetch(flag uint16) {
	c.out.eof(c.session.Warnings(), c.status()|flag)
}

// fetch answers COM_STMT_FETCH with the next rows of a cursor. One that had fewer
// than were asked for is closed.
func (c *conn) fetch(body []byte) {
	f := fields{b: body}
	id, n := f.u32(), f.u32()
	p := c.stmts[id]
	switch {
	case p == nil:
		c.fail(unknownStatement(id, "mysqld_stmt_fetch"))
		return
	case f.bad:
		c.fail(malformed())
		return
	case p.cursor == nil:
		c.fail(noCursor(id))
		return
	}
	err := c.statement(func(ctx context.Context) error { return c.fetchRows(ctx, p, n) })
	if err == nil {
		return
	}
	c.closeCursor(p)
	if c.out.err == nil {
		c.fail(err)
	}
}

func (c *conn) fetchRows(ctx context.Context, p *prepared, n uint32) error {
	c.running(p.stmt)
	rows := &wharf.Rows{Columns: p.cursor.Columns, All: p.cursor.Fetch(ctx, n)}
	if err := c.out.body(ctx, rows, binaryRow); err != nil {
		return err
	}
	if !p.cursor.Ended() {
		c.endFetch(mysql.SERVER_STATUS_CURSOR_EXISTS)
		return nil
	}
	c.closeCursor(p)
	c.endFetch(mysql.SERVER_STATUS_LAST_ROW_SEND)
	return nil
}

// readCursorsAhead makes way for a statement that is about to run.
func (c *conn) readCursorsAhead(ctx context.Context) {
	if c.cursors == 0 {
		return
	}
	for _, p := range c.stmts {
		if p.cursor != nil {
			p.cursor.ReadAhead(ctx)
		}
	}
}

func (c *conn) closeCursor(p *prepared) {
	if p.cursor != nil {
		p.cursor.Close()
		p.cursor = nil
		c.cursors--
	}
}
