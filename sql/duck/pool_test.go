//go:build linux && !noduck

package duck

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"wharf"
)

// soon is the second within which a statement ends, many times over for a busy
// machine. None of the statements that it is for ends by itself before.
const soon = 30 * time.Second

// endless is a statement that computes for years.
const endless = "SELECT sum(a.range * b.range % 7) FROM range(100000000) a, range(100000000) b"

func pidOf(t *testing.T, p *Pool, user string) int {
	t.Helper()
	l, err := p.lease(t.Context(), owner{user: user})
	if err != nil {
		t.Fatal(err)
	}
	pid := l.worker.cmd.Process.Pid
	if got, err := l.run("SELECT 1"); err != nil || len(got) != 1 {
		t.Fatalf("%v, %v", got, err)
	}
	return pid
}

func gone(pid int) bool { return unix.Kill(pid, 0) == unix.ESRCH }

// TestWorkerOfOneUser wants a worker to serve one user, as long as it is fit.
func TestWorkerOfOneUser(t *testing.T) {
	p := open(t, func(o *Options) { o.Workers, o.Statements = 1, 3 })
	first := pidOf(t, p, "ann")
	if again := pidOf(t, p, "ann"); again != first {
		t.Errorf("ann's second statement ran in %d, the first one in %d", again, first)
	}
	bob := pidOf(t, p, "bob")
	if bob == first {
		t.Error("bob has ann's worker")
	}
	if anew := pidOf(t, p, "ann"); anew == first || anew == bob {
		t.Errorf("ann has worker %d after bob needed its place; before it were %d and %d", anew, first, bob)
	}
	third := pidOf(t, p, "ann")
	pidOf(t, p, "ann")
	if fourth := pidOf(t, p, "ann"); fourth == third || !gone(third) {
		t.Errorf("a worker served more than 3 statements")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.idle) > 1 {
		t.Errorf("%d workers are idle where one may run", len(p.idle))
	}
}

// TestLargeStatementKeepsWorker wants a worker that took much memory for a statement to
// give it back, and to serve the next one.
func TestLargeStatementKeepsWorker(t *testing.T) {
	p := open(t, nil)
	l, err := p.lease(t.Context(), owner{user: "ann"})
	if err != nil {
		t.Fatal(err)
	}
	first := l.worker
	if _, err := l.run("SELECT count(*), max(k) FROM (SELECT DISTINCT range::VARCHAR || repeat('x', 40) AS k FROM range(2000000))"); err != nil {
		t.Fatal(err)
	}
	if again := pidOf(t, p, "ann"); again != first.cmd.Process.Pid {
		t.Fatal("the second statement ran in another worker")
	}
	if peak := peakOf(t, first.cmd.Process.Pid); peak <= idleMemory {
		t.Errorf("the statement took %d bytes at most, which proves nothing", peak)
	}
}

// peakOf gives the most bytes that a process had resident.
func peakOf(t *testing.T, pid int) int64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, line, _ := strings.Cut(string(text), "VmHWM:")
	var kib int64
	if _, err := fmt.Sscan(line, &kib); err != nil {
		t.Fatal(err)
	}
	return kib << 10
}

// TestIdleWorkerEnds wants a quiet server to keep the spare worker alone.
func TestIdleWorkerEnds(t *testing.T) {
	p := open(t, func(o *Options) { o.Idle = time.Millisecond })
	var ended []<-chan struct{}
	for _, user := range []string{"ann", "bob", "cid"} {
		l, err := p.lease(t.Context(), owner{user: user})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.run("SELECT 1"); err != nil {
			t.Fatal(err)
		}
		ended = append(ended, l.worker.ended)
	}
	for _, end := range ended {
		select {
		case <-end:
		case <-time.After(soon):
			t.Fatal("an idle worker goes on")
		}
	}
}

// TestWorkerCrashes ends the worker under a statement, by a signal that it did
// not send for, and while it is idle.
func TestWorkerCrashes(t *testing.T) {
	p := open(t, nil)
	for _, signal := range []unix.Signal{unix.SIGSEGV, unix.SIGKILL, unix.SIGABRT} {
		l, err := p.lease(t.Context(), owner{user: "ann"})
		if err != nil {
			t.Fatal(err)
		}
		pid, folder := l.worker.cmd.Process.Pid, l.worker.folder
		timer := time.AfterFunc(50*time.Millisecond, func() { unix.Kill(pid, signal) })
		_, err = l.run(endless)
		timer.Stop()
		if wharf.CodeOf(err) != wharf.CodeInternal || strings.Contains(wharf.MessageOf(err), folder) {
			t.Errorf("%v: %v", signal, err)
		}
		if !gone(pid) {
			t.Error("the worker is there")
		}
		if _, err := os.Stat(folder); !os.IsNotExist(err) {
			t.Errorf("its folder: %v", err)
		}
		idle := pidOf(t, p, "ann")
		p.mu.Lock()
		ended := p.idle[0].ended
		p.mu.Unlock()
		unix.Kill(idle, signal)
		<-ended
		pidOf(t, p, "ann")
	}
}

