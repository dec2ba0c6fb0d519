package rowexec

import (
	"wharf"
	"wharf/sql"
	"wharf/sql/eval"
)

// Engine answers queries over tables that the server holds. The zero value is
// ready, and safe for concurrent use.
type Engine struct{}

// Prepare compiles a query: it finds everything that is wrong with it without
// running it.
func (Engine) Prepare(q *sql.Query, args []wharf.Value, e eval.Env, tables sql.ServerTables) (eval.Prepared, error) {
	compiled, err := outermost(args, e, tables).query(q)
	if err != nil {
		return nil, err
	}
	return compiled, nil
}

// Subquery compiles a query in an expression that stands in no other query; x is
// what is before its IN.
func (Engine) Subquery(q sql.Subquery, x eval.Node, args []wharf.Value, e eval.Env, tables sql.ServerTables) (eval.Node, error) {
	return outermost(args, e, tables).Subquery(q, x)
}

func outermost(args []wharf.Value, e eval.Env, tables sql.ServerTables) *scope {
	c := &scope{tables: tables}
	c.Compiler = eval.Compiler{Env: e, Args: args, Names: c}
	return c
}

// Columns are those of the result.
func (q *query) Columns() []wharf.Column { return q.columns }

// Rows runs the query.
func (q *query) Rows(ev *eval.Evaluation) ([][]wharf.Value, error) { return q.rows(ev) }

// The causes that queries have, by MySQL's numbers.
var (
	errColumnCounts   = eval.NewCause(1222, "21000", "different numbers of columns")
	errManyRows       = eval.NewCause(1242, "21000", "more than one row")
	errNoTables       = eval.NewCause(1096, "HY000", "no tables used")
	errOperandColumns = eval.NewCause(1241, "21000", "operand of several columns")
	errUnknownTable   = eval.NewCause(1051, "42S02", "unknown table")
)
