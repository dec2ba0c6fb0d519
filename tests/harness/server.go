package harness

import (
	"bufio"
	"io"
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

// Options say how a test wants its server. The zero value is a server with
// the defaults.
type Options struct {
	Args    []string // more flags of wharf serve
	Env     []string // more environment, as NAME=value
	Secrets []string // what may not be in the log
}

// Server is a running `wharf serve`.
type Server struct {
	MySQL string // the address of the MySQL port
	HTTP  string // the address of the HTTP port

	t       testing.TB
	cmd     *exec.Cmd
	log     logBuffer
	secrets []string
	exited  chan struct{} // closed when the process has ended
	waitErr error         // set before exited is closed
}

// Start starts the server in binary on a fresh data folder and waits until it
// is ready. It is stopped and checked at the end of the test.
func Start(t testing.TB, binary string, o Options) *Server {
	t.Helper()
	s := &Server{t: t, secrets: o.Secrets, exited: make(chan struct{})}
	args := append([]string{"serve", "--mysql-addr", "127.0.0.1:0", "--http-addr", "127.0.0.1:0",
		"--data-dir", filepath.Join(t.TempDir(), "data"), "--log-format", "json", "--log-level", "debug"}, o.Args...)
	s.cmd = exec.Command(binary, args...)
	s.cmd.Env = append(environ(filepath.Dir(binary)), o.Env...)
	s.cmd.Dir = filepath.Dir(binary)
	s.cmd.Stderr = &s.log
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	first := make(chan string, 1)
	go s.wait(stdout, first)
	t.Cleanup(s.finish)
	s.awaitReady(first)
	return s
}

// environ is the environment without settings of servers and accounts.
func environ(home string) []string {
	// The race detector would sleep for a second at every exit.
	env := []string{"HOME=" + home, "GORACE=atexit_sleep_ms=0"}
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "AWS_") && !strings.HasPrefix(kv, "WHARF_") && !strings.HasPrefix(kv, "HOME=") {
			env = append(env, kv)
		}
	}
	return env
}

func (s *Server) wait(stdout io.Reader, first chan<- string) {
	r := bufio.NewReader(stdout)
	line, _ := r.ReadString('\n')
	first <- strings.TrimSuffix(line, "\n")
	io.Copy(io.Discard, r)
	s.waitErr = s.cmd.Wait()
	close(s.exited)
}

func (s *Server) awaitReady(first <-chan string) {
	s.t.Helper()
	select {
	case line := <-first:
		f := strings.Fields(line)
		if len(f) != 3 || f[0] != "ready" || !strings.HasPrefix(f[1], "mysql=") || !strings.HasPrefix(f[2], "http=") {
			s.t.Fatalf("first line on stdout: %q, want ready mysql=ADDR http=ADDR", line)
		}
		s.MySQL, s.HTTP = strings.TrimPrefix(f[1], "mysql="), strings.TrimPrefix(f[2], "http=")
	case <-time.After(startWithin):
		s.t.Fatalf("the server was not ready within %s", startWithin)
	}
}

// finish sends TERM, wants an orderly end, and looks at the log.
func (s *Server) finish() {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Errorf("TERM: %v", err)
	}
	select {
	case <-s.exited:
	case <-time.After(stopWithin):
		s.t.Errorf("the server did not end within %s", stopWithin)
		s.cmd.Process.Signal(syscall.SIGQUIT) // its stacks go to the log
		<-s.exited
	}
	if s.waitErr != nil {
		s.t.Errorf("after TERM the server ended with %v, want status 0", s.waitErr)
	}
	s.log.check(s.t, s.secrets)
	if s.t.Failed() {
		s.t.Logf("the server's log:\n%s", s.log.tail(20_000))
	}
}
