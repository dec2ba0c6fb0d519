package load

import (
	"bytes"
	"context"
	"crypto/tls"
	"database/sql"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

const (
	request    = "GET /v1/stage/s/ HTTP/1.1\r\nHost: localhost\r\n"
	manyBytes  = 256 << 10
	mysqlPlain = 0x200 | 0x8000 | 0x80000 // protocol 4.1, its authentication, plugins
)

// halfHello is a record of TLS that ends within the client's first message.
const halfHello = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"

// sslRequest asks the MySQL port for TLS.
var sslRequest = mysqlPacket(1, []byte("\x00\x8a\x08\x00\x00\x00\x00\x01\x2d"+strings.Repeat("\x00", 23)))

// kinds are all ways of attack. Together they keep 12,000 connections open, as
// far as the server lets them be.
func (a *Attack) kinds() []kind {
	const patient = 8 * time.Second
	all := []kind{
		{"idle on MySQL", 4000, patient, a.MySQL, func(_ *Attack, c net.Conn) { untilClosed(c) }},
		{"idle on HTTP", 4000, patient, a.HTTP, func(_ *Attack, c net.Conn) { untilClosed(c) }},
		{"idle on HTTPS", 2000, patient, a.HTTPS, func(_ *Attack, c net.Conn) { untilClosed(c) }},
		{"idle after a request", 400, patient, a.HTTP, begin("GET /v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n")},

		{"slow headers", 200, time.Second, a.HTTP, func(a *Attack, c net.Conn) { a.oneByOne(c, request+"X-Slow: ") }},
		{"slow headers over TLS", 50, time.Second, a.HTTPS, overTLS(func(a *Attack, c net.Conn) { a.oneByOne(c, request+"X-Slow: ") })},
		{"slow bodies of strangers", 200, time.Second, a.HTTP, func(a *Attack, c net.Conn) { a.oneByOne(c, a.put("", "Content-Length: 1000000\r\n")) }},
		{"slow bodies", 100, time.Second, a.HTTP, func(a *Attack, c net.Conn) { a.oneByOne(c, a.put(a.basic(), "Content-Length: 1000000\r\n")) }},
		{"slow forms", 50, time.Second, a.HTTP, func(a *Attack, c net.Conn) { a.oneByOne(c, a.form()) }},
		{"slow chunks over TLS", 50, time.Second, a.HTTPS, overTLS(func(a *Attack, c net.Conn) {
			a.oneByOne(c, a.put(a.basic(), "Transfer-Encoding: chunked\r\n")+"ffff\r\n")
		})},

		{"half a login", 200, time.Second, a.MySQL, begin("\x40\x00\x00\x01\x00\x82")},
		{"half a login a byte at a time", 100, time.Second, a.MySQL, func(a *Attack, c net.Conn) { a.oneByOne(c, "\xff\xff\x00\x01") }},
		{"TLS asked for on MySQL", 100, time.Second, a.MySQL, begin(string(sslRequest))},
		{"half a TLS handshake on MySQL", 100, time.Second, a.MySQL, begin(string(sslRequest) + halfHello)},
		{"half a TLS handshake on HTTPS", 200, time.Second, a.HTTPS, begin(halfHello)},
		{"TLS and nothing on MySQL", 50, time.Second, a.MySQL, overMySQLTLS(func(_ *Attack, c net.Conn) { untilClosed(c) })},
		{"TLS and nothing on HTTPS", 50, time.Second, a.HTTPS, overTLS(func(_ *Attack, c net.Conn) { untilClosed(c) })},

		{"guessed passwords over HTTP", 2, 50 * time.Millisecond, a.HTTP, func(a *Attack, c net.Conn) {
			answered(c, []byte(request+"Connection: close\r\n"+basic(a.User, "guessed")+"\r\n"))
		}},
		{"guessed passwords on MySQL", 2, 50 * time.Millisecond, a.MySQL, func(a *Attack, c net.Conn) { a.logIn(c, "guessed", "", nil) }},
		{"statements that are too long", 1, 2 * time.Second, a.MySQL, func(a *Attack, c net.Conn) {
			a.logIn(c, a.Password, "", func(ctx context.Context, db *sql.Conn, _ net.Conn) {
				db.ExecContext(ctx, "SELECT '"+strings.Repeat("x", 65<<20)+"'")
			})
		}},
	}
	for _, l := range a.tooLarge() {
		all = append(all, kind{"too large: " + l.name, 1, 100 * time.Millisecond, l.addr, func(_ *Attack, c net.Conn) { answered(c, l.text) }})
	}
	for _, n := range a.noises() {
		n.name, n.conns, n.pause = "random bytes: "+n.name, 1, 50*time.Millisecond
		all = append(all, n)
	}
	return all
}

type large struct {
	name, addr string
	text       []byte
}

// tooLarge is what is over a limit of the server.
func (a *Attack) tooLarge() []large {
	long := strings.Repeat("x", manyBytes)
	login := string(binary.LittleEndian.AppendUint32(nil, mysqlPlain)) + strings.Repeat("\x00", 28)
	return []large{
		{"a request line", a.HTTP, []byte("GET /" + long + " HTTP/1.1\r\n\r\n")},
		{"a header", a.HTTP, []byte(request + "X-Long: " + long + "\r\n\r\n")},
		{"many headers", a.HTTP, []byte(request + strings.Repeat("a: b\r\n", 10_000) + "\r\n")},
		{"credentials", a.HTTP, []byte(request + basic(long[:9000], long[:3000]) + "\r\n")},
		{"a length", a.HTTP, []byte(a.put(a.basic(), "Content-Length: 99999999999999999999\r\n"))},
		{"a chunk's length", a.HTTP, []byte(a.put(a.basic(), "Transfer-Encoding: chunked\r\n") + strings.Repeat("f", 1000) + "\r\n")},
		{"a chunk's extension", a.HTTP, []byte(a.put(a.basic(), "Transfer-Encoding: chunked\r\n") + "1;" + long + "\r\n")},
		{"a trailer", a.HTTP, []byte(a.put(a.basic(), "Transfer-Encoding: chunked\r\n") + "0\r\nX-Long: " + long + "\r\n\r\n")},
		{"a part's header", a.HTTP, []byte(a.form() + "x\r\n--b\r\nContent-Disposition: form-data; name=\"upload\"; filename=\"" + long + "\"\r\n\r\n")},
		{"many parts", a.HTTP, []byte(a.form() + strings.Repeat("\r\n--b\r\nContent-Disposition: form-data; name=a\r\n\r\n", 4000))},
		{"frames of HTTP/2", a.HTTP, []byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + strings.Repeat("\xff\xff\xff\x01\x04\x00\x00\x00\x01", 10) + long)},
		{"a record of TLS", a.HTTPS, []byte("\x16\x03\x01\xff\xff" + long)},
		{"a packet before the login", a.MySQL, append([]byte("\xff\xff\xff\x01"), long...)},
		{"a user's name", a.MySQL, mysqlPacket(1, []byte(login+long[:100<<10]))},
		{"attributes of a login", a.MySQL, mysqlPacket(1, []byte(login+"root\x00\x00mysql_native_password\x00\xfe\xff\xff\xff\xff\xff\xff\xff\xff"))},
	}
}

