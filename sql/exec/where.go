package exec

import (
	"context"

	"wharf"
	"wharf/sql"
	"wharf/sql/eval"
)

// where keeps the rows of a plan for which a condition on its columns holds.
func (s *Session) where(p plan, condition sql.Expr, args []wharf.Value) (plan, error) {
	c := eval.ConditionOn(p.columns, s, args)
	holds, err := c.Compile(condition)
	if err != nil {
		return plan{}, err
	}
	run := p.run
	p.run = func(ctx context.Context) (Result, error) {
		res, err := run(ctx)
		if err != nil {
			return res, err
		}
		all, ev := res.Rows.All, eval.NewEvaluation(ctx, s)
		res.Rows.All = func(yield func([]wharf.Value, error) bool) {
			for row, err := range all {
				keep := err != nil
				if err == nil {
					ev.Row = row
					keep, err = eval.HoldsTrue(ev, holds)
				}
				if (keep || err != nil) && !yield(row, err) {
					return
				}
			}
		}
		return res, nil
	}
	return p, nil
}
