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

// compression returns how a file is compressed: what COMPRESSION says, else
// what the end of its name tells; "" is not at all.
func (s fileSet) compression(key wharf.Key) string {
	said := s.Format.Compression.Value
	if s.Format.Type == wharf.Parquet || said == "NONE" {
		return "" // Parquet says inside how its pages are
	}
	if said != "" && said != "AUTO" {
		return said
	}
	return compressions[path.Ext(strings.ToLower(string(key)))]
}

// compressions are how files are compressed by the ends of their names.
var compressions = map[string]string{".gz": "GZIP", ".zst": "ZSTD", ".bz2": "BZ2", ".xz": "XZ", ".br": "BROTLI", ".deflate": "DEFLATE", ".zip": "ZIP"}

// reader is a fileSet as a query reads it.
type reader struct {
	SQL       string
	Columns   []Column
	hidden    []Column
	extra     []string // expressions for the hidden columns
	drop      map[string]bool
	text      func(column string) string // what a column of text is read as; nil is as it is
	name      func(string) string        // the name of a column; nil is as it is
	told      bool                       // DuckDB is told the columns of documents, and finds their fields by name
	places    bool                       // columns are also called $1, $2 and so on
	documents *documents                 // of JSON
	retyped   func(types string) string  // SQL with other types of columns of records; nil where they have none of their own
	record    bool                       // the whole row is the column $1
	numbered  string                     // reads the column file_row_number too; "" where there is none
	parquet   func(texts bool)           // sets SQL and numbered; with texts, columns of bytes are read as texts
	decoded   map[string]bool            // columns of bytes that are texts, where others are none
}

// Columns that a reader adds to those of the files.
const (
	nameColumn   = "wharf filename"
	numberColumn = "wharf number"
	recordColumn = "wharf record"
)

// recordPlace is the column that is the whole row.
const recordPlace = "$1"

// reader gives DuckDB's text that reads the set's files.
func (l *lease) reader(s fileSet, paths []string, w wanted) (*reader, error) {
	r := &reader{drop: map[string]bool{}, decoded: map[string]bool{}}
	var err error
	switch s.Format.Type {
	case wharf.Parquet:
		r.parquet = func(texts bool) { r.SQL, r.numbered = s.parquet(paths, w, texts) }
		r.parquet(s.Format.BinaryAsText.Value)
		r.drop["file_row_number"] = w.rowNumber
		r.text, r.record = s.nullIf(), w.place
	case wharf.CSV, wharf.TSV:
		err = l.records(r, s, paths, w)
	case wharf.NDJSON:
		err = l.documents(r, s, paths, w)
		r.text = s.nullIf()
	default:
		err = wharf.Errorf(wharf.CodeUnsupported, "files of the format %s cannot be queried; CSV, TSV, NDJSON, JSON and PARQUET can", s.Format.Type)
	}
	if err != nil {
		return nil, err
	}
	s.addMetadata(r, w)
	return r, nil
}

// parquet gives what reads files of Parquet, and what reads the numbers of the
// rows with them. With texts, columns of bytes without a type are texts.
func (s fileSet) parquet(paths []string, w wanted, texts bool) (read, numbered string) {
	args := s.arguments(len(paths), w)
	if texts {
		args = append(args, "binary_as_string = true")
	}
	numbered = call("read_parquet", paths, append(args, "file_row_number = true"))
	if w.rowNumber {
		return numbered, numbered
	}
	return call("read_parquet", paths, args), numbered
}

func call(name string, paths, args []string) string {
	list := make([]string, len(paths))
	for i, p := range paths {
		list[i] = quoteString(p)
	}
	return name + "(" + strings.Join(append([]string{"[" + strings.Join(list, ", ") + "]"}, args...), ", ") + ")"
}

// arguments are those that all of DuckDB's readers take.
func (s fileSet) arguments(files int, w wanted) []string {
	var args []string
	if files > 1 {
		args = append(args, "union_by_name = true")
	}
	if s.named(files, w) {
		args = append(args, "filename = "+quoteString(nameColumn))
	}
	return args
}

// named reports whether the name of the file is read with the rows. The number
// of a row in its file is told from it.
func (s fileSet) named(files int, w wanted) bool { return w.filename || w.rowNumber && files > 1 }

// numbered gives rows of text files with their numbers, from 0 in each file.
// The rows come in the order of the files, and of the rows in them: a window
// without an order keeps it.
func (s fileSet) numbered(from string, files int, w wanted) string {
	if !w.rowNumber {
		return from
	}
	number := quoteName(numberColumn)
	if files == 1 {
		return "(SELECT *, row_number() OVER () - 1 AS " + number + " FROM " + from + ")"
	}
	return "(SELECT * REPLACE (" + number + " - min(" + number + ") OVER (PARTITION BY " + quoteName(nameColumn) + ") AS " + number + ")" +
		" FROM (SELECT *, row_number() OVER () AS " + number + " FROM " + from + "))"
}

