package server

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/go-mysql-org/go-mysql/mysql"
)

const (
	cursorExists = mysql.SERVER_STATUS_CURSOR_EXISTS
	lastRowSent  = mysql.SERVER_STATUS_LAST_ROW_SEND
)

// prepare prepares a statement without placeholders, and returns its ID.
func (c *rawClient) prepare(text string) string {
	c.t.Helper()
	ok := c.command(mysql.COM_STMT_PREPARE, text)
	if len(ok) != 12 || ok[0] != mysql.OK_HEADER {
		c.t.Fatalf("prepare: %q", ok)
	}
	for range binary.LittleEndian.Uint16(ok[5:]) {
		c.read()
	}
	if binary.LittleEndian.Uint16(ok[5:]) > 0 && c.caps&mysql.CLIENT_DEPRECATE_EOF == 0 {
		c.read()
	}
	return string(ok[1:5])
}

// execute asks for a cursor by its flags, and returns the number of columns.
func (c *rawClient) execute(id string, flags byte) byte {
	c.t.Helper()
	n := c.command(mysql.COM_STMT_EXECUTE, id+string(flags)+"\x01\x00\x00\x00")
	if len(n) != 1 {
		c.t.Fatalf("execute: %q", n)
	}
	for range n[0] {
		c.read()
	}
	return n[0]
}

// rows reads rows to their end, and returns their number and the status flags.
func (c *rawClient) rows() (n int, status uint16) {
	c.t.Helper()
	for {
		switch b := c.read(); {
		case len(b) > 0 && b[0] == mysql.OK_HEADER:
			n++
		case c.caps&mysql.CLIENT_DEPRECATE_EOF == 0 && len(b) == 5 && b[0] == mysql.EOF_HEADER:
			return n, binary.LittleEndian.Uint16(b[3:])
		case len(b) == 7 && b[0] == mysql.EOF_HEADER:
			return n, binary.LittleEndian.Uint16(b[3:])
		default:
			c.t.Fatalf("after %d rows: %q", n, b)
		}
	}
}

func (c *rawClient) fetch(id string, most uint32) (n int, status uint16) {
	c.t.Helper()
	c.write(0, binary.LittleEndian.AppendUint32([]byte{mysql.COM_STMT_FETCH, id[0], id[1], id[2], id[3]}, most))
	return c.rows()
}

func (c *rawClient) wantFetch(id string, most uint32, rows int, flag uint16) {
	c.t.Helper()
	if n, status := c.fetch(id, most); n != rows || status != flag|mysql.SERVER_STATUS_AUTOCOMMIT {
		c.t.Errorf("fetch of %d: %d rows, status %#x; want %d rows, flag %#x", most, n, status, rows, flag)
	}
}

func (c *rawClient) openCursor(id string) {
	c.t.Helper()
	c.execute(id, cursorReadOnly)
	if n, status := c.rows(); n != 0 || status != cursorExists|mysql.SERVER_STATUS_AUTOCOMMIT {
		c.t.Errorf("a cursor opens with %d rows and status %#x", n, status)
	}
}

func (c *rawClient) wantNoCursor(id string) {
	c.t.Helper()
	wantErr(c.t, c.command(mysql.COM_STMT_FETCH, id+"\x01\x00\x00\x00"), 1421, "has no open cursor")
}

