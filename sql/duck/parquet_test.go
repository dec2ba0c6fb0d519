//go:build linux && !noduck

package duck

import (
	"bytes"
	"context"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"wharf"
	"wharf/sql"
)

// remote is a file that is elsewhere until it is fetched, and counts what was.
type remote struct {
	key  wharf.Key
	data []byte
	path string

	mu      sync.Mutex // guards what follows
	fetched []bool     // by byte
	damaged error      // of Whole
	closed  int
	opened  int
}

func newRemote(t testing.TB, key wharf.Key, data []byte) *remote {
	t.Helper()
	r := &remote{key: key, data: data, path: filepath.Join(t.TempDir(), "remote")}
	r.forget(t)
	return r
}

// forget makes all bytes be elsewhere again.
func (r *remote) forget(t testing.TB) {
	t.Helper()
	_ = os.Remove(r.path)
	r.fetched = make([]bool, len(r.data))
	if err := os.WriteFile(r.path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(r.path, int64(len(r.data))); err != nil {
		t.Fatal(err)
	}
}

func (r *remote) file() sql.File {
	return sql.File{Key: r.key, Size: int64(len(r.data)),
		Local: func(context.Context) (wharf.LocalFile, error) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.opened++
			return r, nil
		},
		Open: func(context.Context) (wharf.File, error) { return nil, io.ErrUnexpectedEOF },
	}
}

func (r *remote) Object() wharf.Object {
	return wharf.Object{Key: r.key, Size: int64(len(r.data)), ETag: fmt.Sprintf("%x", crc32.ChecksumIEEE(r.data))}
}
func (r *remote) Link(path string) error      { return os.Link(r.path, path) }
func (r *remote) Whole(context.Context) error { return r.damaged }

func (r *remote) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed++
	return nil
}

