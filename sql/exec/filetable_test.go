package exec_test

import (
	"context"
	"fmt"
	"iter"
	"runtime"
	"strings"
	"testing"
	"time"

	"wharf"
	"wharf/sql"
	"wharf/sql/exec"
	"wharf/sql/rowexec"
	"wharf/storage/memory"
)

// describer is an engine for files that knows two columns of each, its name and
// a price, and seven rows, but not of one called broken. It counts how often it
// was asked for columns, and for rows.
type describer struct{ asked, counted int }

func (d *describer) Columns(_ context.Context, q sql.Request) ([]wharf.Column, error) {
	d.asked++
	return []wharf.Column{
		{Name: q.Query.Tables[0].Name, Type: wharf.TypeString, Nullable: true, SQLType: "longtext"},
		{Name: "price", Type: wharf.TypeDecimal, Nullable: true, SQLType: "decimal(10,2)"},
	}, nil
}

func (d *describer) Query(_ context.Context, q sql.Request) (*wharf.Rows, error) {
	if strings.HasPrefix(q.Query.Text, "SELECT COUNT(*) FROM") && !strings.Contains(q.Query.Text, "broken") {
		d.counted++
		return &wharf.Rows{All: func(yield func([]wharf.Value, error) bool) { yield([]wharf.Value{wharf.Int(7)}, nil) }}, nil
	}
	return nil, wharf.Errorf(wharf.CodeInternal, "%s is run", q.Query.Text)
}

// described is a harness whose files can be described.
func described(t *testing.T, open wharf.Opener) (*harness, *describer) {
	t.Helper()
	files := &describer{}
	h := &harness{listener: &listener{}, sessions: map[string]*exec.Session{}}
	h.service = wharf.NewService(wharf.ServiceOptions{Catalog: newCatalog(), Opener: open})
	h.executor = exec.New(exec.Options{Relations: rowexec.Engine{}, Files: files, Service: h.service})
	return h, files
}

// TestColumnsAreFoundOutOnce asks for columns as clients do, and counts how
// often files are read for it.
func TestColumnsAreFoundOutOnce(t *testing.T) {
	h, files := described(t, memory.NewOpener())
	s := h.session("main")
	must(t, s, "CREATE STAGE s")
	must(t, s, "CREATE STAGE other")
	h.put(t, "s", []string{"a.csv", "d/b.csv", "d/c.csv", "no-data"})
	step := func(want int, text string) [][]string {
		t.Helper()
		rows := must(t, s, text)
		if files.asked != want {
			t.Errorf("%s: files were read %d times, want %d", text, files.asked, want)
		}
		return rows
	}
	step(0, "SHOW DATABASES")
	step(0, "USE s")
	step(0, "SHOW FULL TABLES")
	step(0, "SHOW TABLE STATUS")
	step(0, "SHOW INDEX FROM `a.csv`")
	step(0, "SHOW CREATE TABLE `d/`")
	step(0, "SELECT * FROM information_schema.TABLES")
	step(0, "SELECT * FROM information_schema.VIEWS")
	if rows := step(0, "SELECT * FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 's'"); len(rows) != 0 {
		t.Errorf("columns that nobody asked for: %v", rows)
	}
	if w := must(t, s, "SHOW WARNINGS"); len(w) != 1 || !strings.Contains(w[0][2], "TABLE_NAME = ") {
		t.Errorf("warnings %v", w)
	}
	for _, text := range []string{
		"DESC `a.csv`", "SHOW FULL COLUMNS FROM `a.csv`", "SHOW CREATE TABLE `a.csv`",
		"SELECT * FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'a.csv'",
	} {
		step(1, text)
	}
	if rows := step(1, "SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA IN ('s', 'other')"); len(rows) != 2 || rows[0][0] != "a.csv" {
		t.Errorf("columns that are known: %v", rows)
	}
	rows, err := begin(t.Context(), s, "SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ? AND ? IN (TABLE_NAME) AND TABLE_NAME = ?",
		wharf.Text("s"), wharf.Text("d/b.csv"), wharf.Text("d/b.csv"))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, err := range rows.All {
		if n++; err != nil {
			t.Fatal(err)
		}
	}
	if n != 2 || files.asked != 2 {
		t.Errorf("a table named by a placeholder has %d columns after %d looks", n, files.asked)
	}
	files.asked = 1
	step(2, "DESC s.`d/`")
	step(2, "DESC `d/`")
	h.put(t, "s", []string{"d/e.csv"}) // the folder is another, the file is not
	step(2, "DESC `a.csv`")
	step(3, "DESC `d/`")
	must(t, s, "ALTER STAGE s SET FILE_FORMAT = (TYPE = TSV)")
	step(4, "DESC `a.csv`")
	step(5, "SELECT * FROM information_schema.COLUMNS WHERE 'no-data' = TABLE_NAME AND (TABLE_SCHEMA COLLATE utf8mb4_bin IN ('s'))")
}

