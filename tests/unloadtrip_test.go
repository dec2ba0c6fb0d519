package tests

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// hostileRows are values that a format may get wrong, as MySQL writes them: a
// text, two whole numbers, a decimal, a double, a date, a moment, a time, and
// bytes.
var hostileRows = []string{
	"", // NULL in all columns but the first
	`2, '', 0, 0, 0.0, 0e0, DATE'1970-01-01', TIMESTAMP'1970-01-01 00:00:00', TIME'00:00:00', x''`,
	`3, 'NULL', -9223372036854775808, 18446744073709551615, -9999999999999999999999999999.9999999999, -1.7976931348623157e308, DATE'0001-01-01', TIMESTAMP'0001-01-01 00:00:00.000001', TIME'-838:59:59', x'00'`,
	`4, '\\N', 9223372036854775807, 1, 9999999999999999999999999999.9999999999, 1.7976931348623157e308, DATE'9999-12-31', TIMESTAMP'9999-12-31 23:59:59.999999', TIME'838:59:59', x'00FF410A0D22'`,
	`5, 'a\tb', 1, 2, 0.0000000001, 5e-324, DATE'2000-02-29', TIMESTAMP'2000-02-29 12:34:56.5', TIME'12:34:56.000001', x'E697A5'`,
	`6, 'a\nb\r\nc\rd', 1, 2, 1, 1, NULL, NULL, NULL, x'5C4E'`,
	`7, 'back\\slash \\t \\n \\\\ \\', 1, 2, 1, 1, NULL, NULL, NULL, NULL`,
	`8, '"quotes" and ''one'' and ""', 1, 2, 1, 1, NULL, NULL, NULL, NULL`,
	`9, ',;|,', 1, 2, 1, 1, NULL, NULL, NULL, NULL`,
	`10, '  blanks  ', 1, 2, 1, 1, NULL, NULL, NULL, NULL`,
	`11, '日本語 😀 é', 1, 2, 1, 1, NULL, NULL, NULL, NULL`,
	`12, '"', 1, 2, 1, 1, NULL, NULL, NULL, NULL`,
	`13, '\\', 1, 2, 1, 1, NULL, NULL, NULL, NULL`,
	`14, 'null', 1, 2, 1, 1, NULL, NULL, NULL, NULL`,
	`15, '\n', 1, 2, 1, 1, NULL, NULL, NULL, NULL`,
	`16, '\t', 1, 2, 1, 1, NULL, NULL, NULL, NULL`,
	`17, '#x {"a": 1}', 1, 2, 1, 1, NULL, NULL, NULL, NULL`,
}

// unloadColumns are the columns of hostileRows, with the type that a text is read
// as.
var unloadColumns = []struct{ name, typ string }{
	{"s", ""}, {"id", "SIGNED"}, {"i", "SIGNED"}, {"u", "UNSIGNED"}, {"d", "DECIMAL(38,10)"}, {"f", "DOUBLE"},
	{"day", "DATE"}, {"moment", "DATETIME(6)"}, {"tm", "TIME(6)"}, {"y", ""},
}

// unloadShapes are the columns that are unloaded together: all, of which the first
// and the last may be empty, and one alone, whose empty field is an empty line.
var unloadShapes = [][]string{nil, {"s"}}

