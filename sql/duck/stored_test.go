//go:build linux && !noduck

package duck

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wharf"
	"wharf/sql"
)

// TestStoredValues asks for values that MySQL's types do not hold, or hold otherwise than DuckDB's,
// in every place where they could still be what the file has.
func TestStoredValues(t *testing.T) {
	p := open(t, nil)
	const nanos = `SELECT * FROM (VALUES (1, TIMESTAMP_NS '2020-01-02 03:04:05.678901999', TIME_NS '01:02:03.123456789'),
		(2, TIMESTAMP_NS '2020-01-02 03:04:05.678901001', TIME_NS '01:02:03.123456001'), (3, TIMESTAMP_NS '1960-01-01 00:00:00.000000999', TIME_NS '23:59:59.999999999')) v(id, ns, t)`
	files := map[string][]sql.File{"far": {oddFile(t, "fardates")}, "nanos": {newRemote(t, "a.parquet", p.writes(t, nanos, "")).file()}, "times": {oddFile(t, "wrongtimes")}}
	for _, c := range []struct {
		query string
		want  []string
	}{
		{"SELECT id, d FROM far WHERE d IS NOT NULL ORDER BY id", []string{"[1 2020-01-02]", "[7 0000-01-01]", "[8 9999-12-31]"}},
		{"SELECT MIN(d), MAX(d), COUNT(d), COUNT(DISTINCT d) FROM far", []string{"[0000-01-01 9999-12-31 3 3]"}},
		{"SELECT MIN(ts), MAX(ts), COUNT(ts), COUNT(DISTINCT ts) FROM far", []string{"[0000-01-01 00:00:00.000000 9999-12-31 00:00:00.000000 3 3]"}},
		{"SELECT MIN(tz), MAX(tz), COUNT(tz), COUNT(DISTINCT tz) FROM far", []string{"[0000-01-01 00:00:00.000000 9999-12-31 00:00:00.000000 3 3]"}},
		{"SELECT id FROM far WHERE d > '2020-01-01' AND ts > '2020-01-01' AND tz > '2020-01-01' ORDER BY id", []string{"[1]", "[8]"}},
		{"SELECT COUNT(*) FROM far WHERE d < '2020-01-01' OR ts < '2020-01-01' OR tz < '2020-01-01'", []string{"[1]"}},
		{"SELECT ts, COUNT(*) FROM far WHERE id > 1 GROUP BY ts ORDER BY ts", []string{"[NULL 6]", "[0000-01-01 00:00:00.000000 1]", "[9999-12-31 00:00:00.000000 1]"}},
		{"SELECT SUM(d + 0), SUM(YEAR(ts)), SUM(DAY(tz)) FROM far", []string{"[120191434 12019 34]"}},
		{"SELECT CONCAT(d, ''), COALESCE(d, 'none'), COALESCE(ts, 'none') FROM far WHERE id IN (6, 7) ORDER BY id", []string{"[NULL none none]", "[0000-01-01 0000-01-01 0000-01-01 00:00:00.000000]"}},
		{"SELECT id, ns, t FROM nanos ORDER BY id", []string{"[1 2020-01-02 03:04:05.678901 01:02:03.123456]", "[2 2020-01-02 03:04:05.678901 01:02:03.123456]", "[3 1960-01-01 00:00:00.000000 23:59:59.999999]"}},
		{"SELECT COUNT(DISTINCT ns), COUNT(DISTINCT t) FROM nanos", []string{"[2 2]"}},
		{"SELECT ns, t, COUNT(*) FROM nanos GROUP BY ns, t HAVING COUNT(*) > 1", []string{"[2020-01-02 03:04:05.678901 01:02:03.123456 2]"}},
		{"SELECT id, ns + INTERVAL 1 MICROSECOND FROM nanos WHERE ns = '1960-01-01'", []string{"[3 1960-01-01 00:00:00.000001]"}},
		{"SELECT ms_loc, us_loc, ns_loc, COUNT(*) FROM times GROUP BY 1, 2, 3 ORDER BY 4", []string{"[24:00:00.000000 24:00:00.000000 24:00:00.000000 1]", "[NULL NULL NULL 3]"}},
	} {
		got, err := p.ask(t, c.query, files)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %s, %v, want %s", c.query, got, err, c.want)
		}
	}
}

