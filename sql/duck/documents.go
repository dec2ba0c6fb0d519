//go:build linux && !noduck

package duck

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"wharf"
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
	if err := l.findRenamed(d, columns); err != nil {
		return err
	}
	asked := func(c column) bool { return c.Duck == "HUGEINT" || c.Duck == "DOUBLE" }
	types := typesOf(columns, func(c column) string {
		if asked(c) && c.field == nil {
			return "JSON"
		}
		return ""
	})
	source := "(SELECT json AS " + quoteName(recordColumn) + " FROM " + d.objects + ")"
	if types != "{}" {
		source = d.numbers("columns = " + types)
		if slices.ContainsFunc(columns, column.isRenamed) {
			source = d.typed("columns = "+types, true)
		}
	}
	from := fmt.Sprintf("(SELECT * FROM %s LIMIT %d)", source, exactSample)
	text := func(c column) string {
		if c.isRenamed() {
			return "json_extract_string(" + quoteName(recordColumn) + ", " + pointer(c.fieldName()) + ")"
		}
		return "nullif(CAST(" + quoteName(c.Name) + " AS VARCHAR), 'null')"
	}
	if err := l.measure(columns, asked, text, from, wholeNumbers); err != nil {
		return err
	}
	return l.findDecimals(d, columns)
}

// renamedField is the name that DuckDB gives to the column of a field whose name differs
// from another's in letter case only.
var renamedField = regexp.MustCompile(`^(.*)_\d+$`)

// findRenamed finds the fields whose columns DuckDB gives another name, by which it does
// not find them when it is told the columns: those that differ from another in letter case
// only, and that without a name.
func (l *lease) findRenamed(d *documents, columns []column) error {
	fields := map[int]string{}
	var items []string
	for i, c := range columns {
		field := ""
		if m := renamedField.FindStringSubmatch(c.Name); m != nil && slices.ContainsFunc(columns, func(o column) bool { return o.Name != m[1] && strings.EqualFold(o.Name, m[1]) }) {
			field = m[1]
		} else if c.Name != fmt.Sprintf("C%d", i) {
			continue
		}
		fields[i] = field
		items = append(items, fmt.Sprintf("coalesce(bool_or(json_exists(json, %s)), false)", pointer(c.Name)))
	}
	if items == nil {
		return nil
	}
	return l.collect("SELECT "+strings.Join(items, ", ")+" FROM (SELECT json FROM "+d.objects+d.sample+")", func(row []wharf.Value) error {
		for _, i := range slices.Sorted(maps.Keys(fields)) {
			if field := fields[i]; !isSaid(row[0]) {
				columns[i].field = &field
			}
			row = row[1:]
		}
		return nil
	})
}

func (c column) isRenamed() bool { return c.field != nil }

// fieldName is the name of the field that a column of documents is read from.
func (c column) fieldName() string {
	if c.isRenamed() {
		return *c.field
	}
	return c.Name
}

// pointer is a JSON pointer to a field (RFC 6901).
func pointer(field string) string {
	return quoteString("/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(field))
}
