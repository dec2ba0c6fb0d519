package exec

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"
	"time"

	"wharf"
	"wharf/sql"
	"wharf/sql/eval"
)

const (
	// maxTables is how many tables of a stage are shown.
	maxTables = 10_000
	// maxLooked is how many files of a stage are looked at for them.
	maxLooked = 100_000
)

// fileTable is a table in a stage's schema: a file, or with a '/' at the end of
// its name the union of the files in a folder.
type fileTable struct {
	name    string
	files   int
	keys    []wharf.Key // of the first maxUnion
	size    int64       // bytes of all files
	updated time.Time   // of the file that is newest
	// version tells contents and format apart; "" where not all of its files
	// were seen.
	version string

	hash    hash.Hash      // makes version
	objects []wharf.Object // of a table that was found by name
	isData  bool           // a table that was found by name is one that is listed
}

func (t *fileTable) isFolder() bool { return strings.HasSuffix(t.name, "/") }

func (t *fileTable) add(obj wharf.Object) {
	if t.hash == nil {
		t.hash = sha256.New()
	}
	fmt.Fprintf(t.hash, "%q %q %d\n", obj.Key, obj.ETag, obj.Size)
	if t.files++; t.files <= maxUnion {
		t.keys = append(t.keys, obj.Key)
	}
	t.size += obj.Size
	if obj.ModTime.After(t.updated) {
		t.updated = obj.ModTime
	}
}

// byFormat returns the objects of a table that was found by name, those that are
// read together at a time: by the formats that their names tell, or all.
func (t *fileTable) byFormat(byName bool) [][]wharf.Object {
	var groups [][]wharf.Object
	at := map[wharf.FileType]int{}
	for _, obj := range t.objects {
		kind := wharf.FileType("")
		if byName {
			kind = typeOfName(string(obj.Key))
		}
		i, ok := at[kind]
		if !ok {
			i, at[kind] = len(groups), len(groups)
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], obj)
	}
	return groups
}

// end makes the version of a table that has all of its files.
func (t *fileTable) end(f tableFormat) {
	fmt.Fprintf(t.hash, "%s\n", sql.OptionsText(f.format.Options()))
	t.version = hex.EncodeToString(t.hash.Sum(nil))
	t.hash = nil
}

// tableFormat tells which files of a stage are tables.
type tableFormat struct{ format wharf.FileFormat } // the stage's own; its Type may be ""

// has reports whether a file is a table: whether it is of a type that queries
// read, by the stage's format or else by the end of its name.
func (f tableFormat) has(key wharf.Key) bool {
	switch f.typeOf(key) {
	case "", wharf.ORC, wharf.Avro:
		return false
	}
	return true
}

// typeOf returns the type that a file is read as, or "".
func (f tableFormat) typeOf(key wharf.Key) wharf.FileType {
	if f.format.Type != "" {
		return f.format.Type
	}
	return typeOfName(string(key))
}

// tableFormat finds the format of a stage. One that is named and missing is
// none: a query says so.
func (s *Session) tableFormat(ctx context.Context, stage wharf.Stage) (tableFormat, error) {
	if stage.FileFormat.FormatName == "" {
		return tableFormat{stage.FileFormat}, nil
	}
	named, err := s.executor.service.FileFormat(ctx, s.client.Principal, stage.FileFormat.FormatName)
	if wharf.CodeOf(err) == wharf.CodeNotFound {
		return tableFormat{}, nil
	}
	return tableFormat{named.Format}, err
}

// fileTables returns the tables of a stage whose names begin with prefix, in
// byte order of name, and whether there may be more than it returns.
func (s *Session) fileTables(ctx context.Context, stage wharf.Stage, prefix string) (tables []*fileTable, more bool, err error) {
	format, err := s.tableFormat(ctx, stage)
	if err != nil {
		return nil, false, err
	}
	loc := wharf.Location{Stage: stage.Name, Path: prefix}
	list, err := s.executor.service.ListFiles(ctx, s.client.Principal, loc, wharf.Pattern{})
	if err != nil {
		return nil, false, err
	}
	b := tableBuilder{format: format, prefix: prefix}
	looked := 0
	for obj, err := range list.All {
		if err != nil {
			return nil, false, err
		}
		if looked++; looked > maxLooked || !b.add(obj) {
			more = true
			break
		}
	}
	if !more {
		b.leave("")
	}
	s.warnLeftOut(list.LeftOut, loc, "shown")
	return b.tables, more, nil
}

// tableBuilder makes tables of files that come in byte order of key.
type tableBuilder struct {
	format tableFormat
	prefix string // of the tables' names
	tables []*fileTable
	open   []*fileTable // the folders of the last file, the outermost first
}

