package rowexec

import (
	"wharf"
	"wharf/sql"
	"wharf/sql/eval"
)

// Subquery compiles a query in an expression.
func (c *scope) Subquery(e sql.Subquery, x eval.Node) (eval.Node, error) {
	q, err := c.query(e.Query)
	if err != nil {
		return eval.Node{}, err
	}
	if e.Kind != "EXISTS" && len(q.columns) != 1 {
		return eval.Node{}, eval.Invalid(eval.ErrOperandColumns, "Operand should contain 1 column(s)")
	}
	switch e.Kind {
	case "EXISTS":
		return eval.Node{Typ: wharf.TypeInt, Logical: true, Eval: func(ev *eval.Evaluation) (eval.Datum, error) {
			rows, err := q.aside(ev)
			return eval.BoolDatum(len(rows) > 0), err
		}}, nil
	case "IN":
		return inSubquery(x, q)
	}
	typ, shape := q.columns[0].Type, q.shapes[0]
	return eval.Node{Typ: typ, Scale: shape.Scale, Coll: shape.Coll, Eval: func(ev *eval.Evaluation) (eval.Datum, error) {
		rows, err := q.aside(ev)
		switch {
		case err != nil || len(rows) == 0:
			return eval.NullDatum(), err
		case len(rows) > 1:
			return eval.NullDatum(), eval.Invalid(errManyRows, "Subquery returns more than 1 row")
		}
		return shape.Read(rows[0][0], typ), nil
	}}, nil
}

func inSubquery(x eval.Node, q *query) (eval.Node, error) {
	coll, err := x.Coll.Meet(q.shapes[0].Coll, "IN")
	if err != nil {
		return eval.Node{}, err
	}
	return eval.Node{Typ: wharf.TypeInt, Eval: func(ev *eval.Evaluation) (eval.Datum, error) {
		d, err := x.Eval(ev)
		if err != nil {
			return eval.NullDatum(), err
		}
		rows, err := q.aside(ev)
		if err != nil {
			return eval.NullDatum(), err
		}
		values := []eval.Datum{d.Collated(coll.Id)}
		for _, row := range rows {
			values = append(values, eval.DatumOf(row[0], q.columns[0].Type).Collated(coll.Id))
		}
		if len(rows) == 0 {
			return eval.BoolDatum(false), nil
		}
		return eval.RunIn(ev, values)
	}}, nil
}

// aside runs a query whose rows are not held for long.
func (q *query) aside(ev *eval.Evaluation) ([][]wharf.Value, error) {
	rows, mark := ev.Work.Rows, ev.Held.Taken()
	defer func() {
		ev.Work.Rows = rows
		ev.Held.ReturnTo(mark)
	}()
	return q.rows(ev)
}
