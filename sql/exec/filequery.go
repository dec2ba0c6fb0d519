package exec

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"wharf"
	"wharf/sql"
	"wharf/sql/eval"
)

// describeTime bounds how long the columns of a query of files are looked for
// when it is prepared.
const describeTime = 30 * time.Second

// maxFiles is how many files one source of a query may have.
const maxFiles = 10_000

// overFiles reports whether a query reads files: by location, or in a schema
// that is no part of MySQL and so may be a stage.
func (s *Session) overFiles(st *sql.Query) bool {
	return slices.ContainsFunc(st.Files, func(f sql.FileTable) bool { return f.Function == "" }) ||
		slices.ContainsFunc(st.Tables, func(t sql.NamedTable) bool {
			database := s.databaseOf(t.Schema)
			return !isFunctionOf(st, t) && s.isStage(database) && !isSystemTable(database, t.Name)
		})
}

// zoneName is the session's time zone, by name or offset.
func (s *Session) zoneName() string {
	if s.zone == nil {
		return "UTC"
	}
	return s.zone.String()
}

func noFileEngine() error {
	return wharf.Errorf(wharf.CodeUnsupported, "this build of Wharf has no engine for queries of files")
}

// expressionState gives the session's state for [eval.Expressions].
func (s *Session) expressionState(now time.Time) []byte {
	state := eval.State{Now: now, Zone: s.zoneName(), Variables: map[string]eval.Variable{}}
	for _, name := range eval.Variables {
		state.Variables[name] = eval.VariableOf(s.Value(name))
	}
	text, err := json.Marshal(state)
	if err != nil {
		panic(err) // it has nothing that JSON does not
	}
	return text
}

// source gives what a table of a query means.
func (s *Session) source(ctx context.Context, st *sql.Query, schema, name string) (sql.Source, error) {
	if i := slices.IndexFunc(st.Files, func(f sql.FileTable) bool { return f.Name == name }); i >= 0 && schema == "" {
		if st.Files[i].Function != "" {
			return s.functionSource(ctx, st.Files[i])
		}
		return s.locationSource(ctx, st.Files[i])
	}
	schema = s.databaseOf(schema)
	if s.isStage(schema) && !isSystemTable(schema, name) {
		return s.stageTable(ctx, schema, name)
	}
	table, err := s.serverTable(schema, name)
	return sql.Source{Name: schema + "." + name, Relation: &table}, err
}

