package server

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-mysql-org/go-mysql/mysql"

	"wharf"
)

// send sends a query without reading its answer.
func (c *rawClient) send(query string) { c.write(0, append([]byte{mysql.COM_QUERY}, query...)) }

func (c *rawClient) id() uint32 {
	f := fields{b: c.greeting}
	f.u8()
	f.nul()
	return f.u32()
}

// readToError skips rows until an ERR packet comes.
func (c *rawClient) readToError() []byte {
	c.t.Helper()
	for {
		b := c.read()
		if len(b) == 0 || b[0] == mysql.ERR_HEADER {
			return b
		}
	}
}

func TestKill(t *testing.T) {
	r := start(t, Options{})
	ctx := context.Background()
	for _, query := range []string{"block", "forever"} {
		for _, queryOnly := range []bool{true, false} {
			c := r.dial(t).login(0)
			c.send(query)
			<-r.world.blocked
			if err := r.Kill(ctx, c.id(), queryOnly); err != nil {
				t.Fatal(err)
			}
			wantErr(t, c.readToError(), 1317, "#70100Query execution was interrupted")
			<-r.world.ended
			if queryOnly {
				wantOK(t, c.command(mysql.COM_PING, ""))
			} else {
				c.wantGone()
			}
		}
	}
	if err := r.Kill(ctx, 4711, false); wharf.CodeOf(err) != wharf.CodeNotFound {
		t.Errorf("killing nobody: %v", err)
	}
}

func TestKillIdle(t *testing.T) {
	r := start(t, Options{})
	c := r.dial(t).login(0)
	if err := r.Kill(context.Background(), c.id(), true); err != nil {
		t.Fatal(err)
	}
	wantOK(t, c.command(mysql.COM_PING, ""))
	other := r.dial(t).login(0)
	wantOK(t, other.command(mysql.COM_PROCESS_KILL, string(binary.LittleEndian.AppendUint32(nil, c.id()))))
	c.wantGone()
	own := string(binary.LittleEndian.AppendUint32(nil, other.id()))
	wantErr(t, other.command(mysql.COM_PROCESS_KILL, own), 1317, "interrupted")
	other.wantGone()
}

func TestKillOneself(t *testing.T) {
	r := start(t, Options{})
	c := r.dial(t).login(0)
	wantErr(t, c.command(mysql.COM_QUERY, "kill query"), 1317, "#70100Query execution was interrupted")
	wantOK(t, c.command(mysql.COM_PING, ""))
	wantErr(t, c.command(mysql.COM_QUERY, "kill"), 1317, "#70100Query execution was interrupted")
	c.wantGone()
}

// A client that reads nothing keeps its goroutine in a write; ending its
// statement must not wait for the write's own deadline.
func TestEndWhileWriting(t *testing.T) {
	r := startPiped(t, Options{WriteTimeout: time.Hour})
	for name, kill := range map[string]func(id uint32) error{
		"KILL":       func(id uint32) error { return r.Kill(context.Background(), id, false) },
		"KILL QUERY": func(id uint32) error { return r.Kill(context.Background(), id, true) },
		"time":       nil,
	} {
		for _, flag := range []uint32{0, mysql.CLIENT_COMPRESS} {
			c := r.pipe(t).login(mysql.CLIENT_DEPRECATE_EOF | flag)
			query := "forever"
			if kill == nil {
				query = "brief"
			}
			if flag != 0 {
				c.Write([]byte{byte(4 + 1 + len(query)), 0, 0, 0, 0, 0, 0}) // the header of a frame
			}
			c.send(query)
			<-r.world.blocked
			if _, err := c.in.ReadByte(); err != nil { // of a write that then goes no further
				t.Fatal(err)
			}
			if kill != nil {
				if err := kill(c.id()); err != nil {
					t.Fatal(err)
				}
			}
			select {
			case <-r.world.ended:
			case <-time.After(patience):
				t.Fatalf("%s, flag %#x: the statement goes on", name, flag)
			}
			eventually(t, name+" ended the connection", func() bool { return len(r.all()) == 0 })
		}
	}
}

