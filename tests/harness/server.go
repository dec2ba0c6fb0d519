package harness

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

const (
	startWithin = 2 * time.Minute // on a busy machine, with the race detector
	// StopWithin is how soon a server has to end that was told to.
	StopWithin = 2 * time.Minute
)

// Options say how a test wants its server. The zero value is a server with
// the defaults on a fresh data folder.
type Options struct {
	Dir     string   // the data folder; "" is a fresh one
	Args    []string // more flags of wharf serve
	Env     []string // more environment, as NAME=value
	Secrets []string // what may not be in the log
	Killed  bool     // the test kills it, so that its log may end in the middle of a line

	// MaxMemory is the most bytes of memory that the system lets the server
	// map, and that may have been resident at its end; 0 is without a bound.
	// A server that wants more ends with an error, which fails the test.
	MaxMemory int64
	// MaxFiles is the most files that the system lets the server open; 0 is
	// the bound that the test itself has.
	MaxFiles int
}

// Server is a running `wharf serve`.
type Server struct {
	Dir   string // the data folder
	MySQL string // the address of the MySQL port
	HTTP  string // the address of the HTTP port
	// Ports are the addresses of all ports, by their names in the ready line.
	Ports map[string]string

	t       testing.TB
	cmd     *exec.Cmd
	log     logBuffer
	secrets []string
	killed  bool
	most    int64 // Options.MaxMemory
	stopped atomic.Bool
	exited  chan struct{} // closed when the process has ended
	waitErr error         // set before exited is closed
}

// Start starts the server in binary and waits until it is ready. It is
// stopped, if the test did not, and checked at the end of the test.
func Start(t testing.TB, binary string, o Options) *Server {
	t.Helper()
	s := &Server{Dir: o.Dir, t: t, secrets: o.Secrets, killed: o.Killed, most: o.MaxMemory, exited: make(chan struct{})}
	if s.Dir == "" {
		s.Dir = filepath.Join(t.TempDir(), "data")
	}
	args := []string{"serve", "--mysql-addr", "127.0.0.1:0", "--http-addr", "127.0.0.1:0",
		"--data-dir", s.Dir, "--log-format", "json", "--log-level", "debug"}
	s.cmd = bounded(Command(binary, o.Env, append(args, o.Args...)...), o)
	s.cmd.Stderr = &s.log
	s.cmd.SysProcAttr = endWithUs()
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

// bounded lets a shell set the bounds of o and become the command then: there
// is no moment in which the server runs without them.
func bounded(cmd *exec.Cmd, o Options) *exec.Cmd {
	var limits string
	if o.MaxMemory > 0 {
		// The stack of a thread of C counts as data, and is as large as the
		// bound of stacks: 8 MiB, of which it uses a few pages.
		limits += fmt.Sprintf("ulimit -S -s 1024 && ulimit -d %d && ", o.MaxMemory>>10)
	}
	if o.MaxFiles > 0 {
		limits += fmt.Sprintf("ulimit -n %d && ", o.MaxFiles)
	}
	if limits == "" {
		return cmd
	}
	inside := exec.Command("/bin/sh", append([]string{"-c", limits + `exec "$0" "$@"`}, cmd.Args...)...)
	inside.Dir, inside.Env = cmd.Dir, cmd.Env
	return inside
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
		if len(f) < 2 || f[0] != "ready" || !strings.HasPrefix(f[1], "mysql=") {
			s.t.Fatalf("first line on stdout: %q, want ready mysql=ADDR http=ADDR", line)
		}
		s.Ports = map[string]string{}
		for _, port := range f[1:] {
			name, addr, _ := strings.Cut(port, "=")
			s.Ports[name] = addr
		}
		s.MySQL, s.HTTP = s.Ports["mysql"], s.Ports["http"]
	case <-time.After(startWithin):
		s.t.Fatalf("the server was not ready within %s", startWithin)
	}
}

// Hide names one more secret that may not be in the log.
func (s *Server) Hide(secret string) { s.secrets = append(s.secrets, secret) }

// Log returns what the server has logged so far.
func (s *Server) Log() string { return s.log.String() }

// PID is the number of the process.
func (s *Server) PID() int { return s.cmd.Process.Pid }

// Signal sends a signal.
func (s *Server) Signal(sig os.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Errorf("signal %v: %v", sig, err)
	}
}

// AwaitExit waits for the end of the process and returns how it ended.
func (s *Server) AwaitExit() error {
	s.t.Helper()
	s.stopped.Store(true)
	select {
	case <-s.exited:
	case <-time.After(StopWithin):
		s.t.Errorf("the server did not end within %s", StopWithin)
		s.cmd.Process.Signal(syscall.SIGQUIT) // its stacks go to the log
		<-s.exited
	}
	return s.waitErr
}

// Stop sends TERM and wants an orderly end. A server that ended is let be.
func (s *Server) Stop() {
	s.t.Helper()
	if s.stopped.Load() {
		return
	}
	s.checkPeak()
	s.Signal(syscall.SIGTERM)
	if err := s.AwaitExit(); err != nil {
		s.t.Errorf("after TERM the server ended with %v, want status 0", err)
	}
}

// checkPeak wants the memory that was resident to have been within its bound.
func (s *Server) checkPeak() {
	s.t.Helper()
	select {
	case <-s.exited:
		return // its status is gone, and its end is told
	default:
	}
	if s.most == 0 {
		return
	}
	if peak := s.Memory("VmHWM"); peak > s.most {
		s.t.Errorf("the server had %d MiB of resident memory, its bound is %d", peak/MiB, s.most/MiB)
	}
}

// Kill ends the process as a power cut would end it, but for the caches of
// the operating system.
func (s *Server) Kill() {
	s.t.Helper()
	s.stopped.Store(true)
	s.Signal(syscall.SIGKILL)
	<-s.exited
}

// finish stops a server that the test left running, and looks at the log.
func (s *Server) finish() {
	s.Stop()
	s.log.check(s.t, s.secrets, s.killed)
	if s.t.Failed() {
		s.t.Logf("the server's log:\n%s", s.log.tail(20_000))
	}
}
