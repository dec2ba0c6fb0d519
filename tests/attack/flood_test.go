//go:build !race

package attack

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"wharf/tests/harness"
)

// flood is many connections, from one address.
type flood struct {
	t      testing.TB
	from   net.IP
	mu     sync.Mutex // guards what follows
	conns  map[net.Conn]bool
	ended  bool
	closed atomic.Int64 // by the server
	failed atomic.Int64 // were not even accepted
}

func newFlood(t testing.TB, from string) *flood {
	f := &flood{t: t, from: net.ParseIP(from), conns: map[net.Conn]bool{}}
	t.Cleanup(f.end)
	return f
}

// run opens n connections to addr, several at a time, and leaves open those
// that the server does not close. use is called for each with its number.
func (f *flood) run(n int, addr string, use func(net.Conn, int) error) {
	numbers := make(chan int)
	var dialers sync.WaitGroup
	for range 32 {
		dialers.Go(func() {
			dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: f.from}, Timeout: honestWithin}
			for i := range numbers {
				c, err := dialer.Dial("tcp", addr)
				if err != nil || !f.keep(c) {
					f.failed.Add(1)
					continue
				}
				c.SetDeadline(time.Now().Add(honestWithin))
				if err := use(c, i); err != nil {
					f.drop(c)
				}
			}
		})
	}
	for i := range n {
		numbers <- i
	}
	close(numbers)
	dialers.Wait()
}

func (f *flood) keep(c net.Conn) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ended {
		c.Close()
		return false
	}
	f.conns[c] = true
	return true
}

// drop closes a connection that the server ended.
func (f *flood) drop(c net.Conn) {
	f.mu.Lock()
	delete(f.conns, c)
	f.mu.Unlock()
	c.Close()
	f.closed.Add(1)
}

// watch drops the connection once the server closes it. What comes is read.
func (f *flood) watch(c net.Conn, _ int) error {
	go func() {
		c.SetReadDeadline(time.Time{})
		io.Copy(io.Discard, c)
		f.drop(c)
	}()
	return nil
}

func (f *flood) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ended = true
	for c := range f.conns {
		c.Close()
	}
}

// open is how many connections the server lets be.
func (f *flood) open() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.conns)
}

// send writes a text and reads the beginning of the answer.
func send(text string) func(net.Conn, int) error {
	return func(c net.Conn, _ int) error {
		if _, err := io.WriteString(c, text); err != nil {
			return err
		}
		_, err := c.Read(make([]byte, 1))
		return err
	}
}

const healthy = "GET /v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n"

// A server with few files to open is flooded by idle connections, more than it
// has files: silent ones, and ones of clients that may come in.
func TestIdleConnections(t *testing.T) {
	t.Parallel()
	for _, files := range []int{128, 256, 1024} {
		t.Run(fmt.Sprintf("%d files", files), func(t *testing.T) {
			t.Parallel()
			s := start(t, harness.Options{MaxFiles: files})
			s.under(func() {
				f := newFlood(t, "127.0.0.1")
				f.run(files+100, s.HTTP, send("HEAD /v1/stage/s/honest.txt HTTP/1.1\r\nHost: localhost\r\n\r\n"))
				f.run(files+100, s.HTTP, send(healthy))
				f.run(files+100, s.HTTP, f.watch)
				f.run(files+100, s.MySQL, f.watch)
				s.openedAtMost(files)
				time.Sleep(2 * time.Second) // what fails by itself fails now
				s.openedAtMost(files)
				f.end()
			})
		})
	}
}

// openedAtMost wants files to be left to the server.
func (s *target) openedAtMost(files int) {
	s.t.Helper()
	if u := s.Usage(); u.Files > files-10 {
		s.t.Errorf("the server has %d files open of %d", u.Files, files)
	}
}

// More connections than the server may have files come at once, none of which
// says who it is.
func TestConnectionsWithoutAPassword(t *testing.T) {
	for _, from := range []string{"127.0.0.1", "127.0.0.2"} {
		t.Run("from "+from, func(t *testing.T) {
			s := start(t, harness.Options{Env: []string{"WHARF_ROOT_PASSWORD="}})
			s.under(func() {
				f := newFlood(t, from)
				var ports sync.WaitGroup
				ports.Go(func() { f.run(12_000, s.MySQL, f.watch) })
				ports.Go(func() { f.run(12_000, s.HTTP, f.watch) })
				ports.Wait()
				t.Logf("%d connections were closed, %d not accepted, %d are open", f.closed.Load(), f.failed.Load(), f.open())
				f.end()
			})
		})
	}
}

// Connections that never log in keep nobody out.
func TestSilentMySQLConnections(t *testing.T) {
	s := start(t, harness.Options{})
	f := newFlood(t, "127.0.0.1")
	f.run(1000, s.MySQL, func(c net.Conn, _ int) error { _, err := c.Read(make([]byte, 1)); return err })
	s.under(func() {
		for range 20 {
			c := s.honestClient()
			if err := c.use(); err != nil {
				t.Error(err)
			}
			c.close()
		}
		f.end()
	})
}

