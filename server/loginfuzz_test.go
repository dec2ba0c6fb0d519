package server

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-mysql-org/go-mysql/mysql"

	"wharf"
	"wharf/meta/auth"
	"wharf/sql/exec"
)

// scriptedConn is a client that sends bytes whatever it is answered, and leaves.
type scriptedConn struct {
	net.Conn
	from net.IP
	in   io.Reader
	out  bytes.Buffer
}

func (c *scriptedConn) Read(p []byte) (int, error)       { return c.in.Read(p) }
func (c *scriptedConn) Write(p []byte) (int, error)      { return c.out.Write(p) }
func (c *scriptedConn) Close() error                     { return nil }
func (c *scriptedConn) SetDeadline(time.Time) error      { return nil }
func (c *scriptedConn) SetReadDeadline(time.Time) error  { return nil }
func (c *scriptedConn) SetWriteDeadline(time.Time) error { return nil }
func (c *scriptedConn) RemoteAddr() net.Addr             { return &net.TCPAddr{IP: c.from, Port: 1} }

// fuzzed is a server for clients that send anything. It never panics.
type fuzzed struct {
	*Server
	from     net.IP       // of the clients
	sessions atomic.Int64 // that were opened
	faults   strings.Builder
}

// Handle implements [slog.Handler] for what is the server's fault.
func (f *fuzzed) Handle(_ context.Context, r slog.Record) error {
	r.Attrs(func(a slog.Attr) bool { f.faults.WriteString(r.Message + ": " + a.String() + "\n"); return true })
	return nil
}
func (f *fuzzed) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelError }
func (f *fuzzed) WithAttrs([]slog.Attr) slog.Handler           { return f }
func (f *fuzzed) WithGroup(string) slog.Handler                { return f }

func newFuzzed(from net.IP, o Options) *fuzzed {
	f, world := &fuzzed{from: from}, newFakeWorld()
	o.Memory = exec.NewMemory(exec.DefaultMemory)
	world.memory = o.Memory
	o.Logger = slog.New(f)
	o.NewSession = func(c exec.Client) Session {
		f.sessions.Add(1)
		return harmlessSession{world.session(c)}
	}
	f.Server = New(o)
	return f
}

// harmlessSession runs only what ends by itself.
type harmlessSession struct{ *fakeSession }

func (s harmlessSession) Parse(text string) (*exec.Stmt, string, error) {
	switch verb, _, _ := strings.Cut(strings.TrimSpace(text), " "); strings.ToLower(verb) {
	case "ok", "one", "types", "echo", "midfail":
		return s.fakeSession.Parse(text)
	}
	return nil, "", wharf.Errorf(wharf.CodeSyntax, "You have an error in your SQL syntax")
}

// serve serves one client, to its end, and returns what it was told after the
// greeting.
func (f *fuzzed) serve(t *testing.T, sent []byte) []byte {
	client := &scriptedConn{from: f.from, in: bytes.NewReader(sent)}
	c, refused := f.admit(client)
	if c == nil {
		t.Fatalf("refused: %v", refused)
	}
	c.serve()
	if f.faults.Len() > 0 {
		t.Fatalf("the server's fault: %s", f.faults.String())
	}
	if n := f.memory.all.Used(); n != 0 {
		t.Fatalf("%d bytes of memory were not returned", n)
	}
	if n := f.Server.statements.Load(); n != 0 {
		t.Fatalf("%d statements are counted as prepared", n)
	}
	out := client.out.Bytes()
	greeting := headerLen + int(binary.LittleEndian.Uint32(append(bytes.Clone(out[:3]), 0)))
	return out[greeting:]
}

// packetOf is a packet of the fuzzer's.
func packetOf(seq byte, payload []byte) []byte {
	n := len(payload)
	return append([]byte{byte(n), byte(n >> 8), byte(n >> 16), seq}, payload...)
}