func TestProcesses(t *testing.T) {
	r := start(t, Options{})
	before := time.Now()
	idle := r.dial(t).login(0)
	stranger := r.dial(t) // not logged in: not listed
	busy := r.dial(t).login(0)
	busy.command(mysql.COM_INIT_DB, "d")
	busy.send("block 'secret'")
	<-r.world.blocked
	// The answer to a login may be here before its connection waits.
	eventually(t, "the first is idle", func() bool { return r.Processes()[0].Command == "Sleep" })
	list := r.Processes()
	if len(list) != 2 || list[0].ID != idle.id() || list[1].ID != busy.id() {
		t.Fatalf("%+v without %d", list, stranger.id())
	}
	if p := list[0]; p.Info != "" || p.User != "root" || p.Host != "127.0.0.1" || p.Since.Before(before) {
		t.Errorf("idle: %+v", p)
	}
	if p := list[1]; p.Command != "Query" || p.Info != "block …" || p.DB != "d" {
		t.Errorf("busy: %+v", p)
	}
}

func TestShortenedStatement(t *testing.T) {
	for text, want := range map[string]string{
		"": "", strings.Repeat("a", maxInfo): strings.Repeat("a", maxInfo), strings.Repeat("a", maxInfo+1): strings.Repeat("a", maxInfo) + "…",
		"a" + strings.Repeat("é", maxInfo/2): "a" + strings.Repeat("é", maxInfo/2-1) + "…",
	} {
		if got := shorten(text); got != want {
			t.Errorf("of %d bytes there are %d, want %d", len(text), len(got), len(want))
		}
	}
}

func TestClientLeaves(t *testing.T) {
	r := start(t, Options{})
	c := r.dial(t).login(0)
	c.send("block")
	<-r.world.blocked
	c.Close()
	if why := <-r.world.ended; why != error(interrupted()) {
		t.Errorf("the statement ended for %v", why)
	}
	eventually(t, "the session is closed", func() bool { return r.world.sessions() == 0 })
}

// A client may send its next command before it has read the answer to this
// one, and waits of the server must not eat it.
func TestPipelinedCommands(t *testing.T) { synctest.Test(t, testPipelinedCommands) }

func testPipelinedCommands(t *testing.T) {
	r := startPiped(t, Options{})
	r.world.waitFor(200 * time.Millisecond)
	c := r.pipe(t).login(0)
	c.send("block")
	<-r.world.blocked
	go c.write(0, []byte{mysql.COM_PING})
	// Longer than the watcher waits, and than the idle deadline.
	time.Sleep(300 * time.Millisecond)
	if err := r.Kill(context.Background(), c.id(), true); err != nil {
		t.Fatal(err)
	}
	wantErr(t, c.read(), 1317, "")
	wantOK(t, c.read())
}

func TestWatchOutlivesDeadlines(t *testing.T) { synctest.Test(t, testWatchOutlivesDeadlines) }

func testWatchOutlivesDeadlines(t *testing.T) {
	r := startPiped(t, Options{})
	r.world.waitFor(50 * time.Millisecond)
	c := r.pipe(t).login(0)
	c.send("block")
	<-r.world.blocked
	time.Sleep(150 * time.Millisecond) // the deadline of waiting for the command passes
	c.Close()
	<-r.world.ended
}

func TestSlowReader(t *testing.T) {
	r := start(t, Options{WriteTimeout: 100 * time.Millisecond})
	c := r.dial(t).login(0)
	c.send("forever")
	<-r.world.ended
	eventually(t, "the connection has ended", func() bool { return len(r.Processes()) == 0 })
	if strings.Contains(r.log.String(), "level=ERROR") {
		t.Errorf("a slow client is logged as an error of ours: %s", r.log)
	}
}

