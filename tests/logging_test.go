package tests

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"wharf/tests/harness"
)

// loggingTo starts a server whose standard output and standard error are the
// test's own, and waits until it serves. It returns the process, too.
func loggingTo(t *testing.T, stdout, stderr *os.File, more ...string) (*server, *exec.Cmd) {
	t.Helper()
	s := &server{t: t, dir: filepath.Join(t.TempDir(), "data"), mysql: harness.FreeAddr(t), http: harness.FreeAddr(t)}
	args := append([]string{"serve", "--data-dir", s.dir, "--mysql-addr", s.mysql, "--http-addr", s.http, "--log-level", "debug"}, more...)
	cmd := command(t, settings{}, args...)
	// An *os.File is handed on as it is: a nil one would be the null device.
	if stdout != nil {
		cmd.Stdout = stdout
	}
	if stderr != nil {
		cmd.Stderr = stderr
	}
	s.serveBy(cmd)
	return s, cmd
}

// serveBy starts the process, and waits until it serves.
func (s *server) serveBy(cmd *exec.Cmd) {
	s.t.Helper()
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		if cmd.ProcessState == nil {
			cmd.Process.Kill()
			cmd.Wait()
		}
	})
	for deadline := time.Now().Add(harness.StopWithin); s.curl("http://"+s.http+"/v1/health").status != 200; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatal("the server does not serve")
		}
	}
	s.exec("CREATE STAGE IF NOT EXISTS s")
}

// wantTermEnds sends TERM and wants status 0, soon.
func wantTermEnds(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(harness.StopWithin, func() { cmd.Process.Kill() })
	defer timer.Stop()
	if err := cmd.Wait(); err != nil {
		t.Errorf("after TERM the server ended with %v", err)
	}
}

// makeLog makes the server log n lines or more.
func (s *server) makeLog(n int) {
	s.t.Helper()
	for i := range n {
		if r := s.do("GET", fileURL(s, "s", "none"+strconv.Itoa(i)+strings.Repeat("x", 900)), ""); r.status != 404 {
			s.t.Fatalf("request %d: %d %s", i, r.status, r.body)
		}
	}
}

func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	return r, w
}

// What is logged to has gone away, is full, or is closed: the server serves,
// and ends in order.
func TestLogGoesNowhere(t *testing.T) {
	t.Parallel()
	gone := func(t *testing.T) *os.File {
		r, w := pipe(t)
		r.Close()
		return w
	}
	full := func(t *testing.T) *os.File {
		f, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return f
	}
	for name, open := range map[string]func(t *testing.T) *os.File{"a reader that has gone": gone, "a full device": full} {
		t.Run(name, func(t *testing.T) {
			f := open(t)
			s, cmd := loggingTo(t, f, f)
			s.makeLog(20)
			s.alive()
			wantTermEnds(t, cmd)
		})
	}
	t.Run("closed", func(t *testing.T) {
		s := &server{t: t, dir: filepath.Join(t.TempDir(), "data"), mysql: harness.FreeAddr(t), http: harness.FreeAddr(t)}
		inner := command(t, settings{}, "serve", "--data-dir", s.dir, "--mysql-addr", s.mysql, "--http-addr", s.http)
		cmd := exec.Command("/bin/sh", append([]string{"-c", `exec "$0" "$@" <&- >&- 2>&-`}, inner.Args...)...)
		cmd.Env, cmd.Dir = inner.Env, inner.Dir
		s.serveBy(cmd)
		s.makeLog(20)
		for fd := range 3 { // a file of ours there would be written over by the log
			if to, err := os.Readlink("/proc/" + strconv.Itoa(cmd.Process.Pid) + "/fd/" + strconv.Itoa(fd)); err != nil || to != "/dev/null" {
				t.Errorf("descriptor %d is %q, %v", fd, to, err)
			}
		}
		wantTermEnds(t, cmd)
	})
}

// Nobody reads the log: requests are answered, and the server ends on TERM.
// Somebody who reads later is told how much is missing.
func TestLogIsNotRead(t *testing.T) {
	t.Parallel()
	r, w := pipe(t)
	s, cmd := loggingTo(t, w, w)
	w.Close()
	const lines = 1500 // of 1 KiB, which is more than the pipe and the queue hold
	s.makeLog(lines)
	s.alive()
	read := make(chan string)
	go func() {
		text, _ := io.ReadAll(r)
		read <- string(text)
	}()
	s.makeLog(1)
	wantTermEnds(t, cmd)
	text := <-read
	if !strings.Contains(text, "log lines were lost") || !strings.Contains(text, "lost=") {
		t.Errorf("the log of %d bytes does not tell that lines were lost: …%s", len(text), text[max(0, len(text)-2000):])
	}
	if !strings.Contains(text, "ready mysql=") || !strings.Contains(text, "stopping") {
		t.Error("the first or the last lines are missing")
	}
}

// TERM alone ends a server whose log nobody reads.
func TestTermWhileLogIsNotRead(t *testing.T) {
	t.Parallel()
	_, w := pipe(t)
	s, cmd := loggingTo(t, w, w)
	s.makeLog(200)
	wantTermEnds(t, cmd)
}

// A log on a disk that fills up goes on when there is room again.
func TestLogOnFullDisk(t *testing.T) {
	t.Parallel()
	disk := smallDisk(t, 1)
	f, err := os.OpenFile(filepath.Join(disk, "log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	ballast := filepath.Join(disk, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 800<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	s, cmd := loggingTo(t, nil, f)
	s.makeLog(400)
	s.mustUpload("s", "f", random(1000))
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	s.makeLog(1)
	wantTermEnds(t, cmd)
	log, err := os.ReadFile(filepath.Join(disk, "log"))
	if err != nil {
		t.Fatal(err)
	}
	if text := string(log); !strings.Contains(text, "\ntime=") || !strings.Contains(text, "log lines were lost") {
		t.Errorf("the log of %d bytes does not tell that lines were lost: …%s", len(text), text[max(0, len(text)-2000):])
	}
}