// TestInYears wants a column of dates to be read as it is where the footer says that all are in
// MySQL's years, so that DuckDB leaves out row groups by conditions of it.
func TestInYears(t *testing.T) {
	p := open(t, nil)
	const query = "SELECT d FROM f WHERE d = '2020-01-02'"
	for _, c := range []struct {
		file  sql.File
		known bool
	}{
		{newRemote(t, "a.parquet", p.writes(t, "SELECT DATE '2020-01-02' AS d UNION ALL SELECT DATE '0000-01-01' UNION ALL SELECT DATE '9999-12-31'", "")).file(), true},
		{newRemote(t, "a.parquet", p.writes(t, "SELECT NULL::DATE AS d", "")).file(), true},
		{oddFile(t, "fardates"), false},
	} {
		l, tr, err := p.translate(t.Context(), request(query, map[string][]sql.File{"f": {c.file}}))
		if err != nil {
			t.Fatal(err)
		}
		l.end(nil)
		if known := !strings.Contains(tr.SQL, "mysql_known_date"); known != c.known {
			t.Errorf("read as it is: %t, want %t: %s", known, c.known, tr.SQL)
		}
	}
}

// TestOddParquet asks for what other writers make than DuckDB: types that it cannot read, or reads
// wrongly, and values that do not fit their types.
func TestOddParquet(t *testing.T) {
	p := open(t, nil)
	const (
		long    = "a decimal of more than 38 digits, as the column 'big' has with 50, is not supported by Wharf"
		outside = "@s/a.parquet has a value that is out of range for the type of its column"
		name    = "@s/a.parquet has a column whose name has the character NUL or is not UTF-8, which is not supported by Wharf; a SELECT of other columns by their names can be answered"
	)
	for _, c := range []struct {
		file, query string
		want        string
		code        wharf.Code
	}{
		{"bson", "SELECT id FROM f", "@s/a.parquet cannot be queried: a column of the type BSON is not supported by Wharf", wharf.CodeUnsupported},
		{"longdecimals", "SELECT big FROM f", long, wharf.CodeUnsupported},
		{"longdecimals", "SELECT COUNT(*) FROM f WHERE big > 0", long, wharf.CodeUnsupported},
		{"longdecimals", "SELECT COUNT(*), MAX(id) FROM f", "[2 2]", ""},
		{"fartimes", "SELECT * FROM f", outside + ": a time in milliseconds outside the years -290307 to 294247", wharf.CodeInvalid},
		{"wrongdecimals", "SELECT * FROM f", outside + ", such as a decimal of more digits than it", wharf.CodeInvalid},
		{"names", "SELECT * FROM f", name, wharf.CodeUnsupported},
		{"names", "SELECT `a``b`, `a\"b`, `a.b`, ROWID, filename, file_row_number FROM f", "[tick quote dot rid fn frn]", ""},
	} {
		got, err := p.ask(t, c.query, map[string][]sql.File{"f": {oddFile(t, c.file)}})
		said := strings.Join(got, " ")
		if err != nil {
			said = wharf.MessageOf(err)
		}
		if said != c.want || c.code != "" && wharf.CodeOf(err) != c.code {
			t.Errorf("%s: %s: %s, %v, want %s", c.file, c.query, said, err, c.want)
		}
	}
}

// oddFile is a file of testdata/parquet as a.parquet.
func oddFile(t *testing.T, name string) sql.File {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "parquet", name+".parquet"))
	if err != nil {
		t.Fatal(err)
	}
	return newRemote(t, "a.parquet", data).file()
}