// A client that reads slowly and steadily gets a row that takes it longer than
// the server waits for one that stands still.
func TestSteadyReader(t *testing.T) {
	const within = time.Second
	r := startPiped(t, Options{WriteTimeout: within})
	for _, flag := range []uint32{0, mysql.CLIENT_COMPRESS} {
		for {
			n, late, err := r.readSteadily(t, flag)
			if err == nil {
				break
			}
			if late < within/2 {
				t.Fatalf("flag %#x: after %d bytes: %v", flag, n, err)
			}
			t.Logf("again: the machine kept the client from reading for %s", late)
		}
	}
}

// readSteadily reads a long row, and returns the longest time between two reads.
func (r *running) readSteadily(t *testing.T, flag uint32) (n int64, late time.Duration, err error) {
	c := r.pipe(t)
	defer c.Close()
	c.login(mysql.CLIENT_DEPRECATE_EOF | flag)
	const row = 30 * flushAt
	s := &steady{Reader: c.Conn, last: time.Now()}
	send, in := io.Writer(c), io.Reader(bufio.NewReaderSize(s, flushAt))
	if flag != 0 {
		z := &compressed{in: in, out: c.Conn, codec: &zlibCodec{}}
		send, in = z, z
	}
	query := fmt.Sprintf("\x03random %d", row)
	if _, err := send.Write(append([]byte{byte(len(query)), 0, 0, 0}, query...)); err != nil {
		t.Fatal(err)
	}
	n, err = io.CopyN(io.Discard, in, row)
	return n, s.late, err
}

// steady reads 1.3 MB in a second, where the machine lets it.
type steady struct {
	io.Reader
	last time.Time
	late time.Duration // the longest time between two reads
}

func (s *steady) Read(p []byte) (int, error) {
	time.Sleep(50 * time.Millisecond) // the slowness itself
	now := time.Now()
	s.late, s.last = max(s.late, now.Sub(s.last)), now
	return s.Reader.Read(p)
}

// pipe is dial without the kernel's buffers.
func (r *running) pipe(t testing.TB) *rawClient {
	near, far := net.Pipe()
	t.Cleanup(func() { near.Close() })
	go r.accept(localConn{far})
	near.SetDeadline(time.Now().Add(patience))
	c := &rawClient{Conn: near, t: t, in: bufio.NewReader(near)}
	c.greeting = c.read()
	return c
}

type localConn struct{ net.Conn }

func (localConn) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 4242} }

func TestTimeouts(t *testing.T) { synctest.Test(t, testTimeouts) }

func testTimeouts(t *testing.T) {
	r := startPiped(t, Options{LoginTimeout: 100 * time.Millisecond})
	r.world.waitFor(100 * time.Millisecond)
	c := r.pipe(t).login(0)
	wantErr(t, c.read(), 4031, "inactivity")
	c.wantGone()
	silent := r.pipe(t)
	for silent.read() != nil { // a last word is fine, staying is not
	}
}

// TestWaitTimeout has a session that says how long it may be silent.
func TestWaitTimeout(t *testing.T) {
	r := start(t, Options{})
	c := r.dial(t).login(0)
	c.send("wait 50ms")
	wantOK(t, c.read())
	wantErr(t, c.read(), 4031, "inactivity")
	c.wantGone()
}

func TestMaxConnections(t *testing.T) {
	r := start(t, Options{MaxConnections: 2})
	first := r.dial(t).login(0)
	r.dial(t).login(0)
	refused := func() {
		t.Helper()
		third := r.dial(t)
		third.write(1, handshakeResponsePacket(plainCaps, "root", nil, "", nativePlugin))
		wantErr(t, third.read(), 1040, "Too many connections")
		third.wantGone()
	}
	refused()
	r.world.super.Store(true)
	for range SuperConnections {
		r.dial(t).login(0)
	}
	full := r.dial(t)
	wantErr(t, full.greeting, 1040, "Too many connections")
	r.world.super.Store(false)
	first.Close()
	eventually(t, "it has ended", func() bool { return r.LoggedIn() == 1+SuperConnections })
	refused() // users with SUPER have more than the others' connections
}

