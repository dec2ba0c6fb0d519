//go:build linux && !noduck

package duck

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"wharf"
	"wharf/sql"
)

// BenchmarkQuery is what a query costs that reads little, without the MySQL
// protocol: its translation, the two processes and the database. Beside the
// mean time it tells the least, which other work on the machine disturbs less,
// and the processors' time of the server and of the workers.
func BenchmarkQuery(b *testing.B) {
	p := open(b, nil)
	tables := map[string][]sql.File{
		"small": {unchanging(b, "small.parquet", p.writes(b, "SELECT i AS id, 'name_' || i AS name FROM range(3) t(i)", ""))},
		"large": {unchanging(b, "large.parquet", p.writes(b, "SELECT hash(i) AS a, i AS b, i % 3 AS c FROM range(3000000) t(i)", ", ROW_GROUP_SIZE 20480"))},
	}
	for _, bench := range []struct{ name, text string }{
		{"few rows", "SELECT * FROM small WHERE id < 2"},
		{"147 row groups", "SELECT COUNT(*) FROM large"},
	} {
		b.Run(bench.name, func(b *testing.B) {
			least := time.Hour
			own, workers := usage(b), p.usage(b)
			for b.Loop() {
				from := time.Now()
				if _, err := p.ask(b, bench.text, tables); err != nil {
					b.Fatal(err)
				}
				least = min(least, time.Since(from))
			}
			b.ReportMetric(float64(least.Nanoseconds()), "least-ns/op")
			b.ReportMetric(float64((usage(b)-own).Nanoseconds())/float64(b.N), "server-cpu-ns/op")
			b.ReportMetric(float64((p.usage(b)-workers).Nanoseconds())/float64(b.N), "workers-cpu-ns/op")
		})
	}
}

// unchanging is a file of this machine, as a stage gives it.
func unchanging(t testing.TB, key wharf.Key, data []byte) sql.File {
	r := whole(t, data)
	object := r.Object() // computes a checksum
	hourAgo := time.Now().Add(-time.Hour)
	if err := os.Chtimes(r.(struct{ wharf.LocalFile }).LocalFile.(*remote).path, hourAgo, hourAgo); err != nil {
		t.Fatal(err)
	}
	return sql.File{Key: key, Size: object.Size, Local: func(context.Context) (wharf.LocalFile, error) {
		return fixed{r, object}, nil
	}}
}

type fixed struct {
	wharf.LocalFile
	object wharf.Object
}

func (f fixed) Object() wharf.Object { return f.object }

// usage is the processors' time that this process has taken.
func usage(t testing.TB) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// usage is the processors' time of the workers that live.
func (p *Pool) usage(t testing.TB) (total time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for w := range p.alive {
		threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", w.cmd.Process.Pid))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range threads {
			text, _ := os.ReadFile(path) // the thread may have ended
			var ns int64
			_, _ = fmt.Sscan(string(text), &ns) // proc(5): time on the processor, in nanoseconds
			total += time.Duration(ns)
		}
	}
	return total
}
