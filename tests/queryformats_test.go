package tests

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"database/sql"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// packers write in the compressions that files may have, by the ends of their
// names.
var packers = map[string]func(io.Writer) (io.WriteCloser, error){
	".gz":      func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil },
	".zst":     func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) },
	".xz":      func(w io.Writer) (io.WriteCloser, error) { return xz.NewWriter(w) },
	".br":      func(w io.Writer) (io.WriteCloser, error) { return brotli.NewWriter(w), nil },
	".deflate": func(w io.Writer) (io.WriteCloser, error) { return zlib.NewWriter(w), nil },
	".raw":     func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, 5) },
	".bz2":     func(w io.Writer) (io.WriteCloser, error) { return piped(w, "bzip2") },
	".zip": func(w io.Writer) (io.WriteCloser, error) {
		z := zip.NewWriter(w)
		one, err := z.Create("one")
		return struct {
			io.Writer
			io.Closer
		}{one, z}, err
	},
}

// piped writes through a program, for Go has no writer of bzip2.
func piped(w io.Writer, name string) (io.WriteCloser, error) {
	cmd := exec.Command(name)
	cmd.Stdout = w
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	return &program{in, cmd}, cmd.Start()
}

type program struct {
	io.WriteCloser
	cmd *exec.Cmd
}

func (p *program) Close() error {
	if err := p.WriteCloser.Close(); err != nil {
		return err
	}
	return p.cmd.Wait()
}

// pack gives content in the compression of an end of a name.
func pack(t *testing.T, end string, content []byte) []byte {
	t.Helper()
	if packers[end] == nil {
		return content
	}
	var b bytes.Buffer
	w, err := packers[end](&b)
	if err == nil {
		_, err = w.Write(content)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatalf("%s: %v", end, err)
	}
	return b.Bytes()
}

// wantTexts wants these rows of a query.
func (s *server) wantTexts(query string, want ...string) {
	s.t.Helper()
	if got := s.texts(query); !slices.Equal(got, want) {
		s.t.Errorf("%s:\n%q, want\n%q", query, got, want)
	}
}

// texts are the rows of a query, each value as text, with tabs between. With arguments
// they come by the binary protocol.
func (s *server) texts(query string, args ...any) []string {
	s.t.Helper()
	rows, err := s.db("").QueryContext(s.context(), query, args...)
	if err != nil {
		s.t.Errorf("%s: %v", query, err)
		return nil
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		s.t.Fatal(err)
	}
	var got []string
	for rows.Next() {
		values := make([]sql.NullString, len(columns))
		into, row := make([]any, len(columns)), make([]string, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			s.t.Fatal(err)
		}
		for i, v := range values {
			if row[i] = v.String; !v.Valid {
				row[i] = "NULL"
			}
		}
		got = append(got, strings.Join(row, "\t"))
	}
	if err := rows.Err(); err != nil {
		s.t.Errorf("%s: %v", query, err)
	}
	return got
}

// TestQueryCompressions reads the same flights in each compression, as it is
// told by the name, and by COMPRESSION.
func TestQueryCompressions(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	s.exec("CREATE STAGE s")
	names := map[string]string{".gz": "GZIP", ".zst": "ZSTD", ".xz": "XZ", ".br": "BROTLI", ".deflate": "DEFLATE", ".raw": "RAW_DEFLATE", ".bz2": "BZ2", ".zip": "ZIP"}
	for _, typ := range []string{"csv", "ndjson"} {
		content, err := os.ReadFile("testdata/files/ontime_200." + typ)
		if err != nil {
			t.Fatal(err)
		}
		format := map[string]string{"csv": "TYPE = CSV, PARSE_HEADER = TRUE", "ndjson": "TYPE = NDJSON"}[typ]
		for end, name := range names {
			s.mustUpload("s", "f."+typ+end, pack(t, end, content))
			s.mustUpload("s", typ+"/"+name, pack(t, end, content))
			if end != ".raw" {
				s.wantTexts("SELECT COUNT(*), MIN(Month), MAX(METADATA$FILE_ROW_NUMBER), COUNT(DISTINCT METADATA$FILENAME), MAX(CHAR_LENGTH(DestCityName)) > 8 FROM s.`f."+typ+end+"`", "199\t12\t198\t1\t1")
			}
			s.wantTexts("SELECT COUNT(*), MIN(Month), SUM(Distance) > 0 FROM @s/"+typ+"/"+name+" (FILE_FORMAT => ("+format+", COMPRESSION = "+name+"))", "199\t12\t1")
		}
	}
	// Files of several compressions are one table, too.
	s.wantTexts("SELECT COUNT(*), COUNT(DISTINCT METADATA$FILENAME), MAX(METADATA$FILE_ROW_NUMBER) FROM @s/f.csv (FILE_FORMAT => (TYPE = CSV, PARSE_HEADER = TRUE), PATTERN => '.*[^w]')", "1393\t7\t198")
}