// TestUserConnections bounds the connections of one user, also where a connection
// becomes another user's.
func TestUserConnections(t *testing.T) {
	r := start(t, Options{Pool: wharf.NewConnectionPool(64, wharf.ConnectionLimits{PerUser: 2})})
	first := r.dial(t).login(0)
	r.dial(t).login(0)
	third := r.dial(t)
	third.write(1, handshakeResponsePacket(plainCaps, "root", nil, "", nativePlugin))
	wantErr(t, third.read(), 1203, "User root already has more than 'max_user_connections' active connections")
	third.wantGone()
	first.Close()
	eventually(t, "there is room again", func() bool { return r.LoggedIn() == 1 })
	r.dial(t).login(0)
}

// TestConnectionsWithoutLogin has clients that connect and say nothing: they
// keep nobody out, and the oldest of them go.
func TestConnectionsWithoutLogin(t *testing.T) {
	r := start(t, Options{MaxConnections: 4, Pool: wharf.NewConnectionPool(16, wharf.ConnectionLimits{})})
	known := r.dial(t).login(0)
	var silent []*rawClient
	for range 12 {
		silent = append(silent, r.dial(t))
	}
	silent[0].wantGone()
	known.send("ok")
	wantOK(t, known.read())
	for range 3 {
		r.dial(t).login(0)
	}
	// Clients that connected in time and log in when the others have.
	silent[11].write(1, handshakeResponsePacket(plainCaps, "root", nil, "", nativePlugin))
	wantErr(t, silent[11].read(), 1040, "Too many connections")
}

// TestIdleConnectionsMakeRoom has more clients that have logged in than the
// pool has places for.
func TestIdleConnectionsMakeRoom(t *testing.T) {
	r := start(t, Options{Pool: wharf.NewConnectionPool(16, wharf.ConnectionLimits{})})
	busy, idle := r.dial(t).login(0), r.dial(t).login(0)
	busy.send("block")
	<-r.world.blocked
	// A client has its answer before its connection counts as idle.
	eventually(t, "the second is idle before the others", func() bool { return r.Processes()[1].Command == "Sleep" })
	for n := range 8 {
		r.dial(t).login(0)
		if n == 0 {
			eventually(t, "the first of the others is idle", func() bool { return r.Processes()[2].Command == "Sleep" })
		}
	}
	idle.wantGone()
	if err := r.Kill(context.Background(), busy.id(), true); err != nil {
		t.Fatal(err)
	}
	wantErr(t, busy.read(), 1317, "")
}

func TestShutdown(t *testing.T) {
	r := start(t, Options{})
	idle, busy, stubborn := r.dial(t).login(0), r.dial(t).login(0), r.dial(t).login(0)
	greeted := r.dial(t)
	busy.send("block")
	stubborn.send("block")
	<-r.world.blocked
	<-r.world.blocked

	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- r.Shutdown(ctx) }()

	idle.wantGone()
	greeted.wantGone()
	if c, err := net.Dial("tcp", r.addr); err == nil {
		c.Close()
		t.Error("a connection was accepted after the start of Shutdown")
	}
	// The busy one finishes its statement, and then has to go.
	if err := r.Kill(ctx, busy.id(), true); err != nil {
		t.Fatal(err)
	}
	wantErr(t, busy.read(), 1317, "")
	busy.wantGone()
	select {
	case err := <-done:
		t.Fatalf("Shutdown returned %v while a statement ran", err)
	default:
	}
	cancel()
	wantErr(t, stubborn.read(), 1053, "shutdown")
	stubborn.wantGone()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
