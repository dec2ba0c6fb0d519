package tests

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
)

// through connects to an address and sends a PROXY header first.
func through(t *testing.T, addr, header string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if _, err := io.WriteString(c, header); err != nil {
		t.Fatal(err)
	}
	return c
}

// forwardingProxy hands connections on to addr with a PROXY header of version 2
// before each: they come from 198.51.100.7.
func forwardingProxy(t *testing.T, addr string) string {
	t.Helper()
	return relay(t, addr, "\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\xc6\x33\x64\x07\x7f\x00\x00\x01\x10\x00\x0c\xeb", io.Discard)
}

// relay hands connections on to addr with a header before each, and shows to seen
// what goes either way.
func relay(t *testing.T, addr, header string, seen io.Writer) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			to, err := net.Dial("tcp", addr)
			if err != nil {
				c.Close()
				continue
			}
			io.WriteString(to, header)
			go func() { io.Copy(io.MultiWriter(to, seen), c); to.Close() }()
			go func() { io.Copy(io.MultiWriter(c, seen), to); c.Close() }()
		}
	}()
	return ln.Addr().String()
}

// TestTrustedProxy has proxies say who the client is, over both ports, and others
// who may not.
func TestTrustedProxy(t *testing.T) {
	t.Parallel()
	env := []string{"WHARF_ROOT_PASSWORD=" + rootPassword}
	s := start(t, settings{args: []string{"--trusted-proxy", "127.0.0.1,10.9.0.0/16"}, env: env, secrets: []string{rootPassword}})
	as := "root:" + rootPassword
	ask := func(id string, headers ...string) {
		args := []string{"-u", as, "http://" + s.http + "/v1/stage/" + id + "/"}
		for _, h := range headers {
			args = append(args, "-H", h)
		}
		s.curl(args...)
	}
	ask("one", "X-Forwarded-For: 203.0.113.1")
	ask("two", "X-Forwarded-For: 198.51.100.66, 203.0.113.2, 10.9.1.1")
	ask("three", "X-Forwarded-For: 198.51.100.66", "X-Forwarded-For: 203.0.113.3")
	ask("four", "X-Forwarded-For: nonsense")
	ask("five", "X-Forwarded-For: 198.51.100.66, nonsense, [2001:db8::5]:99")
	for id, header := range map[string]string{
		"six": "PROXY TCP4 203.0.113.6 127.0.0.1 1000 80\r\n", "seven": "PROXY TCP6 2001:db8::7 ::1 1000 80\r\n", "eight": "PROXY UNKNOWN\r\n",
		"nine": "\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\xcb\x00\x71\x09\x7f\x00\x00\x01\x10\x00\x0c\xeb", "ten": "",
	} {
		c := through(t, s.http, header+"PUT /v1/stage/"+id+"/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
		if answer, err := io.ReadAll(c); err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 401") {
			t.Errorf("%s: %q, %v", id, answer, err)
		}
	}
	for _, bad := range []string{"PROXY TCP4 nonsense\r\n", "PROXY " + strings.Repeat("x", 200), "\r\n\r\n\x00\r\nQUIT\n\x21\x11\xff\xff" + strings.Repeat("x", 5000)} {
		c := through(t, s.http, bad+"GET /v1/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		if answer, err := io.ReadAll(c); err == nil && len(answer) > 0 {
			t.Errorf("%.20q: %.50q", bad, answer)
		}
	}
	proxied := &server{Server: s.Server, t: t, mysql: forwardingProxy(t, s.mysql)}
	if err := proxied.dbAs(as, "").PingContext(s.context()); err != nil {
		t.Errorf("MySQL through a proxy: %v", err)
	}
	var user string
	if err := s.dbAs(as, "").QueryRowContext(s.context(), "SELECT USER()").Scan(&user); err != nil || user != "root@127.0.0.1" && user != "root@localhost" {
		t.Errorf("MySQL without a header: %q, %v", user, err)
	}
	if err := proxied.dbAs(as, "").QueryRowContext(s.context(), "SELECT USER()").Scan(&user); err != nil || user != "root@198.51.100.7" {
		t.Errorf("MySQL through a proxy: %q, %v", user, err)
	}
	s.Stop()
	for id, from := range map[string]string{
		"one": "203.0.113.1", "two": "203.0.113.2", "three": "203.0.113.3", "four": "127.0.0.1:", "five": "2001:db8::5",
		"six": "203.0.113.6:1000", "seven": "[2001:db8::7]:1000", "eight": "127.0.0.1:", "nine": "203.0.113.9:4096", "ten": "127.0.0.1:",
	} {
		found := false
		for line := range strings.Lines(s.Log()) {
			found = found || strings.Contains(line, fmt.Sprintf(`"path":"/v1/stage/%s/"`, id)) && strings.Contains(line, `"remote":"`+from)
		}
		if !found {
			t.Errorf("the log does not have the request %s from %s", id, from)
		}
	}
}

