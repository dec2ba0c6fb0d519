//go:build linux && !noduck

package duck

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"wharf"
	"wharf/sql"
)

// TestReplacedFiles replaces a file by another of the same size and time under
// the same name, again and again, and wants each query of one worker to read
// the version that is there, also where an earlier one comes back.
func TestReplacedFiles(t *testing.T) {
	p := open(t, nil)
	hourAgo := time.Now().Add(-time.Hour)
	for _, options := range []string{"", ", ROW_GROUP_SIZE 2048"} {
		var versions []*remote
		for i := range 3 {
			r := newRemote(t, "a.parquet", p.writes(t, fmt.Sprintf("SELECT %d000000 + i AS n FROM range(10000) t(i)", i+1), options+", COMPRESSION uncompressed"))
			if err := os.WriteFile(r.path, r.data, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(r.path, hourAgo, hourAgo); err != nil {
				t.Fatal(err)
			}
			versions = append(versions, r)
			if len(r.data) != len(versions[0].data) {
				t.Fatalf("versions of %d and %d bytes", len(versions[0].data), len(r.data))
			}
		}
		for _, v := range []int{0, 0, 1, 0, 2, 1, 2, 2, 0} {
			f := versions[v].file()
			f.Local = func(context.Context) (wharf.LocalFile, error) { return struct{ wharf.LocalFile }{versions[v]}, nil }
			tables := map[string][]sql.File{"f": {f}}
			for query, want := range map[string]string{
				"SELECT COUNT(*), MIN(n) FROM f":                     fmt.Sprintf("[10000 %d000000]", v+1),
				"SELECT MIN(x.n) FROM f x, f y WHERE x.n = y.n":      fmt.Sprintf("[%d000000]", v+1),
				"SELECT METADATA$FILENAME, MAX(n) FROM f GROUP BY 1": fmt.Sprintf("[a.parquet %d009999]", v+1),
			} {
				got, err := p.ask(t, query, tables)
				if err != nil || !slices.Equal(got, []string{want}) {
					t.Errorf("version %d, %s: %v, %v, want %s", v, query, got, err, want)
				}
			}
		}
	}
}

// TestPathTellsVersion wants a version of a Parquet file to have one path in
// all statements of a worker, which so reads its footer once, each version
// another, and a file that is read under two names both.
func TestPathTellsVersion(t *testing.T) {
	p := open(t, nil)
	one, other := newRemote(t, "a.parquet", p.writes(t, "SELECT 1 AS n", "")), newRemote(t, "a.parquet", p.writes(t, "SELECT 2 AS n", ""))
	text := func(query string, r *remote) string {
		l, tr, err := p.translate(t.Context(), request(query, map[string][]sql.File{"f": {r.file()}, "g": {r.file(), r.file()}}))
		if err != nil {
			t.Fatal(err)
		}
		defer l.end(nil)
		return strings.ReplaceAll(tr.SQL, l.worker.folder, "")
	}
	first := text("SELECT n FROM f", one)
	if again := text("SELECT n FROM f", one); again != first {
		t.Errorf("%s, and then %s", first, again)
	}
	if of := text("SELECT n FROM f", other); of == first {
		t.Errorf("%s of two versions", of)
	}
	if n := text("SELECT METADATA$FILENAME FROM f", one); n == text("SELECT METADATA$FILENAME FROM f", one) {
		t.Errorf("%s of two statements", n)
	}
	if got, err := p.ask(t, "SELECT COUNT(*) FROM g JOIN f USING (n)", map[string][]sql.File{"f": {one.file()}, "g": {one.file(), one.file()}}); err != nil || !slices.Equal(got, []string{"[2]"}) {
		t.Errorf("%v, %v", got, err)
	}
}
