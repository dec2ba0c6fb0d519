package tests

import (
	"fmt"
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
// as. Numbers of JSON have fewer digits than these.
var unloadColumns = []struct {
	name, typ string
	json      bool
}{
	{"id", "SIGNED", true}, {"s", "", true}, {"i", "SIGNED", false}, {"u", "UNSIGNED", false}, {"d", "DECIMAL(38,10)", false}, {"f", "DOUBLE", false},
	{"day", "DATE", true}, {"moment", "DATETIME(6)", true}, {"tm", "TIME(6)", true}, {"y", "", true},
}

// TestUnloadTrip unloads values in each format, and wants to read the same.
func TestUnloadTrip(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	s.exec("CREATE STAGE s")
	for i, format := range []string{
		"TYPE = PARQUET", "TYPE = CSV", "TYPE = CSV, OUTPUT_HEADER = TRUE", "TYPE = CSV, QUOTE_STYLE = QUOTE_NOT_NULL", "TYPE = CSV, FIELD_DELIMITER = '|'",
		"TYPE = CSV, COMPRESSION = GZIP", `TYPE = CSV, ESCAPE = '\\'`, `TYPE = CSV, QUOTE = '\''`, "TYPE = CSV, NULL_DISPLAY = 'NULL'", "TYPE = CSV, NULL_DISPLAY = ''",
		"TYPE = CSV, BINARY_FORMAT = BASE64", "TYPE = TSV", "TYPE = TSV, OUTPUT_HEADER = TRUE", "TYPE = TSV, FIELD_DELIMITER = ','", "TYPE = TSV, NULL_DISPLAY = 'NA'",
		"TYPE = NDJSON",
	} {
		place := fmt.Sprintf("@s/%d/", i)
		source, shown, read := unloadQueries(format)
		s.exec("COPY INTO " + place + " FROM (" + source + ") FILE_FORMAT = (" + format + ")")
		want := s.texts("SELECT " + shown + " FROM (" + source + ") AS v ORDER BY 1")
		format = strings.Replace(format, "OUTPUT_HEADER = TRUE", "SKIP_HEADER = 1", 1)
		got := s.texts("SELECT " + read + " FROM " + place + " (FILE_FORMAT => (" + format + ")) v ORDER BY 1")
		if len(want) != len(hostileRows) || len(got) != len(want) {
			t.Errorf("%s: %d rows of %d", format, len(got), len(want))
			continue
		}
		for k := range want {
			if got[k] != want[k] {
				t.Errorf("%s:\ngot  %q\nwant %q", format, got[k], want[k])
			}
		}
	}
}

// unloadQueries gives the query whose rows are unloaded in a format, what shows
// them, and what shows the same of the files.
func unloadQueries(format string) (source, shown, read string) {
	var columns, shows, reads []string
	for k, c := range unloadColumns {
		value, file := c.name, c.name
		if strings.Contains(format, "SV") {
			file = fmt.Sprintf("$%d", k+1)
		}
		if c.typ != "" {
			value = "CAST(" + c.name + " AS " + c.typ + ")"
			file = "CAST(" + file + " AS " + c.typ + ")"
		}
		columns = append(columns, value+" AS "+c.name)
		switch {
		case strings.Contains(format, "JSON") && !c.json:
			continue
		case c.name == "y" && strings.Contains(format, "BASE64"):
			value, file = "HEX(y)", "HEX(FROM_BASE64("+file+"))"
		case c.name == "y" && !strings.Contains(format, "PARQUET"):
			value = "HEX(y)"
		case c.typ == "":
			value, file = "HEX("+value+")", "HEX("+file+")"
		}
		shows, reads = append(shows, value), append(reads, file)
	}
	rows := []string{"SELECT 1 AS id" + nullColumns()}
	for _, row := range hostileRows[1:] {
		rows = append(rows, "SELECT "+row)
	}
	source = "SELECT " + strings.Join(columns, ", ") + " FROM (" + strings.Join(rows, " UNION ALL ") + ") AS v"
	return source, strings.Join(shows, ", "), strings.Join(reads, ", ")
}

func nullColumns() (list string) {
	for _, c := range unloadColumns[1:] {
		list += ", NULL AS " + c.name
	}
	return list
}