// TestCursor fetches in both forms of EOF packets.
func TestCursor(t *testing.T) {
	r := start(t, Options{})
	for _, caps := range []uint32{0, mysql.CLIENT_DEPRECATE_EOF} {
		c := r.dial(t).login(caps)
		id := c.prepare("cursor")
		c.wantNoCursor(id)
		c.openCursor(id)
		c.wantFetch(id, 0, 0, cursorExists)
		c.wantFetch(id, 1, 1, cursorExists)
		c.wantFetch(id, 500, 500, cursorExists)
		wantOK(t, c.command(mysql.COM_QUERY, "ok"))
		if n, status := c.fetch(id, 1<<32-1); n < 50 || status&(cursorExists|lastRowSent) != lastRowSent {
			t.Errorf("the last fetch: %d rows, status %#x", n, status)
		}
		c.wantNoCursor(id)

		c.openCursor(id)
		c.openCursor(id) // begins anew
		c.wantFetch(id, 3, 3, cursorExists)
		wantOK(t, c.command(mysql.COM_STMT_RESET, id))
		c.wantNoCursor(id)
		c.openCursor(id)
		c.write(0, append([]byte{mysql.COM_STMT_CLOSE}, id...))
		wantErr(t, c.command(mysql.COM_STMT_FETCH, id+"\x01\x00\x00\x00"), 1243, "mysqld_stmt_fetch")
	}
}

// MySQL knows no cursors but those for reading, and opens none for what gives
// no rows.
func TestNoCursor(t *testing.T) {
	r := start(t, Options{})
	c := r.dial(t).login(0)
	id := c.prepare("one")
	for _, flags := range []byte{0, 2, 4, cursorReadOnly} { // the last: the session opens none
		c.execute(id, flags)
		if eof := c.read(); !bytes.Equal(eof, []byte{0xfe, 0, 0, 2, 0}) {
			t.Errorf("flags %d: columns end with %x", flags, eof)
		}
		if n, status := c.rows(); n != 1 || status != mysql.SERVER_STATUS_AUTOCOMMIT {
			t.Errorf("flags %d: %d rows, status %#x", flags, n, status)
		}
		c.wantNoCursor(id)
	}
	wantOK(t, c.command(mysql.COM_STMT_EXECUTE, c.prepare("ok")+"\x01\x01\x00\x00\x00"))
	wantErr(t, c.command(mysql.COM_STMT_FETCH, "\x01"), 1243, "")
	wantErr(t, c.command(mysql.COM_STMT_FETCH, id+"\x01"), 1835, "")
}

// Whatever ends a connection ends its cursors: start checks that none holds
// memory.
func TestCursorsEnd(t *testing.T) {
	r := start(t, Options{})
	for name, end := range map[string]func(c *rawClient){
		"quit":  func(c *rawClient) { c.write(0, []byte{mysql.COM_QUIT}) },
		"leave": func(c *rawClient) { c.Close() },
		"kill": func(c *rawClient) {
			if err := r.Kill(t.Context(), c.id(), false); err != nil {
				t.Fatal(err)
			}
		},
		"wait_timeout": func(c *rawClient) { c.command(mysql.COM_QUERY, "wait 1ms") },
		"reset": func(c *rawClient) {
			wantOK(t, c.command(mysql.COM_RESET_CONNECTION, ""))
			wantErr(t, c.command(mysql.COM_STMT_FETCH, "\x01\x00\x00\x00\x01\x00\x00\x00"), 1243, "")
		},
		"change user": func(c *rawClient) {
			c.write(0, slices.Concat([]byte{mysql.COM_CHANGE_USER}, []byte("root\x00\x00\x00\xff\x00"+nativePlugin+"\x00")))
			if b := c.read(); len(b) > 0 && b[0] == mysql.EOF_HEADER {
				c.write(c.seq+1, nil)
				wantOK(t, c.read())
			}
			wantErr(t, c.command(mysql.COM_STMT_FETCH, "\x01\x00\x00\x00\x01\x00\x00\x00"), 1243, "")
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := r.dial(t).login(0)
			id := c.prepare("cursor")
			c.openCursor(id)
			c.wantFetch(id, 10, 10, cursorExists)
			if r.memory.all.Used() == 0 {
				t.Error("an open cursor counts for nothing")
			}
			end(c)
			eventually(t, "the cursor's memory is returned", func() bool { return r.memory.all.Used() == 0 })
			if log := r.log.String(); strings.Contains(log, "panic") {
				t.Errorf("a panic: %s", log)
			}
		})
	}
}
