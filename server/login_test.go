package server

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-mysql-org/go-mysql/mysql"

	"wharf"
	"wharf/meta/auth"
	"wharf/sql/exec"
)

const testPassword = "correct horse"

func withPassword(t testing.TB, o Options) Options { return withPasswordBy(t, wharf.PluginSHA2, o) }

func withPasswordBy(t testing.TB, plugin string, o Options) Options {
	t.Helper()
	root := wharf.User{Account: wharf.Root.Account(), Plugin: plugin}
	var err error
	if root.Hash, err = (auth.Hasher{}).Hash(plugin, testPassword); err != nil {
		t.Fatal(err)
	}
	var all users
	all.list.Store(wharf.NewUsers([]wharf.User{root}))
	o.Gate = auth.NewGate(auth.GateOptions{Users: &all})
	return o
}

func withTLS(t testing.TB, o Options) Options {
	t.Helper()
	config, err := SelfSigned(CertificateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	o.TLS = config
	return o
}

// The client's side of both plugins, from the protocol's description.
func nativeProof(password string, salt []byte) []byte {
	s1 := sha1.Sum([]byte(password))
	s2 := sha1.Sum(s1[:])
	mask := sha1.Sum(append(append([]byte{}, salt...), s2[:]...))
	subtle.XORBytes(mask[:], mask[:], s1[:])
	return mask[:]
}

func sha2Proof(password string, salt []byte) []byte {
	s1 := sha256.Sum256([]byte(password))
	s2 := sha256.Sum256(s1[:])
	mask := sha256.Sum256(append(append([]byte{}, s2[:]...), salt...))
	subtle.XORBytes(mask[:], mask[:], s1[:])
	return mask[:]
}

func (c *rawClient) salt() []byte {
	rest := c.greeting[bytes.IndexByte(c.greeting, 0)+1:]
	return append(append([]byte{}, rest[4:12]...), rest[31:43]...)
}

// startTLS asks for TLS, with the handshake response right behind the request.
func (c *rawClient) startTLS(caps uint32) {
	c.t.Helper()
	c.write(1, handshakeResponsePacket(caps|mysql.CLIENT_SSL, "", nil, "", "")[:sslRequest])
	secure := tls.Client(c.Conn, &tls.Config{InsecureSkipVerify: true})
	if err := secure.Handshake(); err != nil {
		c.t.Fatal(err)
	}
	c.Conn, c.in = secure, bufio.NewReader(secure)
	c.seq = 1
}

// logIn goes through everything that may happen from a handshake response to OK, and
// returns the last packet.
func (c *rawClient) logIn(user, password, plugin string, proof []byte) []byte {
	c.t.Helper()
	c.write(c.seq+1, handshakeResponsePacket(plainCaps, user, proof, "", plugin))
	return c.answerLogin(password, c.salt())
}

func (c *rawClient) answerLogin(password string, salt []byte) []byte {
	c.t.Helper()
	_, secure := c.Conn.(*tls.Conn)
	for {
		b := c.read()
		switch {
		case len(b) == 0:
			c.t.Fatal("hung up during the login")
		case b[0] == mysql.EOF_HEADER:
			name, rest, _ := bytes.Cut(b[1:], []byte{0})
			salt = rest[:saltLen]
			proof := nativeProof(password, salt)
			if string(name) == sha2Plugin {
				proof = sha2Proof(password, salt)
			}
			if password == "" {
				proof = nil
			}
			c.write(c.seq+1, proof)
		case bytes.Equal(b, []byte{mysql.MORE_DATE_HEADER, mysql.CACHE_SHA2_FAST_AUTH}):
		case bytes.Equal(b, []byte{mysql.MORE_DATE_HEADER, mysql.CACHE_SHA2_FULL_AUTH}) && secure:
			c.write(c.seq+1, append([]byte(password), 0))
		case bytes.Equal(b, []byte{mysql.MORE_DATE_HEADER, mysql.CACHE_SHA2_FULL_AUTH}):
			c.write(c.seq+1, []byte{2})
			sealed := c.sealed(password, salt, c.read())
			c.write(c.seq+1, sealed)
		default:
			return b
		}
	}
}

func (c *rawClient) sealed(password string, salt, answer []byte) []byte {
	c.t.Helper()
	block, _ := pem.Decode(answer[1:])
	if block == nil {
		c.t.Fatalf("no key in %q", answer)
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		c.t.Fatal(err)
	}
	plain := append([]byte(password), 0)
	for i := range plain {
		plain[i] ^= salt[i%len(salt)]
	}
	b, err := rsa.EncryptOAEP(sha1.New(), rand.Reader, key.(*rsa.PublicKey), plain, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	return b
}

// TestLogins runs every way to log in against a server without a password and with one
// of each plugin, over TCP and over TLS.
func TestLogins(t *testing.T) {
	for _, set := range []string{"", nativePlugin, sha2Plugin} {
		for _, secure := range []bool{false, true} {
			o := withTLS(t, Options{})
			if set != "" {
				o = withPasswordBy(t, set, o)
			}
			r := start(t, o)
			for _, plugin := range []string{nativePlugin, sha2Plugin, "client_ed25519", ""} {
				for _, user := range []string{"root", "nobody", "Root", ""} {
					for _, password := range []string{testPassword, "wrong", ""} {
						for _, dummy := range []bool{false, true} {
							t.Run(fmt.Sprintf("set=%s/tls=%v/%s/%s/%s/dummy=%v", set, secure, plugin, user, password, dummy), func(t *testing.T) {
								login(t, r, attemptCase{set, secure, plugin, user, password, dummy})
							})
						}
					}
				}
			}
		}
	}
}

type attemptCase struct {
	set                    string // the plugin of root's password, "" without one
	secure                 bool
	plugin, user, password string
	dummy                  bool // an empty proof at first, as libmysqlclient's
}

func login(t *testing.T, r *running, a attemptCase) {
	c := r.dial(t)
	if a.secure {
		c.startTLS(plainCaps)
	}
	var proof []byte
	if a.password != "" && !a.dummy {
		proof = nativeProof(a.password, c.salt())
		if a.plugin == sha2Plugin {
			proof = sha2Proof(a.password, c.salt())
		}
	}
	b := c.logIn(a.user, a.password, a.plugin, proof)
	want := testPassword
	if a.set == "" {
		want = ""
	}
	// A dummy for the greeting's own plugin is believed where that is the password's:
	// it is the proof of the empty password.
	asked := a.plugin != nativePlugin || a.set == sha2Plugin
	given := a.password
	if a.dummy && !asked {
		given = ""
	}
	if a.user == "root" && given == want {
		wantOK(t, b)
		wantOK(t, c.command(mysql.COM_PING, ""))
		return
	}
	using := "YES"
	if given == "" {
		using = "NO"
	}
	wantErr(t, b, 1045, fmt.Sprintf("#28000Access denied for user '%s'@'127.0.0.1' (using password: %s)", a.user, using))
	_, port, _ := net.SplitHostPort(c.LocalAddr().String())
	if bytes.Contains(b, []byte(port)) {
		t.Errorf("the refusal tells the client's port: %q", b)
	}
	c.wantGone()
}

// TestSHA2RemembersAPassword checks the fast path: after a full login a
// client proves the password without sending it.
func TestSHA2RemembersAPassword(t *testing.T) {
	r := start(t, withPassword(t, Options{}))
	answer := func() []byte {
		c := r.dial(t)
		c.write(1, handshakeResponsePacket(plainCaps, "root", sha2Proof(testPassword, c.salt()), "", sha2Plugin))
		return c.read()
	}
	if b := answer(); !bytes.Equal(b, []byte{1, mysql.CACHE_SHA2_FULL_AUTH}) {
		t.Fatalf("first login: %q", b)
	}
	c := r.dial(t)
	wantOK(t, c.logIn("root", testPassword, sha2Plugin, sha2Proof(testPassword, c.salt())))
	if b := answer(); !bytes.Equal(b, []byte{1, mysql.CACHE_SHA2_FAST_AUTH}) {
		t.Fatalf("after a full login: %q", b)
	}
}

func TestGoDriverLogsIn(t *testing.T) {
	r := start(t, withTLS(t, withPassword(t, Options{})))
	for _, params := range []string{"", "?tls=skip-verify", "?allowNativePasswords=true&tls=preferred"} {
		if err := r.open(t, "root:"+testPassword, params).Ping(); err != nil {
			t.Errorf("%s: %v", params, err)
		}
		wantError(t, r.open(t, "root:wrong", params).Ping(), 1045, "28000", "(using password: YES)")
	}
	var got string
	db := r.open(t, "root:"+testPassword, "?tls=skip-verify")
	if err := db.QueryRow("wide 20000000").Scan(&got); err != nil || len(got) != 20000000 {
		t.Errorf("over TLS: %d bytes, %v", len(got), err)
	}
	if log := r.log.String(); strings.Contains(log, testPassword) {
		t.Error("the password is in the log")
	}
}

func TestTLSIsRefusedWhereItIsOff(t *testing.T) {
	r := start(t, Options{})
	c := r.dial(t)
	c.write(1, handshakeResponsePacket(plainCaps|mysql.CLIENT_SSL, "", nil, "", "")[:sslRequest])
	wantErr(t, c.read(), 1043, "")
	c.wantGone()
}

func TestChangeUser(t *testing.T) {
	r := start(t, withPassword(t, Options{}))
	body := func(user, plugin, db string) string {
		return user + "\x00" + "\x00" + db + "\x00" + "\x2d\x00" + plugin + "\x00"
	}
	for _, plugin := range []string{nativePlugin, sha2Plugin, "other"} {
		c := r.dial(t)
		wantOK(t, c.logIn("root", testPassword, nativePlugin, nativeProof(testPassword, c.salt())))
		c.command(mysql.COM_QUERY, "begin")
		c.write(0, append([]byte{mysql.COM_CHANGE_USER}, body("root", plugin, "d")...))
		ok := c.answerLogin(testPassword, nil)
		wantOK(t, ok)
		if binary.LittleEndian.Uint16(ok[3:]) != mysql.SERVER_STATUS_AUTOCOMMIT {
			t.Errorf("the session was not begun anew: %x", ok)
		}
		if p := r.Processes(); p[len(p)-1].DB != "d" {
			t.Errorf("processes %+v", p)
		}
		c.write(0, append([]byte{mysql.COM_CHANGE_USER}, body("root", plugin, "")...))
		wantErr(t, c.answerLogin("wrong", nil), 1045, "'root'@'127.0.0.1'")
		c.wantGone()
	}
	c := r.dial(t)
	wantOK(t, c.logIn("root", testPassword, nativePlugin, nativeProof(testPassword, c.salt())))
	c.write(0, append([]byte{mysql.COM_CHANGE_USER}, body("root", nativePlugin, "nodb")...))
	wantErr(t, c.answerLogin(testPassword, nil), 1049, "nodb")
}

// However a connection ends, TLS says that it does.
func TestTLSEndsInOrder(t *testing.T) {
	r := start(t, withTLS(t, Options{}))
	for name, end := range map[string]func(c *rawClient){
		"COM_QUIT":  func(c *rawClient) { c.write(0, []byte{mysql.COM_QUIT}) },
		"last word": func(c *rawClient) { c.write(3, []byte{mysql.COM_PING}) },
		"KILL":      func(c *rawClient) { r.Kill(context.Background(), c.id(), false) },
		"KILL of a statement": func(c *rawClient) {
			c.send("block")
			<-r.world.blocked
			r.Kill(context.Background(), c.id(), false)
		},
		"refusal":  nil,
		"shutdown": func(*rawClient) { r.Shutdown(context.Background()) },
	} {
		if name == "shutdown" {
			defer endsInOrder(t, r, name, end)
			continue
		}
		endsInOrder(t, r, name, end)
	}
}

func endsInOrder(t *testing.T, r *running, name string, end func(c *rawClient)) {
	c := r.dial(t)
	c.write(1, handshakeResponsePacket(plainCaps|mysql.CLIENT_SSL, "", nil, "", "")[:sslRequest])
	seen := &recorder{Conn: c.Conn}
	secure := tls.Client(seen, &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12})
	if err := secure.Handshake(); err != nil {
		t.Fatal(err)
	}
	c.Conn, c.in, c.seq = secure, bufio.NewReader(secure), 1
	if end == nil {
		wantErr(t, c.logIn("nobody", "", nativePlugin, nil), 1045, "")
	} else {
		wantOK(t, c.logIn("root", "", nativePlugin, nil))
		// Not while the server is still in the write of the OK.
		eventually(t, "the connection is idle", func() bool {
			return slices.ContainsFunc(r.Processes(), func(p exec.Process) bool { return p.ID == c.id() && p.Command == "Sleep" })
		})
		end(c)
	}
	io.Copy(io.Discard, c.in)
	const alert = 21
	if last := seen.lastRecord(t); last != alert {
		t.Errorf("%s: the last record is of type %d", name, last)
	}
}

// recorder keeps what is read.
type recorder struct {
	net.Conn
	b []byte
}

func (r *recorder) Read(p []byte) (int, error) {
	n, err := r.Conn.Read(p)
	r.b = append(r.b, p[:n]...)
	return n, err
}

// lastRecord returns the type of the last TLS record.
func (r *recorder) lastRecord(t *testing.T) (typ byte) {
	t.Helper()
	for b := r.b; len(b) > 0; {
		const header = 5
		if len(b) < header || len(b) < header+int(binary.BigEndian.Uint16(b[3:])) {
			t.Fatal("a record is cut short")
		}
		typ, b = b[0], b[header+int(binary.BigEndian.Uint16(b[3:])):]
	}
	return typ
}

// A client that stops halfway through COM_CHANGE_USER holds up nothing.
func TestUnfinishedChangeUser(t *testing.T) {
	halfway := func(t *testing.T, c *rawClient) *rawClient {
		wantOK(t, c.logIn("root", testPassword, nativePlugin, nativeProof(testPassword, c.salt())))
		if b := c.command(mysql.COM_CHANGE_USER, "root\x00\x00\x00"); b[0] != mysql.EOF_HEADER {
			t.Fatalf("asked for a proof by %q", b)
		}
		return c
	}
	t.Run("timeout", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := startPiped(t, withPassword(t, Options{LoginTimeout: 500 * time.Millisecond}))
			c := halfway(t, r.pipe(t))
			if p := r.Processes(); len(p) != 1 || p[0].Command != "Connect" || p[0].User != "root" {
				t.Errorf("processes %+v", p)
			}
			for c.read() != nil { // a last word is fine, staying is not
			}
		})
	})
	t.Run("shutdown", func(t *testing.T) {
		r := start(t, withPassword(t, Options{LoginTimeout: time.Hour}))
		c := halfway(t, r.dial(t))
		ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
		defer cancel()
		done := make(chan error, 1)
		go func() { done <- r.Shutdown(ctx) }()
		for c.read() != nil {
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// What a stranger calls itself does not fill the log.
func TestLongNames(t *testing.T) {
	r := start(t, withPasswordBy(t, nativePlugin, Options{}))
	const caps = plainCaps | mysql.CLIENT_CONNECT_WITH_DB
	long := strings.Repeat("u", maxName+1)
	for _, names := range [][2]string{{long, ""}, {"root", long}, {strings.Repeat(long, 500), ""}} {
		c := r.dial(t)
		c.write(1, handshakeResponsePacket(caps, names[0], nil, names[1], nativePlugin))
		wantErr(t, c.read(), 1043, "Bad handshake")
		c.wantGone()
	}
	c := r.dial(t)
	c.write(1, handshakeResponsePacket(caps, long[1:], nil, "", nativePlugin))
	wantErr(t, c.read(), 1045, long[1:])
	for _, names := range [][2]string{{long, ""}, {"root", long}} {
		c := r.dial(t)
		wantOK(t, c.logIn("root", testPassword, nativePlugin, nativeProof(testPassword, c.salt())))
		wantErr(t, c.command(mysql.COM_CHANGE_USER, names[0]+"\x00\x00"+names[1]+"\x00"), 1835, "")
		c.wantGone()
	}
	if log := r.log.String(); strings.Contains(log, long) || !strings.Contains(log, "malformed login") {
		t.Errorf("the log has %d bytes: %.500s", len(log), log)
	}
}

func TestNoPasswordMeansLoopbackOnly(t *testing.T) {
	for host, want := range map[string]bool{
		"127.0.0.1": true, "127.8.8.8": true, "::1": true, "::ffff:127.0.0.1": true,
		"10.0.0.1": false, "::": false, "::ffff:10.0.0.1": false, "fe80::1%eth0": false, "localhost": false, "": false,
	} {
		if auth.IsLoopback(host) != want {
			t.Errorf("auth.IsLoopback(%q) = %v", host, !want)
		}
	}
	for _, o := range []Options{{}, withPassword(t, Options{})} {
		s := start(t, o).Server
		client, remote := net.Pipe()
		go s.accept(strangerConn{remote})
		c := &rawClient{Conn: client, t: t, in: bufio.NewReader(client)}
		client.SetDeadline(time.Now().Add(10 * time.Second))
		if b := c.read(); (o.Gate != nil) != (b[0] == 10) {
			t.Errorf("password set %v: a stranger is greeted with %.20q", (o.Gate != nil), b)
		} else if !(o.Gate != nil) {
			wantErr(t, b, 1130, "Host '192.0.2.1' is not allowed")
		}
		client.Close()
	}
}

type strangerConn struct{ net.Conn }

func (strangerConn) RemoteAddr() net.Addr {
	return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 4242}
}

// users is a UserCatalog of one list, which a test replaces.
type users struct{ list atomic.Pointer[wharf.Users] }

func (u *users) Users(context.Context) (*wharf.Users, error) { return u.list.Load(), nil }

func (u *users) UpdateUsers(context.Context, func([]wharf.User) ([]wharf.User, error)) (*wharf.Users, error) {
	return nil, wharf.Errorf(wharf.CodeUnsupported, "not by a login")
}

// TestProofKeptBack: a client that keeps its proof back meets the user as it is when the
// proof comes.
func TestProofKeptBack(t *testing.T) {
	hash, err := auth.Hasher{}.Hash(wharf.PluginSHA2, testPassword)
	if err != nil {
		t.Fatal(err)
	}
	u := wharf.User{ID: wharf.NewUserID(), Account: wharf.Account{User: "u", Host: "%"}, Plugin: wharf.PluginSHA2, Hash: hash}
	var all users
	r := start(t, withTLS(t, Options{Gate: auth.NewGate(auth.GateOptions{Users: &all})}))
	for name, c := range map[string]struct {
		after []wharf.User
		want  uint16 // 0: OK
	}{
		"as it was": {[]wharf.User{u}, 0},
		"locked":    {[]wharf.User{{ID: u.ID, Account: u.Account, Plugin: u.Plugin, Hash: hash, Locked: true}}, 3118},
		"dropped":   {nil, 1045},
	} {
		all.list.Store(wharf.NewUsers([]wharf.User{u}))
		client := r.dial(t)
		client.startTLS(plainCaps)
		client.write(client.seq+1, handshakeResponsePacket(plainCaps, "u", nil, "", sha2Plugin))
		_, salt, _ := bytes.Cut(client.read()[1:], []byte{0})
		salt = salt[:saltLen]
		all.list.Store(wharf.NewUsers(c.after))
		client.write(client.seq+1, sha2Proof(testPassword, salt))
		switch b := client.answerLogin(testPassword, salt); c.want {
		case 0:
			wantOK(t, b)
		default:
			t.Log(name)
			wantErr(t, b, c.want, "")
		}
	}
}