// TestUnloadTrip unloads values in each format, and wants to read the same.
func TestUnloadTrip(t *testing.T) {
	t.Parallel()
	s := start(t, settings{plain: true}) // each COPY INTO takes a worker of its own
	s.exec("CREATE STAGE s")
	for i, format := range []string{
		"TYPE = PARQUET", "TYPE = NDJSON", "TYPE = NDJSON, COMPRESSION = ZSTD",
		"TYPE = CSV", "TYPE = CSV, OUTPUT_HEADER = TRUE, COMPRESSION = GZIP", "TYPE = CSV, QUOTE_STYLE = QUOTE_NOT_NULL, FIELD_DELIMITER = '|'",
		`TYPE = CSV, ESCAPE = '\\', RECORD_DELIMITER = '\r\n'`, `TYPE = CSV, QUOTE = '\'', FIELD_DELIMITER = '§'`, "TYPE = CSV, NULL_DISPLAY = 'NULL'",
		"TYPE = CSV, NULL_DISPLAY = ''", "TYPE = CSV, NULL_DISPLAY = '', OUTPUT_HEADER = TRUE, COMPRESSION = ZSTD", "TYPE = CSV, NULL_DISPLAY = '', EMPTY_FIELD_AS = STRING",
		"TYPE = CSV, EMPTY_FIELD_AS = STRING", "TYPE = CSV, BINARY_FORMAT = BASE64",
		"TYPE = TSV", "TYPE = TSV, OUTPUT_HEADER = TRUE, COMPRESSION = GZIP", `TYPE = TSV, FIELD_DELIMITER = ',', RECORD_DELIMITER = '\r\n'`, "TYPE = TSV, NULL_DISPLAY = 'NA'",
		"TYPE = TSV, FIELD_DELIMITER = '§', EMPTY_FIELD_AS = STRING",
	} {
		for k, names := range unloadShapes {
			if k > 0 && !strings.Contains(format, "SV") {
				continue
			}
			place := fmt.Sprintf("@s/%d/%d/", i, k)
			source, shown, read := unloadQueries(format, names)
			made := s.texts("COPY INTO " + place + " FROM (" + source + ") FILE_FORMAT = (" + format + ") DETAILED_OUTPUT = TRUE")
			if rows := fmt.Sprintf("\t%d", len(hostileRows)); len(made) != 1 || !strings.HasSuffix(made[0], rows) {
				t.Errorf("%s, %s: made %q", format, names, made)
				continue
			}
			read = "SELECT " + read + " FROM " + place + " (FILE_FORMAT => (" + strings.Replace(format, "OUTPUT_HEADER = TRUE", "SKIP_HEADER = 1", 1) + ")) v"
			want, got := s.texts("SELECT "+shown+" FROM ("+source+") AS v"), s.texts(read)
			slices.Sort(want)
			slices.Sort(got)
			if len(want) != len(hostileRows) || !slices.Equal(want, got) {
				t.Errorf("%s, %s:\ngot  %q\nwant %q", format, names, got, want)
			}
		}
	}
	for format, message := range map[string]string{
		"TYPE = CSV, NULL_DISPLAY = 'a,b'":     "NULL_DISPLAY",
		"TYPE = TSV, FIELD_DELIMITER = '\\\\'": "a backslash begins an escape",
		"TYPE = TSV, FIELD_DELIMITER = ''":     "lines of one field",
		"TYPE = TSV, NULL_DISPLAY = 'x'":       "the text x is that of NULL",
		"TYPE = CSV, RECORD_DELIMITER = ';'":   "RECORD_DELIMITER",
	} {
		_, err := s.shown("COPY INTO @s/refused/ FROM (SELECT 'x' AS a, 'y' AS b) FILE_FORMAT = (" + format + ")")
		if err == nil || !strings.Contains(err.Error(), message) {
			t.Errorf("%s: %v", format, err)
		}
	}
	s.unloadsWholeNumbers()
	s.unloadsDocuments()
	s.unloadsHeaders()
	s.unloadsNothing()
}

// unloadsWholeNumbers wants numbers of up to 38 digits back from NDJSON, with their types.
func (s *server) unloadsWholeNumbers() {
	s.t.Helper()
	const nines = "99999999999999999999999999999999999999"
	s.mustUpload("s", "whole.ndjson", []byte(`{"i": -1, "u": 18446744073709551615, "m": -5, "d": -`+nines+`, "f": 1e300, "n": {"a": [1]}, "day": "2024-02-29"}
{"i": 9223372036854775807, "u": 0, "m": 18446744073709551615, "d": `+nines+`, "f": 0.1, "n": null, "day": null}
{"i": null, "f": 2}
`))
	s.wantTexts("SELECT * FROM @s/whole.ndjson", "-1\t18446744073709551615\t-5\t-"+nines+"\t1e+300\t{\"a\": [1]}\t2024-02-29",
		"9223372036854775807\t0\t18446744073709551615\t"+nines+"\t0.1\tNULL\tNULL", "NULL\tNULL\tNULL\tNULL\t2\tNULL\tNULL")
	s.wantTexts("SELECT i + 1, u - 1, m + 1, d = 1, n->'$.a[0]', METADATA$FILE_ROW_NUMBER FROM @s/whole.ndjson LIMIT 1",
		"0\t18446744073709551614\t-4\t0\t1\t0")
	s.wantTexts("SELECT GROUP_CONCAT(COLUMN_TYPE ORDER BY ORDINAL_POSITION) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 's' AND TABLE_NAME = 'whole.ndjson'",
		"bigint,bigint unsigned,decimal(38,0),decimal(38,0),double,json,date")
}