// add takes a file. It reports false where it would be one table too many.
func (b *tableBuilder) add(obj wharf.Object) bool {
	b.leave(string(obj.Key))
	if !b.format.has(obj.Key) {
		return true
	}
	at := 0
	if len(b.open) > 0 {
		at = len(b.open[len(b.open)-1].name)
	}
	for {
		n := strings.IndexByte(string(obj.Key[at:]), '/')
		if n < 0 {
			break
		}
		at += n + 1
		folder := &fileTable{name: string(obj.Key[:at])}
		if strings.HasPrefix(folder.name, b.prefix) {
			if len(b.tables) == maxTables {
				return false
			}
			b.tables = append(b.tables, folder)
		}
		b.open = append(b.open, folder)
	}
	if len(b.tables) == maxTables {
		return false
	}
	file := &fileTable{name: string(obj.Key)}
	file.add(obj)
	file.end(b.format)
	b.tables = append(b.tables, file)
	for _, folder := range b.open {
		folder.add(obj)
	}
	return true
}

// leave ends the folders that a key is not in.
func (b *tableBuilder) leave(key string) {
	for len(b.open) > 0 {
		last := b.open[len(b.open)-1]
		if strings.HasPrefix(key, last.name) {
			return
		}
		last.end(b.format)
		b.open = b.open[:len(b.open)-1]
	}
}

// fileTable finds a table of a stage by its name, with its objects. It need not
// be among those that fileTables returns: any file can be read as a table. An
// unknown one is wharf.CodeNotFound.
func (s *Session) fileTable(ctx context.Context, stage wharf.Stage, name string) (*fileTable, error) {
	format, err := s.tableFormat(ctx, stage)
	if err != nil {
		return nil, err
	}
	t := &fileTable{name: strings.Clone(name)}
	loc := wharf.Location{Stage: stage.Name, Path: name}
	if t.isFolder() {
		t.objects, err = s.folderFiles(ctx, loc, format)
	} else {
		t.objects = make([]wharf.Object, 1)
		t.objects[0], err = s.executor.service.StatFile(ctx, s.client.Principal, loc)
	}
	if err != nil {
		return nil, noTable(err, string(stage.Name), name)
	}
	t.isData = t.isFolder() || format.has(t.objects[0].Key)
	for _, obj := range t.objects {
		t.add(obj)
	}
	t.end(format)
	return t, nil
}

// folderFiles returns the files of a folder that are tables: at least one, or
// wharf.CodeNotFound.
func (s *Session) folderFiles(ctx context.Context, loc wharf.Location, format tableFormat) ([]wharf.Object, error) {
	list, err := s.executor.service.ListFiles(ctx, s.client.Principal, loc, wharf.Pattern{})
	if err != nil {
		return nil, err
	}
	var files []wharf.Object
	looked := 0
	for obj, err := range list.All {
		if err != nil {
			return nil, err
		}
		if format.has(obj.Key) {
			files = append(files, obj)
		}
		if looked++; looked > maxLooked || len(files) > maxFiles {
			return nil, wharf.Errorf(wharf.CodeTooLarge, "%s has more than %d files, or %d with those that are no data; a query reads at most so many: give a longer path", loc, maxFiles, maxLooked)
		}
	}
	if len(files) == 0 {
		return nil, wharf.Errorf(wharf.CodeNotFound, "there is no file in %s that can be queried", loc)
	}
	s.warnLeftOut(list.LeftOut, loc, "read")
	return files, nil
}

// tableSchema finds the database of a table. Of a file's name without backticks, or
// divided at its first point by a client, MySQL reads a database and a table:
// books.parquet. Where there is no such database, it is the file of the stage in use.
func (s *Session) tableSchema(ctx context.Context, database, name string) (schema, string, error) {
	found, err := s.findSchema(ctx, database)
	if wharf.CodeOf(err) != wharf.CodeNotFound || !s.isStage(s.database) || database == s.database {
		return found, name, err
	}
	used, usedErr := s.findSchema(ctx, s.database)
	if usedErr != nil {
		return found, name, err
	}
	file := database + "." + name
	if _, fileErr := s.fileTable(ctx, used.stage, file); fileErr != nil {
		return found, name, err
	}
	return used, file, nil
}

// noTable makes the error of a table that is not there, for any reason that
// its name gives; nil is one of them.
func noTable(err error, database, name string) error {
	switch wharf.CodeOf(err) {
	case "", wharf.CodeNotFound, wharf.CodeInvalid:
		return wharf.Errorf(wharf.CodeNotFound, "Table '%s.%s' doesn't exist", eval.CutRunes(database, 64), eval.CutRunes(name, 256))
	}
	return err
}
