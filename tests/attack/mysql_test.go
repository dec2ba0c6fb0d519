//go:build !race

package attack

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/klauspost/compress/zstd"

	"wharf/tests/harness"
)

// The capabilities that a rawMySQL asks for, of the protocol.
const (
	protocol41  = 0x200
	secure      = 0x8000
	pluginAuth  = 0x80000
	zlibPackets = 0x20
	zstdPackets = 0x4000000
)

// rawMySQL is a connection that has logged in as root, and sends what it likes.
type rawMySQL struct {
	net.Conn
	t  testing.TB
	in *bufio.Reader
}

// rawMySQL logs in. A server that has no place for one more fails the test.
func (s *target) rawMySQL(caps uint32) *rawMySQL {
	s.t.Helper()
	conn, err := net.Dial("tcp", s.MySQL)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { conn.Close() })
	c := &rawMySQL{Conn: conn, t: s.t, in: bufio.NewReader(conn)}
	conn.SetDeadline(time.Now().Add(honestWithin))
	c.packet()
	caps |= protocol41 | secure | pluginAuth
	hello := []byte{byte(caps), byte(caps >> 8), byte(caps >> 16), byte(caps >> 24)}
	hello = append(hello, make([]byte, 4+1+23)...)
	hello = append(hello, "root\x00\x00mysql_native_password\x00"...)
	if caps&zstdPackets != 0 {
		hello = append(hello, 3)
	}
	c.send(1, hello)
	if answer := c.packet(); answer[0] != 0 {
		s.t.Fatalf("the login was answered %.200q", answer)
	}
	conn.SetDeadline(time.Time{})
	return c
}

// packet reads one packet.
func (c *rawMySQL) packet() []byte {
	c.t.Helper()
	var header [4]byte
	if _, err := io.ReadFull(c.in, header[:]); err != nil {
		c.t.Fatal(err)
	}
	body := make([]byte, int(header[0])|int(header[1])<<8|int(header[2])<<16)
	if _, err := io.ReadFull(c.in, body); err != nil {
		c.t.Fatal(err)
	}
	return body
}

// send writes a packet. A connection that the server ended takes nothing.
func (c *rawMySQL) send(seq byte, payload []byte) {
	const most = 1<<24 - 1
	for last := false; !last; seq++ {
		n := min(len(payload), most)
		last = n < most
		if _, err := c.Write(append([]byte{byte(n), byte(n >> 8), byte(n >> 16), seq}, payload[:n]...)); err != nil {
			return
		}
		payload = payload[n:]
	}
}

// query sends a statement, and reads nothing.
func (c *rawMySQL) query(text string) { c.send(0, append([]byte{3}, text...)) }

// each runs f for each number below n, in several goroutines.
func each(n int, f func(i int)) {
	var all sync.WaitGroup
	numbers := make(chan int)
	for range 16 {
		all.Go(func() {
			for i := range numbers {
				f(i)
			}
		})
	}
	for i := range n {
		numbers <- i
	}
	close(numbers)
	all.Wait()
}

// db is a pool of connections for an attacker.
func (s *target) db(params string) *sql.DB {
	s.t.Helper()
	db, err := sql.Open("mysql", "root@tcp("+s.MySQL+")/default?maxAllowedPacket=67108864"+params)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { db.Close() })
	return db
}

// refusedBy reports whether err is one of these numbers of the server.
func refusedBy(err error, numbers ...uint16) bool {
	var e *mysql.MySQLError
	if !errors.As(err, &e) {
		return false
	}
	for _, n := range numbers {
		if e.Number == n {
			return true
		}
	}
	return false
}

// One row of many large values: too large ones are NULL, and many are more than
// a session may hold.
func TestLargeRows(t *testing.T) {
	s := start(t, harness.Options{})
	s.under(func() {
		db := s.db("")
		defer db.Close()
		each(32, func(i int) {
			huge, err := db.Query("SELECT REPEAT('a', 16777216)" + strings.Repeat(", REPEAT('a', 16777216)", 159))
			if err != nil {
				t.Errorf("a row of NULLs: %v", err)
				return
			}
			huge.Close()
			var text string
			err = db.QueryRow("SELECT REPEAT('a', 1000000)" + strings.Repeat(", REPEAT('a', 1000000)", 200)).Scan(&text)
			if !refusedBy(err, 1153, 1040) {
				t.Errorf("a row of 200 MB: %v", err)
			}
			err = db.QueryRow("SELECT LENGTH(CONCAT(REPEAT('a', 1000000)" + strings.Repeat(", REPEAT('a', 1000000)", 1000) + "))").Scan(&text)
			if !refusedBy(err, 1153, 1040) {
				t.Errorf("arguments of 1 GB: %v", err)
			}
		})
	})
}

