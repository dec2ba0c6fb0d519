package rowexec

import (
	"context"
	"iter"
	"math"

	"wharf"
	"wharf/sql/eval"
)

// streams reports whether the rows of a query are given as they are read, so that
// none is held: where they are all of one table, and neither sorted, grouped nor
// compared with each other.
func (q *query) streams() bool {
	if len(q.parts) != 1 || q.parts[0].picked == nil {
		return false
	}
	p := q.parts[0].picked
	return p.from.isTable && !p.grouped && !p.distinct && len(p.order) == 0
}

// stream runs a query that streams.
func (q *query) stream(ctx context.Context, e eval.Env) iter.Seq2[[]wharf.Value, error] {
	return func(yield func([]wharf.Value, error) bool) {
		skip, left := uint64(0), uint64(math.MaxUint64)
		if q.limit != nil {
			skip, left = q.limit.Offset, q.limit.Count
		}
		if left == 0 {
			return
		}
		p, ev := q.parts[0].picked, eval.NewEvaluation(ctx, e)
		inner := ev.Inside()
		row := make([]wharf.Value, len(p.items))
		err := p.from.each(ev, func(r []wharf.Value) error {
			mark := inner.Held.Taken()
			defer inner.Held.ReturnTo(mark)
			isRow, err := p.evaluate(inner, r, row)
			if err != nil || !isRow {
				return err
			}
			if skip > 0 {
				skip--
				return nil
			}
			if left--; !yield(row, nil) || left == 0 {
				return errEnough
			}
			return nil
		})
		if err != nil && err != errEnough {
			yield(nil, err)
		}
	}
}

// evaluate fills a row of the result from one of what is read. It reports false
// for a row that is not wanted.
func (p *picking) evaluate(ev *eval.Evaluation, from, row []wharf.Value) (bool, error) {
	if err := ev.See(); err != nil {
		return false, err
	}
	ev.Row = from
	for _, condition := range []eval.Node{p.where, p.having} {
		if keep, err := eval.HoldsTrue(ev, condition); err != nil || !keep {
			return false, err
		}
	}
	for i, n := range p.items {
		d, err := n.Eval(ev)
		if err != nil {
			return false, err
		}
		row[i] = n.Settle(d).Value(n.Typ)
	}
	return true, nil
}
