//go:build linux && !noduck

package duck

import (
	"fmt"
	"slices"
	"strings"

	"wharf"
	"wharf/sql/textfile"
)

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
		parts[i] = s.numbered(call("read_csv", of, append(s.arguments(len(of), w), args, buffers(groups[args]))), len(of), w)
	}
	r.SQL = parts[0]
	if len(parts) > 1 {
		r.SQL = "(SELECT * FROM " + strings.Join(parts, " UNION ALL BY NAME SELECT * FROM ") + ")"
	}
	if len(order) == 1 && !s.textOnly() {
		of := make([]string, len(texts))
		for k, t := range texts {
			of[k] = t.path
		}
		r.retyped = func(types string) string {
			return s.numbered(call("read_csv", of, append(s.arguments(len(of), w), order[0], buffers(texts), types)), len(of), w)
		}
	}
	r.places = !s.textOnly()
	if s.Format.Type == wharf.TSV && texts[0].native {
		r.name = unescapedName.Replace
		r.text = texts[max(0, slices.IndexFunc(texts, func(t *textFile) bool { return t.emptyLines }))].unescaped
	}
	return nil
}

// unescapedName gives the name of a column from the header of a TSV file.
var unescapedName = strings.NewReplacer(`\\`, `\`, `\t`, "\t", `\n`, "\n", `\r`, "\r")

// unescaped gives the text of a field of TSV. What stands for NULL in files of empty
// lines is looked for here, since DuckDB was told that an empty line does.
func (t *textFile) unescaped(column string) string {
	text := "mysql_unescaped(" + column + ")"
	if !t.emptyLines {
		return text
	}
	nulls := make([]string, len(t.job.Dialect.Nulls))
	for i, null := range t.job.Dialect.Nulls {
		nulls[i] = " WHEN " + column + " = " + quoteText(null) + " THEN NULL"
	}
	return "CASE WHEN " + column + " IS NULL THEN ''" + strings.Join(nulls, "") + " ELSE " + text + " END"
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
	if len(d.Nulls[0]) == 0 {
		d.Nulls, d.EmptyNull = nil, true
	}
	if f.NaNDisplay.Value != "" && !s.textOnly() {
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

// buffers are the arguments of read_csv that bound lines and what is read at once.
// DuckDB takes a buffer or two for each place that a statement names the files at,
// whatever they have: of short files no more is taken than the longest has.
func buffers(files []*textFile) string {
	line := int64(leastLine)
	for _, t := range files {
		if line = max(line, t.length+1); t.length == 0 && t.job.Compression != "" {
			line = maxLine
		}
	}
	return bufferArguments(min(line, maxLine))
}

// bufferArguments are the arguments for lines of at most so many bytes.
func bufferArguments(line int64) string {
	arguments := fmt.Sprintf("max_line_size = %d, buffer_size = %d", line, line*(bufferSize/maxLine))
	if line == maxLine {
		arguments += " /* wide */" // see narrowed
	}
	return arguments
}

// narrowed is the text of a statement, of whose memory the buffers of all places take at
// most half: where it names long files at many places, their lines may be less long.
func narrowed(text string, memory int64) string {
	wide := bufferArguments(maxLine)
	const perPlace = 2 * bufferSize / maxLine // lines that its buffers hold
	line := memory / 2 / perPlace / max(1, int64(strings.Count(text, wide)))
	if line >= maxLine {
		return text
	}
	return strings.ReplaceAll(text, wide, bufferArguments(max(line, leastLine)))
}

// leastLine is the least bound of a line.
const leastLine = 64 << 10

// csvArguments are the arguments of read_csv for a file.
func (s fileSet) csvArguments(t *textFile) []string {
	d := s.dialect()
	args := []string{"comment = ''"}
	if t.native {
		if d.Escape == "" {
			d.Escape = d.Quote
		}
		switch {
		case t.emptyLines:
			d.Nulls = []string{""} // see unescaped
		case d.EmptyNull:
			d.Nulls = append(d.Nulls, "") // once: DuckDB gives an empty line at the end twice where it stands twice
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
