package exec

import (
	"context"

	"wharf"
	"wharf/sql"
)

// planSelect plans a SELECT without a table: one row, or none.
func (s *Session) planSelect(st *sql.Select, args []wharf.Value) (plan, error) {
	c := &s.compiling
	*c = compiler{env: s, args: args}
	defer func() { *c = compiler{} }()
	nodes := make([]node, len(st.Items))
	columns := make([]wharf.Column, len(st.Items))
	asks := false
	for i, item := range st.Items {
		n, err := c.compile(item.Expr)
		if err != nil {
			return plan{}, err
		}
		nodes[i] = n
		columns[i] = wharf.Column{Name: item.Name, Type: n.typ, Nullable: isNullable(item.Expr)}
		asks = asks || asksDiagnostics(item.Expr)
	}
	var where node
	if st.Where != nil {
		var err error
		if where, err = c.compile(st.Where); err != nil {
			return plan{}, err
		}
	}
	return plan{columns: columns, timed: true, asks: asks, capped: !st.Limited, run: func(ctx context.Context) (Result, error) {
		ev := newEvaluation(ctx, s)
		rows := &wharf.Rows{Columns: columns, All: each(nil)}
		keep, err := holdsTrue(ev, where)
		if err != nil || !keep || st.Limit0 {
			return Result{Rows: rows}, err
		}
		row := make([]wharf.Value, len(nodes))
		for i, n := range nodes {
			d, err := n.eval(ev)
			if err != nil {
				return Result{}, err
			}
			row[i] = n.settle(d).value(n.typ)
		}
		if err := s.statement.Take(int64(len(row) * valueBytes)); err != nil {
			return Result{}, err
		}
		rows.All = func(yield func([]wharf.Value, error) bool) { yield(row, nil) }
		return Result{Rows: rows}, nil
	}}, nil
}

// holdsTrue evaluates a condition; one that was not given holds.
func holdsTrue(ev *evaluation, where node) (bool, error) {
	if where.eval == nil {
		return true, nil
	}
	mark := ev.held.Taken()
	d, err := where.eval(ev)
	isTrue, _ := ev.truth(d)
	ev.held.ReturnTo(mark)
	return isTrue, err
}

// asksDiagnostics tells SELECT @@warning_count from others.
func asksDiagnostics(e sql.Expr) bool {
	v, ok := e.(sql.SysVar)
	return ok && (v.Name == "warning_count" || v.Name == "error_count")
}

// evaluateAll evaluates for the effect only: DO.
func (s *Session) evaluateAll(ctx context.Context, exprs []sql.Expr, args []wharf.Value) error {
	c := compiler{env: s, args: args}
	nodes, err := c.compileAll(exprs)
	if err != nil {
		return err
	}
	ev := newEvaluation(ctx, s)
	for _, n := range nodes {
		mark := s.statement.Taken()
		if _, err := n.eval(ev); err != nil {
			return err
		}
		s.statement.ReturnTo(mark)
	}
	return nil
}
