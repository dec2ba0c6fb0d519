package exec

import (
	"context"

	"wharf"
	"wharf/sql"
	"wharf/sql/eval"
)

// Engine answers queries over tables that the server holds. It is safe for
// concurrent use.
type Engine interface {
	// Prepare makes a query ready to run in a session. args are nil where they
	// are not known yet. What the query names and there is not, it finds.
	Prepare(q *sql.Query, args []wharf.Value, e eval.Env, tables sql.ServerTables) (eval.Prepared, error)
	// Subquery does the same of a query in an expression that stands in no
	// other query; x is what is before its IN.
	Subquery(q sql.Subquery, x eval.Node, args []wharf.Value, e eval.Env, tables sql.ServerTables) (eval.Node, error)
}

// noEngine is where there is none.
type noEngine struct{}

func (noEngine) Prepare(*sql.Query, []wharf.Value, eval.Env, sql.ServerTables) (eval.Prepared, error) {
	return nil, eval.Unsupported("SELECT … FROM a table")
}

func (noEngine) Subquery(sql.Subquery, eval.Node, []wharf.Value, eval.Env, sql.ServerTables) (eval.Node, error) {
	return eval.Node{}, eval.Unsupported("a subquery")
}

// planQuery plans a SELECT that needs rows.
func (s *Session) planQuery(st *sql.Query, args []wharf.Value) (plan, error) {
	if s.overFiles(st) {
		return s.planFiles(st, args)
	}
	if st.Beyond != "" && s.executor.files != nil {
		return s.planFiles(st, args)
	}
	if st.Beyond != "" {
		return plan{}, eval.Unsupported(st.Beyond)
	}
	q, err := s.executor.engine.Prepare(st, args, s, s.serverTable)
	if err != nil {
		return plan{}, err
	}
	return plan{columns: q.Columns(), timed: true, capped: st.Limit == nil, run: func(ctx context.Context) (Result, error) {
		ev := eval.NewEvaluation(ctx, s)
		rows, err := q.Rows(ev)
		if err != nil {
			return Result{}, err
		}
		return Result{Rows: &wharf.Rows{Columns: q.Columns(), All: each(rows)}}, nil
	}}, nil
}

// serverTable finds a table by name: one of information_schema, for there are
// no others.
func (s *Session) serverTable(schema, name string) (sql.ServerTable, error) {
	if schema == "" {
		schema = s.database
	}
	if !isInformationSchema(schema) {
		return sql.ServerTable{}, eval.Unsupported("SELECT … FROM a table")
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
		Each: func(ctx context.Context, row func([]wharf.Value) error) error { return table.each(ctx, s, row) }}, nil
}

// each calls row for each row of the table.
func (t infoTable) each(ctx context.Context, s *Session, row func([]wharf.Value) error) error {
	switch {
	case t.stream != nil:
		return eachStreamed(ctx, t.stream(s), row)
	case t.rows == nil:
		return nil
	}
	rows, err := t.rows(ctx, s)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if err := row(r); err != nil {
			return err
		}
	}
	return nil
}

// eachStreamed calls row for each row that a plan gives.
func eachStreamed(ctx context.Context, p plan, row func([]wharf.Value) error) error {
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