// unloadsDocuments wants JSON to be read as JSON again, not as text.
func (s *server) unloadsDocuments() {
	s.t.Helper()
	s.mustUpload("s", "doc.ndjson", []byte(`{"i": 1, "d": {"b": [1, 2], "a": "x"}}`))
	s.wantTexts(`SELECT d LIKE '{"a": %', d REGEXP '"b": .1, 2', UPPER(d), IF(i = 1, d, 'x') FROM @s/doc.ndjson`, "1\t1\t{\"A\": \"X\", \"B\": [1, 2]}\t{\"a\": \"x\", \"b\": [1, 2]}")
	for _, format := range []string{"NDJSON", "PARQUET"} {
		s.exec("COPY INTO @s/doc/" + format + "/ FROM (SELECT d, JSON_ARRAYAGG(JSON_OBJECT('i', i)) AS l, CONCAT(d) AS t FROM @s/doc.ndjson GROUP BY d) FILE_FORMAT = (TYPE = " + format + ")")
		s.wantTexts("SELECT d->'$.b[1]', JSON_TYPE(JSON_EXTRACT(JSON_ARRAY(l), '$[0]')), JSON_TYPE(JSON_EXTRACT(JSON_ARRAY(t), '$[0]')), t FROM @s/doc/"+format+"/ (FILE_FORMAT => (TYPE = "+format+"))",
			"2\tARRAY\tSTRING\t{\"a\": \"x\", \"b\": [1, 2]}")
	}
}

// unloadsHeaders wants names of columns back that have what ends a field.
func (s *server) unloadsHeaders() {
	s.t.Helper()
	names := []string{"a,b", "c\"d", "e\tf", "g\nh", `i\j`, "k|l", "m"}
	for i, format := range []string{"TYPE = CSV", "TYPE = TSV", "TYPE = CSV, QUOTE_STYLE = QUOTE_NOT_NULL, FIELD_DELIMITER = '|'", "TYPE = TSV, FIELD_DELIMITER = '|'"} {
		for from := range 2 { // all, and one alone
			var columns, want []string
			for _, name := range names[from*3 : from*3+max(1, (1-from)*len(names))] {
				columns, want = append(columns, "1 AS `"+name+"`"), append(want, name)
			}
			place := fmt.Sprintf("@s/header%d/%d/", i, from)
			s.exec("COPY INTO " + place + " FROM (SELECT " + strings.Join(columns, ", ") + ") FILE_FORMAT = (" + format + ", OUTPUT_HEADER = TRUE)")
			rows, err := s.db("").QueryContext(s.context(), "SELECT * FROM "+place+" (FILE_FORMAT => ("+format+", PARSE_HEADER = TRUE))")
			if err != nil {
				s.t.Errorf("%s: %v", format, err)
				continue
			}
			got, _ := rows.Columns()
			rows.Close()
			if !slices.Equal(got, want) {
				s.t.Errorf("%s: the header has %q, want %q", format, got, want)
			}
		}
	}
}

// unloadsNothing unloads no row.
func (s *server) unloadsNothing() {
	s.t.Helper()
	for i, format := range []string{"TYPE = CSV", "TYPE = TSV", "TYPE = NDJSON", "TYPE = PARQUET", "TYPE = TSV, OUTPUT_HEADER = TRUE"} {
		place := fmt.Sprintf("@s/nothing%d/", i)
		s.exec("COPY INTO " + place + " FROM (SELECT 'x' AS a FROM (SELECT 1) v WHERE 1 = 0) FILE_FORMAT = (" + format + ")")
		s.wantTexts("SELECT COUNT(*) FROM "+place+" (FILE_FORMAT => ("+strings.Replace(format, "OUTPUT_HEADER = TRUE", "PARSE_HEADER = TRUE", 1)+"))", "0")
	}
}