// noises are random bytes at each stage of each protocol.
func (a *Attack) noises() []kind {
	after := func(text string) func(*Attack, net.Conn) {
		return func(_ *Attack, c net.Conn) { answered(c, append([]byte(text), noise(32<<10)...)) }
	}
	loggedIn := func(params string) func(*Attack, net.Conn) {
		return func(a *Attack, c net.Conn) {
			a.logIn(c, a.Password, params, func(_ context.Context, _ *sql.Conn, c net.Conn) { answered(c, noise(32<<10)) })
		}
	}
	return []kind{
		{name: "MySQL", addr: a.MySQL, use: after("")},
		{name: "MySQL, a login", addr: a.MySQL, use: func(_ *Attack, c net.Conn) { answered(c, mysqlPacket(1, noise(300))) }},
		{name: "MySQL, a login that may be parsed", addr: a.MySQL, use: func(_ *Attack, c net.Conn) {
			answered(c, mysqlPacket(1, append([]byte("\x0d\xa2\xbf\x01\x00\x00\x00\x01\x2d"+strings.Repeat("\x00", 23)), noise(200)...)))
		}},
		{name: "MySQL, after TLS was asked for", addr: a.MySQL, use: after(string(sslRequest))},
		{name: "MySQL, over TLS", addr: a.MySQL, use: overMySQLTLS(func(_ *Attack, c net.Conn) { answered(c, noise(32<<10)) })},
		{name: "MySQL, after the login", addr: a.MySQL, use: loggedIn("")},
		{name: "MySQL, after the login over TLS", addr: a.MySQL, use: loggedIn("&tls=skip-verify")},
		{name: "MySQL, in compressed packets", addr: a.MySQL, use: loggedIn("&compress=true")},
		{name: "HTTP", addr: a.HTTP, use: after("")},
		{name: "HTTP, a path", addr: a.HTTP, use: after("GET /v1/stage/")},
		{name: "HTTP, a header", addr: a.HTTP, use: after(request + "Range: ")},
		{name: "HTTP, chunks", addr: a.HTTP, use: after(a.put(a.basic(), "Transfer-Encoding: chunked\r\n"))},
		{name: "HTTP, a form", addr: a.HTTP, use: after(a.form())},
		{name: "HTTP/2", addr: a.HTTP, use: after("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")},
		{name: "HTTPS", addr: a.HTTPS, use: after("")},
		{name: "HTTPS, over TLS", addr: a.HTTPS, use: overTLS(func(_ *Attack, c net.Conn) { answered(c, noise(32<<10)) })},
	}
}