// mayRead checks that the user may read every stage that a query names, before a
// worker is started for it or a file is listed.
func (s *Session) mayRead(ctx context.Context, st *sql.Query) error {
	for _, t := range st.Files {
		loc, err := wharf.ParseLocation(string(t.Location))
		if err == nil {
			_, err = s.executor.service.StageFor(ctx, s.client.Principal, loc.Stage, wharf.PrivilegeRead)
		}
		if err != nil {
			return err
		}
	}
	for _, t := range st.Tables {
		database := s.databaseOf(t.Schema)
		if isSystemTable(database, t.Name) || !s.isStage(database) || isFunctionOf(st, t) {
			continue
		}
		stage, _, err := s.stageOf(ctx, database, t.Name)
		if err == nil {
			_, err = s.executor.service.StageFor(ctx, s.client.Principal, stage.Name, wharf.PrivilegeRead)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// isFunctionOf reports whether a table of a query is one of its table functions or
// locations.
func isFunctionOf(st *sql.Query, t sql.NamedTable) bool {
	return t.Schema == "" && slices.ContainsFunc(st.Files, func(f sql.FileTable) bool { return f.Name == t.Name })
}

// locationSource gives the files of a location.
func (s *Session) locationSource(ctx context.Context, t sql.FileTable) (sql.Source, error) {
	pattern, names, err := fileTableOptions(t)
	if err != nil {
		return sql.Source{}, err
	}
	loc, pat, err := place(t.Location, pattern)
	if err != nil {
		return sql.Source{}, err
	}
	stage, err := s.executor.service.Stage(ctx, s.client.Principal, loc.Stage)
	if err != nil {
		return sql.Source{}, err
	}
	files, err := s.filesAt(ctx, loc, pat, names)
	if err != nil {
		return sql.Source{}, err
	}
	set := &sql.FileSet{Files: files, ByPlace: true}
	src := sql.Source{Name: "@" + string(t.Location), Files: set}
	if len(files) == 0 {
		return src, wharf.Errorf(wharf.CodeNotFound, "there is no file at %s", src.Name)
	}
	return src, s.formatOf(ctx, set, t.FileFormat, stage)
}

// fileTableOptions reads what stands in parentheses behind a location, or
// in those of a table function.
func fileTableOptions(t sql.FileTable) (pattern string, files []string, err error) {
	of, isList := "@"+string(t.Location), t.Function == "LIST_STAGE"
	known := "FILE_FORMAT => 'csv', PATTERN => '…' and FILES => ('…', …)"
	if t.Function != "" {
		of, known = t.Function, "LOCATION => '@stage/path', "+known
	}
	if isList {
		known = "LOCATION => '@stage/path' and PATTERN => '…'"
	}
	refuse := func(name string) error {
		return wharf.Errorf(wharf.CodeInvalid, "%s: %s is not an option here, or its value is of another kind; the options are %s", of, name, known)
	}
	for _, o := range t.Options {
		switch {
		case o.Name == "PATTERN" && o.Kind == wharf.OptionString:
			pattern = o.Value
		case o.Name == "FILES" && o.Kind == wharf.OptionList && !isList:
			files = o.List
		case o.Name == "CASE_SENSITIVE" && strings.EqualFold(o.Value, "FALSE") && t.Function == "":
		default:
			return "", nil, refuse(o.Name)
		}
	}
	if isList && t.FileFormat != nil {
		return "", nil, refuse("FILE_FORMAT")
	}
	return pattern, files, nil
}

// filesAt lists the files of a location, or those of them that are named. A
// location that is exactly a file is that file.
func (s *Session) filesAt(ctx context.Context, loc wharf.Location, pat wharf.Pattern, names []string) ([]sql.File, error) {
	if len(names) > 0 {
		return s.filesNamed(ctx, loc, names)
	}
	list, err := s.executor.service.ListFiles(ctx, s.client.Principal, loc, pat)
	if err != nil {
		return nil, err
	}
	var files []sql.File
	for obj, err := range list.All {
		if err != nil {
			return nil, err
		}
		if string(obj.Key) == loc.Path {
			return []sql.File{s.stagedFile(loc.Stage, obj)}, nil
		}
		if len(files) == maxFiles {
			return nil, wharf.Errorf(wharf.CodeTooLarge, "%s has more than %d files; a query reads at most so many: give a longer path, PATTERN or FILES", loc, maxFiles)
		}
		files = append(files, s.stagedFile(loc.Stage, obj))
	}
	s.warnLeftOut(list.LeftOut, loc, "read")
	return files, nil
}

func (s *Session) filesNamed(ctx context.Context, loc wharf.Location, names []string) ([]sql.File, error) {
	var files []sql.File
	for _, name := range names {
		key, err := wharf.ParseKey(loc.Path + name)
		if err != nil {
			return nil, err
		}
		obj, err := s.executor.service.StatFile(ctx, s.client.Principal, wharf.Location{Stage: loc.Stage, Path: string(key)})
		if err != nil {
			return nil, err
		}
		files = append(files, s.stagedFile(loc.Stage, obj))
	}
	return files, nil
}

func (s *Session) stagedFile(stage wharf.StageName, obj wharf.Object) sql.File {
	loc := wharf.Location{Stage: stage, Path: string(obj.Key)}
	return sql.File{
		Key: obj.Key, Size: obj.Size, Version: obj.ETag,
		Open: func(ctx context.Context) (wharf.File, error) {
			return s.executor.service.OpenFile(ctx, s.client.Principal, loc)
		},
		Local: func(ctx context.Context) (wharf.LocalFile, error) {
			return s.executor.service.LocalFile(ctx, s.client.Principal, loc)
		},
	}
}

// formatOf sets the format of files: what the statement says, else the stage's,
// else what the files' names tell, else PARQUET.
func (s *Session) formatOf(ctx context.Context, set *sql.FileSet, said []wharf.Option, stage wharf.Stage) error {
	format := stage.FileFormat
	if len(said) > 0 {
		var err error
		if format, err = wharf.ParseFileFormat(said); err != nil {
			return err
		}
	}
	switch {
	case format.FormatName != "":
		named, err := s.executor.service.FileFormat(ctx, s.client.Principal, format.FormatName)
		if err != nil {
			return err
		}
		format = named.Format
	case format.Type == "":
		format = wharf.FileFormat{Type: fileType(set.Files)}
	}
	set.Format = format
	return nil
}

// fileType returns the type that the names of files tell, where they agree.
func fileType(files []sql.File) wharf.FileType {
	first := typeOfName(string(files[0].Key))
	for _, f := range files[1:] {
		if typeOfName(string(f.Key)) != first {
			return wharf.Parquet
		}
	}
	if first == "" {
		return wharf.Parquet
	}
	return first
}

// typesBySuffix are the types of files that the ends of their names tell.
var typesBySuffix = map[string]wharf.FileType{
	".parquet": wharf.Parquet, ".pq": wharf.Parquet, ".csv": wharf.CSV, ".tsv": wharf.TSV, ".tab": wharf.TSV,
	".ndjson": wharf.NDJSON, ".jsonl": wharf.NDJSON, ".json": wharf.NDJSON, ".orc": wharf.ORC, ".avro": wharf.Avro,
}

// packedSuffixes are the ends of names of compressed files.
var packedSuffixes = []string{".gz", ".zst", ".bz2", ".xz", ".br", ".deflate", ".zip"}

// typeOfName returns the type of file that a name's suffix tells, "" where it
// tells none. The suffix of a compression stands behind it.
func typeOfName(name string) wharf.FileType {
	name = strings.ToLower(name)
	if ext := path.Ext(name); slices.Contains(packedSuffixes, ext) {
		name = strings.TrimSuffix(name, ext)
	}
	return typesBySuffix[path.Ext(name)]
}

// stageTable gives the files of a table in a stage's schema: one file, or with
// a '/' at its end a folder.
func (s *Session) stageTable(ctx context.Context, database, name string) (sql.Source, error) {
	stage, name, err := s.stageOf(ctx, database, name)
	if err != nil {
		return sql.Source{}, err
	}
	t, err := s.fileTable(ctx, stage, name)
	if err != nil {
		return sql.Source{}, err
	}
	source := sql.Source{Name: fmt.Sprintf("@%s/%s", stage.Name, name)}
	for _, objects := range t.byFormat(stage.FileFormat.IsZero()) {
		set := &sql.FileSet{}
		for _, obj := range objects {
			set.Files = append(set.Files, s.stagedFile(stage.Name, obj))
		}
		if err := s.formatOf(ctx, set, nil, stage); err != nil {
			return sql.Source{}, err
		}
		if source.Files == nil {
			source.Files = set
		} else {
			source.Also = append(source.Also, set)
		}
	}
	return source, nil
}

// stageOf finds the stage of a table, and the name of its file.
func (s *Session) stageOf(ctx context.Context, database, name string) (wharf.Stage, string, error) {
	found, file, err := s.tableSchema(ctx, database, name)
	if err != nil || !found.isStage() {
		return wharf.Stage{}, "", noTable(err, database, name)
	}
	return found.stage, file, nil
}
