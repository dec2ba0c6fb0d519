package tests

import (
	"bufio"
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	startWithin = 60 * time.Second // on a busy machine, with the race detector
	stopWithin  = 60 * time.Second
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

// server is a running `wharf serve`.
type server struct {
	t       testing.TB
	dir     string
	mysql   string // the address of the MySQL port
	http    string // the address of the HTTP port
	log     *logBuffer
	cmd     *exec.Cmd
	exited  chan struct{} // closed when the process has ended
	waitErr error         // set before exited is closed
	secrets []string
	stopped bool
}

// start starts a server and waits until it is ready. It is stopped, and its
// log checked, at the end of the test.
func start(t testing.TB, o settings) *server {
	t.Helper()
	if o.dir == "" {
		o.dir = filepath.Join(t.TempDir(), "data")
	}
	args := append([]string{"--mysql-addr", "127.0.0.1:0", "--http-addr", "127.0.0.1:0",
		"--data-dir", o.dir, "--log-format", "json", "--log-level", "debug"}, o.args...)
	s := &server{t: t, dir: o.dir, log: &logBuffer{}, exited: make(chan struct{}), secrets: o.secrets}
	s.cmd = command(t, o, append([]string{"serve"}, args...)...)
	s.cmd.Stderr = s.log
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := make(chan string, 100)
	go s.wait(stdout, lines)
	t.Cleanup(func() { s.finish(o.killed) })
	s.awaitReady(lines)
	return s
}

// command makes a call of the binary in an environment without any settings
// of the machine that the tests run on.
func command(t testing.TB, o settings, args ...string) *exec.Cmd {
	t.Helper()
	binary, err := built.race()
	if o.plain {
		binary, err = built.plain()
	}
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, args...)
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "AWS_") && !strings.HasPrefix(kv, "WHARF_") && !strings.HasPrefix(kv, "HOME=") {
			cmd.Env = append(cmd.Env, kv)
		}
	}
	// The race detector would sleep for a second at every exit.
	cmd.Env = append(append(cmd.Env, "HOME="+built.dir, "GORACE=atexit_sleep_ms=0"), o.env...)
	cmd.Dir = built.dir
	return cmd
}

func (s *server) wait(stdout io.Reader, lines chan<- string) {
	for sc := bufio.NewScanner(stdout); sc.Scan(); {
		select {
		case lines <- sc.Text():
		default: // the test looks at the first lines only
		}
	}
	s.waitErr = s.cmd.Wait()
	close(lines)
	close(s.exited)
}

func (s *server) awaitReady(lines <-chan string) {
	s.t.Helper()
	select {
	case line := <-lines:
		mysql, http, ok := parseReady(line)
		if !ok {
			s.t.Fatalf("first line on stdout: %q, want ready mysql=ADDR http=ADDR", line)
		}
		s.mysql, s.http = mysql, http
	case <-time.After(startWithin):
		s.t.Fatalf("the server was not ready within %s", startWithin)
	}
}

func parseReady(line string) (mysql, http string, ok bool) {
	f := strings.Fields(line)
	if len(f) != 3 || f[0] != "ready" {
		return "", "", false
	}
	mysql, ok1 := strings.CutPrefix(f[1], "mysql=")
	http, ok2 := strings.CutPrefix(f[2], "http=")
	return mysql, http, ok1 && ok2
}

// finish stops a server that the test left running, and checks it.
func (s *server) finish(killed bool) {
	if !s.stopped {
		s.stop()
	}
	s.checkLog(killed)
	if s.t.Failed() {
		s.t.Logf("the server's log:\n%s", s.log.tail(20_000))
	}
}

// stop sends TERM and wants an orderly end.
func (s *server) stop() {
	s.t.Helper()
	s.signal(syscall.SIGTERM)
	if err := s.awaitExit(); err != nil {
		s.t.Errorf("after TERM the server ended with %v, want status 0", err)
	}
}

func (s *server) signal(sig os.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Errorf("signal %v: %v", sig, err)
	}
}

// awaitExit waits for the end of the process and returns how it ended.
func (s *server) awaitExit() error {
	s.t.Helper()
	s.stopped = true
	select {
	case <-s.exited:
	case <-time.After(stopWithin):
		s.t.Errorf("the server did not end within %s", stopWithin)
		s.cmd.Process.Signal(syscall.SIGQUIT) // its stacks go to the log
		<-s.exited
	}
	return s.waitErr
}

// kill ends the process as a power cut would end it, but for the caches of
// the operating system.
func (s *server) kill() {
	s.t.Helper()
	s.stopped = true
	s.signal(syscall.SIGKILL)
	<-s.exited
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
