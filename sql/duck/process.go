//go:build linux && !noduck

package duck

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"wharf/sql"
)

// startTime is how long a worker may take until it is ready.
const startTime = 30 * time.Second

// process is one worker as the server sees it.
type process struct {
	folder      string // its own: files, temp
	cmd         *exec.Cmd
	conn        net.Conn
	framed      *framed
	stderr      *tail
	confinement confinement

	user       string    // whose statements it runs
	owner      owner     // of the statement that it runs
	statements int       // that it has run
	since      time.Time // idle since; guarded by Pool.mu

	ended  chan struct{} // closed when it has exited
	ending sync.Once
	gone   func() // called once it was killed; may be nil
}

// startProcess starts a worker and waits until it is confined and ready.
func startProcess(ctx context.Context, folder string, o Options) (*process, error) {
	w := &process{folder: folder, stderr: &tail{}, ended: make(chan struct{})}
	for _, f := range []string{w.folder, w.files(), w.temp()} {
		if err := os.Mkdir(f, 0o700); err != nil {
			return nil, err
		}
	}
	ours, theirs, err := socketPair()
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	w.conn, w.framed = ours, newFramed(ours)
	w.cmd = exec.Command(o.Command[0], o.Command[1:]...)
	w.cmd.Args[0] = "wharf" // not /proc/self/exe, for the eyes of an operator
	// Nothing of the server's. In tests, a race that the detector finds ends the worker.
	w.cmd.Env = []string{"GODEBUG=madvdontneed=1", "GOTRACEBACK=single", "GORACE=halt_on_error=1"}
	w.cmd.Dir = "/"
	w.cmd.WaitDelay = time.Second
	w.cmd.Stderr = w.stderr
	w.cmd.ExtraFiles = []*os.File{theirs}
	w.cmd.SysProcAttr = confinedProcess()
	err = startLocked(w.cmd)
	theirs.Close() // from here on the end of the worker is the end of the stream
	if err != nil {
		ours.Close()
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	go func() {
		_ = w.cmd.Wait() // how it ended is told by what it wrote
		close(w.ended)
	}()
	if err := w.greet(ctx, o); err != nil {
		w.kill()
		return nil, fmt.Errorf("a query worker did not start: %w (%s)", err, w.how())
	}
	return w, nil
}

// startLocked starts cmd from a thread that stays: the kernel ends a worker
// when the thread that started it ends, not when the process does.
func startLocked(cmd *exec.Cmd) error {
	spawner.once.Do(func() {
		spawner.commands = make(chan func())
		go func() {
			runtime.LockOSThread()
			for start := range spawner.commands {
				start()
			}
		}()
	})
	err := make(chan error)
	spawner.commands <- func() { err <- cmd.Start() }
	return <-err
}

// spawner is the goroutine that starts workers, on one thread for good.
var spawner struct {
	once     sync.Once
	commands chan func()
}

// greet sends a worker its limits and waits until it is ready.
func (w *process) greet(ctx context.Context, o Options) error {
	if err := w.conn.SetDeadline(time.Now().Add(startTime)); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { w.conn.Close() })
	defer stop()
	err := w.framed.send(frameLimits, o.limits(w.files(), w.temp()))
	if err != nil {
		return err
	}
	kind, payload, err := w.framed.read()
	if err != nil {
		return err
	}
	if kind != frameReady {
		return fmt.Errorf("it began with %q", kind)
	}
	if err := json.Unmarshal(payload, &w.confinement); err != nil {
		return err
	}
	return w.conn.SetDeadline(time.Time{})
}

func (w *process) files() string { return filepath.Join(w.folder, "files") }
func (w *process) temp() string  { return filepath.Join(w.folder, "temp") }

// written is where the worker writes files of text as the database reads them.
func (w *process) written() string { return filepath.Join(w.temp(), "written") }

// pathsForFiles returns the beginning of the paths of the next statement's
// files, and the folder in which the worker writes them anew where it has to.
// No statement before had them: the database remembers files by their paths.
// The files have no folder of their own, because ext4 takes ten times as long
// to make one as to link a file.
func (w *process) pathsForFiles() (prefix, written string) {
	name := strconv.Itoa(w.statements)
	return filepath.Join(w.files(), name+"."), filepath.Join(w.written(), name)
}

// clean removes the files of the statement before. It is an error where the
// statement has left files of its own: the database may still hold them open.
func (w *process) clean() error {
	if err := os.RemoveAll(w.written()); err != nil {
		return err
	}
	left, err := os.ReadDir(w.temp())
	if err != nil {
		return err
	}
	if len(left) > 0 {
		return fmt.Errorf("%d temporary files are left", len(left))
	}
	entries, err := os.ReadDir(w.files())
	for _, e := range entries {
		err = errors.Join(err, os.RemoveAll(filepath.Join(w.files(), e.Name())))
	}
	w.framed.shrink()
	return err
}

