//go:build linux && !noduck

package duck

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"wharf"
	"wharf/sql"
)

// Unload writes the rows of a query as files into the folder of a worker,
// which is held until they are closed.
func (p *Pool) Unload(ctx context.Context, u sql.Unload) (*sql.Unloaded, error) {
	out, err := outputOf(u)
	if err != nil {
		return nil, err
	}
	l, tr, err := p.translate(ctx, u.Request)
	if err != nil {
		return nil, err
	}
	made, err := l.unload(u, tr, out)
	if err != nil {
		return nil, l.failed(err)
	}
	return made, nil
}

func (l *lease) unload(u sql.Unload, tr *Translation, out output) (*sql.Unloaded, error) {
	s := l.sources
	err := s.fetch(tr)
	if err == nil {
		err = s.send()
	}
	if err != nil {
		return nil, err
	}
	columns, err := l.describeState(tr.SQL, u.Request.State)
	if err == nil {
		err = s.send() // tables are those of one statement
	}
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(l.worker.temp(), "out")
	text, err := out.copy(tr, columns, dir, u.MaxFileSize)
	if err != nil {
		return nil, err
	}
	st := statement{SQL: text, Unload: true, State: u.Request.State}
	rows, err := l.count(st)
	if hole(err) {
		if err = errors.Join(s.again(err), os.RemoveAll(dir)); err == nil {
			rows, err = l.count(st)
		}
	}
	if err == nil {
		err = l.whole(l.ctx)
	}
	if err != nil {
		return nil, err
	}
	made := &sql.Unloaded{Rows: rows, ReadBytes: s.bytes, Close: func() { l.end(nil) }}
	paths, err := outputs(dir)
	if err != nil {
		return nil, err
	}
	for i, path := range paths {
		f, err := l.output(path, out, u.RowsOfEach, len(columns))
		if err != nil {
			return nil, err
		}
		if f.Size == 0 && i > 0 {
			continue // begun, and then there were no more rows
		}
		made.Files = append(made.Files, f)
	}
	return made, nil
}

// count runs a statement whose answer is one number.
func (l *lease) count(st statement) (uint64, error) {
	if _, err := l.begin(st); err != nil {
		return 0, err
	}
	var n uint64
	for {
		kind, payload, err := l.read()
		switch {
		case err != nil:
			return 0, err
		case kind == frameDone:
			l.warned(payload)
			return n, nil
		case kind != frameRows:
			return 0, unexpected(kind, payload)
		case len(payload) < 5 || int(payload[4])+5 > len(payload):
			return 0, errShort
		}
		if n, err = strconv.ParseUint(string(payload[5:5+payload[4]]), 10, 64); err != nil {
			return 0, err
		}
	}
}

// outputs gives what the worker wrote: one file, or a folder of files that are
// numbered.
func outputs(dir string) ([]string, error) {
	info, err := os.Lstat(dir)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{dir}, nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	paths := make([]string, len(entries))
	for i, e := range entries {
		paths[i] = filepath.Join(dir, e.Name())
	}
	number := func(path string) int {
		base, _, _ := strings.Cut(filepath.Base(path), ".")
		n, _ := strconv.Atoi(strings.TrimPrefix(base, "data_")) // data_7.csv
		return n
	}
	slices.SortFunc(paths, func(a, b string) int { return number(a) - number(b) })
	return paths, nil
}

// output describes a file that the worker wrote. A worker may have been led to
// write anything: what is no plain file is not followed.
func (l *lease) output(path string, out output, count bool, columns int) (sql.UnloadedFile, error) {
	open := func() (io.ReadCloser, error) {
		return os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	}
	info, err := os.Lstat(path)
	if err != nil {
		return sql.UnloadedFile{}, err
	}
	if !info.Mode().IsRegular() {
		return sql.UnloadedFile{}, errors.New("a worker wrote what is no file")
	}
	f := sql.UnloadedFile{Suffix: out.suffix, Size: info.Size(), Open: open}
	if count {
		f.Rows, err = l.count(statement{SQL: "SELECT count(*) FROM " + out.reader(path, columns)})
	}
	return f, err
}

