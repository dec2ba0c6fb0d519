package exec

import (
	"wharf"
	"wharf/sql"
)

// Subquery compiles a query in an expression.
func (c *scope) Subquery(e sql.Subquery, x node) (node, error) {
	q, err := c.query(e.Query)
	if err != nil {
		return node{}, err
	}
	if e.Kind != "EXISTS" && len(q.columns) != 1 {
		return node{}, invalid(errOperandColumns, "Operand should contain 1 column(s)")
	}
	switch e.Kind {
	case "EXISTS":
		return node{typ: wharf.TypeInt, eval: func(ev *evaluation) (datum, error) {
			rows, err := q.aside(ev)
			return boolDatum(len(rows) > 0), err
		}}, nil
	case "IN":
		return inSubquery(x, q)
	}
	typ, shape := q.columns[0].Type, q.shapes[0]
	return node{typ: typ, scale: shape.scale, coll: shape.coll, eval: func(ev *evaluation) (datum, error) {
		rows, err := q.aside(ev)
		switch {
		case err != nil || len(rows) == 0:
			return nullDatum(), err
		case len(rows) > 1:
			return nullDatum(), invalid(errManyRows, "Subquery returns more than 1 row")
		}
		return shape.read(rows[0][0], typ), nil
	}}, nil
}

func inSubquery(x node, q *query) (node, error) {
	coll, err := x.coll.meet(q.shapes[0].coll, "IN")
	if err != nil {
		return node{}, err
	}
	return node{typ: wharf.TypeInt, eval: func(ev *evaluation) (datum, error) {
		d, err := x.eval(ev)
		if err != nil {
			return nullDatum(), err
		}
		rows, err := q.aside(ev)
		if err != nil {
			return nullDatum(), err
		}
		values := []datum{d.collated(coll.id)}
		for _, row := range rows {
			values = append(values, datumOf(row[0], q.columns[0].Type).collated(coll.id))
		}
		if len(rows) == 0 {
			return boolDatum(false), nil
		}
		return runIn(ev, values)
	}}, nil
}

// aside runs a query whose rows are not held for long.
func (q *query) aside(ev *evaluation) ([][]wharf.Value, error) {
	rows, mark := ev.work.rows, ev.held.Taken()
	defer func() {
		ev.work.rows = rows
		ev.held.ReturnTo(mark)
	}()
	return q.rows(ev)
}
