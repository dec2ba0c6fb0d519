package tests

import (
	"bytes"
	"compress/gzip"
	"context"
	"database/sql"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"wharf/tests/harness"
)

// TestQueryPage asks the page's own file for its books with the mariadb
// client.
func TestQueryPage(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	s.exec("CREATE STAGE my_internal_stage")
	s.put("my_internal_stage", "books.parquet", "testdata/files/books.parquet")
	want := strings.Join([]string{
		"title\tauthor\tdate",
		"Transaction Processing\tJim Gray\t1992",
		"Readings in Database Systems\tMichael Stonebraker\t2004", "",
	}, "\n")
	// The file does not mark its texts: as bytes, they would be written in hex.
	for _, args := range [][]string{nil, {"--binary-as-hex"}} {
		if got := s.mariadb("SELECT * FROM @my_internal_stage/books.parquet", args...).stdout; got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", args, got, want)
		}
	}
}

// TestQueryBytes reads bytes that COPY INTO has written as bytes, and the page's
// file as bytes where BINARY_AS_TEXT says so: of the statement, of the stage and of a
// named format.
func TestQueryBytes(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	s.exec("CREATE STAGE s")
	s.exec("CREATE FILE FORMAT raw TYPE = PARQUET BINARY_AS_TEXT = FALSE")
	s.exec("CREATE STAGE raw FILE_FORMAT = (TYPE = PARQUET, BINARY_AS_TEXT = FALSE)")
	s.put("s", "books.parquet", "testdata/files/books.parquet")
	s.put("raw", "books.parquet", "testdata/files/books.parquet")
	s.exec("COPY INTO @s/bytes/ FROM (SELECT CAST('Jim' AS BINARY) AS b, x'FF00' AS image FROM @s/books.parquet LIMIT 1)")
	s.exec("COPY INTO @s/texts/ FROM (SELECT author FROM @s/books.parquet)")
	for query, want := range map[string]string{
		"SELECT b, image FROM @s/bytes/": "0x4A696D\t0xFF00\n",
		"SELECT author FROM @s/texts/":   "Jim Gray\nMichael Stonebraker\n",
		"SELECT author FROM @s/books.parquet (FILE_FORMAT => (TYPE = PARQUET, BINARY_AS_TEXT = FALSE)) LIMIT 1":                                   "0x4A696D2047726179\n",
		"SELECT author FROM @s/books.parquet (FILE_FORMAT => 'raw') LIMIT 1":                                                                      "0x4A696D2047726179\n",
		"SELECT author FROM raw.`books.parquet` LIMIT 1":                                                                                          "0x4A696D2047726179\n",
		"SELECT author FROM @raw/books.parquet (FILE_FORMAT => (TYPE = PARQUET)) LIMIT 1":                                                         "Jim Gray\n",
		"SELECT COLUMN_TYPE FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'raw' AND TABLE_NAME = 'books.parquet' AND COLUMN_NAME = 'date'": "longblob\n",
		"SELECT COLUMN_TYPE FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 's' AND TABLE_NAME = 'books.parquet' AND COLUMN_NAME = 'date'":   "longtext\n",
		"SELECT type FROM INFER_SCHEMA(LOCATION => '@s/books.parquet') WHERE column_name = 'title'":                                               "longtext\n",
	} {
		if got := s.mariadb(query, "-N", "--binary-as-hex").stdout; got != want {
			t.Errorf("%s:\n%swant\n%s", query, got, want)
		}
	}
}

// question is what is asked of the flights, with the columns in braces, and the
// answer that the CSV itself gives.
type question struct{ query, want string }

