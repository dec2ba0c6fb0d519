//go:build linux && !noduck

package duck

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"wharf"
	"wharf/sql"
)

// fileSet is the files of a source, and how they are read.
type fileSet struct{ sql.FileSet }

// compression returns DuckDB's name for how a file is compressed.
func (f fileSet) compression(key wharf.Key) string {
	said := f.Format.Compression.Value
	if f.Format.Type == wharf.Parquet || said == "NONE" {
		return uncompressed // Parquet says inside how its pages are
	}
	if said != "" && said != "AUTO" {
		return strings.ToLower(said)
	}
	if byName, ok := compressions[path.Ext(strings.ToLower(string(key)))]; ok {
		return byName
	}
	return uncompressed
}

const uncompressed = "uncompressed"

// compressions are how files are compressed by the ends of their names.
var compressions = map[string]string{".gz": "gzip", ".zst": "zstd", ".bz2": "bz2", ".xz": "xz", ".br": "brotli", ".deflate": "deflate", ".zip": "zip"}

// reader is a fileSet as a query reads it.
type reader struct {
	SQL     string
	Columns []Column
	Rename  func(i int, name string) string
	hidden  []Column
	extra   []string // expressions for the hidden columns
	drop    map[string]bool
}

// reader gives DuckDB's text that reads the set's files.
func (s fileSet) reader(paths []string, w wanted) (*reader, error) {
	list := make([]string, len(paths))
	for i, p := range paths {
		list[i] = quoteString(p)
	}
	files := "[" + strings.Join(list, ", ") + "]"
	r := &reader{drop: map[string]bool{}}
	compression, err := s.compressionOfAll()
	if err != nil {
		return nil, err
	}
	var args []string
	if len(paths) > 1 {
		args = append(args, "union_by_name = true")
	}
	if w.filename {
		args = append(args, "filename = 'wharf filename'")
		keys := make([]string, len(s.Files))
		for i, f := range s.Files {
			keys[i] = quoteString(string(f.Key))
		}
		r.hidden = append(r.hidden, Column{"METADATA$FILENAME", "VARCHAR"})
		r.extra = append(r.extra, "list_extract(["+strings.Join(keys, ", ")+`], CAST(regexp_extract("wharf filename", '/(\d+)[^/]*$', 1) AS INTEGER) + 1)`)
		r.drop["wharf filename"] = true
	}
	switch s.Format.Type {
	case wharf.Parquet:
		if w.rowNumber {
			args = append(args, "file_row_number = true")
			r.hidden = append(r.hidden, Column{"METADATA$FILE_ROW_NUMBER", "BIGINT"})
			r.extra = append(r.extra, "file_row_number")
			r.drop["file_row_number"] = true
		}
		r.SQL = call("read_parquet", files, args)
	case wharf.CSV, wharf.TSV:
		if w.rowNumber {
			return nil, refused("METADATA$FILE_ROW_NUMBER of " + string(s.Format.Type) + " files")
		}
		csv, err := s.csvArguments(r)
		if err != nil {
			return nil, err
		}
		r.SQL = call("read_csv", files, append(args, append(csv, "compression = "+quoteString(compression))...))
	case wharf.NDJSON:
		if w.rowNumber {
			return nil, refused("METADATA$FILE_ROW_NUMBER of " + string(s.Format.Type) + " files")
		}
		args = append(args, "compression = "+quoteString(compression))
		// A file of NDJSON may turn out to be one JSON array.
		args = append(args, "format = 'auto'")
		r.SQL = call("read_json", files, args)
		if w.place {
			r.hidden = append(r.hidden, Column{"$1", "JSON"})
			r.extra = append(r.extra, `"wharf record"`)
			r.drop["wharf record"] = true
			objects := call("read_json_objects", files, slices.DeleteFunc(args, func(a string) bool { return strings.HasPrefix(a, "filename") }))
			r.SQL = "(SELECT fields.*, records.json AS \"wharf record\" FROM " + r.SQL + " AS fields POSITIONAL JOIN " + objects + " AS records)"
		}
	default:
		return nil, wharf.Errorf(wharf.CodeUnsupported, "files of the format %s cannot be queried; CSV, TSV, NDJSON, JSON and PARQUET can", s.Format.Type)
	}
	return r, nil
}

func call(name, files string, args []string) string {
	return name + "(" + strings.Join(append([]string{files}, args...), ", ") + ")"
}

func (s fileSet) compressionOfAll() (string, error) {
	first := s.compression(s.Files[0].Key)
	for _, f := range s.Files[1:] {
		if s.compression(f.Key) != first {
			return "auto_detect", nil
		}
	}
	switch first {
	case uncompressed, "gzip", "zstd":
		return first, nil
	}
	return "", wharf.Errorf(wharf.CodeUnsupported, "COMPRESSION = %s cannot be read in a query; NONE, GZIP and ZSTD can", strings.ToUpper(first))
}

// csvArguments are the arguments of read_csv.
func (s fileSet) csvArguments(r *reader) ([]string, error) {
	f := s.Format
	if e := f.Encoding.Or("UTF-8"); e != "UTF-8" && e != "UTF8" {
		return nil, wharf.Errorf(wharf.CodeUnsupported, "ENCODING = %s cannot be read in a query; UTF-8 can", e)
	}
	switch f.RecordDelimiter.Or("\n") {
	case "\n", "\r\n", "\r":
	default:
		return nil, wharf.Errorf(wharf.CodeUnsupported, "a RECORD_DELIMITER other than the end of a line cannot be read in a query")
	}
	delimiter, quote := ",", `"`
	if f.Type == wharf.TSV {
		delimiter, quote = "\t", ""
	}
	quote = f.Quote.Or(quote)
	escape := f.Escape.Or(quote)
	if escape == "" {
		escape = quote
	}
	args := []string{
		"delim = " + quoteString(f.FieldDelimiter.Or(delimiter)), "quote = " + quoteString(quote), "escape = " + quoteString(escape),
	}
	if f.NullDisplay.Given {
		args = append(args, "nullstr = "+quoteString(f.NullDisplay.Value))
	}
	if f.ErrorOnColumnCountMismatch.Given && !f.ErrorOnColumnCountMismatch.Value {
		args = append(args, "null_padding = true")
	}
	skip := f.SkipHeader.Value
	switch {
	case f.ParseHeader.Value:
		args = append(args, "header = true", "all_varchar = true")
	case s.ByPlace:
		r.Rename = func(i int, name string) string { return fmt.Sprintf("$%d", i+1) }
		args = append(args, "header = false", "all_varchar = true")
	case skip > 0:
		// The last of the lines that are skipped has the names.
		skip--
		args = append(args, "header = true")
	}
	return append(args, fmt.Sprintf("skip = %d", skip)), nil
}

// relation gives the reader's files as a relation, with its columns under
// their names.
func (r *reader) relation(described []column) Relation {
	rel := Relation{SQL: r.SQL, Hidden: r.hidden}
	plain := len(r.hidden) == 0
	items := make([]string, 0, len(described))
	for i, c := range r.Columns {
		if r.drop[described[i].Name] {
			continue
		}
		plain = plain && c.Name == described[i].Name
		items = append(items, quoteName(described[i].Name)+" AS "+quoteName(c.Name))
		rel.Columns = append(rel.Columns, c)
	}
	for i, h := range r.hidden {
		items = append(items, r.extra[i]+" AS "+quoteName(h.Name))
	}
	if !plain {
		rel.SQL = "(SELECT " + strings.Join(items, ", ") + " FROM " + r.SQL + ")"
	}
	return rel
}
