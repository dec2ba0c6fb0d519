package rowexec

import (
	"context"
	"errors"
	"iter"

	"wharf"
	"wharf/sql"
	"wharf/sql/eval"
)

// Engine is a [sql.Engine] for queries whose sources are all tables that the
// server holds. A request's Expressions are those of [eval.NewExpressions]: the
// engine evaluates in their session. The zero value is ready.
type Engine struct{}

var _ sql.Engine = Engine{}

// Columns compiles a query: it finds everything that is wrong with it without
// running it.
func (Engine) Columns(ctx context.Context, q sql.Request) ([]wharf.Column, error) {
	_, compiled, err := compile(ctx, q)
	if err != nil {
		return nil, err
	}
	return compiled.columns, nil
}

// Query runs a query. Its rows come as they are read where the query allows it;
// else they are all there when it returns, and count as held by the session's
// account.
func (Engine) Query(ctx context.Context, q sql.Request) (*wharf.Rows, error) {
	env, compiled, err := compile(ctx, q)
	if err != nil {
		return nil, err
	}
	if compiled.streams() {
		return &wharf.Rows{Columns: compiled.columns, All: compiled.stream(ctx, env)}, nil
	}
	rows, err := compiled.rows(eval.NewEvaluation(ctx, env))
	if err != nil {
		return nil, err
	}
	for i, c := range compiled.columns {
		if c.Type == wharf.TypeJSON {
			for _, row := range rows {
				row[i] = eval.Uncarried(row[i])
			}
		}
	}
	return &wharf.Rows{Columns: compiled.columns, All: each(rows)}, nil
}

// Subquery compiles a query in an expression that stands in no other query; x is
// what is before its IN. q's Query is not used. It counts for the evaluation of
// the expression.
func (Engine) Subquery(e sql.Subquery, x eval.Node, q sql.Request) (eval.Node, error) {
	c, err := outermost(context.Background(), q)
	if err != nil {
		return eval.Node{}, err
	}
	return c.Subquery(e, x)
}

func compile(ctx context.Context, q sql.Request) (eval.Env, *query, error) {
	if q.Query.Beyond != "" {
		return nil, nil, eval.Unsupported(q.Query.Beyond)
	}
	c, err := outermost(ctx, q)
	if err != nil {
		return nil, nil, err
	}
	compiled, err := c.query(q.Query)
	return c.Env, compiled, err
}

func outermost(ctx context.Context, q sql.Request) (*scope, error) {
	env := eval.EnvOf(q.Expressions)
	if env == nil {
		return nil, errors.New("rowexec: the request has no session to evaluate in")
	}
	c := &scope{tables: func(schema, name string) (sql.ServerTable, error) {
		source, err := q.Resolve(ctx, schema, name)
		if err == nil && source.Relation == nil {
			err = eval.Unsupported("a query of files outside of SELECT")
		}
		if err != nil {
			return sql.ServerTable{}, err
		}
		return *source.Relation, nil
	}}
	c.Compiler = eval.Compiler{Env: env, Args: q.Args, Names: c}
	return c, nil
}

func each(rows [][]wharf.Value) iter.Seq2[[]wharf.Value, error] {
	return func(yield func([]wharf.Value, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	}
}

// The causes that queries have, by MySQL's numbers.
var (
	errColumnCounts = eval.NewCause(1222, "21000", "different numbers of columns")
	errManyRows     = eval.NewCause(1242, "21000", "more than one row")
	errNoTables     = eval.NewCause(1096, "HY000", "no tables used")
	errUnknownTable = eval.NewCause(1051, "42S02", "unknown table")
	errUnready      = eval.NewCause(1247, "42S22", "an item that is not ready")
	errNotGroupable = eval.NewCause(1056, "42000", "cannot group")
)
