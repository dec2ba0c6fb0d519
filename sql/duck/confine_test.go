//go:build linux && !noduck

package duck

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"wharf"
)

// secret is in every file that a statement may not read.
const secret = "5ecret"

// arena is a pool, and around it what its workers may not reach.
type arena struct {
	*testing.T
	pool     *Pool
	brief    *Pool // the same with statementTime
	outside  string
	other    *lease // of another user, with a file
	port     int
	contacts atomic.Int64 // connections to port
	unload   bool         // statements may be a COPY, as those of COPY INTO are
	before   map[string]string
}

// statementTime bounds the statements of an arena that take memory, disk or time. The
// others have patience: a busy machine is no reason for them to fail.
const (
	statementTime = time.Second
	patience      = 20 * time.Second
)

func newArena(t *testing.T, change func(*Options)) *arena {
	t.Helper()
	a := &arena{T: t}
	within := func(d time.Duration) *Pool {
		return open(t, func(o *Options) {
			o.Workers, o.Threads, o.Memory, o.TempSpace, o.Time = 4, 2, 64<<20, 64<<20, d
			change(o)
		})
	}
	a.pool, a.brief = within(patience), within(statementTime)
	a.outside = filepath.Join(filepath.Dir(a.pool.o.Folder), "outside")
	if err := os.Mkdir(a.outside, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"secret": secret, "secret.csv": "a\n" + secret + "\n", "secret.json": `{"a": "` + secret + `"}`,
		"secret.db": secret, "secret.sqlite": secret, "secret.duckdb_extension": secret,
	} {
		if err := os.WriteFile(filepath.Join(a.outside, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	books, err := os.ReadFile("../../tests/testdata/files/books.parquet")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(a.outside, "secret.parquet"), books, 0o600); err != nil {
		t.Fatal(err)
	}
	a.before = contents(t, a.outside)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			a.contacts.Add(1)
			c.Close()
		}
	}()
	a.port = ln.Addr().(*net.TCPAddr).Port
	if a.other, err = open(t, nil).lease(t.Context(), owner{user: "other"}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(a.other.worker.files(), "x"), []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.other.end(nil) })
	return a
}

// contents returns the files below a folder with what is in them.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	got := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			got[path] = ""
			return err
		}
		b, err := os.ReadFile(path)
		got[path] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// lease returns a worker that is ready: on a busy machine the time of a
// statement may be over before its worker has started.
func (a *arena) lease(p *Pool, user string) *lease {
	a.Helper()
	for by := time.Now().Add(2 * time.Minute); ; {
		l, err := p.lease(a.Context(), owner{user: user})
		if err == nil {
			return l
		}
		if time.Now().After(by) || wharf.CodeOf(err) != wharf.CodeTimeout {
			a.Fatal(err)
		}
	}
}

// try runs the statements of a line as one user, and returns how the last one
// ended, its rows, and how long it took.
func (a *arena) try(p *Pool, user, line string) (rows []string, took time.Duration, err error) {
	a.Helper()
	for _, sql := range strings.Split(line, " ;; ") {
		l := a.lease(p, user)
		begin := time.Now()
		sql = strings.NewReplacer("{outside}", a.outside, "{files}", l.worker.files(), "{temp}", l.worker.temp(),
			"{other}", a.other.worker.folder, "{port}", fmt.Sprint(a.port), "{pid}", fmt.Sprint(os.Getpid())).Replace(sql)
		rows, err = l.runSome(statement{SQL: sql, Unload: a.unload}, 1000)
		if err != nil {
			rows = nil
		}
		if took = time.Since(begin); line == sql || strings.HasSuffix(line, sql) || err != nil {
			return rows, took, err
		}
	}
	return rows, took, err
}

// runSome returns at most so many rows, and reads them all.
func (l *lease) runSome(st statement, most int) ([]string, error) {
	rows, err := l.rows(st, nil)
	if err != nil {
		l.end(err)
		return nil, l.explain(err)
	}
	var got []string
	for row, err := range rows.All {
		if err != nil {
			return got, err
		}
		if len(got) < most {
			got = append(got, fmt.Sprint(row))
		}
	}
	return got, nil
}

// untouched wants what is outside to be as it was, and the pool to serve.
func (a *arena) untouched(p *Pool, line string) {
	a.Helper()
	now := contents(a.T, a.outside)
	for path, content := range a.before {
		if now[path] != content {
			a.Errorf("%s: %s has changed", line, path)
		}
		delete(now, path)
	}
	if len(now) > 0 {
		a.Errorf("%s: it made %v", line, now)
	}
	if n := a.contacts.Swap(0); n > 0 {
		a.Errorf("%s: it connected %d times", line, n)
	}
	got, err := a.lease(p, "healthy").run("SELECT 42")
	for by := time.Now().Add(2 * time.Minute); wharf.CodeOf(err) == wharf.CodeTimeout && time.Now().Before(by); {
		got, err = a.lease(p, "healthy").run("SELECT 42")
	}
	if err != nil || len(got) != 1 {
		a.Fatalf("%s: afterwards SELECT 42 gives %v, %v", line, got, err)
	}
}