func basic(user, password string) string {
	return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password)) + "\r\n"
}

// basic is the header by which the account's requests come in.
func (a *Attack) basic() string { return basic(a.User, a.Password) }

// put begins an upload into the account's stage.
func (a *Attack) put(more ...string) string {
	return "PUT /v1/stage/" + a.Stage + "/x HTTP/1.1\r\nHost: localhost\r\n" + strings.Join(more, "") + "\r\n"
}

// form begins the upload of a form into the account's stage.
func (a *Attack) form() string {
	return "PUT /v1/upload_to_stage HTTP/1.1\r\nHost: localhost\r\nstage_name: " + a.Stage + "\r\n" + a.basic() +
		"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000000\r\n\r\n" +
		"--b\r\nContent-Disposition: form-data; name=\"upload\"; filename=\"x\"\r\n\r\n"
}

var anyCertificate = &tls.Config{InsecureSkipVerify: true} // an attacker trusts all

// overTLS lets use have a connection over TLS.
func overTLS(use func(*Attack, net.Conn)) func(*Attack, net.Conn) {
	return func(a *Attack, c net.Conn) {
		secure := tls.Client(c, anyCertificate)
		if secure.HandshakeContext(a.ctx) == nil {
			use(a, secure)
		}
	}
}

// overMySQLTLS is overTLS for the MySQL port.
func overMySQLTLS(use func(*Attack, net.Conn)) func(*Attack, net.Conn) {
	return func(a *Attack, c net.Conn) {
		var greeting [4]byte
		if _, err := io.ReadFull(c, greeting[:]); err != nil {
			return
		}
		if _, err := io.CopyN(io.Discard, c, int64(greeting[0])); err != nil {
			return
		}
		c.Write(sslRequest)
		overTLS(use)(a, c)
	}
}

// logIn logs in to the account by the password, over c, and calls then, if it
// got in. What then writes to the connection that it gets is not framed.
func (a *Attack) logIn(c net.Conn, password, params string, then func(context.Context, *sql.Conn, net.Conn)) {
	c.SetDeadline(time.Now().Add(10 * time.Second))
	config, err := mysql.ParseDSN(fmt.Sprintf("%s:%s@tcp(%s)/?maxAllowedPacket=134217728%s", a.User, password, a.MySQL, params))
	if err != nil {
		panic(err) // the account's name has to suit
	}
	config.Logger = &mysql.NopLogger{}
	config.DialFunc = func(context.Context, string, string) (net.Conn, error) { return c, nil }
	connector, err := mysql.NewConnector(config)
	if err != nil {
		panic(err)
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	conn, err := db.Conn(a.ctx)
	if err != nil {
		return
	}
	defer conn.Close()
	if then != nil {
		then(a.ctx, conn, c)
	}
}

func mysqlPacket(seq byte, payload []byte) []byte {
	n := len(payload)
	return bytes.Join([][]byte{{byte(n), byte(n >> 8), byte(n >> 16), seq}, payload}, nil)
}
