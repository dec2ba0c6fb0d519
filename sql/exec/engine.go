package exec

import (
	"context"
	"strings"

	"wharf"
	"wharf/sql"
	"wharf/sql/eval"
)

// planQuery plans a SELECT that needs rows.
func (s *Session) planQuery(st *sql.Query, args []wharf.Value) (plan, error) {
	engine, err := s.executor.engineOf(s, st)
	if err != nil {
		return plan{}, err
	}
	request := s.request(st, args)
	p := plan{timed: true, capped: st.Limit == nil}
	if st.Found && st.Outer != nil {
		p.found = new(uint64)
	}
	p.describe = func(ctx context.Context) (columns []wharf.Column, err error) {
		ctx, cancel := context.WithTimeout(ctx, describeTime)
		defer cancel()
		warnings := s.warnings // the query has not run: it warns of nothing yet
		defer func() { s.warnings = warnings }()
		return columns, s.ask(ctx, engine, request, func(engine sql.Engine, r sql.Request) (err error) {
			if engine == s.executor.files {
				columns, err = s.columnsOfFiles(ctx, engine, r)
				return err
			}
			columns, err = engine.Columns(ctx, r)
			return err
		})
	}
	p.run = func(ctx context.Context) (result Result, err error) {
		return result, s.ask(ctx, engine, request, func(engine sql.Engine, r sql.Request) (err error) {
			if s.worker = engine == s.executor.files; s.worker {
				result.Rows, err = s.queryFiles(ctx, engine, r, p.found)
				return err
			}
			result.Rows, err = engine.Query(ctx, r)
			return err
		})
	}
	return p, nil
}

// ask asks an engine for what it says to a request. The engine for files is
// asked too, where the other one does not know how to answer it.
func (s *Session) ask(ctx context.Context, engine sql.Engine, r sql.Request, what func(sql.Engine, sql.Request) error) error {
	warnings := s.warnings
	err := s.askOne(ctx, engine, r, what)
	files := s.executor.files
	if engine == files || files == nil || wharf.CodeOf(err) != wharf.CodeUnsupported {
		return err
	}
	if _, planned := engine.Columns(ctx, r); wharf.CodeOf(planned) != wharf.CodeUnsupported {
		return err // it has begun to run
	}
	s.warnings = warnings
	return s.askOne(ctx, files, r, what)
}

func (s *Session) askOne(ctx context.Context, engine sql.Engine, r sql.Request, what func(sql.Engine, sql.Request) error) error {
	if engine == s.executor.files {
		var err error
		if r, err = s.inferred(ctx, r); err != nil {
			return err
		}
	}
	return what(engine, r)
}

// engineOf chooses the engine for a query by its sources: that for files where
// one is a file, or may be, and where the query has what only that engine can do.
func (e *Executor) engineOf(s *Session, st *sql.Query) (sql.Engine, error) {
	files := s.overFiles(st)
	switch {
	case !files && st.Beyond == "" && e.relations != nil:
		return e.relations, nil
	case !files && st.Beyond == "":
		return nil, eval.Unsupported("SELECT … FROM a table")
	case e.files != nil:
		return e.files, nil
	case !files:
		return nil, eval.Unsupported(st.Beyond)
	}
	return nil, noFileEngine()
}

// request is a query as an engine is asked for it.
func (s *Session) request(st *sql.Query, args []wharf.Value) sql.Request {
	now := s.Now()
	return sql.Request{
		Query: st, User: s.client.Principal.Subject(), Zone: s.zoneName(), Database: s.database, Args: args,
		Expressions: eval.NewExpressions(s, now), State: s.expressionState(now),
		Warn: func(number uint16, text string) { s.Warn(number, "%s", text) },
		Resolve: func(ctx context.Context, schema, name string) (sql.Source, error) {
			return s.source(ctx, st, schema, name)
		},
	}
}

// noTable is the error of a SELECT from a table that is not there, or from one
// of MySQL's own.
func (s *Session) noTable(schema, name string) error {
	shown := eval.CutRunes(name, 64)
	switch strings.ToLower(schema) {
	case "":
		return noDatabase()
	case "mysql":
		return eval.Because(errTableDenied, wharf.CodeDenied, "SELECT command denied to user '%s'@'%s' for table '%s'", s.client.Principal.User, s.client.Host, shown)
	}
	return eval.Because(ErrNoTable, wharf.CodeNotFound, "Table '%s.%s' doesn't exist; the tables are files in stages, see SHOW DATABASES", schema, shown)
}

// serverTable finds a table by name: one of information_schema, for there are
// no others.
func (s *Session) serverTable(schema, name string) (sql.ServerTable, error) {
	if schema == "" {
		schema = s.database
	}
	if isSystemTable(schema, name) {
		schema = informationSchema
	}
	if !isInformationSchema(schema) {
		return sql.ServerTable{}, s.noTable(schema, name)
	}
	table, err := s.executor.findInfoTable(name)
	if err != nil {
		return sql.ServerTable{}, err
	}
	columns := make([]wharf.Column, len(table.columns))
	for i, col := range table.columns {
		columns[i] = col.Column
	}
	return sql.ServerTable{Schema: informationSchema, Name: table.name, Columns: columns,
		Each: func(ctx context.Context, known sql.Known, row func([]wharf.Value) error) error {
			if table.rows == nil {
				return nil
			}
			return table.rows(ctx, s, known, row)
		}}, nil
}
