//go:build linux && !noduck

package duck

import (
	"fmt"
	"slices"

	"wharf/sql/textfile"
)

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
	format = "format = " + quoteString(format)
	args := append(s.arguments(len(paths), w), format)
	objects := call("read_json_objects", paths, []string{format})
	r.documents = &documents{
		objects: objects,
		numbers: func(types string) string {
			return call("read_json", paths, append(slices.Clip(s.arguments(len(paths), wanted{})), format, types))
		},
		typed: func(types string, records bool) string {
			from := call("read_json", paths, append(slices.Clip(args), types))
			if w.place || records {
				from = "(SELECT fields.*, records.json AS " + quoteName(recordColumn) + " FROM " + from + " AS fields POSITIONAL JOIN " + objects + " AS records)"
			}
			return s.numbered(from, len(paths), w)
		},
	}
	if w.place {
		r.hidden, r.extra = append(r.hidden, Column{"$1", "JSON"}), append(r.extra, "mysql_finite_json("+quoteName(recordColumn)+")")
	}
	sample := documentSample
	if s.small() {
		sample = -1
	} else {
		r.documents.sample = fmt.Sprintf(" LIMIT %d", sample)
	}
	r.SQL = r.documents.typed(fmt.Sprintf("sample_size = %d", sample), false)
	return nil
}

// documentSample is how many documents of large files are looked at for the types of
// columns.
const documentSample = 20_480

// documents is how files of JSON are read, with further arguments: their types of
// columns, or how to find them out.
type documents struct {
	typed   func(types string, records bool) string // what the query reads; with records, each document's text too
	numbers func(types string) string               // columns alone
	objects string                                  // the documents' texts
	sample  string                                  // the LIMIT of those of large files that are looked at
}

// findWhole finds out which columns have whole numbers alone, and of which size: DuckDB
// tells a column of both signs to be of 128 bits, and one with a number of more than 64
// bits to be of doubles.
func (l *lease) findWhole(d *documents, columns []column) error {
	asked := func(c column) bool { return c.Duck == "HUGEINT" || c.Duck == "DOUBLE" }
	types := typesOf(columns, func(c column) string {
		if asked(c) {
			return "JSON"
		}
		return ""
	})
	from := fmt.Sprintf("(SELECT * FROM %s LIMIT %d)", d.numbers("columns = "+types), exactSample)
	text := func(c column) string { return "nullif(CAST(" + quoteName(c.Name) + " AS VARCHAR), 'null')" }
	if err := l.measure(columns, asked, text, from, wholeNumbers); err != nil {
		return err
	}
	return l.findDecimals(d, columns)
}