// TestColumnsOfJoinedTable asks for the columns of a table that is named by a
// column which equals the table's name, as Doctrine does.
func TestColumnsOfJoinedTable(t *testing.T) {
	for _, conditions := range []string{
		"FROM information_schema.COLUMNS c JOIN information_schema.TABLES t ON t.TABLE_NAME = c.TABLE_NAME WHERE c.TABLE_SCHEMA = 's' AND t.TABLE_SCHEMA = 's' AND t.TABLE_NAME = 'a.csv'",
		"FROM information_schema.TABLES t, information_schema.COLUMNS c WHERE c.table_name = t.TABLE_NAME AND c.TABLE_SCHEMA = t.TABLE_SCHEMA AND 's' = t.TABLE_SCHEMA AND t.TABLE_NAME IN ('a.csv')",
		"FROM information_schema.TABLES t JOIN information_schema.TABLES u ON u.TABLE_NAME = t.TABLE_NAME AND u.TABLE_SCHEMA = t.TABLE_SCHEMA JOIN information_schema.COLUMNS c ON c.TABLE_NAME = u.TABLE_NAME AND c.TABLE_SCHEMA = u.TABLE_SCHEMA WHERE t.TABLE_NAME LIKE 'a.csv' AND t.TABLE_SCHEMA = DATABASE()",
		"FROM information_schema.COLUMNS c JOIN information_schema.TABLES t USING (TABLE_NAME) WHERE c.TABLE_SCHEMA = 's' AND c.TABLE_NAME = 'a.csv' AND t.TABLE_NAME = 'a.csv'",
		"FROM information_schema.TABLES t LEFT JOIN information_schema.COLUMNS c ON c.TABLE_NAME = t.TABLE_NAME AND c.TABLE_SCHEMA = t.TABLE_SCHEMA WHERE t.TABLE_SCHEMA = 's' AND t.TABLE_NAME = 'a.csv'",
	} {
		h, files := described(t, memory.NewOpener())
		s := h.session("main")
		must(t, s, "CREATE STAGE s")
		h.put(t, "s", []string{"a.csv", "b.csv"})
		must(t, s, "USE s")
		if rows := must(t, s, "SELECT c.COLUMN_NAME "+conditions); len(rows) != 2 || rows[1][0] != "price" || files.asked != 1 {
			t.Errorf("%s: %v, files were read %d times", conditions, rows, files.asked)
		}
	}
}