// Headers of many short lines, and of few long ones, that do not end.
func TestUnfinishedHeaders(t *testing.T) {
	t.Parallel()
	begin := "GET /v1/health HTTP/1.1\r\nHost: localhost\r\n"
	for name, text := range map[string]string{
		"short lines":      begin + strings.Repeat("a:b\r\n", 6000),
		"shortest lines":   begin + strings.Repeat("a:\n", 10_000),
		"one long line":    begin + "a: " + strings.Repeat("b", 60<<10),
		"within the limit": begin + strings.Repeat("a: "+strings.Repeat("b", 70)+"\r\n", 190),
		"pipelined":        healthy + begin + strings.Repeat("a:\n", 6000),
		"folded lines":     begin + "a: b\r\n" + strings.Repeat(" \r\n", 6000),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, harness.Options{})
			s.under(func() {
				f := newFlood(t, "127.0.0.1")
				f.run(5000, s.HTTP, func(c net.Conn, _ int) error {
					go io.WriteString(c, text)
					return f.watch(c, 0)
				})
				f.end()
			})
			if peak := s.Memory("VmHWM"); peak > 400*mib {
				t.Errorf("it took %d MiB", peak/mib)
			}
		})
	}
}

// The limit of open files is raised to the hard one. One that is too low is
// refused, and what would be right is said.
func TestOpenFilesLimit(t *testing.T) {
	limited := func(limits string) string {
		script := filepath.Join(t.TempDir(), "wharf")
		text := fmt.Sprintf("#!/bin/sh\n%s\nexec '%s' \"$@\"\n", limits, binary)
		if err := os.WriteFile(script, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
		return script
	}
	s := harness.Start(t, limited("ulimit -S -n 100"), harness.Options{MaxFiles: 300})
	limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", s.PID()))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(limits), "Max open files")
	if f := strings.Fields(rest); len(f) < 2 || f[0] == "100" {
		t.Errorf("the limits of open files are %.60q, want about the hard one", rest)
	}
	out, err := exec.Command(limited("ulimit -n 127"), "serve", "--data-dir", filepath.Join(t.TempDir(), "data")).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "at least 128 (ulimit -n)") {
		t.Errorf("with 127 files the server ends with %v and says %q", err, out)
	}
}

// Downloads whose clients take nothing, or a byte now and then, and lists.
func TestUnreadDownloads(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		request string
		n       int
		tick    time.Duration // between two bytes that are taken; 0 takes none
	}{
		"files":               {request: "GET /v1/stage/s/large HTTP/1.1\r\n", n: 2000},
		"ranges":              {request: "GET /v1/stage/s/large HTTP/1.1\r\nRange: bytes=0-9999999,10000000-\r\n", n: 1000},
		"a byte now and then": {request: "GET /v1/stage/s/large HTTP/1.1\r\n", n: 1000, tick: time.Second},
		"lists":               {request: "GET /v1/stage/s/?limit=1000 HTTP/1.1\r\n", n: 500},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, harness.Options{})
			s.fill(t)
			s.under(func() {
				f := newFlood(t, "127.0.0.1")
				f.run(c.n, s.HTTP, func(conn net.Conn, _ int) error {
					conn.SetDeadline(time.Time{})
					conn.(*net.TCPConn).SetReadBuffer(4 << 10)
					_, err := io.WriteString(conn, c.request+"Host: localhost\r\n\r\n")
					if c.tick > 0 {
						go f.trickle(conn, c.tick)
					}
					return err
				})
				if u := s.Usage(); u.Files-u.Sockets > 512+100 {
					t.Errorf("%d files are open beside %d sockets", u.Files-u.Sockets, u.Sockets)
				}
				honest := s.honestClient()
				defer honest.close()
				if err := honest.use(); err != nil {
					t.Error(err)
				}
				f.end()
			})
		})
	}
}

// fill uploads a large file and 5,000 files with long names, whose place in the
// index is part of what the server holds before an attack.
func (s *target) fill(t *testing.T) {
	t.Helper()
	c := s.honestClient()
	defer c.close()
	if err := c.upload(t.Context(), "large", strings.Repeat("x", 20<<20)); err != nil {
		t.Fatal(err)
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for i := range 5000 {
		if _, err := form.CreateFormFile("upload", fmt.Sprintf("%0900d", i)); err != nil {
			t.Fatal(err)
		}
	}
	form.Close()
	if err := c.send(t.Context(), form, &body); err != nil {
		t.Fatal(err)
	}
	c.close()
	s.settle()
}

// trickle takes a byte of the connection with each tick.
func (f *flood) trickle(c net.Conn, tick time.Duration) {
	for range time.Tick(tick) {
		if _, err := c.Read(make([]byte, 1)); err != nil {
			f.drop(c)
			return
		}
	}
}