// flights are questions that every form of the file answers alike, and where
// its columns are.
func flights(t *testing.T) ([]question, map[string]int) {
	t.Helper()
	f, err := os.Open("testdata/files/ontime_200.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	records, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	at := map[string]int{}
	for i, name := range records[0] {
		at[name] = i
	}
	rows := records[1:]
	number := func(r []string, name string) int {
		v, err := strconv.ParseFloat(r[at[name]], 64)
		if err != nil {
			return 0 // empty
		}
		return int(v)
	}
	delayed, distance, farthest := 0, 0, 0
	tails, origins := map[string]bool{}, map[string]int{}
	for _, r := range rows {
		if number(r, "ArrDelay") > 15 {
			delayed++
		}
		distance += number(r, "Distance")
		farthest = max(farthest, number(r, "Distance"))
		if r[at["Tail_Number"]] != "" {
			tails[r[at["Tail_Number"]]] = true
		}
		origins[r[at["Origin"]]]++
	}
	busiest := ""
	for origin, n := range origins {
		if busiest == "" || n > origins[busiest] || n == origins[busiest] && origin < busiest {
			busiest = origin
		}
	}
	return []question{
		{"SELECT COUNT(*) FROM %s", strconv.Itoa(len(rows))},
		{"SELECT COUNT(*) FROM %s WHERE {ArrDelay} > 15", strconv.Itoa(delayed)},
		{"SELECT CAST(SUM({Distance}) AS SIGNED) FROM %s", strconv.Itoa(distance)},
		{"SELECT CAST({Distance} AS SIGNED) FROM %s ORDER BY {Distance} + 0 DESC LIMIT 1", strconv.Itoa(farthest)},
		{"SELECT MIN({FlightDate}) FROM %s", rows[0][at["FlightDate"]]},
		{"SELECT COUNT(DISTINCT NULLIF({Tail_Number}, '')) FROM %s", strconv.Itoa(len(tails))},
		{"SELECT CONCAT({Origin}, ' ', COUNT(*)) FROM %s GROUP BY {Origin} ORDER BY COUNT(*) DESC, {Origin} LIMIT 1", fmt.Sprintf("%s %d", busiest, origins[busiest])},
		{"SELECT SUM(n) FROM (SELECT {Origin} AS o, COUNT(*) AS n FROM %s GROUP BY o WITH ROLLUP) x WHERE o IS NULL", strconv.Itoa(len(rows))},
		{"SELECT COUNT(*) - COUNT(DISTINCT b.n) FROM %s a JOIN (SELECT METADATA$FILE_ROW_NUMBER AS n, {FlightDate} AS d FROM %[1]s) b ON b.n = a.METADATA$FILE_ROW_NUMBER", "0"},
	}, at
}

// TestQueryFormats asks the same questions of the same flights as CSV, gzip,
// zstd, NDJSON and Parquet, from an internal stage, S3 and a folder, by the
// names of the columns, and in CSV by their positions too.
func TestQueryFormats(t *testing.T) {
	t.Parallel()
	g := harness.StartS3(t, root, "query-key", "query-secret")
	folder := t.TempDir()
	s := start(t, settings{args: []string{"--fs-allow", folder}, secrets: []string{g.Secret}})
	s.exec("CREATE STAGE internal")
	s.exec(g.CreateStage("bucket", "flights/"))
	s.exec("CREATE STAGE folder URL = 'fs://" + folder + "/'")
	questions, places := flights(t)
	byName := func(name string) string { return name }
	byPlace := func(name string) string { return fmt.Sprintf("$%d", places[name]+1) }
	for _, stage := range []string{"internal", "bucket", "folder"} {
		for _, end := range []string{"csv", "csv.gz", "csv.zst", "ndjson", "parquet"} {
			name := "ontime_200." + end
			s.put(stage, name, "testdata/files/"+name)
			s.ask(questions, stage+".`"+name+"`", byName)
			s.ask(questions, "@"+stage+"/"+name+formatOf(end), byName)
			if strings.HasPrefix(end, "csv") {
				s.ask(questions, "@"+stage+"/"+name+" (FILE_FORMAT => (TYPE = CSV, SKIP_HEADER = 1))", byPlace)
			}
		}
	}
}

var braced = regexp.MustCompile(`\{(\w+)\}`)

// ask asks the questions of a table, whose columns are called as column says.
func (s *server) ask(questions []question, table string, column func(string) string) {
	s.t.Helper()
	for _, q := range questions {
		text := braced.ReplaceAllStringFunc(q.query, func(name string) string { return column(name[1 : len(name)-1]) })
		text = strings.ReplaceAll(strings.ReplaceAll(text, "%[1]s", table), "%s", table)
		var got string
		if err := s.db("").QueryRowContext(s.context(), text).Scan(&got); err != nil {
			s.t.Errorf("%s: %v", text, err)
		} else if got != q.want {
			s.t.Errorf("%s: %s, want %s", text, got, q.want)
		}
	}
}

// formatOf says that a CSV has its names in the first line.
func formatOf(end string) string {
	if strings.HasPrefix(end, "csv") {
		return " (FILE_FORMAT => (TYPE = CSV, PARSE_HEADER = TRUE))"
	}
	return ""
}

// TestQueryEnds wants a query to end soon when its client leaves, when it is
// killed and when its time is over, whatever it computes.
func TestQueryEnds(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	s.exec("CREATE STAGE s")
	s.put("s", "x.csv", "testdata/files/ontime_200.csv")
	// 199 to the fifth rows.
	const long = "SELECT SUM(a.Year * b.Month * c.DayOfWeek) FROM s.`x.csv` a, s.`x.csv` b, s.`x.csv` c, s.`x.csv` d, s.`x.csv` e"
	t.Run("its time", func(t *testing.T) {
		conn := s.conn()
		if _, err := conn.ExecContext(s.context(), "SET max_execution_time = 500"); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		_, err := conn.ExecContext(s.context(), long)
		wantSQLError(t, err, 3024, "HY000")
		if took := time.Since(begin); took > endWithin {
			t.Errorf("it took %s", took)
		}
	})
	t.Run("a client that leaves", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(s.context(), 500*time.Millisecond)
		defer cancel()
		if _, err := s.db("").ExecContext(ctx, long); err == nil {
			t.Error("it ended by itself")
		}
	})
	t.Run("KILL QUERY", func(t *testing.T) {
		conn := s.conn()
		var id int
		if err := conn.QueryRowContext(s.context(), "SELECT CONNECTION_ID()").Scan(&id); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() {
			_, err := conn.ExecContext(s.context(), long)
			ended <- err
		}()
		for len(s.column(fmt.Sprintf("SELECT ID FROM information_schema.PROCESSLIST WHERE ID = %d AND INFO LIKE '%%DayOfWeek%%'", id))) == 0 {
		}
		begin := time.Now()
		s.exec(fmt.Sprintf("KILL QUERY %d", id))
		wantSQLError(t, <-ended, 1317, "70100")
		if took := time.Since(begin); took > endWithin {
			t.Errorf("it took %s", took)
		}
	})
	var n int
	if err := s.db("").QueryRowContext(s.context(), "SELECT COUNT(*) FROM s.`x.csv`").Scan(&n); err != nil || n != 199 {
		t.Errorf("afterwards: %d, %v", n, err)
	}
}

