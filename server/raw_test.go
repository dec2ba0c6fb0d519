package server

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-mysql-org/go-mysql/mysql"
)

// rawClient speaks packets, also wrong ones.
type rawClient struct {
	net.Conn
	t        testing.TB
	in       *bufio.Reader
	greeting []byte
	seq      byte // of the last packet that came
	caps     uint32
}

func (r *running) dial(t testing.TB) *rawClient {
	t.Helper()
	c, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(patience))
	raw := &rawClient{Conn: c, t: t, in: bufio.NewReader(c)}
	raw.greeting = raw.read()
	return raw
}

// read reads one packet; nil if the server hung up.
func (c *rawClient) read() []byte {
	c.t.Helper()
	var h [4]byte
	if _, err := io.ReadFull(c.in, h[:]); err != nil {
		var timeout net.Error
		if errors.As(err, &timeout) && timeout.Timeout() {
			c.t.Fatal("the server neither answers nor hangs up")
		}
		return nil
	}
	c.seq = h[3]
	b := make([]byte, int(h[0])|int(h[1])<<8|int(h[2])<<16)
	if _, err := io.ReadFull(c.in, b); err != nil {
		c.t.Fatalf("a packet was cut short: %v", err)
	}
	return b
}

func (c *rawClient) write(seq byte, payload []byte) {
	h := []byte{0, 0, 0, seq}
	putLength(h, len(payload))
	// The server may have hung up already; that is for read to find out.
	c.Write(append(h, payload...))
}

// handshakeResponsePacket is a HandshakeResponse41.
func handshakeResponsePacket(caps uint32, user string, auth []byte, db, plugin string) []byte {
	b := binary.LittleEndian.AppendUint32(nil, caps)
	b = binary.LittleEndian.AppendUint32(b, 1<<24)
	b = append(b, collation)
	b = append(b, make([]byte, 23)...)
	b = append(append(b, user...), 0)
	b = append(append(b, byte(len(auth))), auth...)
	if caps&mysql.CLIENT_CONNECT_WITH_DB != 0 {
		b = append(append(b, db...), 0)
	}
	return append(append(b, plugin...), 0)
}

const plainCaps = mysql.CLIENT_PROTOCOL_41 | mysql.CLIENT_SECURE_CONNECTION | mysql.CLIENT_PLUGIN_AUTH

// login logs root in without a password.
func (c *rawClient) login(more uint32) *rawClient {
	c.t.Helper()
	c.caps = plainCaps | more
	c.write(1, handshakeResponsePacket(c.caps, "root", nil, "", nativePlugin))
	if b := c.read(); len(b) == 0 || b[0] != mysql.OK_HEADER {
		c.t.Fatalf("login: %q", b)
	}
	return c
}

// command sends a command and reads the first packet of its answer.
func (c *rawClient) command(cmd byte, body string) []byte {
	c.t.Helper()
	c.write(0, append([]byte{cmd}, body...))
	return c.read()
}

// wantErr checks for an ERR packet.
func wantErr(t testing.TB, b []byte, errno uint16, text string) {
	t.Helper()
	if len(b) < 3 || b[0] != mysql.ERR_HEADER || binary.LittleEndian.Uint16(b[1:]) != errno || !bytes.Contains(b, []byte(text)) {
		t.Errorf("got %.200q, want error %d with %q", b, errno, text)
	}
}

func wantOK(t testing.TB, b []byte) {
	t.Helper()
	if len(b) < 7 || b[0] != mysql.OK_HEADER {
		t.Errorf("got %.200q, want OK", b)
	}
}

func (c *rawClient) wantGone() {
	c.t.Helper()
	if b := c.read(); b != nil {
		c.t.Errorf("got %.200q, want the end of the connection", b)
	}
}

