package harness

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// MiB is the unit of what the process's memory is compared with.
const MiB = 1 << 20

// releaseWithin is how soon a server has to return what an attack made it
// hold: its collector runs as it allocates, and returns memory at a pace.
const releaseWithin = 2 * time.Minute

// Usage is what a process holds at one moment.
type Usage struct {
	Memory  int64 // resident, in bytes
	Files   int   // open descriptors of files, sockets and all else
	Sockets int   // those of Files that are sockets
	Threads int
}

// Usage returns what the server holds now.
func (s *Server) Usage() Usage {
	s.t.Helper()
	u := Usage{Memory: s.Memory("VmRSS"), Threads: int(s.status("Threads", ""))}
	fds := fmt.Sprintf("/proc/%d/fd", s.PID())
	entries, err := os.ReadDir(fds)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, e := range entries {
		target, err := os.Readlink(filepath.Join(fds, e.Name()))
		if err != nil {
			continue // closed since
		}
		u.Files++
		if strings.HasPrefix(target, "socket:") {
			u.Sockets++
		}
	}
	return u
}

// Memory returns one line of the process's status in bytes: VmRSS is what is
// resident now, VmHWM the most that was since [Server.ResetPeak].
func (s *Server) Memory(line string) int64 {
	s.t.Helper()
	return s.status(line, "kB") << 10
}

func (s *Server) status(name, unit string) int64 {
	s.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.PID()))
	if err != nil {
		s.t.Fatal(err)
	}
	for line := range bytes.Lines(status) {
		value, ok := strings.CutPrefix(string(line), name+":")
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), unit)), 10, 64)
		if err != nil {
			s.t.Fatal(err)
		}
		return n
	}
	s.t.Fatalf("no %s in the process's status", name)
	return 0
}

// ResetPeak starts VmHWM anew (proc(5), clear_refs).
func (s *Server) ResetPeak() {
	s.t.Helper()
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", s.PID()), []byte("5"), 0); err != nil {
		s.t.Fatal(err)
	}
}

// storeFiles is how many more files the store's index may open by itself, as
// it writes honest uploads down.
const storeFiles = 16

// AwaitReleased waits until the server holds no more than it did before an
// attack: as many sockets, about as many other files, and at most slack bytes
// more of memory.
// It calls work in between, which should make the server allocate a little:
// an idle one collects its garbage only every two minutes.
func (s *Server) AwaitReleased(before Usage, slack int64, work func()) {
	s.t.Helper()
	var now Usage
	for by := time.Now().Add(releaseWithin); time.Now().Before(by); time.Sleep(50 * time.Millisecond) {
		if work != nil {
			work()
		}
		now = s.Usage()
		if now.Files-now.Sockets <= before.Files-before.Sockets+storeFiles && now.Sockets <= before.Sockets && now.Memory <= before.Memory+slack {
			return
		}
	}
	s.t.Errorf("%s after the attack the server holds %d files (%d of them sockets) and %d MiB; before it were %d (%d) and %d MiB",
		releaseWithin, now.Files, now.Sockets, now.Memory/MiB, before.Files, before.Sockets, before.Memory/MiB)
}

// goroutine is the first line of a goroutine in what the runtime writes.
var goroutine = regexp.MustCompile(`(?m)^goroutine \d+ .*\[`)

// Goroutines ends the server by QUIT, at which the runtime writes the stack of
// every goroutine, and returns those. The server's data folder is then as
// after [Server.Kill].
func (s *Server) Goroutines() []string {
	s.t.Helper()
	s.stopped.Store(true)
	before := len(s.log.String())
	s.Signal(syscall.SIGQUIT)
	<-s.exited
	text := s.log.cut(before)
	at := goroutine.FindAllStringIndex(text, -1)
	stacks := make([]string, len(at))
	for i := range at {
		end := len(text)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		stacks[i] = text[at[i][0]:end]
	}
	return stacks
}
