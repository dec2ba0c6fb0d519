//go:build linux && !noduck

package duck

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"
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

	user       string // whose statements it runs
	statements int    // that it has run
	subfolder  int    // of files: each statement has one of its own

	ended  chan struct{} // closed when it has exited
	ending sync.Once
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
	defer theirs.Close()
	w.conn, w.framed = ours, newFramed(ours)
	w.cmd = exec.Command(o.Command[0], o.Command[1:]...)
	w.cmd.Env = []string{"GODEBUG=madvdontneed=1"} // nothing of the server's
	w.cmd.Dir = "/"
	w.cmd.Stderr = w.stderr
	w.cmd.ExtraFiles = []*os.File{theirs}
	w.cmd.SysProcAttr = confinedProcess()
	if err := startLocked(w.cmd); err != nil {
		ours.Close()
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	go func() {
		_ = w.cmd.Wait() // how it ended is told by what it wrote
		close(w.ended)
	}()
	if err := w.greet(ctx, o); err != nil {
		w.kill()
		return nil, fmt.Errorf("a query worker did not start: %w%s", err, w.stderr)
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
	err := w.framed.send(frameLimits, limits{
		Files: w.files(), Temp: w.temp(), Memory: o.Memory, ProcessMemory: 4*o.Memory + processOverhead,
		TempSpace: o.TempSpace, Threads: o.Threads, Open: o.open, Unlocked: o.unlocked,
	})
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

// processOverhead is what a worker maps beside four times its database's
// memory, twice of which the database is known to reach, and twice of which its
// allocator keeps mapped: the stacks of its threads, its batches of rows. In
// bytes.
const processOverhead = 1 << 30

func (w *process) files() string { return filepath.Join(w.folder, "files") }
func (w *process) temp() string  { return filepath.Join(w.folder, "temp") }

// subfolderForFiles makes the folder for the files of the next statement. Its
// name was never used before: the database remembers files by their paths.
func (w *process) subfolderForFiles() (string, error) {
	w.subfolder++
	dir := filepath.Join(w.files(), strconv.Itoa(w.subfolder))
	return dir, os.Mkdir(dir, 0o700)
}

// clean removes what the statement before has left in the folders.
func (w *process) clean() error {
	for _, dir := range []string{w.files(), w.temp()} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// kill ends the worker, whatever it does, and removes its folder. It returns
// when the process is gone.
func (w *process) kill() {
	w.ending.Do(func() {
		_ = w.cmd.Process.Kill() // it may have ended by itself
		<-w.ended
		_ = w.conn.Close()
		_ = os.RemoveAll(w.folder) // what is left goes when the pool opens again
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

// tail keeps the beginning of what a worker writes to its standard error.
type tail struct {
	mu  sync.Mutex
	buf bytes.Buffer // guarded by mu
}

const tailBytes = 4 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if room := tailBytes - t.buf.Len(); room > 0 {
		t.buf.Write(p[:min(len(p), room)])
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.buf.Len() == 0 {
		return ""
	}
	return ": " + t.buf.String()
}

func processors() int { return runtime.NumCPU() }