// TestProxyThatIsNotTrusted has headers that nobody asked for.
func TestProxyThatIsNotTrusted(t *testing.T) {
	t.Parallel()
	s := start(t, settings{args: []string{"--trusted-proxy", "10.9.0.0/16"}, env: []string{"WHARF_ROOT_PASSWORD=" + rootPassword}, secrets: []string{rootPassword}})
	s.curl("-u", "root:"+rootPassword, "-H", "X-Forwarded-For: 203.0.113.1", "http://"+s.http+"/v1/stage/s/")
	c := through(t, s.http, "PROXY TCP4 203.0.113.6 127.0.0.1 1000 80\r\nGET /v1/health HTTP/1.1\r\nHost: x\r\n\r\n")
	if answer, _ := io.ReadAll(c); !strings.HasPrefix(string(answer), "HTTP/1.1 400") {
		t.Errorf("a PROXY header: %q", answer)
	}
	s.Stop()
	if strings.Contains(s.Log(), "203.0.113") {
		t.Error("an address that a client claimed is in the log")
	}
}

// TestForwardedWithoutPassword has a proxy on this machine, which would make all
// its clients local ones.
func TestForwardedWithoutPassword(t *testing.T) {
	t.Parallel()
	s := start(t, settings{args: []string{"--trusted-proxy", "127.0.0.1"}})
	untrusting := start(t, settings{})
	s.exec("CREATE STAGE s")
	untrusting.exec("CREATE STAGE s")
	for _, c := range []struct {
		s      *server
		header string
		status int
	}{
		{untrusting, "X-Forwarded-For: 127.0.0.1", 403}, {untrusting, "X-Forwarded-For: 203.0.113.1", 403}, {untrusting, "Forwarded: for=127.0.0.1", 403},
		{untrusting, "Via: 1.1 proxy", 403}, {untrusting, "X-Other: x", 200},
		{s, "X-Forwarded-For: 127.0.0.1", 200}, {s, "X-Forwarded-For: 203.0.113.1", 403}, {s, "Via: 1.1 proxy", 403}, {s, "Forwarded: for=127.0.0.1", 403},
	} {
		if r := c.s.curl("-H", c.header, "http://"+c.s.http+"/v1/stage/s/"); r.status != c.status {
			t.Errorf("%s: %d %s, want %d", c.header, r.status, r.body, c.status)
		}
	}
	if r := untrusting.curl("-H", "Via: 1.1 proxy", "http://"+untrusting.http+"/v1/health"); r.status != 200 {
		t.Errorf("health through a proxy: %d", r.status)
	}
	remote := &server{Server: s.Server, t: t, mysql: forwardingProxy(t, s.mysql)}
	// A refusal in place of the greeting has no SQLSTATE.
	wantSQLError(t, remote.db("").PingContext(s.context()), 1130, "\x00\x00\x00\x00\x00", "198.51.100.7")
}
