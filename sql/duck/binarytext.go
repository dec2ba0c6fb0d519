//go:build linux && !noduck

package duck

import (
	"regexp"
	"slices"
	"strings"

	"wharf"
)

// Some writers of Parquet, such as Impala's, old ones of Hive and Spark, and
// ClickHouse's, do not mark their texts: a column of texts is one of bytes then,
// as a column of images is. Where BINARY_AS_TEXT does not say what the bytes
// are, the footers of the files decide, without a look at the rows: the columns
// are texts if the writer marks none, and if the least and the greatest values
// in the footers are texts.

// unmarked tells the columns of bytes whose values in the footers are all
// texts, by their paths. It tells none where a file shows that its writer marks
// texts: by a mark, by the schema that Arrow's writers put beside it, or by the
// name of DuckDB's writer. A value of over 16 bytes may be cut off within a
// character.
const unmarked = `SELECT path_in_schema, bool_and(type = 'BYTE_ARRAY' AND parquet_text(least) AND parquet_text(greatest)) AS texts FROM (
	SELECT path_in_schema, type, stats_null_count < num_values AS filled, coalesce(stats_min_value, stats_min) AS least, coalesce(stats_max_value, stats_max) AS greatest
	FROM parquet_metadata($))
WHERE type LIKE '%BYTE_ARRAY' AND (filled IS NULL OR filled OR least IS NOT NULL)
	AND NOT EXISTS (FROM parquet_schema($) WHERE converted_type IN ('UTF8', 'ENUM', 'JSON') OR logical_type LIKE 'String%')
	AND NOT EXISTS (FROM parquet_kv_metadata($) WHERE key = 'ARROW:schema'::BLOB)
	AND NOT EXISTS (FROM parquet_file_metadata($) WHERE created_by LIKE 'DuckDB%')
GROUP BY path_in_schema`

// byteKind is what is known of a column of bytes in files that may not mark
// their texts.
type byteKind uint8

const (
	noBytes byteKind = iota // or not known
	rawBytes
	textBytes // they are texts
)

// findTexts finds out which columns of bytes are texts.
func (l *lease) findTexts(columns []column, paths []string) error {
	if !anyOf(columns, func(c column) bool { return c.Duck == "BLOB" }) {
		return nil
	}
	kinds := map[string]byteKind{} // by column
	err := l.collect(strings.ReplaceAll(unmarked, "$", quotedList(paths)), func(row []wharf.Value) error {
		path, kind := row[0].Str(), rawBytes
		if row[1].String() == "1" {
			kind = textBytes
		}
		for _, c := range columns {
			// DuckDB writes a path with ", " between the fields.
			if path == c.Name || strings.HasPrefix(path, c.Name+", ") {
				if kinds[c.Name] != rawBytes {
					kinds[c.Name] = kind
				}
			}
		}
		return nil
	})
	for i, c := range columns {
		if columns[i].bytes = kinds[c.Name]; c.Duck == "BLOB" {
			columns[i].bytes = max(rawBytes, columns[i].bytes)
		}
	}
	return unlessFailure(err)
}

// asTexts makes the reader read the columns that are texts as such: by the
// database's own option if all columns of bytes are, so that it compares them with
// its statistics, else one by one.
func (r *reader) asTexts(columns []column) []column {
	has := func(kind byteKind) bool {
		return slices.ContainsFunc(columns, func(c column) bool { return c.bytes == kind })
	}
	all := !has(rawBytes)
	if !has(textBytes) {
		return columns
	}
	if all {
		r.parquet(true)
	}
	columns = slices.Clone(columns)
	for i, c := range columns {
		if c.bytes == textBytes && c.Duck == "BLOB" {
			columns[i].Duck = "VARCHAR"
			r.decoded[c.Name] = !all
		}
		if all {
			columns[i].Fields = textFields(c.Fields)
		}
	}
	return columns
}

// textFields gives nested columns as they are read where all bytes are texts.
func textFields(fields []column) []column {
	fields = slices.Clone(fields)
	for i, c := range fields {
		if fields[i].Fields = textFields(c.Fields); c.Duck == "BLOB" {
			fields[i].Duck = "VARCHAR"
		}
	}
	return fields
}

// invalidText is DuckDB's message of a text that is not UTF-8, with the file.
var invalidText = regexp.MustCompile(`^Invalid string encoding found in Parquet file "(.*?)"`)

// notText is the error of bytes that were to be read as text, or nil.
func (f failure) notText(clear func(string) string) error {
	where := "a column of bytes"
	if m := invalidText.FindStringSubmatch(f.Text); m != nil {
		where = clear(m[1])
	} else if !strings.HasPrefix(f.Text, "Failure in decode") {
		return nil
	}
	return wharf.Errorf(wharf.CodeInvalid, "%s has a value that is not UTF-8 text; FILE_FORMAT => (TYPE = PARQUET, BINARY_AS_TEXT = FALSE) reads the columns without a type as bytes", where)
}