// addMetadata adds METADATA$FILENAME and METADATA$FILE_ROW_NUMBER.
func (s fileSet) addMetadata(r *reader, w wanted) {
	r.drop[nameColumn], r.drop[numberColumn], r.drop[recordColumn] = true, true, true
	if w.filename {
		keys := make([]string, len(s.Files))
		for i, f := range s.Files {
			keys[i] = quoteString(string(f.Key))
		}
		r.hidden = append(r.hidden, Column{"METADATA$FILENAME", "VARCHAR"})
		r.extra = append(r.extra, "list_extract(["+strings.Join(keys, ", ")+"], CAST(regexp_extract("+quoteName(nameColumn)+`, '(\d+)\.[a-z]+$', 1) AS INTEGER) + 1)`)
	}
	if w.rowNumber {
		number := quoteName(numberColumn)
		if s.Format.Type == wharf.Parquet {
			number = "file_row_number"
		}
		r.hidden = append(r.hidden, Column{"METADATA$FILE_ROW_NUMBER", "BIGINT"})
		r.extra = append(r.extra, number)
	}
}

// nullIf gives what NULL_IF makes of a text.
func (s fileSet) nullIf() func(string) string {
	if len(s.Format.NullIf.Value) == 0 {
		return nil
	}
	list := make([]string, len(s.Format.NullIf.Value))
	for i, text := range s.Format.NullIf.Value {
		list[i] = quoteText(text)
	}
	in := " IN (" + strings.Join(list, ", ") + ")"
	return func(column string) string { return "CASE WHEN " + column + in + " THEN NULL ELSE " + column + " END" }
}

// small reports whether all rows of the files are looked at to find the types
// of columns.
func (s fileSet) small() bool {
	const bound = 16 << 20 // bytes
	var total int64
	for _, f := range s.Files {
		if total += f.Size; s.compression(f.Key) != "" {
			total += 7 * f.Size // text of eight times the size is ordinary
		}
	}
	return total <= bound
}

// value gives what a column of the files is read as.
func (r *reader) value(c column) string {
	value := quoteName(c.Name)
	if r.told && c.isRenamed() {
		value = "json_extract(" + quoteName(recordColumn) + ", " + pointer(c.fieldName()) + ")"
		if c.Duck != "JSON" {
			value = "CAST(json_extract_string" + strings.TrimPrefix(value, "json_extract") + " AS " + c.Duck + ")"
		}
	}
	switch {
	case r.decoded[c.Name]:
		value = "decode(" + value + ")"
	case c.raw:
		var digits, behind int
		_, _ = fmt.Sscanf(c.Duck, "DECIMAL(%d,%d)", &digits, &behind)
		return "CAST(" + decimalOf(c.fieldName(), quoteName(recordColumn), digits, behind) + " AS " + c.Duck + ")"
	case c.exact != "":
		return "CAST(" + value + " AS " + c.Duck + ")"
	}
	if r.text != nil && c.Duck == "VARCHAR" {
		return r.text(value)
	}
	return c.held(value)
}

// relation gives the reader's files as a relation, with its columns under
// their names.
func (r *reader) relation(described []column) Relation {
	rel := Relation{SQL: r.SQL}
	items, values, fields := make([]string, 0, len(described)), make([]string, 0, len(described)), make([]string, 0, len(described))
	plain := true
	for _, c := range described {
		if r.drop[c.Name] {
			plain = false
			continue
		}
		value, name := r.value(c), c.Name
		if r.name != nil {
			name = r.name(name)
		}
		if value == quoteName(name) {
			items = append(items, value)
		} else {
			items, plain = append(items, value+" AS "+quoteName(name)), false
		}
		values = append(values, value)
		rel.Columns = append(rel.Columns, Column{Name: name, Type: c.heldType()})
		field, _ := c.inDocument(value, 0)
		if c.isNested() {
			field, _ = c.inDocument(quoteName(c.Name), 0)
		}
		fields = append(fields, quoteName(name)+" := "+field)
	}
	if r.record && len(rel.Columns) > 0 {
		r.hidden, r.extra = append(r.hidden, Column{recordPlace, "JSON"}), append(r.extra, "mysql_document(to_json(struct_pack("+strings.Join(fields, ", ")+")))")
		rel.Record = true
	}
	if r.places {
		for i, c := range rel.Columns {
			r.hidden, r.extra = append(r.hidden, Column{fmt.Sprintf("$%d", i+1), c.Type}), append(r.extra, values[i])
		}
	}
	for i, h := range r.hidden {
		items = append(items, r.extra[i]+" AS "+quoteName(h.Name))
	}
	rel.Hidden = r.hidden
	own := slices.ContainsFunc(rel.Columns, func(c Column) bool { return strings.EqualFold(c.Name, "file_row_number") })
	if r.numbered != "" && !own {
		rel.Rows = func(from, to int64) string {
			return fmt.Sprintf("(SELECT %s FROM %s WHERE file_row_number >= %d AND file_row_number < %d)", strings.Join(items, ", "), r.numbered, from, to)
		}
	}
	if !plain || len(r.hidden) > 0 {
		rel.SQL = "(SELECT " + strings.Join(items, ", ") + " FROM " + r.SQL + ")"
	}
	return rel
}
