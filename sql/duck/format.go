//go:build linux && !noduck

package duck

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"wharf"
	"wharf/sql"
	"wharf/sql/textfile"
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
	places    bool                       // columns are also called $1, $2 and so on
	documents bool                       // of JSON
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
		r.text, r.documents = s.nullIf(), true
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

// documents reads files of JSON.
func (l *lease) documents(r *reader, s fileSet, paths []string, w wanted) error {
	paths = slices.Clone(paths)
	jobs := make([]textfile.Job, len(paths))
	for i, p := range paths {
		jobs[i] = s.job(p, s.Files[i].Key)
		if !readable(jobs[i].Compression) {
			to, err := l.convert(jobs[i])
			if err != nil {
				return err
			}
			paths[i], jobs[i] = to, textfile.Job{Path: to} // the text has the lines of the file
		}
	}
	found, err := l.do("lines", jobs)
	if err != nil {
		return err
	}
	format := "newline_delimited"
	for i, f := range found {
		l.texts[paths[i]] = &textFile{job: jobs[i], path: paths[i], native: true, lines: f.Lines}
		if !f.Lines {
			format = "auto" // it may turn out to be one JSON array, or to be written on several lines
		}
	}
	args := append(s.arguments(len(paths), w), "format = "+quoteString(format))
	if s.small() {
		args = append(args, "sample_size = -1")
	}
	r.SQL = call("read_json", paths, args)
	if w.place {
		r.hidden, r.extra = append(r.hidden, Column{"$1", "JSON"}), append(r.extra, quoteName(recordColumn))
		objects := call("read_json_objects", paths, []string{"format = " + quoteString(format)})
		r.SQL = "(SELECT fields.*, records.json AS " + quoteName(recordColumn) + " FROM " + r.SQL + " AS fields POSITIONAL JOIN " + objects + " AS records)"
	}
	r.SQL = s.numbered(r.SQL, len(paths), w)
	return nil
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

// records reads files of CSV or TSV: in groups of those that are read alike.
func (l *lease) records(r *reader, s fileSet, paths []string, w wanted) error {
	texts, err := l.look(s, paths)
	if err != nil {
		return err
	}
	var order []string
	groups := map[string][]*textFile{}
	for _, t := range texts {
		args := strings.Join(s.csvArguments(t), ", ")
		if groups[args] == nil {
			order = append(order, args)
		}
		groups[args] = append(groups[args], t)
	}
	parts := make([]string, len(order))
	for i, args := range order {
		of := make([]string, len(groups[args]))
		for k, t := range groups[args] {
			of[k] = t.path
		}
		parts[i] = s.numbered(call("read_csv", of, append(s.arguments(len(of), w), args)), len(of), w)
	}
	r.SQL = parts[0]
	if len(parts) > 1 {
		r.SQL = "(SELECT * FROM " + strings.Join(parts, " UNION ALL BY NAME SELECT * FROM ") + ")"
	}
	r.places = !s.textOnly()
	if s.Format.Type == wharf.TSV && texts[0].native {
		r.text = func(column string) string { return "mysql_unescaped(" + column + ")" }
	}
	return nil
}

// textOnly reports whether the columns have places and no names, and are all
// text.
func (s fileSet) textOnly() bool { return s.ByPlace && !s.Format.ParseHeader.Value }

// headerSkipped reports whether the names of columns are in the last of the
// lines that are skipped.
func (s fileSet) headerSkipped() bool {
	return !s.textOnly() && !s.Format.ParseHeader.Value && s.Format.SkipHeader.Value > 0
}

// dialect is how the records of CSV or TSV files stand in them.
func (s fileSet) dialect() textfile.Dialect {
	f := s.Format
	d := textfile.Dialect{
		Field: f.FieldDelimiter.Or(","), Quote: f.Quote.Or(`"`), Escape: f.Escape.Or(""), Skip: f.SkipHeader.Value, Trim: f.TrimSpace.Value,
		Nulls: []string{f.NullDisplay.Or(`\N`)}, QuotedNull: f.AllowQuotedNulls.Value,
		EmptyNull: f.EmptyFieldAs.Or("NULL") != "STRING", QuotedEmpty: f.QuotedEmptyFieldAs.Or("STRING") != "STRING",
		Ragged: !f.ErrorOnColumnCountMismatch.Or(true), AnyBytes: f.EncodingErrorMode.Value == "REPLACE",
	}
	if f.Type == wharf.TSV {
		d.Field, d.Quote, d.Escape, d.Backslash = f.FieldDelimiter.Or("\t"), "", "", true
		// There are no quotes to tell an empty text from NULL, which is \N.
		d.EmptyNull = f.EmptyFieldAs.Or("STRING") != "STRING" || !f.EmptyFieldAs.Given && !s.textOnly()
	}
	if f.NaNDisplay.Given && !s.textOnly() {
		d.Nulls = append(d.Nulls, f.NaNDisplay.Value) // MySQL has no NaN
	}
	if s.headerSkipped() {
		d.Skip--
	}
	switch end := f.RecordDelimiter.Value; end {
	case "", "\n", "\r\n", "\r":
	default:
		d.Record = end
	}
	return d
}

// native reports whether DuckDB has words for the options.
func (s fileSet) native() bool {
	d := s.dialect()
	tsv := s.Format.Type == wharf.TSV
	for _, text := range d.Nulls {
		if strings.Contains(text, d.Field) || d.Quote != "" && strings.Contains(text, d.Quote) || d.Escape != "" && strings.Contains(text, d.Escape) {
			return false
		}
	}
	return d.Record == "" && !d.Trim && !d.AnyBytes && !d.Ragged && d.Field != "" && (!tsv || d.Field == "\t") &&
		d.QuotedEmpty == (d.QuotedNull && d.EmptyNull) && textfile.IsUTF8(s.Format.Encoding.Or("utf-8"))
}

// maxLine bounds a line and bufferSize what is read at once, in bytes: the
// former is what textfile bounds a record to.
const (
	maxLine    = 16 << 20
	bufferSize = 2 * maxLine
)

// csvArguments are the arguments of read_csv for a file.
func (s fileSet) csvArguments(t *textFile) []string {
	d := s.dialect()
	args := []string{"comment = ''", "max_line_size = " + strconv.Itoa(maxLine), "buffer_size = " + strconv.Itoa(bufferSize)}
	if t.native {
		if d.Escape == "" {
			d.Escape = d.Quote
		}
		if d.EmptyNull {
			d.Nulls = append(d.Nulls, "")
		}
	} else {
		d = textfile.Dialect{Field: ",", Quote: `"`, Escape: `"`, Nulls: []string{""}}
		t.ends = "\n"
	}
	nulls := make([]string, len(d.Nulls))
	for i, text := range d.Nulls {
		nulls[i] = quoteText(text)
	}
	args = append(args, "delim = "+quoteString(d.Field), "quote = "+quoteString(d.Quote), "escape = "+quoteString(d.Escape),
		"nullstr = ["+strings.Join(nulls, ", ")+"]", fmt.Sprintf("allow_quoted_nulls = %t", d.QuotedNull), fmt.Sprintf("skip = %d", d.Skip))
	switch t.ends {
	case "\n", "\r\n", "\r":
		args = append(args, "new_line = "+quoteString(strings.NewReplacer("\n", `\n`, "\r", `\r`).Replace(t.ends)))
	}
	compression := "none"
	if t.native && t.job.Compression != "" {
		compression = strings.ToLower(t.job.Compression)
	}
	args = append(args, "compression = "+quoteString(compression))
	return append(args, s.columnArguments(t)...)
}

// columnArguments tell the columns of a file, or to find them out.
func (s fileSet) columnArguments(t *textFile) []string {
	if s.textOnly() {
		columns := make([]string, max(len(t.columns), 1))
		for i := range columns {
			columns[i] = fmt.Sprintf("'$%d': 'VARCHAR'", i+1)
		}
		return []string{"auto_detect = false", "header = false", "columns = {" + strings.Join(columns, ", ") + "}"}
	}
	var args []string
	if s.small() {
		args = append(args, "sample_size = -1")
	}
	if s.Format.ParseHeader.Value || s.headerSkipped() {
		args = append(args, "header = true")
	}
	return args
}

// relation gives the reader's files as a relation, with its columns under
// their names.
func (r *reader) relation(described []column) Relation {
	rel := Relation{SQL: r.SQL}
	items := make([]string, 0, len(described))
	plain := true
	for _, c := range described {
		if r.drop[c.Name] {
			plain = false
			continue
		}
		name := quoteName(c.Name)
		item := name
		if r.decoded[c.Name] {
			name, plain = "decode("+name+")", false
			item = name + " AS " + quoteName(c.Name)
		}
		if r.text != nil && c.Duck == "VARCHAR" {
			item, plain = r.text(name)+" AS "+quoteName(c.Name), false
		}
		if r.documents && c.Duck == "HUGEINT" {
			// What has both signs is told to be of 128 bits.
			item, plain, c.Duck = "CAST("+name+" AS BIGINT) AS "+name, false, "BIGINT"
		}
		items = append(items, item)
		rel.Columns = append(rel.Columns, Column{Name: c.Name, Type: c.Duck})
	}
	if r.record && len(rel.Columns) > 0 {
		fields := make([]string, len(rel.Columns))
		for i, c := range rel.Columns {
			value := quoteName(c.Name)
			switch {
			case r.decoded[c.Name]:
				value = "decode(" + value + ")"
			case c.Type == "BLOB":
				value = textOfBytes(value)
			}
			if r.text != nil && c.Type == "VARCHAR" {
				value = r.text(value)
			}
			fields[i] = quoteName(c.Name) + " := " + value
		}
		r.hidden, r.extra = append(r.hidden, Column{recordPlace, "JSON"}), append(r.extra, "to_json(struct_pack("+strings.Join(fields, ", ")+"))")
		rel.Record = true
	}
	if r.places {
		for i, c := range rel.Columns {
			r.hidden, r.extra = append(r.hidden, Column{fmt.Sprintf("$%d", i+1), c.Type}), append(r.extra, quoteName(c.Name))
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