func (r *remote) Fetch(_ context.Context, ranges ...wharf.ByteRange) error {
	if len(ranges) == 0 {
		ranges = []wharf.ByteRange{{Off: 0, Len: int64(len(r.data))}}
	}
	f, err := os.OpenFile(r.path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, g := range ranges {
		if _, err := f.WriteAt(r.data[g.Off:g.Off+g.Len], g.Off); err != nil {
			return err
		}
		for i := g.Off; i < g.Off+g.Len; i++ {
			r.fetched[i] = true
		}
	}
	return nil
}

// share is which part of the bytes was fetched.
func (r *remote) share() float64 {
	n := 0
	for _, f := range r.fetched {
		if f {
			n++
		}
	}
	return float64(n) / float64(len(r.data))
}

// ask runs a query over the tables.
func (p *Pool) ask(t testing.TB, text string, tables map[string][]sql.File) ([]string, error) {
	t.Helper()
	rows, err := p.Query(t.Context(), request(text, tables))
	if err != nil {
		return nil, err
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

func request(text string, tables map[string][]sql.File) sql.Request {
	return sql.Request{User: "ann", Query: &sql.Query{Text: text}, Resolve: func(_ context.Context, _, name string) (sql.Source, error) {
		files, ok := tables[name]
		if !ok {
			return sql.Source{}, wharf.Errorf(wharf.CodeNotFound, "no table %s", name)
		}
		return sql.Source{Name: "@s/" + name, Files: &sql.FileSet{Files: files, Format: wharf.FileFormat{Type: wharf.Parquet}}}, nil
	}}
}

// writes returns the Parquet file that DuckDB writes of a query.
func (p *Pool) writes(t testing.TB, query, options string) []byte {
	t.Helper()
	l, err := p.lease(t.Context(), owner{user: "maker"})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(l.worker.temp(), "made")
	_, err = l.count(statement{Unload: true, SQL: "COPY (" + query + ") TO " + quoteString(path) + " (FORMAT parquet" + options + ")"})
	data, readErr := os.ReadFile(path)
	l.end(nil)
	if err != nil || readErr != nil {
		t.Fatal(err, readErr)
	}
	return data
}

// wide has ten columns of about the same size, none of which packs well.
const wide = `SELECT i AS id, hash(i) AS h1, hash(i + 1) AS h2, i % 1000 AS bucket, md5(i::VARCHAR)[:9] AS "na, me", hash(i + 2) AS h3,
	{'x': hash(i + 3), 'y': [hash(i + 4)]} AS nested, hash(i + 5) AS H4, hash(i + 6)::VARCHAR AS "quo""ted", hash(i + 7) AS h5 FROM range(150000) t(i)`

var wideColumns = []string{"id", "h1", "h2", "bucket", "`na, me`", "h3", "nested", "H4", "`quo\"ted`", "h5"}

// TestPartialParquet asks the same questions of files that are fetched in part
// and of the same files whole.
func TestPartialParquet(t *testing.T) {
	p := open(t, nil)
	a := newRemote(t, "a.parquet", p.writes(t, wide, ", ROW_GROUP_SIZE 40000"))
	b := newRemote(t, "b.parquet", p.writes(t, "SELECT id + 7 AS id, bucket, h3, h1 AS more FROM ("+wide+")", ", ROW_GROUP_SIZE 20000, COMPRESSION uncompressed"))
	dup := newRemote(t, "dup.parquet", p.writes(t, `SELECT i AS "a", hash(i) AS "A", hash(i+1) AS h FROM range(300000) t(i)`, ""))
	parts := map[string][]sql.File{"w": {a.file()}, "u": {a.file(), b.file()}, "dup": {dup.file()}}
	full := map[string][]sql.File{}
	for name, files := range parts {
		for _, f := range files {
			r := map[wharf.Key]*remote{"a.parquet": a, "b.parquet": b, "dup.parquet": dup}[f.Key]
			f.Local = func(context.Context) (wharf.LocalFile, error) { return whole(t, r.data), nil }
			full[name] = append(full[name], f)
		}
	}
	questions := []string{
		"SELECT * FROM w ORDER BY id LIMIT 5", "SELECT COUNT(*) FROM w", "SELECT SUM(bucket), MIN(id), MAX(H1) FROM w",
		"SELECT w.* FROM w WHERE id = 77777", "SELECT COUNT(*) FROM w WHERE bucket = 5", "SELECT COUNT(*) FROM w WHERE h5 = 4",
		"SELECT nested FROM w ORDER BY id DESC LIMIT 2", "SELECT h4 FROM w ORDER BY h4 LIMIT 3", "SELECT `na, me` FROM w ORDER BY 1 LIMIT 3",
		"SELECT MAX(`QUO\"TED`) FROM w", "SELECT x.id FROM w x JOIN w y USING (id) WHERE y.bucket = 3 ORDER BY 1 LIMIT 4",
		"SELECT COUNT(*) FROM w NATURAL JOIN w z", "WITH c AS (SELECT id, h2 FROM w) SELECT SUM(id) FROM c WHERE h2 > 9",
		"WITH RECURSIVE c AS (SELECT MIN(id) AS i FROM w UNION ALL SELECT i + 1 FROM c WHERE i < 4) SELECT COUNT(*) FROM c, w WHERE w.id = c.i",
		"SELECT (SELECT MAX(h3) FROM w y WHERE y.id = x.bucket) FROM w x WHERE id < 3 ORDER BY 1",
		"SELECT bucket, COUNT(*) FROM w GROUP BY bucket ORDER BY 2, 1 LIMIT 3", "SELECT METADATA$FILE_ROW_NUMBER, h1 FROM w ORDER BY 1 LIMIT 3",
		"SELECT METADATA$FILENAME, COUNT(*) FROM u GROUP BY 1 ORDER BY 1", "SELECT more, h3 FROM u ORDER BY id, more LIMIT 9",
		"SELECT SUM(id), COUNT(more), MAX(h5) FROM u", "SELECT * FROM u WHERE bucket = 7 ORDER BY id, h1 LIMIT 3",
		"SELECT id, RANK() OVER (PARTITION BY bucket ORDER BY h2) FROM w ORDER BY h2 LIMIT 3", "SELECT 1 FROM w LIMIT 1",
		"SELECT * FROM dup ORDER BY a LIMIT 3", "SELECT MAX(a_1) FROM dup", "SELECT MAX(h) FROM dup",
		"SELECT * FROM w LIMIT 5", "SELECT w.h1, id + 1 FROM w LIMIT 39999, 2", "SELECT * FROM w LIMIT 120001, 3", "SELECT id FROM w LIMIT 0",
		"SELECT id FROM w LIMIT 149998, 10", "SELECT id FROM w LIMIT 200000, 10", "SELECT COUNT(*) FROM w LIMIT 1", "SELECT SUM(id) + 1 FROM w LIMIT 1",
		"SELECT id, (SELECT COUNT(*) FROM w y) FROM w LIMIT 2", "SELECT DISTINCT bucket < 900 FROM w LIMIT 2", "SELECT MAX(id) OVER () FROM w LIMIT 1",
		"SELECT METADATA$FILE_ROW_NUMBER, METADATA$FILENAME, h1 FROM w LIMIT 40001, 2", "SELECT id FROM w HAVING id > 100000 LIMIT 2",
		"SELECT * FROM (SELECT id FROM w LIMIT 3) d LIMIT 2", "SELECT id FROM w WHERE id > 149000 LIMIT 3", "SELECT COUNT(*) FROM u LIMIT 3",
		"SELECT id, METADATA$FILENAME FROM u WHERE bucket = 3 ORDER BY 1, 2 LIMIT 3",
		"SELECT id FROM w UNION SELECT h1 FROM w ORDER BY 1 LIMIT 3", "SELECT EXISTS (SELECT 1 FROM u WHERE more = 3)",
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 40 {
		var items []string
		for _, c := range rnd.Perm(len(wideColumns))[:1+rnd.IntN(4)] {
			items = append(items, wideColumns[c])
		}
		where := wideColumns[rnd.IntN(4)]
		questions = append(questions, fmt.Sprintf("SELECT %s FROM w WHERE %s %% %d = 1 ORDER BY %s, id LIMIT 20",
			strings.Join(items, ", "), where, 2+rnd.IntN(1000), wideColumns[rnd.IntN(4)]))
	}
	for _, q := range questions {
		for _, r := range []*remote{a, b, dup} {
			r.forget(t)
		}
		want, err := p.ask(t, q, full)
		if err != nil {
			t.Fatalf("%s: %v", q, err)
		}
		got, err := p.ask(t, q, parts)
		if strings.Contains(q, "DISTINCT") { // which has no order
			slices.Sort(want)
			slices.Sort(got)
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s:\n%v, %v\nwant\n%v", q, got, err, want)
		}
	}
	for _, r := range []*remote{a, b, dup} {
		if r.opened != r.closed {
			t.Errorf("%s: opened %d times, closed %d times", r.key, r.opened, r.closed)
		}
	}
}

// whole is a file of this machine.
func whole(t testing.TB, data []byte) wharf.LocalFile {
	t.Helper()
	r := &remote{data: data, path: filepath.Join(t.TempDir(), "whole")}
	if err := os.WriteFile(r.path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return struct{ wharf.LocalFile }{r}
}

// TestPartialParquetShare wants three of ten columns to be fetched, and of a
// description the footer.
func TestPartialParquetShare(t *testing.T) {
	p := open(t, nil)
	r := newRemote(t, "a.parquet", p.writes(t, wide, ", ROW_GROUP_SIZE 40000"))
	tables := map[string][]sql.File{"w": {r.file()}}
	for query, most := range map[string]float64{
		"SELECT SUM(h1), MAX(h3) FROM w WHERE H5 > 7":                0.4,
		"SELECT x.h1 FROM w x JOIN w y ON x.h1 = y.h3 AND x.h5=y.h5": 0.4,
		"SELECT * FROM w LIMIT 30000, 5":                             0.31,
		"SELECT id + 1, METADATA$FILE_ROW_NUMBER FROM w LIMIT 3":     0.05,
		"SELECT * FROM w LIMIT 0":                                    0.31,
		"SELECT COUNT(*) FROM w":                                     0.02,
	} {
		r.forget(t)
		if _, err := p.ask(t, query, tables); err != nil {
			t.Fatal(err)
		}
		if share := r.share(); share > most {
			t.Errorf("%s: %.0f %% of the bytes were fetched, want at most %.0f %%", query, 100*share, 100*most)
		}
	}
	r.forget(t)
	if _, err := p.Columns(t.Context(), request("SELECT * FROM w", tables)); err != nil {
		t.Fatal(err)
	}
	if share := r.share(); share > 0.02 {
		t.Errorf("%.0f %% of the bytes were fetched for the columns", 100*share)
	}
}

// TestHolesAreNoAnswer wants bytes that were not fetched to be an error of the
// database, and to be fetched then: here of a file whose footer tells wrongly
// where its chunks are.
func TestHolesAreNoAnswer(t *testing.T) {
	p := open(t, nil)
	for _, packed := range []string{"uncompressed", "snappy", "zstd"} {
		r := newRemote(t, "a.parquet", p.writes(t, "SELECT hash(i) AS h, hash(i + 1) AS g FROM range(300000) t(i)", ", ROW_GROUP_SIZE 50000, COMPRESSION "+packed))
		tables := map[string][]sql.File{"w": {r.file()}}
		const q = "SELECT SUM(h), SUM(g % 10) FROM w"
		want, err := p.ask(t, q, tables)
		if err != nil {
			t.Fatal(err)
		}
		r.forget(t)
		l, tr, err := p.translate(t.Context(), request(q, tables))
		if err != nil {
			t.Fatal(err)
		}
		s := l.sources
		if _, err := l.count(statement{SQL: tr.SQL}); !hole(err) {
			t.Errorf("%s: without its chunks the query gives %v", packed, err)
		}
		if err := s.again(nil); err != nil || r.share() != 1 {
			t.Errorf("%s: then %.0f %% are fetched, %v", packed, 100*r.share(), err)
		}
		rows, err := l.rows(statement{SQL: tr.SQL}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for row, err := range rows.All {
			if err != nil || fmt.Sprint(row) != want[0] {
				t.Errorf("%s: %v, %v, want %s", packed, row, err, want)
			}
		}
	}
}

// TestSpoiledFile wants a damaged file to be named, after its rows or in place of
// what the database says of it.
func TestSpoiledFile(t *testing.T) {
	p := open(t, nil)
	data := p.writes(t, "SELECT i FROM range(10) t(i)", "")
	r := newRemote(t, "a/b.parquet", data)
	r.damaged = wharf.Errorf(wharf.CodeInternal, "the stored file is damaged")
	for _, r.data = range [][]byte{data, bytes.Repeat([]byte("x"), len(data))} {
		r.forget(t)
		_, err := p.ask(t, "SELECT * FROM w", map[string][]sql.File{"w": {r.file()}})
		if wharf.CodeOf(err) != wharf.CodeInternal || wharf.MessageOf(err) != "@s/a/b.parquet cannot be read: the stored file is damaged" {
			t.Errorf("%v", err)
		}
	}
	if r.opened != r.closed {
		t.Errorf("opened %d times, closed %d times", r.opened, r.closed)
	}
}