func TestGreeting(t *testing.T) {
	r := start(t, Options{Version: "8.0.36-wharf-test"})
	c := r.dial(t)
	f := fields{b: c.greeting}
	if v := f.u8(); v != 10 {
		t.Errorf("protocol %d", v)
	}
	if v := string(f.nul()); v != "8.0.36-wharf-test" {
		t.Errorf("version %q", v)
	}
	if id := f.u32(); id != 1 {
		t.Errorf("connection %d", id)
	}
	f.bytes(9)
	caps := uint32(f.u16())
	if cs := f.u8(); cs != collation {
		t.Errorf("collation %d", cs)
	}
	if st := f.u16(); st != mysql.SERVER_STATUS_AUTOCOMMIT {
		t.Errorf("status %#x", st)
	}
	caps |= uint32(f.u16()) << 16
	for name, flag := range map[string]uint32{
		"FOUND_ROWS": mysql.CLIENT_FOUND_ROWS, "MULTI_STATEMENTS": mysql.CLIENT_MULTI_STATEMENTS,
		"DEPRECATE_EOF": mysql.CLIENT_DEPRECATE_EOF, "CONNECT_ATTRS": mysql.CLIENT_CONNECT_ATTRS,
	} {
		if caps&flag == 0 {
			t.Errorf("%s is not offered", name)
		}
	}
	if caps&(mysql.CLIENT_SSL|mysql.CLIENT_LOCAL_FILES|mysql.CLIENT_SESSION_TRACK) != 0 {
		t.Errorf("too much is offered: %#x", caps)
	}
}

// TestStatus follows the flags through the OK and EOF packets, in both forms
// of the latter.
func TestStatus(t *testing.T) {
	r := start(t, Options{})
	for _, caps := range []uint32{0, mysql.CLIENT_DEPRECATE_EOF} {
		c := r.dial(t)
		c.write(1, handshakeResponsePacket(plainCaps|caps, "root", nil, "", nativePlugin))
		if ok := c.read(); len(ok) < 5 || binary.LittleEndian.Uint16(ok[3:]) != mysql.SERVER_STATUS_AUTOCOMMIT {
			t.Errorf("the login's OK is %x", ok)
		}
		if ok := c.command(mysql.COM_QUERY, "begin"); binary.LittleEndian.Uint16(ok[3:]) != 3 {
			t.Errorf("begin gave %x", ok)
		}
		if n := c.command(mysql.COM_QUERY, "one"); len(n) != 1 || n[0] != 1 {
			t.Errorf("one gave %x", n)
		}
		c.read() // the column
		if caps == 0 {
			if eof := c.read(); !bytes.Equal(eof, []byte{0xfe, 0, 0, 3, 0}) {
				t.Errorf("columns end with %x", eof)
			}
		}
		if row := c.read(); !bytes.Equal(row, []byte{1, '1'}) {
			t.Errorf("row %x", row)
		}
		want := []byte{0xfe, 0, 0, 3, 0}
		if caps != 0 {
			want = []byte{0xfe, 0, 0, 3, 0, 0, 0}
		}
		if eof := c.read(); !bytes.Equal(eof, want) {
			t.Errorf("rows end with %x", eof)
		}
		c.command(mysql.COM_QUERY, "warn")
		for range 2 - int(caps/mysql.CLIENT_DEPRECATE_EOF) {
			c.read() // the column, and its end
		}
		c.read()
		if eof := c.read(); !slices.Contains(eof, 7) || len(eof) != len(want) {
			t.Errorf("rows whose last one brought warnings end with %x", eof)
		}
		if ok := c.command(mysql.COM_QUERY, "ok"); !bytes.Equal(ok, append([]byte{0, 3, 0, 3, 0, 2, 0, 4}, "done"...)) {
			t.Errorf("ok gave %x", ok)
		}
		wantOK(t, c.command(mysql.COM_RESET_CONNECTION, ""))
		if ok := c.command(mysql.COM_PING, ""); binary.LittleEndian.Uint16(ok[3:]) != 2 {
			t.Errorf("ping after a reset gave %x", ok)
		}
	}
}

