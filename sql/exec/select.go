package exec

import (
	"context"

	"wharf"
	"wharf/sql"
	"wharf/sql/eval"
)

// planSelect plans a SELECT without a table. The engine for files answers one
// whose expressions the server does not know.
func (s *Session) planSelect(st *sql.Select, args []wharf.Value) (plan, error) {
	p, err := s.planRow(st, args)
	if wharf.CodeOf(err) == wharf.CodeUnsupported && s.executor.files != nil {
		return s.planQuery(st.Query(wharf.MessageOf(err)), args)
	}
	return p, err
}

// planRow plans a SELECT without a table as its one row, or none.
func (s *Session) planRow(st *sql.Select, args []wharf.Value) (plan, error) {
	c := &s.compiling
	*c = eval.Compiler{Env: s, Args: args}
	defer func() { *c = eval.Compiler{} }()
	nodes := make([]eval.Node, len(st.Items))
	columns := make([]wharf.Column, len(st.Items))
	asks := false
	for i, item := range st.Items {
		n, err := c.Compile(item.Expr)
		if err != nil {
			return plan{}, err
		}
		nodes[i] = n
		columns[i] = wharf.Column{Name: item.Name, Type: n.Typ, Nullable: eval.IsNullable(item.Expr), SQLType: n.SQLType()}
		asks = asks || asksDiagnostics(item.Expr)
	}
	var where eval.Node
	if st.Where != nil {
		var err error
		c.Clause = "where clause"
		if where, err = c.Compile(st.Where); err != nil {
			return plan{}, err
		}
	}
	limit, err := st.Limit.Bind(args)
	if err != nil {
		return plan{}, err
	}
	none := limit != nil && (limit.Count == 0 || limit.Offset > 0)
	return plan{columns: columns, timed: true, asks: asks, capped: limit == nil, run: func(ctx context.Context) (Result, error) {
		ev := eval.NewEvaluation(ctx, s)
		rows := &wharf.Rows{Columns: columns, All: each(nil)}
		keep, err := eval.HoldsTrue(ev, where)
		if err != nil || !keep || none {
			return Result{Rows: rows}, err
		}
		row := make([]wharf.Value, len(nodes))
		for i, n := range nodes {
			d, err := n.Eval(ev)
			if err != nil {
				return Result{}, err
			}
			row[i] = n.Settle(d).Value(n.Typ)
		}
		if err := s.statement.Take(int64(len(row) * eval.ValueBytes)); err != nil {
			return Result{}, err
		}
		rows.All = func(yield func([]wharf.Value, error) bool) { yield(row, nil) }
		return Result{Rows: rows}, nil
	}}, nil
}

// asksDiagnostics tells SELECT @@warning_count from others.
func asksDiagnostics(e sql.Expr) bool {
	v, ok := e.(sql.SysVar)
	return ok && (v.Name == "warning_count" || v.Name == "error_count")
}

// evaluateAll evaluates for the effect only: DO.
func (s *Session) evaluateAll(ctx context.Context, exprs []sql.Expr, args []wharf.Value) error {
	c := eval.Compiler{Env: s, Args: args}
	nodes, err := c.CompileAll(exprs)
	if err != nil {
		return err
	}
	ev := eval.NewEvaluation(ctx, s)
	for _, n := range nodes {
		mark := s.statement.Taken()
		if _, err := n.Eval(ev); err != nil {
			return err
		}
		s.statement.ReturnTo(mark)
	}
	return nil
}