// TestPrepareEnds wants the look into files for the columns of a prepared query
// to end as the query itself does.
func TestPrepareEnds(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	s.exec("CREATE STAGE s")
	var member bytes.Buffer
	w, err := gzip.NewWriterLevel(&member, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.Repeat([]byte("1,2\n"), 1<<18)
	for range 1 << 5 {
		if _, err := w.Write(lines); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	// 1 GiB, all of which is looked at for its types. The bytes of many members are those of
	// one file (RFC 1952, section 2.2).
	s.mustUpload("s", "long.csv.gz", bytes.Repeat(member.Bytes(), 1<<5))
	const query = "SELECT * FROM s.`long.csv.gz` WHERE 1 = ?"
	prepare := func(ctx context.Context, conn *sql.Conn) <-chan error {
		ended := make(chan error, 1)
		go func() {
			st, err := conn.PrepareContext(ctx, query)
			if err == nil {
				st.Close()
			}
			ended <- err
		}()
		return ended
	}
	running := func(id int) bool {
		return len(s.column(fmt.Sprintf("SELECT ID FROM information_schema.PROCESSLIST WHERE ID = %d AND INFO LIKE '%%long.csv.gz%%'", id))) > 0
	}
	for _, kill := range []bool{true, false} {
		conn := s.conn()
		var id int
		if err := conn.QueryRowContext(s.context(), "SELECT CONNECTION_ID()").Scan(&id); err != nil {
			t.Fatal(err)
		}
		ctx, leave := context.WithCancel(s.context())
		defer leave()
		ended := prepare(ctx, conn)
		for !running(id) {
			select {
			case err := <-ended:
				t.Fatalf("it ended by itself: %v", err)
			default:
			}
		}
		begin := time.Now()
		if kill {
			s.exec(fmt.Sprintf("KILL QUERY %d", id))
			wantSQLError(t, <-ended, 1317, "70100")
		} else {
			leave()
			<-ended
			for running(id) && time.Since(begin) < endWithin {
			}
		}
		if took := time.Since(begin); took > endWithin {
			t.Errorf("killed %t: it took %s", kill, took)
		}
	}
	s.alive()
}

// TestQueryLeavesNothing looks for files of statements in the data folder
// after them.
func TestQueryLeavesNothing(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	s.exec("CREATE STAGE s")
	s.put("s", "x.csv", "testdata/files/ontime_200.csv")
	for range 3 {
		s.exec("SELECT COUNT(*) FROM s.`x.csv`")
	}
	files, err := filepath.Glob(filepath.Join(s.dir, "workers", "*", "files", "*"))
	if err != nil || len(files) > 0 {
		t.Errorf("left: %v, %v", files, err)
	}
	s.Stop()
	if _, err := os.Stat(filepath.Join(s.dir, "workers")); !os.IsNotExist(err) {
		t.Errorf("the folder of the workers after a stop: %v", err)
	}
}

// TestQueryHostileGzip reads a small file that unpacks to a large one.
func TestQueryHostileGzip(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	s.exec("CREATE STAGE s")
	path := filepath.Join(t.TempDir(), "bomb.csv.gz")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := gzip.NewWriter(f)
	line := []byte(strings.Repeat("1", 1<<20))
	for range 256 { // one line of 256 MiB
		if _, err := w.Write(line); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f.Close()
	s.put("s", "bomb.csv.gz", path)
	if _, err := s.db("").ExecContext(s.context(), "SELECT * FROM @s/bomb.csv.gz"); err == nil {
		t.Error("a line of 256 MiB was read")
	}
	s.alive()
}

// put uploads a file of this machine, which has to land.
func (s *server) put(stage, name, path string) {
	s.t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		s.t.Fatal(err)
	}
	s.mustUpload(stage, name, content)
}

// conn is one connection, a session of its own.
func (s *server) conn() *sql.Conn {
	s.t.Helper()
	c, err := s.db("").Conn(s.context())
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { c.Close() })
	return c
}

// TestUnloadParquet writes rows as a Parquet file, and reads them back.
func TestUnloadParquet(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	s.exec("CREATE STAGE s")
	s.mustUpload("s", "people.ndjson", []byte(`{"id": 1, "name": "Ada"}`+"\n"+`{"id": 2, "name": "Eve"}`))
	s.exec("COPY INTO @s/p/ FROM (SELECT id, name, id = 1 AS first, NULL AS none, TIME'10:11:12' AS at FROM @s/people.ndjson) INCLUDE_QUERY_ID = FALSE")
	if files := s.list("s/p/"); len(files) != 1 || files[0] != "p/data_0000_00000000.parquet" {
		t.Errorf("files: %q", files)
	}
	s.wantRows("SELECT * FROM @s/p/ ORDER BY id", "1\tAda\t1\tNULL\t10:11:12", "2\tEve\t0\tNULL\t10:11:12")
}

// TestQueryPlaceholders gives each placeholder its own value, wherever it stands
// in the statement.
func TestQueryPlaceholders(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	s.exec("CREATE STAGE s")
	s.put("s", "books.parquet", "testdata/files/books.parquet")
	for _, c := range []struct {
		query string
		args  []any
		want  string
	}{
		{"SELECT title FROM @s/books.parquet WHERE author = ? AND date = ?", []any{"Jim Gray", "1992"}, "Transaction Processing"},
		{"SELECT COUNT(*) FROM @s/books.parquet WHERE date BETWEEN ? AND ?", []any{"1992", "2004"}, "2"},
		{"SELECT CONCAT(?, author, ?) FROM @s/books.parquet WHERE date = ? LIMIT ? OFFSET ?", []any{"<", ">", "1992", 1, 0}, "<Jim Gray>"},
		{"SELECT ? + ? * ? FROM @s/books.parquet HAVING 2 > ? LIMIT 1", []any{1, 2, 3, 1}, "7"},
		{"SELECT title FROM @s/books.parquet WHERE author IN (?, ?) AND title NOT LIKE ? ORDER BY title", []any{"Jim Gray", "Michael Stonebraker", "Read%"}, "Transaction Processing"},
		{"WITH w AS (SELECT ? AS a) SELECT (SELECT a FROM w) || ? FROM @s/books.parquet WHERE date = ?", []any{"1", "0", "1992"}, "1"},
		{"SELECT CASE author WHEN ? THEN ? ELSE ? END FROM @s/books.parquet ORDER BY date DESC LIMIT 1", []any{"Jim Gray", "a", "b"}, "b"},
	} {
		stmt, err := s.db("").Prepare(c.query)
		if err != nil {
			t.Errorf("%s: %v", c.query, err)
			continue
		}
		var got string
		if err := stmt.QueryRow(c.args...).Scan(&got); err != nil || got != c.want {
			t.Errorf("%s: %q, want %q (%v)", c.query, got, c.want, err)
		}
		stmt.Close()
	}
}

// TestExplainAnalyze has the steps of a query of files, with their rows.
func TestExplainAnalyze(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	s.exec("CREATE STAGE s")
	s.put("s", "flights.parquet", "testdata/files/ontime_200.parquet")
	out := s.mariadb("", "-N", "-e", "EXPLAIN ANALYZE SELECT Origin, COUNT(*) FROM @s/flights.parquet GROUP BY 1 ORDER BY 2 LIMIT 3; EXPLAIN ANALYZE SELECT 1")
	lines := strings.Split(strings.TrimSpace(out.stdout), "\n")
	for i, want := range []string{`^-> Sort and limit: .* \(actual time=[0-9.]+ ms rows=3\)$`, `^    -> Group: `} {
		if i >= len(lines) || !regexp.MustCompile(want).MatchString(lines[i]) {
			t.Fatalf("line %d is not %s:\n%s%s", i, want, out.stdout, out.stderr)
		}
	}
	scan, last := lines[len(lines)-2], lines[len(lines)-1]
	if !regexp.MustCompile(`-> Read Parquet: filename\(s\) @s/flights.parquet; projections Origin .*\(actual time=[0-9.]+ ms rows=199\)$`).MatchString(scan) {
		t.Errorf("the file's step: %s", scan)
	}
	if !regexp.MustCompile(`^-> Rows of the query  \(actual time=[0-9.]+ ms rows=1\)$`).MatchString(last) {
		t.Errorf("a SELECT without a table: %s", last)
	}
}

// TestParquetRecord asks a Parquet file for its rows and their fields as JSON,
// as NDJSON is asked.
func TestParquetRecord(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	s.exec("CREATE STAGE s")
	s.put("s", "books.parquet", "testdata/files/books.parquet")
	s.mustUpload("s", "n.ndjson", []byte(`{"id": 1, "a b": true, "in": {"list": [1, {"x": "y"}], "none": null}, "at": "2024-01-02"}`+"\n"+`{"id": null, "a b": false, "in": null, "at": null}`))
	s.exec("COPY INTO @s/p.parquet FROM @s/n.ndjson SINGLE = TRUE USE_RAW_PATH = TRUE")
	s.wantTexts("SELECT $1:title, $1:author FROM @s/books.parquet ORDER BY title",
		`"Readings in Database Systems"`+"\t"+`"Michael Stonebraker"`, `"Transaction Processing"`+"\t"+`"Jim Gray"`)
	s.wantTexts("SELECT $1 FROM @s/books.parquet WHERE $1:title LIKE '%Processing%'", `{"date": "1992", "title": "Transaction Processing", "author": "Jim Gray"}`)
	s.wantTexts("SELECT $1:author FROM s.`books.parquet` WHERE title LIKE 'T%'", `"Jim Gray"`)
	s.wantTexts("SELECT $1:id + 1 FROM s.`n.ndjson` WHERE $1:id = 1", "2")
	s.wantTexts("SELECT b.$1->>'$.title' FROM @s/books.parquet b ORDER BY 1 LIMIT 1", "Readings in Database Systems")
	for _, name := range []string{"n.ndjson", "p.parquet"} {
		s.wantTexts("SELECT $1:in.list[1].x, $1:in.list[0] + 1, $1:missing, $1:in.missing, $1->'$.\"a b\"' FROM @s/"+name+" WHERE $1:id = 1", `"y"`+"\t2\tNULL\tNULL\ttrue")
	}
	s.wantTexts("SELECT COUNT($1:id), COUNT(*), MAX($1:at) FROM @s/p.parquet", "1\t2\t\"2024-01-02\"")
	got := s.mariadb("SELECT $1:title FROM @s/books.parquet LIMIT 1").stdout
	if !strings.HasPrefix(got, "$1:title\n") {
		t.Errorf("the header is %q", got)
	}
}