// FuzzLogin lets nobody in who does not know a password: whatever the handshake
// response says, in every mix of capabilities, whatever follows it, such as the
// answer to a change of the plugin or a password in the clear, and whatever
// follows a request for TLS.
func FuzzLogin(f *testing.F) {
	native, err := auth.Hasher{}.Hash(wharf.PluginNative, testPassword)
	if err != nil {
		f.Fatal(err)
	}
	sha2, err := auth.Hasher{}.Hash(wharf.PluginSHA2, testPassword)
	if err != nil {
		f.Fatal(err)
	}
	var all users
	all.list.Store(wharf.NewUsers([]wharf.User{
		{Account: wharf.Root.Account(), Plugin: wharf.PluginSHA2, Hash: sha2},
		{ID: wharf.NewUserID(), Account: wharf.Account{User: "old", Host: "%"}, Plugin: wharf.PluginNative, Hash: native},
		{ID: wharf.NewUserID(), Account: wharf.Account{User: "new", Host: "%"}, Plugin: wharf.PluginSHA2, Hash: sha2},
		{ID: wharf.NewUserID(), Account: wharf.Account{User: "bare", Host: "%"}, Plugin: wharf.PluginSHA2}, // only from this machine
	}))
	var hours atomic.Int64 // so that no failure slows down the next
	now := func() time.Time { return time.Unix(0, 0).Add(time.Duration(hours.Add(1)) * time.Hour) }
	gate := auth.NewGate(auth.GateOptions{Users: &all, Now: now})
	s := newFuzzed(net.IPv4(192, 0, 2, 1), withTLS(f, Options{Gate: gate}))

	every := uint32(capabilities)
	for _, user := range []string{"root", "old", "new", "bare", "none", ""} {
		for _, plugin := range []string{nativePlugin, sha2Plugin, "mysql_clear_password", ""} {
			f.Add(plainCaps, []byte(user+"\x00\x00"+plugin+"\x00"), []byte{})
			f.Add(every, []byte(user+"\x00\x14aaaaaaaaaaaaaaaaaaaadb\x00"+plugin+"\x00\x04\x01a\x01b\x03"), packetOf(3, []byte("aaaaaaaaaaaaaaaaaaaa")))
			f.Add(plainCaps, []byte(user+"\x00\x01a"+plugin+"\x00"), append(packetOf(3, []byte("aaaaaaaaaaaaaaaaaaaa")), packetOf(5, []byte{2})...))
			f.Add(plainCaps|mysql.CLIENT_SSL, []byte(user+"\x00\x01a"+plugin+"\x00"), packetOf(3, []byte(testPassword)))
		}
	}
	f.Add(plainCaps|mysql.CLIENT_SSL, []byte{}, []byte("\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00"))
	f.Add(plainCaps|mysql.CLIENT_SSL, []byte{}, packetOf(2, handshakeResponsePacket(plainCaps, "root", nil, "", sha2Plugin)))
	f.Add(uint32(0), []byte("root\x00x\x00"), []byte{})
	f.Fuzz(func(t *testing.T, caps uint32, response, after []byte) {
		if len(response) > loginPacket {
			return
		}
		b := binary.LittleEndian.AppendUint32(nil, caps)
		b = append(append(b, 0, 0, 0, 1, collation), make([]byte, 23)...)
		told := s.serve(t, append(packetOf(1, append(b, response...)), after...))
		if s.sessions.Load() > 0 {
			t.Fatalf("%q, and then %q, came in: %q", response, after, told)
		}
	})
}

// FuzzCommands sends anything behind a login: commands, and packets that are said
// to be compressed.
func FuzzCommands(f *testing.F) {
	s := newFuzzed(net.IPv4(127, 0, 0, 1), Options{})
	for _, command := range []string{"\x03one", "\x16echo ?", "\x17\x01\x00\x00\x00\x00\x01\x00\x00\x00\x00\x01\xfd\x00\x01a", "\x11root\x00\x00d\x00", "\x04t\x00%", "\x18\x01\x00\x00\x00\x00\x00x", "\x1f", "\x1b\x00\x00", "\x1c\x01\x00\x00\x00\x05\x00\x00\x00", "\x19\x01\x00\x00\x00", "\x0e", ""} {
		f.Add(uint32(0), packetOf(0, []byte(command)))
		f.Add(uint32(mysql.CLIENT_COMPRESS), append(packetOf(0, packetOf(0, []byte(command)))[:headerLen], append([]byte{0, 0, 0}, packetOf(0, []byte(command))...)...))
	}
	f.Add(uint32(0), append(packetOf(0, []byte("\x16echo ?")), packetOf(0, []byte("\x17\x01\x00\x00\x00\x00\x01\x00\x00\x00\x00\x01\xfd\x00\x01a"))...))
	f.Add(uint32(mysql.CLIENT_ZSTD_COMPRESSION_ALGORITHM), []byte("\x10\x00\x00\x00\x03\x00\x00\x28\xb5\x2f\xfd\x04\x00\x19\x00\x00abc\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, caps uint32, sent []byte) {
		caps = caps&(capabilities&^mysql.CLIENT_CONNECT_WITH_DB&^mysql.CLIENT_CONNECT_ATTRS&^mysql.CLIENT_PLUGIN_AUTH_LENENC_CLIENT_DATA) | plainCaps
		login := handshakeResponsePacket(caps, "root", nil, "", nativePlugin)
		if caps&mysql.CLIENT_ZSTD_COMPRESSION_ALGORITHM != 0 {
			login = append(login, 3)
		}
		told := s.serve(t, append(packetOf(1, login), sent...))
		if len(told) <= headerLen || told[headerLen] != mysql.OK_HEADER {
			t.Fatalf("the login was answered %q", told)
		}
	})
}