// TestRowsAreCountedWithColumns has the rows of files that somebody looked into,
// where they are quickly counted.
func TestRowsAreCountedWithColumns(t *testing.T) {
	h, files := described(t, memory.NewOpener())
	s := h.session("main")
	must(t, s, "CREATE STAGE s")
	must(t, s, "USE s")
	h.put(t, "s", []string{"small.csv", "d/small.csv", "broken.parquet"})
	for _, key := range []string{"xxxxxx.csv", "yyyyyy.parquet"} {
		h.putText(t, "s", key, strings.Repeat(key[:1], 2<<20))
	}
	status := func(want string) {
		t.Helper()
		var got []string
		for _, text := range []string{"SHOW TABLE STATUS", "SELECT TABLE_NAME, ENGINE, VERSION, ROW_FORMAT, TABLE_ROWS, AVG_ROW_LENGTH FROM information_schema.TABLES WHERE TABLE_SCHEMA = 's'"} {
			for _, row := range must(t, s, text) {
				got = append(got, fmt.Sprintf("%.6s: %s, %s", row[0], row[4], row[5]))
			}
		}
		half := strings.Join(got[:len(got)/2], "\n")
		if half != want || strings.Join(got[len(got)/2:], "\n") != want {
			t.Errorf("rows and their lengths are\n%s\nwant twice\n%s", strings.Join(got, "\n"), want)
		}
	}
	status("broken: NULL, NULL\nd/: NULL, NULL\nd/smal: NULL, NULL\nsmall.: NULL, NULL\nxxxxxx: NULL, NULL\nyyyyyy: NULL, NULL")
	for _, row := range must(t, s, "SHOW TABLES") {
		must(t, s, "DESC `"+row[0]+"`")
	}
	status("broken: NULL, NULL\nd/: NULL, NULL\nd/smal: 7, 1\nsmall.: 7, 1\nxxxxxx: NULL, NULL\nyyyyyy: 7, 299593")
	if files.counted != 3 {
		t.Errorf("rows were counted %d times", files.counted)
	}
	h.put(t, "s", []string{"small.csv"}) // another version
	status("broken: NULL, NULL\nd/: NULL, NULL\nd/smal: 7, 1\nsmall.: NULL, NULL\nxxxxxx: NULL, NULL\nyyyyyy: 7, 299593")
}