func TestCommands(t *testing.T) {
	r := start(t, Options{})
	c := r.dial(t).login(0)
	wantOK(t, c.command(mysql.COM_PING, ""))
	wantOK(t, c.command(mysql.COM_INIT_DB, "d"))
	wantErr(t, c.command(mysql.COM_INIT_DB, "nodb"), 1049, "nodb")
	if p := r.Processes(); len(p) != 1 || p[0].DB != "d" {
		t.Errorf("processes %+v", p)
	}
	if b := c.command(mysql.COM_STATISTICS, ""); !bytes.Contains(b, []byte("Uptime: ")) || !bytes.Contains(b, []byte("Threads: 1 ")) {
		t.Errorf("statistics %q", b)
	}
	if b := c.command(mysql.COM_DEBUG, ""); b[0] != mysql.EOF_HEADER {
		t.Errorf("debug %q", b)
	}
	if b := c.command(mysql.COM_FIELD_LIST, "t\x00"); !bytes.Contains(b, []byte("\x01a\x00\x0c")) || b[len(b)-1] != 0xfb {
		t.Errorf("field list %q", b)
	}
	if b := c.read(); !bytes.Contains(b, []byte("\x01b\x00\x0c")) {
		t.Errorf("field list %q", b)
	}
	if b := c.read(); b[0] != mysql.EOF_HEADER {
		t.Errorf("the field list ends with %q", b)
	}
	wantErr(t, c.command(mysql.COM_QUERY, "one;one"), 1064, "one statement")
	if b := c.command(mysql.COM_SET_OPTION, "\x00\x00"); b[0] != mysql.EOF_HEADER {
		t.Errorf("set option %q", b)
	}
	if b := c.command(mysql.COM_QUERY, "ok;ok"); binary.LittleEndian.Uint16(b[3:])&mysql.SERVER_MORE_RESULTS_EXISTS == 0 {
		t.Errorf("the first of two says nothing of the second: %x", b)
	}
	if b := c.read(); binary.LittleEndian.Uint16(b[3:])&mysql.SERVER_MORE_RESULTS_EXISTS != 0 {
		t.Errorf("the last promises another: %x", b)
	}
	c.command(mysql.COM_SET_OPTION, "\x01\x00")
	wantErr(t, c.command(mysql.COM_QUERY, "one;one"), 1064, "one statement")
	wantErr(t, c.command(mysql.COM_SET_OPTION, "\x07\x00"), 1047, "")
	wantErr(t, c.command(mysql.COM_PROCESS_KILL, "c\x00\x00\x00"), 1094, "99")
	for _, cmd := range []byte{
		mysql.COM_SLEEP, mysql.COM_CREATE_DB, mysql.COM_DROP_DB, mysql.COM_SHUTDOWN, mysql.COM_BINLOG_DUMP,
		mysql.COM_REGISTER_SLAVE, mysql.COM_CLONE, 0x7f, 0xff,
	} {
		wantErr(t, c.command(cmd, "x"), 1047, "Unknown command")
	}
	c.write(0, []byte{mysql.COM_QUIT})
	c.wantGone()
}

func TestMalformedCommands(t *testing.T) {
	r := start(t, Options{})
	t.Run("empty", func(t *testing.T) {
		c := r.dial(t).login(0)
		c.write(0, nil)
		wantErr(t, c.read(), 1835, "Malformed")
		wantOK(t, c.command(mysql.COM_PING, ""))
	})
	t.Run("sequence", func(t *testing.T) {
		c := r.dial(t).login(0)
		c.write(5, []byte{mysql.COM_PING})
		wantErr(t, c.read(), 1156, "out of order")
		if c.seq != 6 {
			t.Errorf("the answer has sequence %d", c.seq)
		}
		c.wantGone()
	})
	t.Run("cut", func(t *testing.T) {
		c := r.dial(t).login(0)
		c.Write([]byte{10, 0, 0, 0, mysql.COM_QUERY, 'o'})
		c.Conn.(*net.TCPConn).CloseWrite()
		c.wantGone()
	})
	t.Run("short", func(t *testing.T) {
		c := r.dial(t).login(0)
		for _, cmd := range []byte{mysql.COM_STMT_EXECUTE, mysql.COM_STMT_RESET} {
			wantErr(t, c.command(cmd, "\x01"), 1243, "Unknown prepared statement")
		}
		wantErr(t, c.command(mysql.COM_PROCESS_KILL, "\x01"), 1835, "")
		wantErr(t, c.command(mysql.COM_SET_OPTION, "\x01"), 1047, "")
		c.write(0, []byte{mysql.COM_STMT_SEND_LONG_DATA, 1}) // no answer
		c.write(0, []byte{mysql.COM_STMT_CLOSE, 1})          // no answer
		wantOK(t, c.command(mysql.COM_PING, ""))
		wantErr(t, c.command(mysql.COM_CHANGE_USER, "root"), 1835, "")
		c.wantGone()
	})
	if log := r.log.String(); strings.Contains(log, "panic") {
		t.Errorf("a panic: %s", log)
	}
}