// TestQueryBomb reads small files that unpack to more than a query may take.
func TestQueryBomb(t *testing.T) {
	t.Parallel()
	s := start(t, settings{args: []string{"--query-temp", "8MiB"}})
	s.exec("CREATE STAGE s")
	content := bytes.Repeat([]byte("1,2\n"), 16<<20/4)
	for _, end := range []string{".xz", ".bz2", ".br", ".deflate", ".zip"} {
		s.mustUpload("s", "bomb.csv"+end, pack(t, end, content))
		_, err := s.db("").ExecContext(s.context(), "SELECT COUNT(*) FROM @s/bomb.csv"+end)
		wantSQLError(t, err, 1153, "08S01", "@s/bomb.csv"+end+" unpacks to more than 8 MiB, the disk that a query may take (--query-temp)")
		s.mustUpload("s", "cut.csv"+end, pack(t, end, content)[:50])
		if _, err := s.db("").ExecContext(s.context(), "SELECT COUNT(*) FROM @s/cut.csv"+end); err == nil || !strings.Contains(err.Error(), "@s/cut.csv"+end) {
			t.Errorf("cut.csv%s: %v", end, err)
		}
	}
	s.alive()
}

// TestQueryOptions has each option of CSV, TSV and NDJSON files, and what comes
// of it.
func TestQueryOptions(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	s.exec("CREATE STAGE s")
	for i, c := range []struct{ content, format, query, want string }{
		{"a,b\n1,2\n", "CSV", "$1, $2", "a\tb / 1\t2"},
		{"a,b\n1,2\n", "CSV, PARSE_HEADER = TRUE", "a + b, $1", "3\t1"},
		{"a,b\n1,2\n", "CSV, SKIP_HEADER = 1", "$1, $2", "1\t2"},
		{"# \"x\n\na,b\n1,2\n", "CSV, SKIP_HEADER = 2, PARSE_HEADER = TRUE", "a, b", "1\t2"},
		{"#a,b\n#1,2\n", "CSV", "$1, $2", "#a\tb / #1\t2"},
		{"a|b\n", "CSV, FIELD_DELIMITER = '|'", "$1, $2", "a\tb"},
		{"a,b;c,d;", "CSV, RECORD_DELIMITER = ';'", "$1, $2", "a\tb / c\td"},
		{"a,b\r\nc,d\r\n", "CSV, RECORD_DELIMITER = '\\r\\n'", "$1, $2", "a\tb / c\td"},
		{"a,b\rc,d\r", "CSV, RECORD_DELIMITER = '\\r'", "$1, $2", "a\tb / c\td"},
		{"\"a\nb\",c\r\nd,e\r\n", "CSV", "REPLACE($1, '\\n', '+'), $2", "a+b\tc / d\te"},
		{"'a,b',c\n", "CSV, QUOTE = '\\''", "$1, $2", "a,b\tc"},
		{`"a\"b","c\\d"` + "\n", `CSV, ESCAPE = '\\'`, "$1, $2", `a"b` + "\t" + `c\d`},
		{"  a , \" b \" \n", "CSV, TRIM_SPACE = TRUE", "CONCAT('[', $1, '|', $2, ']')", "[a| b ]"},
		{",\"\",\\N,\"\\N\"\n", "CSV", "$1, $2, $3, $4", "NULL\t\tNULL\t\\N"},
		{",\"\",NA,\\N\n", "CSV, NULL_DISPLAY = 'NA'", "$1, $2, $3, $4", "NULL\t\tNULL\t\\N"},
		{"\"NA\",b\n", "CSV, NULL_DISPLAY = 'NA', ALLOW_QUOTED_NULLS = TRUE", "$1, $2", "NULL\tb"},
		{",b\n", "CSV, EMPTY_FIELD_AS = STRING", "$1, $2", "\tb"},
		{",b\n", "CSV, EMPTY_FIELD_AS = NULL", "$1, $2", "NULL\tb"},
		{",b\n", "CSV, EMPTY_FIELD_AS = FIELD_DEFAULT", "$1, $2", "NULL\tb"},
		{"\"\",b\n", "CSV, QUOTED_EMPTY_FIELD_AS = NULL", "$1, $2", "NULL\tb"},
		{"a,b,c\n1\n1,2,3,4\n", "CSV, ERROR_ON_COLUMN_COUNT_MISMATCH = FALSE", "$1, $2, $3", "a\tb\tc / 1\tNULL\tNULL / 1\t2\t3"},
		{"x,y\n-,1\n1.5,2\n", "CSV, PARSE_HEADER = TRUE, NAN_DISPLAY = '-'", "x, x + y", "NULL\tNULL / 1.5\t3.5"},
		{"\xe9,\xfc\n", "CSV, ENCODING = 'latin1'", "$1, $2", "é\tü"},
		{"\xc4\xe3,\xba\xc3\n", "CSV, ENCODING = 'GBK'", "$1, $2", "你\t好"},
		{"a,b\xff\n", "CSV, ENCODING_ERROR_MODE = REPLACE", "$1, $2", "a\tb\ufffd"},
		{"a\tb\n\\N\tc\\td\\\\e\n", "TSV", "$1, REPLACE($2, '\\t', '+')", "a\tb / NULL\tc+d\\e"},
		{"a\tb\n1\tx\\ty\n", "TSV, PARSE_HEADER = TRUE", "a + 1, REPLACE(b, '\\t', '+')", "2\tx+y"},
		{"a|b\\|c\n", "TSV, FIELD_DELIMITER = '|'", "$1, $2", "a\tb|c"},
		{"a b\nc\n", "TSV, FIELD_DELIMITER = ''", "$1", "a b / c"},
		{"\"a\tb\n", "TSV", "$1, $2", "\"a\tb"},
		{`{"a": "NA", "b": [1, {"c": "x"}]}` + "\n", "NDJSON, NULL_IF = ('NA', '')", "a, $1:b[1].c", "NULL\t\"x\""},
		{`{"a": 1}` + "\n\n" + `{"b": "y"}` + "\n", "NDJSON", "a, b, $1:b, METADATA$FILE_ROW_NUMBER", "1\tNULL\tNULL\t0 / NULL\ty\t\"y\"\t1"},
	} {
		name := "f" + string(rune('a'+i/26)) + string(rune('a'+i%26))
		s.mustUpload("s", name, []byte(c.content))
		s.wantTexts("SELECT "+c.query+" FROM @s/"+name+" (FILE_FORMAT => (TYPE = "+c.format+"))", strings.Split(c.want, " / ")...)
	}
}

