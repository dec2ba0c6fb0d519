package tests

import (
	"context"
	"net"
	"os/exec"
	"testing"
	"time"

	"wharf/tests/harness"
)

// settings say how a test wants its server. The zero value is a server with
// the defaults on a fresh data folder.
type settings struct {
	plain   bool     // the binary without the race detector
	dir     string   // the data folder; default: a fresh one
	args    []string // more flags
	env     []string // more environment
	secrets []string // what may not be in the log
	killed  bool     // the test kills it, so that its log may end in the middle of a line
}

// server is a running `wharf serve` and the clients that the tests have of it.
type server struct {
	*harness.Server
	t     testing.TB
	dir   string // the data folder
	mysql string // the address of the MySQL port
	http  string // the address of the HTTP port
}

// start starts a server and waits until it is ready. It is stopped, and its
// log checked, at the end of the test.
func start(t testing.TB, o settings) *server {
	t.Helper()
	s := harness.Start(t, binary(t, o.plain), harness.Options{Dir: o.dir, Args: o.args, Env: o.env, Secrets: o.secrets, Killed: o.killed})
	return &server{Server: s, t: t, dir: s.Dir, mysql: s.MySQL, http: s.HTTP}
}

// binary is the path of the server, with the race detector or without.
func binary(t testing.TB, plain bool) string {
	t.Helper()
	path, err := built.race()
	if plain {
		path, err = built.plain()
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// command makes a call of the binary in an environment without any settings
// of the machine that the tests run on.
func command(t testing.TB, o settings, args ...string) *exec.Cmd {
	t.Helper()
	return harness.Command(binary(t, o.plain), o.env, args...)
}

func (s *server) mysqlPort() string { return port(s.t, s.mysql) }

// port is the one of an address.
func port(t testing.TB, addr string) string {
	t.Helper()
	_, p, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// alive wants both ports to serve.
func (s *server) alive() {
	s.t.Helper()
	if r := s.curl("http://" + s.http + "/v1/health"); r.status != 200 {
		s.t.Errorf("GET /v1/health: %d %s", r.status, r.body)
	}
	var one int
	if err := s.db("").QueryRowContext(s.context(), "SELECT 1").Scan(&one); err != nil || one != 1 {
		s.t.Errorf("SELECT 1: %d, %v", one, err)
	}
}

// context is for one call of a client.
func (s *server) context() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	s.t.Cleanup(cancel)
	return ctx
}
