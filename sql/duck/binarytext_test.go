//go:build linux && !noduck

package duck

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"wharf"
	"wharf/sql"
)

// unmarkedBy returns a Parquet file as a writer of that name, of six letters, makes
// it that does not mark texts: its columns of bytes have no type.
func (p *Pool) unmarkedBy(t *testing.T, writer, query string) []byte {
	t.Helper()
	made := p.writes(t, query, "")
	data := bytes.ReplaceAll(made, []byte("DuckDB version"), []byte(writer+" version"))
	if writer != "DuckDB" && bytes.Equal(data, made) {
		t.Fatal("the file does not name its writer")
	}
	return data
}

// TestBinaryAsText reads columns of bytes of files that mark no texts, and of
// files that do.
func TestBinaryAsText(t *testing.T) {
	p := open(t, nil)
	books, err := os.ReadFile("../../tests/testdata/files/books.parquet")
	if err != nil {
		t.Fatal(err)
	}
	arrow := "SELECT encode('v' || i) AS b FROM range(3) t(i)"
	yes, no := wharf.Given(true), wharf.Given(false)
	var unsaid wharf.Optional[bool]
	for name, c := range map[string]struct {
		data  []byte
		as    wharf.Optional[bool]
		types string // of the columns
		query string
		want  string
	}{
		"the page's file": {books, unsaid, "title longtext, author longtext, date longtext",
			"SELECT * FROM f WHERE title LIKE 'trans%' OR author = 'Michael Stonebraker'", "[Readings in Database Systems Michael Stonebraker 2004]"},
		"said to be bytes":                 {books, no, "title longblob, author longblob, date longblob", "SELECT HEX(author) FROM f WHERE author = 'Jim Gray'", "[4A696D2047726179]"},
		"said to be texts":                 {p.unmarkedBy(t, "Impala", "SELECT i, encode('é' || i) AS b, [encode('x')] AS n FROM range(1) t(i)"), yes, "i bigint, b longtext, n json", "SELECT b, n FROM f", `[é0 ["x"]]`},
		"DuckDB's bytes":                   {p.unmarkedBy(t, "DuckDB", "SELECT encode('v' || i) AS b FROM range(3) t(i)"), unsaid, "b longblob", "SELECT MAX(b) FROM f", "[v2]"},
		"DuckDB's bytes, said to be texts": {p.unmarkedBy(t, "DuckDB", "SELECT encode('v' || i) AS b FROM range(3) t(i)"), yes, "b longtext", "SELECT MAX(b) FROM f", "[v2]"},
		"texts":                            {p.unmarkedBy(t, "Impala", "SELECT i, encode('né' || i) AS b FROM range(30) t(i)"), unsaid, "i bigint, b longtext", "SELECT MAX(b), COUNT(DISTINCT b) FROM f WHERE b >= 'né1'", "[né9 29]"},
		"texts and images": {p.unmarkedBy(t, "Impala", "SELECT encode('n' || i) AS b, '\\xFF\\xD8'::BLOB AS image FROM range(3) t(i)"), unsaid, "b longtext, image longblob",
			"SELECT b, HEX(image), LENGTH(image) FROM f WHERE b = 'n1'", "[n1 FFD8 2]"},
		"control characters":     {p.unmarkedBy(t, "Impala", "SELECT '\\x7F\\x00\\x00\\x01'::BLOB AS address"), unsaid, "address longblob", "SELECT HEX(address) FROM f", "[7F000001]"},
		"another text is marked": {p.unmarkedBy(t, "Impala", "SELECT encode('a') AS b, 'a' AS v"), unsaid, "b longblob, v longtext", "SELECT HEX(b), v FROM f", "[61 a]"},
		"nested":                 {p.unmarkedBy(t, "Impala", "SELECT [encode('é'), NULL] AS n, {'k': encode('y'), 'm': 3} AS s"), unsaid, "n json, s json", "SELECT n, s FROM f", `[["é",null] {"k":"y","m":3}]`},
		"a nested image":         {p.unmarkedBy(t, "Impala", "SELECT encode('a') AS b, [encode('a'), '\\xFF'::BLOB] AS n"), unsaid, "b longtext, n json", "SELECT b FROM f", "[a]"},
		"NULL only":              {p.unmarkedBy(t, "Impala", "SELECT NULL::BLOB AS b, encode('a') AS c"), unsaid, "b longblob, c longtext", "SELECT b, c FROM f", "[NULL a]"},
		"NULL in one row group":  {p.unmarkedBy(t, "Impala", "SELECT CASE WHEN i > 130000 THEN encode('a') END AS b FROM range(140000) t(i)"), unsaid, "b longtext", "SELECT MAX(b), COUNT(b) FROM f", "[a 9999]"},
		"no rows":                {p.unmarkedBy(t, "Impala", "SELECT encode('a') AS b WHERE 1 = 0"), unsaid, "b longblob", "SELECT COUNT(*) FROM f", "[0]"},
		"Arrow's":                {p.writes(t, arrow, ", KV_METADATA {'ARROW:schema': 'x'}"), unsaid, "b longblob", "SELECT MAX(b) FROM f", "[v2]"},
		"Impala's under Arrow":   {bytes.ReplaceAll(p.writes(t, arrow, ", KV_METADATA {'ARROW:schema': 'x'}"), []byte("DuckDB version"), []byte("Impala version")), unsaid, "b longblob", "SELECT MAX(b) FROM f", "[v2]"},
		"row numbers":            {p.unmarkedBy(t, "Impala", "SELECT encode('n' || i) AS b FROM range(3) t(i)"), unsaid, "b longtext", "SELECT METADATA$FILE_ROW_NUMBER, METADATA$FILENAME, b FROM f WHERE b > 'n1'", "[2 a.parquet n2]"},
	} {
		f := newRemote(t, "a.parquet", c.data)
		request := request(c.query, map[string][]sql.File{"f": {f.file()}})
		resolve := request.Resolve
		request.Resolve = func(ctx context.Context, schema, name string) (sql.Source, error) {
			source, err := resolve(ctx, schema, name)
			source.Files.Format.BinaryAsText = c.as
			return source, err
		}
		for range 2 { // the columns are found out, and remembered
			rows, err := p.Query(t.Context(), request)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			var got []string
			for row, err := range rows.All {
				if got = append(got, fmt.Sprint(row)); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
			if !slices.Equal(got, []string{c.want}) {
				t.Errorf("%s: %s: %s, want %s", name, c.query, got, c.want)
			}
		}
		request.Query = &sql.Query{Text: "SELECT * FROM f"}
		columns, err := p.Columns(t.Context(), request)
		var types []string
		for _, column := range columns {
			types = append(types, column.Name+" "+column.SQLType)
		}
		if got := strings.Join(types, ", "); err != nil || got != c.types {
			t.Errorf("%s: columns %s, %v, want %s", name, got, err, c.types)
		}
	}
}

// TestBytesAreNoText wants a clear error where bytes were said to be texts, or
// seemed to be, and are not.
func TestBytesAreNoText(t *testing.T) {
	p := open(t, nil)
	hidden := "SELECT CASE i WHEN 0 THEN encode('a') WHEN 2 THEN encode('z') ELSE 'b\\xFF'::BLOB END AS b FROM range(3) t(i)"
	const hint = "has a value that is not UTF-8 text; FILE_FORMAT => (TYPE = PARQUET, BINARY_AS_TEXT = FALSE) reads the columns without a type as bytes"
	for _, c := range []struct{ query, want string }{
		{hidden, "@s/a.parquet " + hint},
		{strings.Replace(hidden, " AS b", " AS b, '\\xFF'::BLOB AS image", 1), "a column of bytes " + hint},
	} {
		f := newRemote(t, "a.parquet", p.unmarkedBy(t, "Impala", c.query))
		_, err := p.ask(t, "SELECT b FROM f", map[string][]sql.File{"f": {f.file()}})
		if wharf.CodeOf(err) != wharf.CodeInvalid || wharf.MessageOf(err) != c.want {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
}
