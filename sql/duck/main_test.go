//go:build linux && !noduck

package duck

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	seccomp "github.com/elastic/go-seccomp-bpf"
	"golang.org/x/sys/unix"

	"wharf/sql/eval"
)

// native is the process that makes native attempts, where there is one for the
// architecture.
var native func(socket *os.File) error

// TestMain is also what the processes run that the tests start.
func TestMain(m *testing.M) {
	if len(os.Args) < 2 {
		os.Exit(m.Run())
	}
	var err error
	switch os.Args[1] {
	case "worker":
		err = Work(os.NewFile(3, "server"), eval.Expressions)
	case "worker-without":
		if err = without(os.Args[2]); err == nil {
			err = Work(os.NewFile(3, "server"), eval.Expressions)
		}
	case "native":
		err = native(os.NewFile(3, "test"))
	default:
		os.Exit(m.Run())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// without makes the kernel look like one that lacks a system call.
func without(call string) error {
	return seccomp.LoadFilter(seccomp.Filter{NoNewPrivs: true, Flag: seccomp.FilterFlagTSync, Policy: seccomp.Policy{
		DefaultAction: seccomp.ActionAllow,
		Syscalls: []seccomp.SyscallGroup{
			{Names: []string{call}, Action: 0x00050000 | seccomp.Action(unix.ENOSYS)},
		},
	}})
}

func open(t testing.TB, change func(*Options)) *Pool {
	t.Helper()
	p, err := Open(t.Context(), options(t, change))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func options(t testing.TB, change func(*Options)) Options {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Folder: filepath.Join(t.TempDir(), "workers"), Command: []string{self, "worker"}}
	if change != nil {
		change(&o)
	}
	return o
}

// run runs DuckDB's SQL as a statement of that user and returns its rows as
// text.
func (p *Pool) run(t testing.TB, user, sql string) ([]string, error) {
	t.Helper()
	l, err := p.lease(t.Context(), owner{user: user})
	if err != nil {
		return nil, err
	}
	return l.run(sql)
}

func (l *lease) run(sql string) ([]string, error) {
	rows, err := l.rows(statement{SQL: sql}, nil)
	if err != nil {
		l.end(err)
		return nil, l.explain(err)
	}
	var got []string
	for row, err := range rows.All {
		if err != nil {
			return got, err
		}
		got = append(got, fmt.Sprint(row))
	}
	return got, nil
}