// TestQueryBadRecords wants a file's name, a line and a column in the error of
// a bad record.
func TestQueryBadRecords(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	s.exec("CREATE STAGE s")
	numbers := strings.Repeat("1,"+strings.Repeat("x", 850)+"\n", 21_000)
	for _, c := range []struct{ name, content, from, want string }{
		{"short.csv", "a,b,c\n1,2,3\n4,5\n", "@s/short.csv", "@s/short.csv, line 3, column 3: it has 2 columns, and the first record has 3"},
		{"long.csv", "a,b\n1,2\n\n4,5,6\n", "s.`long.csv`", "@s/long.csv, line 4, column 3: it has 3 columns, and the first record has 2"},
		{"open.csv", "a,b\n1,\"2\n3,4\n", "@s/open.csv", "@s/open.csv, line 2, column 2: the quote that opens here is not closed"},
		{"quote.csv", "a,b\n\"1\"x,2\n", "@s/quote.csv", "@s/quote.csv, line 2, column 1: there is text behind the closing quote; a quote within quotes is doubled"},
		{"bytes.csv", "a,b\n1,x\xff\n", "@s/bytes.csv", "@s/bytes.csv, line 2, column 2: its bytes are no UTF-8 text; ENCODING = '…' names another encoding, and ENCODING_ERROR_MODE = REPLACE reads each byte that is no text as U+FFFD"},
		{"late.csv", "a,b\n" + numbers + "\"x\",2\n", "s.`late.csv`", "@s/late.csv, line 21002, column 1: the value \"x\" of column \"a\" is no BIGINT, the type of the values before it"},
		{"short.tsv", "a\tb\n1\n", "@s/short.tsv", "@s/short.tsv, line 2, column 2: it has 1 column, and the first record has 2"},
		{"bad.ndjson", "{\"a\":1}\n{\"a\":2\n{\"a\":3}\n", "@s/bad.ndjson", "@s/bad.ndjson, line 2, column 6: it is no JSON: unexpected end of JSON input"},
		{"x.gz", "this is no gzip", "@s/x.gz (FILE_FORMAT => 'csv')", "@s/x.gz: it is no whole GZIP file: gzip: invalid header"},
		{"x.orc", "ORC", "@s/x.orc", "files of the format ORC cannot be queried; CSV, TSV, NDJSON, JSON and PARQUET can"},
		{"x.avro", "Obj", "s.`x.avro`", "files of the format AVRO cannot be queried; CSV, TSV, NDJSON, JSON and PARQUET can"},
	} {
		s.mustUpload("s", c.name, []byte(c.content))
		rows, err := s.db("").QueryContext(s.context(), "SELECT * FROM "+c.from)
		for err == nil && rows.Next() {
		}
		if err == nil {
			err = rows.Err()
			rows.Close()
		}
		if err == nil || !strings.HasSuffix(err.Error(), ": "+c.want) {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
}

// TestQueryDigits wants numbers of text files whose digits a double would lose to be
// exact, and nested values of JSON to be as they are in the file.
func TestQueryDigits(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	s.exec("CREATE STAGE s")
	s.mustUpload("s", "n.csv", []byte("i,u,w,d,f\n9223372036854775807,18446744073709551615,9223372036854775808,12345678901234567890.123456789,0.30000000000000004\n-1,0,-1,.5,100.10\n"))
	s.mustUpload("s", "n.tsv", []byte("u\td\n18446744073709551615\t1.00000000000000000001\n"))
	s.mustUpload("s", "n.ndjson", []byte(`{"d": 1234567890123456.789012, "o": {"a": 1, "l": [1, 2.50]}, "f": 0.30000000000000004, "A b": 12345678901234567.5}`+"\n"+`{"d": -2, "o": {"b": "x"}, "f": 5e-1, "A b": 1e3}`))
	s.mustUpload("s", "n.json", []byte(`[{"d": 1234567890123456.789012}, {"d": null}]`))
	s.wantTexts("SELECT i, u, w, d, f FROM s.`n.csv` ORDER BY i DESC",
		"9223372036854775807\t18446744073709551615\t9223372036854775808\t12345678901234567890.123456789\t0.30000000000000004",
		"-1\t0\t-1\t0.500000000\t100.1")
	s.wantTexts("SELECT SUM(w), SUM(d), MAX(u) FROM s.`n.csv`", "9223372036854775807\t12345678901234567890.623456789\t18446744073709551615")
	s.wantTexts("SELECT u, d FROM s.`n.tsv`", "18446744073709551615\t1.00000000000000000001")
	s.wantTexts("SELECT d, o, f, `A b` FROM s.`n.ndjson`",
		`1234567890123456.789012`+"\t"+`{"a": 1, "l": [1, 2.5]}`+"\t0.30000000000000004\t12345678901234567.5", "-2.000000\t"+`{"b": "x"}`+"\t0.5\t1000.0")
	s.wantTexts("SELECT d FROM s.`n.ndjson` WHERE d = 1234567890123456.789012 AND METADATA$FILE_ROW_NUMBER = 0", "1234567890123456.789012")
	s.wantTexts("SELECT d + 1, $1:d IS NULL FROM @s/n.json", "1234567890123457.789012\t0", "NULL\t0")
}

// TestQueryUnites reads files with differing columns as one table.
func TestQueryUnites(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	s.exec("CREATE STAGE s")
	s.mustUpload("s", "h/1.csv", []byte("a,b\n1,x\n"))
	s.mustUpload("s", "h/2.csv", []byte("b,c\ny,2.5\n"))
	s.mustUpload("s", "h/3.csv", []byte("B,a\r\nz,3\r\n"))
	s.wantTexts("SELECT a, b, c, METADATA$FILENAME FROM s.`h/` ORDER BY b", "1\tx\tNULL\th/1.csv", "NULL\ty\t2.5\th/2.csv", "3\tz\tNULL\th/3.csv")
	s.mustUpload("s", "p/1.csv", []byte("1,2,3,4,5,6,7,8,9\n"))
	s.mustUpload("s", "p/2.csv", []byte("1,2,3,4,5,6,7,8,9,10,11,12\n"))
	s.mustUpload("s", "p/3.csv", nil)
	s.wantTexts("SELECT $9, $12, METADATA$FILENAME, METADATA$FILE_ROW_NUMBER FROM @s/p/ ORDER BY 3", "9\tNULL\tp/1.csv\t0", "9\t12\tp/2.csv\t0")
	s.mustUpload("s", "n/1.ndjson", []byte(`{"a": 1}`+"\n"))
	s.mustUpload("s", "n/2.ndjson", []byte(`{"b": "x", "a": 2}`+"\n"))
	s.wantTexts("SELECT a, b FROM @s/n/ ORDER BY a", "1\tNULL", "2\tx")
	s.exec("COPY INTO @s/q/ FROM (SELECT 1 AS a, 'x' AS b)")
	s.exec("COPY INTO @s/q/ FROM (SELECT 2.5 AS a, 'y' AS c)")
	s.wantTexts("SELECT a, b, c FROM @s/q/ ORDER BY a", "1.0\tx\tNULL", "2.5\tNULL\ty")
}

// TestQueryFormatOrder finds the format in the statement, in the stage, in the
// file's name, and is Parquet else.
func TestQueryFormatOrder(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	s.exec("CREATE STAGE s FILE_FORMAT = (TYPE = CSV, FIELD_DELIMITER = '|')")
	s.exec("CREATE STAGE plain")
	s.mustUpload("s", "x.tsv", []byte("a|b,c\n"))
	s.wantTexts("SELECT $2 FROM @s/x.tsv", "b,c")
	s.wantTexts("SELECT $2 FROM @s/x.tsv (FILE_FORMAT => 'csv')", "c")
	s.mustUpload("plain", "x.tsv", []byte("a\tb\n"))
	s.wantTexts("SELECT $2 FROM @plain/x.tsv", "b")
	content, err := os.ReadFile("testdata/files/books.parquet")
	if err != nil {
		t.Fatal(err)
	}
	s.mustUpload("plain", "books", content)
	s.wantTexts("SELECT COUNT(*) FROM @plain/books", "2")
}
