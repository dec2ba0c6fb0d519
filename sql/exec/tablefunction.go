package exec

import (
	"context"
	"slices"
	"strings"

	"wharf"
	"wharf/sql"
)

// systemSchema is the schema of one relation, that of the stages, as Databend has
// it. It is no database: SHOW DATABASES does not list it.
const systemSchema = "system"

// isSystemTable reports whether a name means system.stages.
func isSystemTable(schema, name string) bool {
	return strings.EqualFold(schema, systemSchema) && strings.EqualFold(name, "stages")
}

// functionSource gives the rows of a table function.
func (s *Session) functionSource(ctx context.Context, t sql.FileTable) (sql.Source, error) {
	pattern, _, err := fileTableOptions(t)
	if err != nil {
		return sql.Source{}, err
	}
	loc, _, err := place(t.Location, pattern)
	if err != nil {
		return sql.Source{}, err
	}
	if _, err := s.executor.service.Stage(ctx, s.client.Principal, loc.Stage); err != nil {
		return sql.Source{}, err
	}
	rows, columns := s.eachListed, fullListColumns()
	if t.Function == "INFER_SCHEMA" {
		rows, columns = s.eachInferred, inferredColumns()
	}
	return sql.Source{Name: t.Function, Relation: &sql.ServerTable{
		Name: strings.ToLower(t.Function), Columns: columns,
		Each: func(ctx context.Context, _ sql.Known, row func([]wharf.Value) error) error { return rows(ctx, t, row) },
	}}, nil
}

// eachListed has the rows of LIST_STAGE: those of LIST FULL, as they are listed.
func (s *Session) eachListed(ctx context.Context, t sql.FileTable, row func([]wharf.Value) error) error {
	pattern, _, err := fileTableOptions(t)
	if err != nil {
		return err
	}
	st := &sql.ListFiles{Full: true, Location: t.Location, Pattern: pattern}
	return eachOfPlan(ctx, s.listFiles(st), row)
}

// eachOfPlan calls row for each row of a plan.
func eachOfPlan(ctx context.Context, p plan, row func([]wharf.Value) error) error {
	result, err := p.run(ctx)
	if err != nil {
		return err
	}
	for r, err := range result.Rows.All {
		if err != nil {
			return err
		}
		if err := row(r); err != nil {
			return err
		}
	}
	return nil
}

func inferredColumns() []wharf.Column {
	return []wharf.Column{text("column_name"), text("type"), {Name: "nullable", Type: wharf.TypeBool}, text("filenames"), {Name: "order_id", Type: wharf.TypeInt}}
}

// maxFilesInferred is of how many files INFER_SCHEMA tells which have a column.
const maxFilesInferred = 100

// eachInferred has the rows of INFER_SCHEMA: the columns of the files of a
// location, united by name.
func (s *Session) eachInferred(ctx context.Context, t sql.FileTable, row func([]wharf.Value) error) error {
	source, err := s.locationSource(ctx, t)
	if err != nil {
		return err
	}
	source.Files.ByPlace, source.Files.Format.ParseHeader.Value = false, false // its types are wanted
	all, err := s.columnsOfSource(ctx, source)
	if err != nil {
		return err
	}
	names, err := s.filesWith(ctx, source)
	if err != nil {
		return err
	}
	for i, c := range all {
		values := append(texts(c.Name, c.SQLType), wharf.Bool(c.Nullable), wharf.Text(strings.Join(names[c.Name], ", ")), wharf.Int(int64(i)))
		if err := row(values); err != nil {
			return err
		}
	}
	return nil
}

// filesWith returns by column the names of the files that have it. Where there
// are too many to look into each, these are the first of all.
func (s *Session) filesWith(ctx context.Context, source sql.Source) (map[string][]string, error) {
	names := map[string][]string{}
	files := source.Files.Files
	for _, f := range files[:min(len(files), maxFilesInferred)] {
		one := *source.Files
		one.Files = []sql.File{f}
		columns, err := s.columnsOfSource(ctx, sql.Source{Name: source.Name, Files: &one})
		if err != nil {
			return nil, err
		}
		for _, c := range columns {
			names[c.Name] = append(names[c.Name], string(f.Key))
		}
	}
	if left := len(files) - maxFilesInferred; left > 0 {
		s.warn("Warning", warnLeftOut, "filenames has the first %d files; %d more were not looked into by themselves", maxFilesInferred, left)
	}
	return names, nil
}

// columnsOfSource finds out the columns of a source.
func (s *Session) columnsOfSource(ctx context.Context, source sql.Source) ([]wharf.Column, error) {
	if s.executor.files == nil {
		return nil, noFileEngine()
	}
	parsed, _, err := sql.Parse("SELECT * FROM source")
	if err != nil {
		return nil, err
	}
	request := s.request(parsed.(*sql.Query), nil)
	request.Resolve = func(context.Context, string, string) (sql.Source, error) { return source, nil }
	return s.executor.files.Columns(ctx, request)
}

// inferred checks the privileges that a query needs, and makes the rows of all INFER_SCHEMA of a query before an engine has it:
// within the query, they would need a second worker.
func (s *Session) inferred(ctx context.Context, r sql.Request) (sql.Request, error) {
	if err := s.mayRead(ctx, r.Query); err != nil {
		return r, err
	}
	r.Super = s.SeesAll(ctx)
	known := map[string]sql.Source{}
	for _, t := range r.Query.Files {
		if t.Function != "INFER_SCHEMA" {
			continue
		}
		source, err := s.functionSource(ctx, t)
		if err != nil {
			return r, err
		}
		var rows [][]wharf.Value
		if err := source.Relation.Each(ctx, nil, func(row []wharf.Value) error {
			rows = append(rows, slices.Clone(row))
			return nil
		}); err != nil {
			return r, err
		}
		source.Relation.Each = func(_ context.Context, _ sql.Known, row func([]wharf.Value) error) error {
			for _, r := range rows {
				if err := row(r); err != nil {
					return err
				}
			}
			return nil
		}
		known[t.Name] = source
	}
	if len(known) == 0 {
		return r, nil
	}
	resolve := r.Resolve
	r.Resolve = func(ctx context.Context, schema, name string) (sql.Source, error) {
		if source, ok := known[name]; ok && schema == "" {
			return source, nil
		}
		return resolve(ctx, schema, name)
	}
	return r, nil
}