func TestPacketLimits(t *testing.T) {
	r := start(t, Options{MaxPacket: 20 << 20})
	t.Run("before login", func(t *testing.T) {
		c := r.dial(t)
		c.Write([]byte{1, 0, 0x10, 1}) // 1 MiB and 1 byte are to come
		wantErr(t, c.read(), 1043, "")
		c.wantGone()
	})
	t.Run("one fragment", func(t *testing.T) {
		r := start(t, Options{MaxPacket: 1000})
		c := r.dial(t).login(0)
		wantOK(t, c.command(mysql.COM_QUERY, "ok "+strings.Repeat("x", 996)))
		c.write(0, make([]byte, 1001))
		wantErr(t, c.read(), 1153, "max_allowed_packet")
		c.wantGone()
	})
	t.Run("several fragments", func(t *testing.T) {
		c := r.dial(t).login(0)
		c.write(0, append([]byte{mysql.COM_QUERY}, bytes.Repeat([]byte("x"), maxFragment-1)...))
		c.write(1, make([]byte, 5<<20))
		wantErr(t, c.read(), 1153, "max_allowed_packet")
		c.wantGone()
	})
}

// TestRefusedClientIsHeardOut refuses a packet whose client sends the rest slowly: it is
// not closed on while it does.
func TestRefusedClientIsHeardOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := startPiped(t, Options{MaxPacket: 1 << 20, endGrace: 500 * time.Millisecond})
		c := r.pipe(t).login(0)
		if _, err := c.Write([]byte{1, 0, 0x10, 0}); err != nil { // 1 MiB and 1 byte are to come
			t.Fatal(err)
		}
		wantErr(t, c.read(), 1153, "max_allowed_packet")
		for i := range 8 {
			time.Sleep(2 * time.Second)
			if _, err := c.Write(make([]byte, 1000)); err != nil {
				t.Fatalf("the connection was closed before piece %d: %v", i, err)
			}
		}
		c.wantGone()
	})
}

// TestMalformedLogins sends every prefix of a good handshake response, and ones whose
// lengths lie. None may panic or be let in.
func TestMalformedLogins(t *testing.T) {
	r := start(t, Options{})
	const caps = plainCaps | mysql.CLIENT_CONNECT_ATTRS | mysql.CLIENT_CONNECT_WITH_DB
	good := append(handshakeResponsePacket(caps, "root", nil, "d", nativePlugin), 4, 1, 'k', 1, 'v')
	bad := map[string][]byte{
		"no protocol 41":     handshakeResponsePacket(caps&^mysql.CLIENT_PROTOCOL_41, "root", nil, "d", nativePlugin),
		"attributes too few": append(good[:len(good)-5:len(good)-5], 200, 1, 'k'),
		"attributes huge":    append(good[:len(good)-5:len(good)-5], 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
		"auth too short":     append(good[:37:37], 250, 1, 2),
	}
	for n := range len(good) - 5 {
		bad[fmt.Sprintf("cut at %d", n)] = good[:n]
	}
	lenenc := handshakeResponsePacket(caps|mysql.CLIENT_PLUGIN_AUTH_LENENC_CLIENT_DATA, "root", nil, "d", nativePlugin)
	lenenc[37] = 0xfb
	bad["auth NULL"] = lenenc
	for name, b := range bad {
		c := r.dial(t)
		c.write(1, b)
		wantErr(t, c.read(), 1043, "Bad handshake")
		c.wantGone()
		if t.Failed() {
			t.Fatal(name)
		}
	}
	c := r.dial(t)
	c.write(7, good)
	wantErr(t, c.read(), 1043, "")
	c = r.dial(t)
	c.write(1, good)
	wantOK(t, c.read())
	if log := r.log.String(); strings.Contains(log, "panic") {
		t.Errorf("a panic: %s", log)
	}
}