// confinement reads the attempts by their sections.
func confinementAttempts(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("testdata/confinement.txt")
	if err != nil {
		t.Fatal(err)
	}
	all, section, n := map[string][]string{}, "", 0
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		switch {
		case line == "", line[0] == '#':
		case line[0] == '[':
			section = strings.Trim(line, "[]")
		default:
			all[section] = append(all[section], line)
			n++
		}
	}
	if n < 80 {
		t.Fatalf("%d attempts", n)
	}
	return all
}

// leaks reports whether rows show what a statement may not read.
func leaks(rows []string) bool {
	for _, row := range rows {
		for _, sign := range []string{secret, "root:", "PATH=", "Jim Gray", "/secret", "test.v", "-test."} {
			if strings.Contains(row, sign) {
				return true
			}
		}
	}
	return false
}

// attack makes all attempts on workers with these options.
func attack(t *testing.T, unlocked bool) {
	a := newArena(t, func(o *Options) { o.unlocked = unlocked })
	n := 0
	for section, lines := range confinementAttempts(t) {
		for _, line := range lines {
			n++
			user := "ann"
			if unlocked && (section == "settings" || strings.Contains(line, ";;")) {
				user = fmt.Sprint("user", n) // what it sets or makes is its own
			}
			p := a.pool
			if section == "memory" || section == "disk" || section == "time" {
				p = a.brief
			}
			rows, took, err := a.try(p, user, line)
			switch section {
			case "settings":
				if err == nil && !unlocked {
					t.Errorf("%s: it went through: %v", line, rows)
				}
			case "memory", "disk", "time":
				if took > statementTime+soon {
					t.Errorf("%s: it took %s", line, took)
				}
			case "read", "session":
				if leaks(rows) || err == nil && len(rows) > 0 {
					t.Errorf("%s: it went through: %.200v", line, rows)
				}
			default:
				if err == nil {
					t.Errorf("%s: it went through: %.200v", line, rows)
				}
			}
			if testing.Verbose() {
				t.Logf("%s: %.120s: %d rows, %.160v (%s)", section, line, len(rows), err, took.Round(time.Millisecond))
			}
			a.untouched(p, line)
		}
	}
	t.Logf("%d attempts", n)
}

// TestConfined makes the attempts on workers as they are.
func TestConfined(t *testing.T) { t.Parallel(); attack(t, false) }

// TestConfinedBySandboxAlone makes them on workers whose DuckDB has no locks of
// its own: Landlock, the filter of system calls and the limits of the process
// refuse them.
func TestConfinedBySandboxAlone(t *testing.T) { t.Parallel(); attack(t, true) }

// TestConfinedUnload makes those that write on workers that may run a COPY: it
// writes into the worker's own temp folder alone.
func TestConfinedUnload(t *testing.T) {
	t.Parallel()
	a := newArena(t, func(*Options) {})
	a.unload = true
	if _, _, err := a.try(a.pool, "ann", "COPY (SELECT 42) TO '{temp}/out'"); err != nil {
		t.Errorf("a COPY into its own folder: %v", err)
	}
	for _, line := range confinementAttempts(t)["write"] {
		if rows, _, err := a.try(a.pool, "ann", line); err == nil {
			t.Errorf("%s: it went through: %.200v", line, rows)
		}
		a.untouched(a.pool, line)
	}
}

// TestAttemptsAreReal makes those that read and write on workers without either:
// many of them go through.
func TestAttemptsAreReal(t *testing.T) {
	t.Parallel()
	a := newArena(t, func(o *Options) {
		o.unlocked = true
		o.Command = []string{o.Command[0], "worker-without", "landlock_create_ruleset"}
	})
	all := confinementAttempts(t)
	through := map[string]int{}
	for _, section := range []string{"read", "write", "session"} {
		for i, line := range all[section] {
			user := "ann"
			if strings.Contains(line, ";;") {
				user = fmt.Sprint(section, i)
			}
			if rows, _, err := a.try(a.pool, user, line); section != "write" && leaks(rows) || section == "write" && err == nil {
				through[section]++
			}
		}
	}
	t.Logf("without the sandbox: %v", through)
	if through["read"] < 25 || through["write"] < 8 || through["session"] < 1 {
		t.Errorf("without the sandbox: %v", through)
	}
}