// TestEmptyLines reads files of other programs with empty lines: a record with an
// empty field where records have one, as MySQL's LOAD DATA and Snowflake read them,
// and nothing where they have several.
func TestEmptyLines(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	s.exec("CREATE STAGE s")
	for i, c := range []struct{ text, format, want string }{
		{"a\n\nb\n\n", "TYPE = CSV", "a,NULL,b,NULL"},
		{"\n\na\n", "TYPE = CSV", "NULL,NULL,a"},
		{"a\r\n\r\nb\r\n\r\n", "TYPE = CSV", "a,NULL,b,NULL"},
		{"a\n\nb", "TYPE = CSV, EMPTY_FIELD_AS = STRING", "a,,b"},
		{"a\n\nb\n\n", "TYPE = TSV", "a,,b,"},
		{"\n\\N\n\\\\N\nx\\ty\n\n", "TYPE = TSV", ",NULL,\\N,x\ty,"},
		{"\n", "TYPE = TSV", ""},
		{"\n\n", "TYPE = CSV", "NULL,NULL"},
		{"h\n\nb\n\n", "TYPE = TSV, SKIP_HEADER = 1", ",b,"},
		{"h\n\nb\n\n", "TYPE = CSV, PARSE_HEADER = TRUE", "NULL,b,NULL"},
		{"a\n\nNA\n", "TYPE = TSV, NULL_DISPLAY = 'NA'", "a,,NULL"},
		{"a;;b;;", "TYPE = TSV, RECORD_DELIMITER = ';'", "a,,b,"},
		{"a\n\nb\n", "TYPE = TSV, FIELD_DELIMITER = ''", "a,,b"},
		{"\n1,2\n\n3,4\n\n", "TYPE = CSV", "1,3"},
		{"\n1\t2\n\n3\t4\n\n", "TYPE = TSV", "1,3"},
		{"a,b\n\n3,4\n\n", "TYPE = CSV, PARSE_HEADER = TRUE", "3"},
	} {
		name := fmt.Sprintf("%d.txt", i)
		s.mustUpload("s", name, []byte(c.text))
		got := strings.Join(s.texts("SELECT $1 FROM @s/"+name+" (FILE_FORMAT => ("+c.format+")) v"), ",")
		if got != c.want {
			t.Errorf("%q as %s: %q, want %q", c.text, c.format, got, c.want)
		}
	}
	s.mustUpload("s", "named.tsv", []byte("a\\tb\tc\nx\\ty\t1\n"))
	s.wantTexts("SELECT `a\tb`, $1, $2 FROM @s/named.tsv (FILE_FORMAT => (TYPE = TSV, PARSE_HEADER = TRUE)) v", "x\ty\tx\ty\t1")
	s.mustUpload("s", "mixed/1.tsv", []byte("a\n\n"))
	s.mustUpload("s", "mixed/2.tsv", []byte("b\tc\n\n"))
	s.wantTexts("SELECT $1, $2 FROM @s/mixed/ (FILE_FORMAT => (TYPE = TSV)) v", "a\tNULL", "\tNULL", "b\tc")
}

// unloadQueries gives the query whose rows are unloaded in a format, what shows
// them, and what shows the same of the files. Without names it has all columns.
func unloadQueries(format string, names []string) (source, shown, read string) {
	var columns, shows, reads []string
	for _, c := range unloadColumns {
		if names != nil && !slices.Contains(names, c.name) {
			continue
		}
		value, file := c.name, c.name
		if strings.Contains(format, "SV") {
			file = fmt.Sprintf("$%d", len(columns)+1)
		}
		if c.typ != "" {
			value = "CAST(" + c.name + " AS " + c.typ + ")"
			file = "CAST(" + file + " AS " + c.typ + ")"
		}
		columns = append(columns, value+" AS "+c.name)
		switch {
		case strings.Contains(format, "JSON") && c.name == "d":
			continue // decimals of JSON are doubles, as its readers have them
		case c.name == "y" && strings.Contains(format, "BASE64"):
			value, file = "HEX(y)", "HEX(FROM_BASE64("+file+"))"
		case c.name == "y" && !strings.Contains(format, "PARQUET"):
			value = "HEX(y)"
		case c.typ == "":
			value, file = "HEX("+value+")", "HEX("+file+")"
		}
		shows, reads = append(shows, value), append(reads, file)
	}
	rows := []string{"SELECT 1 AS id, NULL AS s, NULL AS i, NULL AS u, NULL AS d, NULL AS f, NULL AS day, NULL AS moment, NULL AS tm, NULL AS y"}
	for _, row := range hostileRows[1:] {
		rows = append(rows, "SELECT "+row)
	}
	source = "SELECT " + strings.Join(columns, ", ") + " FROM (" + strings.Join(rows, " UNION ALL ") + ") AS v"
	return source, strings.Join(shows, ", "), strings.Join(reads, ", ")
}