// Sessions that do not read what they asked for.
func TestRowsThatNobodyReads(t *testing.T) {
	s := start(t, harness.Options{})
	s.under(func() {
		conns := make([]*rawMySQL, 300)
		for i := range conns {
			conns[i] = s.rawMySQL(0)
			conns[i].query("SELECT REPEAT('a', 1000000)" + strings.Repeat(", REPEAT('a', 1000000)", 60))
		}
		s.served(3)
		for _, c := range conns {
			c.Close()
		}
	})
}

// What loops for long, which KILL and the client's end end too.
func TestLongLoops(t *testing.T) {
	s := start(t, harness.Options{})
	literal := "'" + strings.Repeat("a", 4*mib) + "'"
	endless := []string{
		"SELECT " + literal + " LIKE CONCAT('%', REPEAT('a', 1000), 'b')",
		"SELECT " + literal + " REGEXP '(x+x+)+y|(a+a+)+y'",
		"SELECT " + literal + " IN (" + strings.Repeat(literal[:len(literal)-2]+"b', ", 10) + "1)",
		"DO " + strings.Repeat("MD5(REPEAT('a', 1000000)), ", 1500) + "1",
		strings.Repeat("/**/;", 8*mib) + "SELECT 1",
		strings.Repeat("SELECT 1;", 4*mib),
	}
	s.under(func() {
		db := s.db("&multiStatements=true")
		defer db.Close()
		var all sync.WaitGroup
		for _, text := range append(endless,
			"SELECT 'x' REGEXP REPEAT('(ab|cd)?', 400000)", "SELECT 'x' REGEXP REPEAT('(ab|cd)?', 100000)",
			"SELECT 'x' REGEXP REPEAT('a{1000}', 500)", `SELECT 'x' REGEXP REPEAT('\\pL{9}', 500)`) {
			all.Go(func() { // hangs up, and is ended by that
				ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
				defer cancel()
				rows, err := db.QueryContext(ctx, text)
				if err == nil {
					rows.Close()
				}
			})
		}
		all.Wait()
	})
	db := s.db("&multiStatements=true")
	for _, text := range endless[:4] {
		conn, err := db.Conn(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		var id int64
		if err := conn.QueryRowContext(context.Background(), "SELECT CONNECTION_ID()").Scan(&id); err != nil {
			t.Fatal(err)
		}
		done := make(chan error)
		go func() {
			rows, err := conn.QueryContext(context.Background(), text)
			if err == nil {
				for rows.Next() {
				}
				err = rows.Err()
				rows.Close()
			}
			done <- err
		}()
		s.await("the statement to be listed", func() bool {
			var n int
			err := db.QueryRow("SELECT COUNT(*) FROM information_schema.processlist WHERE id = ? AND info IS NOT NULL", id).Scan(&n)
			if err != nil {
				t.Fatal(err)
			}
			return n == 1 || len(done) > 0
		})
		if _, err := db.Exec(fmt.Sprintf("KILL QUERY %d", id)); err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		if err := <-done; err != nil && !refusedBy(err, 1317) {
			t.Errorf("%.40s… after KILL QUERY: %v", text, err)
		}
		if took := time.Since(begun); took > 30*time.Second {
			t.Errorf("%.40s… ended %v after KILL QUERY", text, took)
		}
		conn.Close()
	}
}

// Statements with very many parts.
func TestManyParts(t *testing.T) {
	var options, list, pairs strings.Builder
	for i := range 80_000 {
		fmt.Fprintf(&options, "option_%d = 1\n", i)
		list.WriteString(", 'a'")
		fmt.Fprintf(&pairs, ", @v%d = 1", i)
	}
	s := start(t, harness.Options{})
	s.under(func() {
		db := s.db("")
		defer db.Close()
		each(32, func(i int) {
			for _, text := range []string{
				"CREATE STAGE x FILE_FORMAT = (" + options.String() + ")",
				"CREATE CONNECTION x " + options.String(),
				"CREATE STAGE x FILE_FORMAT = (TYPE = CSV NULL_IF = ('a'" + list.String() + "))",
				"SET @a = 1" + pairs.String(),
				"SELECT 1" + strings.Repeat(", 1", 80_000),
				"SELECT ''" + strings.Repeat(" '"+strings.Repeat("x", 100)+"'", 80_000),
			} {
				begun := time.Now()
				if _, err := db.Exec(text); !refusedBy(err, 1153, 1040) {
					t.Errorf("%.30s…: %v", text, err)
				}
				if took := time.Since(begun); took > 2*time.Minute {
					t.Errorf("%.30s… took %v", text, took)
				}
			}
		})
	})
}

// Statements as long as can be, at once.
func TestLongStatements(t *testing.T) {
	t.Parallel()
	s := start(t, harness.Options{})
	text := strings.Repeat("x", 60*mib)
	s.under(func() {
		db := s.db("")
		defer db.Close()
		each(8, func(i int) {
			forms := []string{"SELECT '" + text + "'", "SELECT LENGTH('" + text + "')", "LIST @s/" + text, "CREATE STAGE `" + text + "`"}
			var got sql.RawBytes
			rows, err := db.Query(forms[i%len(forms)])
			if err == nil {
				for rows.Next() {
					err = errors.Join(err, rows.Scan(&got))
				}
				err = errors.Join(err, rows.Err())
				rows.Close()
			}
			var e *mysql.MySQLError
			if err != nil && !errors.As(err, &e) {
				t.Errorf("a statement of 60 MiB: %v", err)
			}
		})
	})
}

// Sessions that keep all that they may: variables, prepared statements and
// their parameters, diagnostics, and statements that wait.
func TestWhatSessionsKeep(t *testing.T) {
	t.Parallel()
	literal := "'" + strings.Repeat("v", 15*mib) + "'"
	for name, attack := range map[string]struct {
		sessions int // whose packets or values together are more than the server may hold
		keep     func(*rawMySQL)
	}{
		"user variables": {70, func(c *rawMySQL) {
			c.query("SET @a = " + literal)
			c.packet()
			for _, name := range []string{"b", "c", "d", "e", "f", "g"} {
				c.query("SET @" + name + " = REPEAT('v', 1048576)")
				c.packet()
			}
		}},
		"a piece of a long statement": {40, func(c *rawMySQL) {
			c.query("SET @a = LEFT(" + literal + ", 5), @b = RIGHT(" + literal + ", 5), lc_messages = LEFT(" + literal + ", 5)")
			c.packet()
		}},
		"prepared statements": {100, func(c *rawMySQL) {
			for range 16 {
				c.send(0, []byte("\x16DO 1"+strings.Repeat(",1", 9000)))
				c.packet()
			}
		}},
		"parameters in pieces": {100, func(c *rawMySQL) {
			c.send(0, []byte("\x16SELECT ?"))
			c.packet()
			for range 4 {
				c.send(0, append([]byte("\x18\x01\x00\x00\x00\x00\x00"), literal...))
			}
			c.send(0, []byte{14})
			c.packet()
		}},
		"statements that wait": {100, func(c *rawMySQL) { c.query("SELECT SLEEP(1000)" + strings.Repeat(",1", 7000)) }},
		"diagnostics":          {100, func(c *rawMySQL) { c.query("SELECT 1/0" + strings.Repeat(", REPEAT('a', 2000000)", 2000)); c.packet() }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, harness.Options{})
			s.under(func() {
				conns := make([]*rawMySQL, attack.sessions)
				each(len(conns), func(i int) {
					conns[i] = s.rawMySQL(0)
					attack.keep(conns[i])
				})
				s.served(3)
				for _, c := range conns {
					c.Close()
				}
			})
		})
	}
}

// Frames of zstd that name a large window and do not go on, and zlib's.
func TestDecoders(t *testing.T) {
	t.Parallel()
	var packed bytes.Buffer
	z, err := zstd.NewWriter(&packed, zstd.WithWindowSize(32*mib))
	if err != nil {
		t.Fatal(err)
	}
	z.Write(bytes.Repeat([]byte("abcdefgh"), 6*mib))
	z.Close()
	frame := packed.Bytes()
	frame = append([]byte{byte(len(frame)), byte(len(frame) >> 8), byte(len(frame) >> 16), 0, 0xff, 0xff, 0xff}, frame[:len(frame)-100]...)
	for name, attack := range map[string]struct {
		caps uint32
		sent []byte
	}{
		"zstd": {zstdPackets, frame},
		"zlib": {zlibPackets, []byte("\x00\x10\x00\x00\xff\xff\xff\x78\x9c\x4b")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, harness.Options{})
			s.under(func() {
				conns := make([]*rawMySQL, 900)
				each(len(conns), func(i int) {
					conns[i] = s.rawMySQL(attack.caps)
					conns[i].Write(attack.sent)
				})
				s.served(3)
				for _, c := range conns {
					c.Close()
				}
			})
		})
	}
}
