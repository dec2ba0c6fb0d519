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
	l, err := p.lease(ctx, u.User)
	if err != nil {
		return nil, err
	}
	made, err := l.unload(u, out)
	if err != nil {
		err = l.spoiled(err)
		l.end(err)
		return nil, l.explain(err)
	}
	return made, nil
}

func (l *lease) unload(u sql.Unload, out output) (*sql.Unloaded, error) {
	tr, s, err := l.translate(u.Request)
	if err == nil {
		err = s.fetch(tr)
	}
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
		f, err := l.output(path, out, u.RowsOfEach)
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
func (l *lease) output(path string, out output, count bool) (sql.UnloadedFile, error) {
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
		f.Rows, err = l.count(statement{SQL: "SELECT count(*) FROM " + fmt.Sprintf(out.read, quoteString(path))})
	}
	return f, err
}

// output is how files of a format are written.
type output struct {
	options []string // of DuckDB's COPY
	suffix  string
	read    string // reads one of them, to count its rows
	// text gives the expression of a value in a file, and name that of a header; nil
	// where DuckDB writes them itself.
	text func(value string) string
	name func(string) string
	// bytes gives the expression of a value of bytes as text; nil where a file has
	// bytes.
	bytes func(value string) string
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
		o = output{options: []string{"FORMAT json"}, suffix: ".ndjson" + packed, read: "read_ndjson_objects(%s)", bytes: bytesText(f)}
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
	names := map[string]bool{}
	items := make([]string, len(tr.Headers))
	for i, name := range tr.Headers {
		if names[strings.ToLower(name)] {
			return "", wharf.Errorf(wharf.CodeInvalid, "Duplicate column name '%s'", name)
		}
		names[strings.ToLower(name)] = true
		if o.name != nil {
			name = o.name(name)
		}
		items[i] = o.field(fmt.Sprintf("c%d", i), columns[i]) + " AS " + quoteName(name)
	}
	options := o.options
	if size > 0 {
		options = append(options, fmt.Sprintf("FILE_SIZE_BYTES %d", size))
	}
	names0 := make([]string, len(items))
	for i := range names0 {
		names0[i] = fmt.Sprintf("c%d", i)
	}
	return "COPY (SELECT " + strings.Join(items, ", ") + " FROM (" + tr.SQL + ") AS unloaded(" + strings.Join(names0, ", ") + ")) TO " +
		quoteString(to) + " (" + strings.Join(options, ", ") + ")", nil
}