// TestFieldListReadsNoFile has what clients ask who complete names: the fields
// of every table.
func TestFieldListReadsNoFile(t *testing.T) {
	h, files := described(t, memory.NewOpener())
	s := h.session("main")
	must(t, s, "CREATE STAGE s")
	must(t, s, "USE s")
	h.put(t, "s", []string{"a.csv", "b.csv"})
	must(t, s, "DESC `a.csv`")
	for name, want := range map[string]int{"a.csv": 2, "b.csv": 0} {
		res, err := s.Run(t.Context(), exec.KnownColumns(name), nil)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, err := range res.Rows.All {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		if n != want {
			t.Errorf("%d fields of %s, want %d", n, name, want)
		}
	}
	if files.asked != 1 {
		t.Errorf("files were read %d times", files.asked)
	}
}

// manyFiles is a stage of so many files that none of it is held. Only List and
// Stat of it are there.
type manyFiles struct {
	wharf.Store
	files  int
	listed *int
}

func (manyFiles) key(i int) wharf.Key { return wharf.Key(fmt.Sprintf("f%07d.csv", i)) }

func (m manyFiles) object(i int) wharf.Object {
	return wharf.Object{Key: m.key(i), Size: 1, ETag: `"1"`, ModTime: time.Unix(1e9, 0)}
}

func (m manyFiles) List(ctx context.Context, o wharf.ListOptions) iter.Seq2[wharf.Object, error] {
	return func(yield func(wharf.Object, error) bool) {
		for i := range m.files {
			if !strings.HasPrefix(string(m.key(i)), o.Prefix) || m.key(i) <= o.After {
				continue
			}
			if *m.listed++; ctx.Err() != nil || !yield(m.object(i), nil) {
				return
			}
		}
	}
}

func (m manyFiles) Stat(_ context.Context, key wharf.Key) (wharf.Object, error) {
	var i int
	if _, err := fmt.Sscanf(string(key), "f%07d.csv", &i); err != nil || i >= m.files || m.key(i) != key {
		return wharf.Object{}, wharf.Errorf(wharf.CodeNotFound, "there is no file %s", key)
	}
	return m.object(i), nil
}

type manyOpener struct {
	*memory.Opener
	store manyFiles
}

func (o manyOpener) Open(context.Context, *wharf.Stage) (wharf.Store, error) { return o.store, nil }

// TestMillionFiles has what clients ask of a stage of a million files.
func TestMillionFiles(t *testing.T) {
	listed := 0
	h, files := described(t, manyOpener{memory.NewOpener(), manyFiles{files: 1_000_000, listed: &listed}})
	s := h.session("main")
	must(t, s, "CREATE STAGE s")
	must(t, s, "USE s")
	for text, want := range map[string]int{
		"SHOW TABLES":       10_000,
		"SHOW FULL TABLES":  10_000,
		"SHOW TABLE STATUS": 10_000,
		"SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = 's'":                                      10_000,
		"SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_TYPE = 'BASE TABLE'":                               10_000,
		"SELECT TABLE_NAME FROM information_schema.VIEWS":                                                                0,
		"SELECT TABLE_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 's'":                                     0,
		"SHOW TABLES LIKE 'f0999999.csv'":                                                                                1,
		"SHOW TABLES LIKE 'f09999%'":                                                                                     100,
		"SHOW TABLE STATUS LIKE 'f0999999.csv'":                                                                          1,
		"DESC `f0999999.csv`":                                                                                            2,
		"SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = 's' AND TABLE_NAME = 'f0999998.csv'":               1,
		"SELECT 1 FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 's' AND TABLE_NAME IN ('f0999998.csv', 'nosuch')": 2,
	} {
		listed, files.asked = 0, 0
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		rows := must(t, s, text)
		runtime.ReadMemStats(&after)
		if len(rows) != want {
			t.Errorf("%s: %d rows, want %d", text, len(rows), want)
		}
		if listed > 30_000 || files.asked > 1 {
			t.Errorf("%s: %d files were listed, %d read", text, listed, files.asked)
		}
		if grown := (after.TotalAlloc - before.TotalAlloc) >> 20; grown > 200 {
			t.Errorf("%s: took %d MiB", text, grown)
		}
		warned := must(t, s, "SHOW WARNINGS")
		if isCut := want == 10_000; isCut != (len(warned) == 1 && strings.Contains(warned[0][2], "first 10000 names")) && !strings.Contains(text, "COLUMNS") && !strings.Contains(text, "VIEWS") {
			t.Errorf("%s: warnings %v", text, warned)
		}
	}
}

// TestListStageStreams reads the rows of a million files, and only as many of
// them as are wanted.
func TestListStageStreams(t *testing.T) {
	files, listed := 1_000_000, 0
	if raceDetector {
		files = 100_000
	}
	h, _ := described(t, manyOpener{memory.NewOpener(), manyFiles{files: files, listed: &listed}})
	s := h.session("main")
	must(t, s, "CREATE STAGE s")
	for text, want := range map[string]struct{ rows, listed int }{
		"SELECT name, size FROM LIST_STAGE(LOCATION => '@s') LIMIT 10":                            {10, 10},
		"SELECT name FROM LIST_STAGE(LOCATION => '@s') WHERE name LIKE '%7.csv' LIMIT 5, 10":      {10, 148},
		"SELECT * FROM LIST_STAGE(LOCATION => '@s/f00001') LIMIT 1000":                            {100, 100},
		"SELECT COUNT(*), SUM(size) FROM LIST_STAGE(LOCATION => '@s', PATTERN => '.*')":           {1, files},
		"SELECT name FROM LIST_STAGE(LOCATION => '@s') WHERE size > 1":                            {0, files},
		"SELECT * FROM LIST_STAGE(LOCATION => '@s') LIMIT 0":                                      {0, 0},
		"SELECT name, size * 2, UPPER(name) FROM LIST_STAGE(LOCATION => '@s') f WHERE f.size = 1": {files, files},
	} {
		listed = 0
		rows, err := begin(t.Context(), s, text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		runtime.GC()
		var before, now runtime.MemStats
		runtime.ReadMemStats(&before)
		n := 0
		for _, err := range rows.All {
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			if n++; n == files*9/10 {
				runtime.GC()
				runtime.ReadMemStats(&now)
				if now.HeapAlloc > before.HeapAlloc+8<<20 {
					t.Errorf("%s: %d MiB are held", text, (now.HeapAlloc-before.HeapAlloc)>>20)
				}
			}
		}
		if n != want.rows || listed != want.listed {
			t.Errorf("%s: %d rows of %d files, want %d of %d", text, n, listed, want.rows, want.listed)
		}
	}
}