// output is how files of a format are written.
type output struct {
	options []string // of DuckDB's COPY
	suffix  string
	read    string // reads one of them, to count its rows
	lines   *lines // of text; nil where DuckDB writes the fields itself, in Parquet
	// bytes gives the expression of a value of bytes as text; nil where a file has
	// bytes.
	bytes func(value string) string
}

// reader gives DuckDB's text that reads a file of so many columns.
func (o output) reader(path string, columns int) string {
	if o.lines == nil || o.lines.objects {
		return fmt.Sprintf(o.read, quoteString(path))
	}
	if o.lines.oneColumn {
		columns = 1
	}
	types := make([]string, columns)
	for i := range types {
		types[i] = fmt.Sprintf("c%d: 'VARCHAR'", i)
	}
	return fmt.Sprintf(o.read, quoteString(path), strings.Join(types, ", "))
}

// writable are the compressions that text can be written with.
var writable = map[string]string{"": "", "AUTO": "", "NONE": "", "GZIP": ".gz", "ZSTD": ".zst"}

func outputOf(u sql.Unload) (output, error) {
	f := u.Format
	compression := f.Compression.Or("")
	packed, known := writable[compression]
	if f.Type != wharf.Parquet && !known {
		return output{}, wharf.Errorf(wharf.CodeUnsupported, "COMPRESSION = %s cannot be written; NONE, GZIP and ZSTD can", compression)
	}
	var o output
	switch f.Type {
	case wharf.Parquet:
		codec := strings.ToLower(compression)
		switch compression {
		case "", "AUTO":
			codec = "zstd"
		case "NONE":
			codec = "uncompressed"
		}
		o = output{options: []string{"FORMAT parquet", "COMPRESSION " + codec}, suffix: ".parquet", read: "read_parquet(%s)"}
	case wharf.CSV, wharf.TSV:
		csv, err := textOutput(f)
		if err != nil {
			return output{}, err
		}
		o, o.suffix = csv, "."+strings.ToLower(string(f.Type))+packed
	case wharf.NDJSON:
		o = output{options: unquoted(false), suffix: ".ndjson" + packed, read: "read_ndjson_objects(%s)", lines: &lines{objects: true}, bytes: bytesText(f)}
	default:
		return output{}, wharf.Errorf(wharf.CodeUnsupported, "files of the format %s cannot be written; CSV, TSV, NDJSON and PARQUET can", f.Type)
	}
	if packed != "" {
		o.options = append(o.options, "COMPRESSION "+strings.ToLower(compression))
	}
	return o, nil
}

// copy gives the statement that writes the files.
func (o output) copy(tr *Translation, columns []column, to string, size uint64) (string, error) {
	seen := map[string]bool{}
	fields, items, places := make([]string, len(columns)), make([]string, len(columns)), make([]string, len(columns))
	for i, name := range tr.Headers {
		if seen[strings.ToLower(name)] {
			return "", because(1060, "42S21", wharf.CodeInvalid, "Duplicate column name '%s'", name)
		}
		seen[strings.ToLower(name)] = true
		places[i] = fmt.Sprintf("c%d", i)
		switch typ := tr.Types[i]; {
		case typ == wharf.TypeJSON, typ == wharf.TypeTime && tr.OfDay[i]:
			columns[i].Type = typ // not a text
		}
		fields[i] = o.field(places[i], columns[i], tr.Decimals[i])
		items[i] = fields[i] + " AS " + quoteName(name)
	}
	from := "(" + tr.SQL + ") AS unloaded(" + strings.Join(places, ", ") + ")"
	if o.lines != nil {
		for i := range items {
			items[i] = fields[i] + " AS " + places[i]
		}
		line, header, err := o.lines.line(places, tr.Headers)
		if err != nil {
			return "", err
		}
		from = "(SELECT " + strings.Join(items, ", ") + " FROM " + from + ")"
		items = []string{line + " AS " + quoteName(header)}
	}
	options := o.options
	if size > 0 {
		options = append(options, fmt.Sprintf("FILE_SIZE_BYTES %d", size))
	}
	return "COPY (SELECT " + strings.Join(items, ", ") + " FROM " + from + ") TO " + quoteString(to) + " (" + strings.Join(options, ", ") + ")", nil
}
