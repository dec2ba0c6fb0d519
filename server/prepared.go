package server

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"strings"

	"wharf/sql/exec"

	"github.com/go-mysql-org/go-mysql/mysql"

	"wharf"
)

// prepared is a prepared statement.
type prepared struct {
	stmt    *exec.Stmt
	types   []paramType              // of the last execute that named them
	long    map[int]*strings.Builder // parameters that came in pieces
	tooLong bool                     // and those that came are too long
	cursor  *exec.Cursor             // nil while none is open
}

// prepare answers COM_STMT_PREPARE.
func (c *conn) prepare(text string) {
	var st *exec.Stmt
	var columns []wharf.Column
	err := c.statement(func(ctx context.Context) (err error) {
		if st, err = c.parseOne(ctx, text); err != nil {
			return err
		}
		if st.Refused() {
			// Told now, as MySQL does: its placeholders were not counted, and a
			// client with values for them would find fault with those.
			return c.run(ctx, st, nil, binaryRow, false)
		}
		if err := c.admitStatement(st); err != nil {
			return err
		}
		c.running(st) // an engine may have to look into files
		c.readCursorsAhead(ctx)
		if columns, err = c.session.Columns(ctx, st); err != nil {
			c.dismissStatement(st)
		}
		return err
	})
	if err != nil {
		c.fail(err)
		return
	}
	for c.lastStmt++; c.lastStmt == 0 || c.stmts[c.lastStmt] != nil; c.lastStmt++ {
	}
	c.stmts[c.lastStmt] = &prepared{stmt: st}
	c.describe(c.lastStmt, st.NumParams(), columns)
}

// admitStatement counts a statement that is prepared.
func (c *conn) admitStatement(st *exec.Stmt) error {
	if n := c.srv.statements.Add(1); n > int64(c.srv.o.MaxStatements) {
		c.srv.statements.Add(-1)
		return refusal{1461, "42000", fmt.Sprintf(
			"Can't create more than max_prepared_stmt_count statements (current value: %d)", c.srv.o.MaxStatements)}
	}
	if err := c.session.Memory().Keep(st.Bytes()); err != nil {
		c.srv.statements.Add(-1)
		return refusal{1461, "42000", "Can't prepare more: " + wharf.MessageOf(err)}
	}
	return nil
}

func (c *conn) dismissStatement(st *exec.Stmt) {
	c.srv.statements.Add(-1)
	c.session.Memory().Unkeep(st.Bytes())
}

// parseOne parses a text that may hold one statement only.
func (c *conn) parseOne(ctx context.Context, text string) (*exec.Stmt, error) {
	st, rest, err := c.parse(ctx, text)
	if err != nil {
		return nil, err
	}
	if st == nil {
		return nil, emptyQuery()
	}
	second, _, err := c.parse(ctx, rest)
	switch {
	case err != nil:
		return nil, err
	case second != nil:
		return nil, syntaxError("You have an error in your SQL syntax: a prepared statement is one statement")
	case st.NumParams() > math.MaxUint16:
		return nil, refusal{1390, "HY000", "Prepared statement contains too many placeholders"}
	}
	return st, nil
}

func (c *conn) describe(id uint32, params int, cols []wharf.Column) {
	p := &c.out
	p.begin()
	p.buf = append(p.buf, mysql.OK_HEADER)
	p.buf = binary.LittleEndian.AppendUint32(p.buf, id)
	p.buf = binary.LittleEndian.AppendUint16(p.buf, uint16(len(cols)))
	p.buf = binary.LittleEndian.AppendUint16(p.buf, uint16(params))
	p.buf = append(p.buf, 0, 0, 0) // filler, warnings
	p.end()
	marks := make([]wharf.Column, params)
	for i := range marks {
		marks[i] = wharf.Column{Name: "?", Type: wharf.TypeString, Nullable: true}
	}
	p.columns(marks, c.status())
	p.columns(cols, c.status())
}

// execute answers COM_STMT_EXECUTE. It ends the cursor of the one before.
func (c *conn) execute(body []byte) {
	f := fields{b: body}
	id := f.u32()
	p := c.stmts[id]
	if p == nil {
		c.fail(unknownStatement(id, "mysqld_stmt_execute"))
		return
	}
	c.closeCursor(p)
	flags := f.u8()
	f.bytes(4) // a count that is always 1
	args, err := p.arguments(&f)
	c.forgetLongData(p)
	if err == nil {
		c.decodeArguments(p, args)
		err = c.statement(func(ctx context.Context) error {
			if flags&cursorReadOnly != 0 {
				return c.openCursor(ctx, p, args)
			}
			return c.run(ctx, p.stmt, args, binaryRow, false)
		})
	}
	if err != nil && c.out.err == nil {
		c.fail(err)
	}
}

// sendLongData keeps a piece of a parameter. It has no answer: what is wrong
// with it, the execute tells.
func (c *conn) sendLongData(body []byte) {
	f := fields{b: body}
	p := c.stmts[f.u32()]
	i := int(f.u16())
	if p == nil || f.bad || i >= p.stmt.NumParams() {
		return
	}
	text := p.long[i]
	size := len(f.b)
	if text == nil {
		size += longDataBytes
	}
	if p.tooLong || c.longData+size > c.srv.o.MaxPacket || c.session.Memory().Keep(int64(size)) != nil {
		p.tooLong = true
		return
	}
	if text == nil {
		text = &strings.Builder{}
		if p.long == nil {
			p.long = map[int]*strings.Builder{}
		}
		p.long[i] = text
	}
	c.longData += size
	text.Write(f.b)
}

// longDataBytes is what a parameter that came in pieces takes beside its bytes.
const longDataBytes = 128

func (c *conn) forgetLongData(p *prepared) {
	for _, text := range p.long {
		size := longDataBytes + text.Len()
		c.longData -= size
		c.session.Memory().Unkeep(int64(size))
	}
	p.long, p.tooLong = nil, false
}

func (c *conn) resetStatement(body []byte) error {
	f := fields{b: body}
	id := f.u32()
	p := c.stmts[id]
	if p == nil {
		return unknownStatement(id, "mysqld_stmt_reset")
	}
	c.closeCursor(p)
	c.forgetLongData(p)
	return nil
}

// closeStatement has no answer, whether there was such a statement or not.
func (c *conn) closeStatement(body []byte) {
	f := fields{b: body}
	id := f.u32()
	if p := c.stmts[id]; p != nil {
		c.closeCursor(p)
		c.forgetLongData(p)
		delete(c.stmts, id)
		c.dismissStatement(p.stmt)
	}
}

func (c *conn) dropStatements() {
	for _, p := range c.stmts {
		c.closeCursor(p)
		c.forgetLongData(p)
		c.dismissStatement(p.stmt)
	}
	clear(c.stmts)
}
