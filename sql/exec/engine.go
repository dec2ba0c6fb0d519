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
	p.describe = func(ctx context.Context) ([]wharf.Column, error) {
		ctx, cancel := context.WithTimeout(ctx, describeTime)
		defer cancel()
		warnings := s.warnings // the query has not run: it warns of nothing yet
		defer func() { s.warnings = warnings }()
		request, err := s.prepared(ctx, engine, request)
		if err != nil {
			return nil, err
		}
		return engine.Columns(ctx, request)
	}
	p.run = func(ctx context.Context) (Result, error) {
		s.worker = engine == s.executor.files
		request, err := s.prepared(ctx, engine, request)
		if err != nil {
			return Result{}, err
		}
		rows, err := engine.Query(ctx, request)
		return Result{Rows: rows}, err
	}
	return p, nil
}

// prepared makes a request ready for its engine.
func (s *Session) prepared(ctx context.Context, engine sql.Engine, r sql.Request) (sql.Request, error) {
	if engine != s.executor.files {
		return r, nil
	}
	return s.inferred(ctx, r)
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
