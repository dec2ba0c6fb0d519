package exec

import (
	"context"
	"fmt"
	"slices"

	"wharf"
	"wharf/sql"
	"wharf/sql/eval"
)

// queryFiles runs a query that the engine for files answers, with what the server
// does about its rows: it counts them for FOUND_ROWS(), and computes what is
// computed one row after the other.
func (s *Session) queryFiles(ctx context.Context, engine sql.Engine, r sql.Request, found *uint64) (*wharf.Rows, error) {
	q := r.Query
	if err := s.serially(&r); err != nil {
		return nil, err
	}
	var limit *sql.Limit
	if r.Unlimited = q.Found && q.Outer != nil; r.Unlimited {
		var err error
		if limit, err = q.Outer.Bind(r.Args); err != nil {
			return nil, err
		}
	}
	done := func() {}
	if b, ok := engine.(sql.Bounder); ok && q.Rows != nil {
		ctx, done = b.Bounded(ctx)
	}
	rows, err := engine.Query(ctx, r)
	if err != nil {
		done()
		return nil, err
	}
	if limit != nil {
		rows = cut(rows, *limit, found)
	}
	if q.Rows == nil {
		return rows, nil
	}
	items, err := s.rowItems(ctx, q.Rows, rows.Columns)
	if err != nil {
		for range rows.All { // it ends what they hold
			break
		}
		done()
		return nil, err
	}
	return within(ctx, done, items.of(rows)), nil
}

// within gives rows that are computed within the time of ctx, and is done when they are.
func within(ctx context.Context, done func(), rows *wharf.Rows) *wharf.Rows {
	all := rows.All
	rows.All = func(yield func([]wharf.Value, error) bool) {
		defer done()
		all(func(row []wharf.Value, err error) bool {
			if cause := context.Cause(ctx); err != nil && wharf.CodeOf(cause) == wharf.CodeTimeout {
				err = cause
			}
			return yield(row, err)
		})
	}
	return rows
}

// columnsOfFiles returns the columns of what queryFiles answers.
func (s *Session) columnsOfFiles(ctx context.Context, engine sql.Engine, r sql.Request) ([]wharf.Column, error) {
	q := r.Query
	if err := s.serially(&r); err != nil {
		return nil, err
	}
	columns, err := engine.Columns(ctx, r)
	if err != nil || q.Rows == nil {
		return columns, err
	}
	items, err := s.rowItems(ctx, q.Rows, columns)
	if err != nil {
		return nil, err
	}
	return items.columns, nil
}

// serially asks for what the items that the server computes are computed from.
func (s *Session) serially(r *sql.Request) error {
	rows := r.Query.Rows
	switch {
	case rows == nil:
		return nil
	case rows.Refused != "":
		return eval.Unsupported(rows.Refused)
	}
	q := *r.Query
	q.Text, q.Mode = rows.Text, q.Mode&^sql.NoBackslashEscapes
	r.Query = &q
	return nil
}

// cut gives the rows of a LIMIT, and counts all.
func cut(rows *wharf.Rows, limit sql.Limit, found *uint64) *wharf.Rows {
	all := rows.All
	*found = 0
	return &wharf.Rows{Columns: rows.Columns, All: func(yield func([]wharf.Value, error) bool) {
		wanted := true
		all(func(row []wharf.Value, err error) bool {
			if err != nil {
				return yield(nil, err)
			}
			if *found++; wanted && *found > limit.Offset && *found-limit.Offset <= limit.Count {
				wanted = yield(row, nil)
			}
			return true
		})
	}}
}

// computed are the items of a SELECT list that the server computes.
type computed struct {
	columns []wharf.Column // of what is shown
	inputs  int            // where the inputs begin
	at      map[int]*sql.Compiled
}

// rowItems makes the items ready. columns are those of the query that gives the
// rows.
func (s *Session) rowItems(ctx context.Context, rows *sql.RowItems, columns []wharf.Column) (*computed, error) {
	c := &computed{inputs: len(columns) - rows.Inputs, at: map[int]*sql.Compiled{}}
	var inputs []sql.Input
	for i, col := range columns[c.inputs:] {
		inputs = append(inputs, sql.Input{Name: fmt.Sprintf("i%d", i), Type: col.Type, Scale: eval.AsItComes})
	}
	c.columns = slices.Clone(columns[:c.inputs])
	expressions := eval.NewExpressions(s, s.Now())
	for _, item := range rows.Items {
		i := slices.IndexFunc(c.columns, func(col wharf.Column) bool { return col.Name == item.Mark })
		compiled, err := expressions.Compile(ctx, sql.Expression{Text: item.Text, Inputs: inputs})
		if err != nil {
			return nil, err
		}
		c.at[i] = compiled
		if c.columns[i] = (wharf.Column{Name: item.Name, Type: compiled.Type, Nullable: true}); compiled.Type == wharf.TypeNull {
			c.columns[i].Type = wharf.TypeString
		}
	}
	return c, nil
}

// of gives the rows as they are shown.
func (c *computed) of(rows *wharf.Rows) *wharf.Rows {
	all := rows.All
	return &wharf.Rows{Columns: c.columns, All: func(yield func([]wharf.Value, error) bool) {
		shown := make([]wharf.Value, c.inputs)
		inputs := make([]wharf.Value, len(rows.Columns)-c.inputs)
		all(func(row []wharf.Value, err error) bool {
			if err != nil {
				return yield(nil, err)
			}
			for i := range inputs {
				inputs[i] = columnValue(row[c.inputs+i], rows.Columns[c.inputs+i].Type)
			}
			copy(shown, row)
			for i := range shown {
				compiled := c.at[i]
				if compiled == nil {
					continue
				}
				if shown[i], err = compiled.Eval(inputs); err != nil {
					return yield(nil, err) && false
				}
			}
			return yield(shown, nil)
		})
	}}
}