// TestWorkerSaysWhy wants the log to have the end of what a crashed worker
// wrote.
func TestWorkerSaysWhy(t *testing.T) {
	p := open(t, nil)
	l, err := p.lease(t.Context(), owner{user: "ann"})
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(50*time.Millisecond, func() { unix.Kill(l.worker.cmd.Process.Pid, unix.SIGQUIT) }) // Go's runtime writes its stacks
	_, err = l.run(endless)
	if err == nil || !strings.Contains(err.Error(), "SIGQUIT") || strings.Contains(wharf.MessageOf(err), "SIGQUIT") {
		t.Errorf("the log has %v, the client %s", err, wharf.MessageOf(err))
	}
	if n := len(err.Error()); n > 6000 {
		t.Errorf("a line of %d bytes", n)
	}
}

// TestTurn wants a statement to wait for its turn for a bounded time, and no
// longer than it is wanted.
func TestTurn(t *testing.T) {
	p := open(t, func(o *Options) { o.Workers, o.Wait = 1, 50*time.Millisecond })
	l, err := p.lease(t.Context(), owner{user: "ann"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.run(t, "bob", "SELECT 1"); wharf.CodeOf(err) != wharf.CodeUnavailable || !strings.Contains(wharf.MessageOf(err), "--query-workers") {
		t.Errorf("a second statement: %v", err)
	}
	if _, err := l.run("SELECT 1"); err != nil {
		t.Error(err)
	}
	p = open(t, func(o *Options) { o.Workers, o.Wait = 1, time.Hour })
	if l, err = p.lease(t.Context(), owner{user: "ann"}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(10*time.Millisecond, func() { cancel(wharf.Errorf(wharf.CodeCanceled, "killed")) })
	if _, err := p.lease(ctx, owner{user: "bob"}); wharf.CodeOf(err) != wharf.CodeCanceled {
		t.Errorf("killed as it waits: %v", err)
	}
	if _, err := l.run("SELECT 1"); err != nil {
		t.Error(err)
	}
	pidOf(t, p, "bob")
}

// endings are statements that nothing but the end of their worker ends.
var endings = map[string]string{
	"a join":               endless,
	"one long scalar call": "SELECT length(list_aggregate(list_sort(list_transform(range(200000000), x -> hash(x))), 'string_agg', ','))",
	"a long string":        "SELECT count(*) FROM range(100000) t(i) WHERE levenshtein(repeat('ab', 200000 + i), repeat('ba', 200000)) = 1",
	"a regular expression": "SELECT count(*) FROM range(1000) WHERE regexp_matches(repeat('a', 30000000), '(a|aa|aaa)*(b|c|d){1,900}x')",
	"rows without end":     "SELECT range, repeat('x', 1000) FROM range(100000000000)",
}

// TestKill wants each of them to end soon after its context, and within its own
// time.
func TestKill(t *testing.T) {
	p := open(t, func(o *Options) { o.Memory = 4 << 30 })
	for name, sql := range endings {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			l, err := p.lease(ctx, owner{user: "ann"})
			if err != nil {
				t.Fatal(err)
			}
			var begin time.Time
			time.AfterFunc(100*time.Millisecond, func() {
				begin = time.Now()
				cancel(wharf.Errorf(wharf.CodeCanceled, "killed"))
			})
			_, err = l.run(sql)
			if took := time.Since(begin); wharf.CodeOf(err) != wharf.CodeCanceled || took > soon {
				t.Errorf("%s: %v", took, err)
			}
			if !gone(l.worker.cmd.Process.Pid) {
				t.Error("its worker is there")
			}
		})
	}
	p = open(t, func(o *Options) { o.Time = 100 * time.Millisecond })
	begin := time.Now()
	if _, err := p.run(t, "ann", endless); wharf.CodeOf(err) != wharf.CodeTimeout || time.Since(begin) > soon || !strings.Contains(wharf.MessageOf(err), "--query-time") {
		t.Errorf("%s: %v", time.Since(begin), err)
	}
}

// TestRowsUnread wants the worker of a statement whose rows wait for their
// reader to go with the statement, and its turn to be another's.
func TestRowsUnread(t *testing.T) {
	p := open(t, func(o *Options) { o.Workers = 1 })
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	l, err := p.lease(ctx, owner{user: "ann"})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := l.rows(statement{SQL: endings["rows without end"]}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for row, err := range rows.All {
		if err != nil || row == nil {
			t.Fatal(err)
		}
		cancel()
		pidOf(t, p, "bob") // while ann's statement is in its first row
		break
	}
}

func TestMostRows(t *testing.T) {
	p := open(t, func(o *Options) { o.Rows = 10 })
	if got, err := p.run(t, "ann", "FROM range(10)"); err != nil || len(got) != 10 {
		t.Errorf("%d rows, %v", len(got), err)
	}
	if got, err := p.run(t, "ann", "FROM range(11)"); wharf.CodeOf(err) != wharf.CodeTooLarge || len(got) != 10 {
		t.Errorf("%d rows, %v", len(got), err)
	}
}

// TestClose closes a pool under a statement.
func TestClose(t *testing.T) {
	p, err := Open(t.Context(), options(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	pids := []int{pidOf(t, p, "ann"), pidOf(t, p, "bob")}
	l, err := p.lease(t.Context(), owner{user: "cid"})
	if err != nil {
		t.Fatal(err)
	}
	pids = append(pids, l.worker.cmd.Process.Pid)
	ended := make(chan error)
	go func() {
		_, err := l.run(endless)
		ended <- err
	}()
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; err == nil {
		t.Error("a statement survived its pool")
	}
	for _, pid := range pids {
		if !gone(pid) {
			t.Errorf("worker %d is there", pid)
		}
	}
	if _, err := os.Stat(p.o.Folder); !os.IsNotExist(err) {
		t.Errorf("the folder: %v", err)
	}
	if _, err := p.run(t, "ann", "SELECT 1"); wharf.CodeOf(err) != wharf.CodeUnavailable {
		t.Errorf("a statement afterwards: %v", err)
	}
}

// TestMissingSandbox opens pools on kernels that lack something.
func TestMissingSandbox(t *testing.T) {
	for call, missing := range map[string]string{"landlock_create_ruleset": "Landlock", "seccomp": "seccomp"} {
		var log bytes.Buffer
		o := options(t, func(o *Options) {
			o.Command = []string{o.Command[0], "worker-without", call}
			o.Logger = slog.New(slog.NewTextHandler(&log, nil))
		})
		o.RequireSandbox = true
		if _, err := Open(t.Context(), o); !strings.Contains(wharf.MessageOf(err), missing) || !strings.Contains(wharf.MessageOf(err), "--require-sandbox") {
			t.Errorf("without %s: %v", call, err)
		}
		o.RequireSandbox = false
		p, err := Open(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if text := log.String(); !strings.Contains(text, "level=WARN") || !strings.Contains(text, missing) {
			t.Errorf("without %s: the log has %q", call, text)
		}
		if _, err := p.run(t, "ann", "FROM read_text('/etc/passwd')"); err == nil {
			t.Errorf("without %s: DuckDB's own lock is open too", call)
		}
		pidOf(t, p, "ann")
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestNoWorker wants a worker that does not start to be told soon, with what
// it wrote.
func TestNoWorker(t *testing.T) {
	begin := time.Now()
	o := options(t, func(o *Options) { o.Command = []string{"/bin/sh", "-c", "echo as said >&2; exit 3"} })
	_, err := Open(t.Context(), o)
	if err == nil || !strings.Contains(err.Error(), "exit status 3: as said") || time.Since(begin) > startTime {
		t.Errorf("%s: %v", time.Since(begin), err)
	}
	if _, err := os.Stat(o.Folder); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder: %v", err)
	}
}

// TestMistakeWaitsForNoWorker wants a query of no files to be translated before it
// waits for its turn.
func TestMistakeWaitsForNoWorker(t *testing.T) {
	p := open(t, func(o *Options) { o.Workers, o.Wait = 1, time.Millisecond })
	l, err := p.lease(t.Context(), owner{user: "ann"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.end(nil)
	for text, want := range map[string]wharf.Code{
		"SELECT nope":                        wharf.CodeInvalid,
		"SELECT ROW_NUMBER() OVER no_window": wharf.CodeInvalid,
		"SELECT SUM(1) OVER (), MATCH (a) AGAINST ('b') FROM (SELECT 1 AS a) t": wharf.CodeUnsupported,
		"SELECT ROW_NUMBER() OVER ()":                                           wharf.CodeUnavailable,
	} {
		if _, err := p.Query(t.Context(), request(text, nil)); wharf.CodeOf(err) != want {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}
