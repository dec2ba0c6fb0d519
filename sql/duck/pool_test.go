//go:build linux && !noduck

package duck

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"wharf"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "worker" {
		if err := Work(os.NewFile(3, "server")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func open(t *testing.T, change func(*Options)) *Pool {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Folder: filepath.Join(t.TempDir(), "workers"), Command: []string{self, "worker"}}
	if change != nil {
		change(&o)
	}
	p, err := Open(t.Context(), o)
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

// all runs DuckDB's SQL and gives its rows as text.
func all(t *testing.T, p *Pool, st statement) ([]string, error) {
	t.Helper()
	l, err := p.lease(t.Context(), "root")
	if err != nil {
		return nil, err
	}
	rows, err := l.rows(st, nil)
	if err != nil {
		l.end(err)
		err = l.explain(err)
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

func TestRun(t *testing.T) {
	p := open(t, nil)
	if p.spare == nil || len(p.spare.confinement.Missing) > 0 {
		t.Fatalf("confinement: %+v", p.spare)
	}
	for _, sql := range []string{
		"SELECT 1, 'a', NULL, 1.50::DECIMAL(10,2), -0.05::DECIMAL(4,2), true, DATE '2026-01-02', TIMESTAMP '2026-01-02 03:04:05.678901'",
		"SELECT [1,2], {'a': 1, 'b': 'x'}, MAP {'k': 1}, uuid() IS NOT NULL, 170141183460469231731687303715884105727::HUGEINT",
		"SELECT x FROM (VALUES (1.5::FLOAT), ('nan'::FLOAT)) t(x)",
		"SELECT count(*) FROM range(1000000)",
	} {
		start := time.Now()
		rows, err := all(t, p, statement{SQL: sql})
		t.Log(rows, err, time.Since(start))
	}
	for _, sql := range []string{"SELECT * FROM read_job('/etc/passwd')", "COPY (SELECT 1) TO '/tmp/x'", "SELECT nosuch", "SELECT * FROM glob('/etc/*')"} {
		rows, err := all(t, p, statement{SQL: sql})
		t.Log(rows, err)
	}
}

func TestKill(t *testing.T) {
	p := open(t, nil)
	ctx, cancel := context.WithCancelCause(t.Context())
	l, err := p.lease(ctx, "root")
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(100*time.Millisecond, func() { cancel(wharf.Errorf(wharf.CodeCanceled, "killed")) })
	start := time.Now()
	rows, err := l.rows(statement{SQL: "SELECT length(repeat('a', 2000000000)), count(*) FROM range(100000000000) t(a), range(10000) u(b)"}, nil)
	if err == nil {
		for _, err = range rows.All {
		}
	} else {
		l.end(err)
		err = l.explain(err)
	}
	if wharf.CodeOf(err) != wharf.CodeCanceled {
		t.Fatal(err)
	}
	t.Log(time.Since(start))
}