// idleMemory is how much a worker may have resident while it waits, in bytes.
// One that has more after a statement is replaced: a statement over a large CSV file
// takes 180 MiB more, and no worker is to take 400.
const idleMemory = 192 << 20

// shrinkTime is how long a worker may take to give memory back.
const shrinkTime = 5 * time.Second

// shrink has a worker that holds much memory after its statement give back what it no
// longer uses. It reports whether it holds little then. A worker of a large statement
// would else be replaced each time, which costs a tenth of a second of a processor's
// time, beside the next statement.
func (w *process) shrink() bool {
	if w.small() {
		return true
	}
	if w.conn.SetDeadline(time.Now().Add(shrinkTime)) != nil || w.framed.send(frameShrink, nil) != nil {
		return false
	}
	kind, _, err := w.framed.read()
	return err == nil && kind == frameShrunk && w.conn.SetDeadline(time.Time{}) == nil && w.small()
}

// small reports whether the worker holds little memory.
func (w *process) small() bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", w.cmd.Process.Pid))
	if err != nil {
		return false
	}
	var size, resident int64
	_, err = fmt.Sscan(string(text), &size, &resident) // proc(5): in pages
	return err == nil && resident*int64(os.Getpagesize()) <= idleMemory
}

// tempSize returns how many bytes of disk the worker's temporary files take.
func (w *process) tempSize() (total int64) {
	_ = filepath.WalkDir(w.temp(), func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil // removed since
		}
		if info, err := d.Info(); err == nil {
			if st, ok := info.Sys().(*syscall.Stat_t); ok {
				total += st.Blocks * 512
			}
		}
		return nil
	})
	return total
}

// how tells for the log how the worker ended and the end of what it wrote to
// its standard error. It has ended.
func (w *process) how() string {
	<-w.ended
	how := "unknown"
	if s := w.cmd.ProcessState; s != nil {
		how = s.String()
	}
	text := w.stderr.String()
	if !strings.HasPrefix(text, "panic") && !strings.HasPrefix(text, "fatal error") {
		// Of a signal, Go's runtime tells the stacks of Go alone: not where the
		// database was.
		text, _, _ = strings.Cut(text, "\n\ngoroutine ")
	}
	if text != "" {
		how += ": " + text
	}
	return how
}

// outOfMemory reports whether a worker that ended did so for want of memory:
// by what Go's runtime, the C++ library and the database write then.
func (w *process) outOfMemory() bool {
	text := w.stderr.String()
	for _, said := range []string{"out of memory", "cannot allocate memory", "bad_alloc", "Out of Memory"} {
		if strings.Contains(text, said) {
			return true
		}
	}
	return false
}

// countEnd counts how a worker ended that was not fit for another statement: it was
// killed, or it crashed. It has ended.
func (w *process) countEnd(s *sql.WorkerStats) {
	status, ok := w.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if ok && status.Signaled() && status.Signal() == syscall.SIGKILL {
		s.Killed++
	} else {
		s.Crashed++
	}
}

// kill ends the worker, whatever it does, and removes its folder. It returns
// when the process is gone.
func (w *process) kill() {
	w.ending.Do(func() {
		_ = w.cmd.Process.Kill() // it may have ended by itself
		<-w.ended
		_ = w.conn.Close()
		_ = os.RemoveAll(w.folder) // what is left goes when the pool opens again
		if w.gone != nil {
			w.gone()
		}
	})
}

// socketPair gives the two ends of a stream.
func socketPair() (net.Conn, *os.File, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, err
	}
	ours, theirs := os.NewFile(uintptr(fds[0]), "worker"), os.NewFile(uintptr(fds[1]), "server")
	conn, err := net.FileConn(ours)
	ours.Close()
	if err != nil {
		theirs.Close()
		return nil, nil, err
	}
	return conn, theirs, nil
}

// tail keeps the beginning and the end of what a worker writes to its standard
// error: a crash of Go's runtime tells its reason first, the C library last.
type tail struct {
	mu      sync.Mutex
	first   []byte // guarded by mu
	last    []byte // guarded by mu
	dropped bool   // guarded by mu
}

const tailBytes = 2 << 10 // of each

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := len(p)
	room := min(tailBytes-len(t.first), n)
	t.first = append(t.first, p[:room]...)
	t.last = append(t.last, p[room:]...)
	if over := len(t.last) - tailBytes; over > 0 {
		t.last, t.dropped = append([]byte(nil), t.last[over:]...), true
	}
	return n, nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	between := ""
	if t.dropped {
		between = " [...] "
	}
	return strings.TrimSpace(string(t.first) + between + string(t.last))
}
