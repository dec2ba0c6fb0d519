package tests

import (
	endian "encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/go-mysql-org/go-mysql/client"
	"github.com/go-mysql-org/go-mysql/mysql"
)

// cursor is a prepared statement of a connection whose rows are fetched. Of what
// clients in Go there are, none has cursors: their packets are made here.
type cursor struct {
	t    *testing.T
	conn *client.Conn
	id   []byte
}

// openCursor opens a cursor on a connection of its own.
func (s *server) openCursor(t *testing.T, query string) *cursor {
	t.Helper()
	conn, err := client.Connect(s.mysql, "root", "", "", func(c *client.Conn) error {
		c.UnsetCapability(mysql.CLIENT_DEPRECATE_EOF)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	c := &cursor{t: t, conn: conn}
	ok := c.command(mysql.COM_STMT_PREPARE, []byte(query))
	c.id = ok[1:5]
	for columns := endian.LittleEndian.Uint16(ok[5:]) + 1; columns > 1; columns-- {
		if c.read(); columns == 2 {
			c.read() // the end of the columns
		}
	}
	c.command(mysql.COM_STMT_EXECUTE, c.id, []byte{1, 1, 0, 0, 0}) // the number of columns
	end := c.read()
	for len(end) != 5 || end[0] != mysql.EOF_HEADER {
		end = c.read() // a column
	}
	if endian.LittleEndian.Uint16(end[3:])&mysql.SERVER_STATUS_CURSOR_EXISTS == 0 {
		t.Fatalf("the columns end with %x", end)
	}
	return c
}

func (c *cursor) write(command byte, body ...[]byte) {
	c.t.Helper()
	packet := append(make([]byte, 4), command)
	for _, part := range body {
		packet = append(packet, part...)
	}
	c.conn.ResetSequence()
	if err := c.conn.WritePacket(packet); err != nil {
		c.t.Fatal(err)
	}
}

func (c *cursor) read() []byte {
	c.t.Helper()
	b, err := c.conn.ReadPacket()
	if err != nil || len(b) == 0 {
		c.t.Fatalf("%q, %v", b, err)
	}
	return b
}

func (c *cursor) command(command byte, body ...[]byte) []byte {
	c.t.Helper()
	c.write(command, body...)
	b := c.read()
	if b[0] == mysql.ERR_HEADER {
		c.t.Fatalf("command %d: %q", command, b)
	}
	return b
}

// fetch asks for rows and calls after with the number of those that came. It
// returns the status flags of the end, or the number of an error.
func (c *cursor) fetch(n uint32, after func(rows int)) (rows int, status, failed uint16) {
	c.t.Helper()
	c.write(mysql.COM_STMT_FETCH, c.id, endian.LittleEndian.AppendUint32(nil, n))
	for {
		switch b := c.read(); b[0] {
		case mysql.OK_HEADER:
			rows++
			after(rows)
		case mysql.ERR_HEADER:
			return rows, 0, endian.LittleEndian.Uint16(b[1:])
		default:
			return rows, endian.LittleEndian.Uint16(b[3:]), 0
		}
	}
}

func (c *cursor) wantRows(n uint32, want int, flag uint16) {
	c.t.Helper()
	rows, status, failed := c.fetch(n, func(int) {})
	if rows != want || failed != 0 || status&(mysql.SERVER_STATUS_CURSOR_EXISTS|mysql.SERVER_STATUS_LAST_ROW_SEND) != flag {
		c.t.Errorf("%d rows, status %#x, error %d; want %d rows, status %#x", rows, status, failed, want, flag)
	}
}

// many has 39,601 rows of more than a cursor reads ahead.
const many = "SELECT a.*, b.* FROM s.`x.csv` a, s.`x.csv` b"

// TestCursor reads files by cursors, beside other queries of the same connection,
// where one query of files can run at a time.
func TestCursor(t *testing.T) {
	t.Parallel()
	s := start(t, settings{args: []string{"--query-workers", "1", "--query-wait", "3s"}})
	s.exec("CREATE STAGE s")
	s.put("s", "x.csv", "testdata/files/ontime_200.csv")
	t.Run("beside a query", func(t *testing.T) {
		c := s.openCursor(t, "SELECT a.FlightDate, b.Origin, b.Dest FROM s.`x.csv` a, s.`x.csv` b LIMIT 5000")
		c.wantRows(300, 300, mysql.SERVER_STATUS_CURSOR_EXISTS)
		r, err := c.conn.Execute("SELECT COUNT(*) FROM s.`x.csv`")
		if n, _ := r.GetInt(0, 0); err != nil || n != 199 {
			t.Errorf("a query beside it: %d, %v", n, err)
		}
		c.wantRows(4000, 4000, mysql.SERVER_STATUS_CURSOR_EXISTS)
		c.wantRows(700, 700, mysql.SERVER_STATUS_CURSOR_EXISTS)
		c.wantRows(1, 0, mysql.SERVER_STATUS_LAST_ROW_SEND)
	})
	t.Run("that holds the worker", func(t *testing.T) {
		c := s.openCursor(t, many)
		if _, err := c.conn.Execute("SELECT COUNT(*) FROM s.`x.csv`"); err == nil || !strings.Contains(err.Error(), "1040") {
			t.Errorf("a query beside a long one: %v", err)
		}
		if _, err := c.conn.Execute("LIST @s"); err != nil {
			t.Error(err)
		}
		c.wantRows(50_000, 39_601, mysql.SERVER_STATUS_LAST_ROW_SEND)
	})
	if n := s.column("SELECT COUNT(*) FROM s.`x.csv`"); len(n) != 1 || n[0] != "199" {
		t.Errorf("afterwards: %v", n)
	}
}

// TestCursorEnds ends cursors that hold the only worker, in every way there is,
// and wants it back.
func TestCursorEnds(t *testing.T) {
	t.Parallel()
	s := start(t, settings{args: []string{"--query-workers", "1"}})
	s.exec("CREATE STAGE s")
	s.put("s", "x.csv", "testdata/files/ontime_200.csv")
	execute := func(c *cursor, statement string) {
		if _, err := c.conn.Execute(statement); err != nil {
			t.Errorf("%s: %v", statement, err)
		}
	}
	id := func(c *cursor) int64 { return int64(c.conn.GetConnectionID()) }
	for name, end := range map[string]func(c *cursor){
		"KILL": func(c *cursor) { s.exec(fmt.Sprintf("KILL %d", id(c))) },
		"KILL QUERY": func(c *cursor) {
			s.exec(fmt.Sprintf("KILL QUERY %d", id(c))) // of one that is idle, as in MySQL, does nothing
			_, _, failed := c.fetch(1<<32-1, func(rows int) {
				if rows == 100 {
					s.exec(fmt.Sprintf("KILL QUERY %d", id(c)))
				}
			})
			if failed != 1317 {
				t.Errorf("a fetch that was killed: error %d", failed)
			}
			if _, _, failed = c.fetch(1, func(int) {}); failed != 1421 {
				t.Errorf("a fetch after it: error %d", failed)
			}
		},
		"leaving":              func(c *cursor) { c.conn.Conn.Conn.Close() },
		"COM_QUIT":             func(c *cursor) { c.conn.Quit() },
		"wait_timeout":         func(c *cursor) { execute(c, "SET wait_timeout = 1") },
		"COM_RESET_CONNECTION": func(c *cursor) { c.command(mysql.COM_RESET_CONNECTION) },
		"COM_STMT_RESET":       func(c *cursor) { c.command(mysql.COM_STMT_RESET, c.id) },
		"COM_STMT_CLOSE":       func(c *cursor) { c.write(mysql.COM_STMT_CLOSE, c.id) },
	} {
		t.Run(name, func(t *testing.T) {
			c := s.openCursor(t, "SELECT a.*, b.*, c.* FROM s.`x.csv` a, s.`x.csv` b, s.`x.csv` c")
			c.wantRows(10, 10, mysql.SERVER_STATUS_CURSOR_EXISTS)
			end(c)
			if n := s.column("SELECT COUNT(*) FROM s.`x.csv`"); len(n) != 1 || n[0] != "199" {
				t.Errorf("afterwards: %v", n)
			}
		})
	}
}
