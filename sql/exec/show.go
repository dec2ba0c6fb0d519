package exec

import (
	"context"

	"wharf"
	"wharf/sql"
	"wharf/sql/eval"
)

// show is one SHOW that is not a stage's.
type show struct {
	columns func(*Session, *sql.Show) []wharf.Column
	rows    func(context.Context, *Session, *sql.Show) ([][]wharf.Value, error)
	// name is the column that LIKE looks at.
	name int
	// asks is set where the statement is about the one before.
	asks bool
}

// showTable is all SHOWs by what they show.
func showTable() map[string]show {
	all := map[string]show{}
	for _, part := range []map[string]show{diagnosticShows(), serverShows(), userShows(), schemaShows(), emptyShows()} {
		for name, s := range part {
			all[name] = s
		}
	}
	return all
}

func (s *Session) planShow(st *sql.Show, args []wharf.Value) (plan, error) {
	def, ok := s.executor.shows[st.What]
	if !ok {
		return plan{}, eval.Unsupported("SHOW " + st.What)
	}
	columns := def.columns(s, st)
	var where eval.Node
	if st.Where != nil {
		c := eval.ConditionOn(columns, s, args)
		var err error
		if where, err = c.Compile(st.Where); err != nil {
			return plan{}, err
		}
	}
	p := s.answer(columns, func(ctx context.Context) ([][]wharf.Value, error) {
		all, err := def.rows(ctx, s, st)
		if err != nil {
			return nil, err
		}
		ev := eval.NewEvaluation(ctx, s)
		matches := eval.LikeNames(st.Like)
		kept := all[:0]
		for _, row := range all {
			ev.Row = row
			keep, err := eval.HoldsTrue(ev, where)
			if err != nil {
				return nil, err
			}
			if keep && matches(row[def.name].String()) {
				kept = append(kept, row)
			}
		}
		return sql.Limited(kept, st.Limit), nil
	})
	p.asks, p.capped = def.asks, true
	return p, nil
}

// fixed is the columns of a SHOW that always has the same.
func fixed(columns ...wharf.Column) func(*Session, *sql.Show) []wharf.Column {
	return func(*Session, *sql.Show) []wharf.Column { return columns }
}

func text(name string) wharf.Column { return wharf.Column{Name: name, Type: wharf.TypeString} }
func textNull(name string) wharf.Column {
	return wharf.Column{Name: name, Type: wharf.TypeString, Nullable: true}
}
func integer(name string) wharf.Column { return wharf.Column{Name: name, Type: wharf.TypeInt} }

func integerNull(name string) wharf.Column {
	return wharf.Column{Name: name, Type: wharf.TypeUint, Nullable: true}
}

func dateNull(name string) wharf.Column {
	return wharf.Column{Name: name, Type: wharf.TypeDateTime, Nullable: true}
}

// rowsOf makes rows of what a function gives for each item.
func rowsOf[T any](items []T, row func(T) []wharf.Value) [][]wharf.Value {
	rows := make([][]wharf.Value, len(items))
	for i, item := range items {
		rows[i] = row(item)
	}
	return rows
}

// texts is a row of texts.
func texts(values ...string) []wharf.Value {
	row := make([]wharf.Value, len(values))
	for i, v := range values {
		row[i] = wharf.Text(v)
	}
	return row
}

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
