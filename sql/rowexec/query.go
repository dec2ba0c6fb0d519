package rowexec

import (
	"slices"

	"wharf"
	"wharf/sql"
	"wharf/sql/eval"
)

// query is a compiled Query.
type query struct {
	columns []wharf.Column
	shapes  []eval.Shape // of the columns
	parts   []queryPart
	order   []sortKey // of a union
	limit   *sql.Limit
}

type queryPart struct {
	all    bool
	picked *picking // or
	nested *query
}

func (p queryPart) columns() []wharf.Column {
	if p.nested != nil {
		return p.nested.columns
	}
	return p.picked.columns
}

func (p queryPart) shapes() []eval.Shape {
	if p.nested != nil {
		return p.nested.shapes
	}
	return p.picked.shapes()
}

// outRow is a row of a result, with what it is sorted by.
type outRow struct {
	values []wharf.Value
	keys   []eval.Datum
}

func (r outRow) sortedBy() []eval.Datum { return r.keys }

// query compiles a query within the one that c compiles.
func (c *scope) query(st *sql.Query) (*query, error) {
	limit, err := st.Limit.Bind(c.Args)
	if err != nil {
		return nil, err
	}
	q := &query{limit: limit}
	single := len(st.Parts) == 1 && st.Parts[0].Select != nil
	for i, part := range st.Parts {
		p := queryPart{all: part.All}
		var order []sql.Order
		if single {
			order = st.OrderBy
		}
		var err error
		if part.Nested != nil {
			p.nested, err = c.query(part.Nested)
		} else {
			p.picked, err = c.picking(part.Select, order)
		}
		if err != nil {
			return nil, err
		}
		if i == 0 {
			q.columns, q.shapes = slices.Clone(p.columns()), slices.Clone(p.shapes())
		} else if err := q.meet(p); err != nil {
			return nil, err
		}
		q.parts = append(q.parts, p)
	}
	if single {
		return q, nil
	}
	scope := c.inside(c, q.fields(""))
	q.order, err = scope.sortKeys(st.OrderBy, fieldNodes(scope.fields))
	return q, err
}

// meet makes the columns of a union fit for those of a further part.
func (q *query) meet(part queryPart) error {
	columns, shapes := part.columns(), part.shapes()
	if len(columns) != len(q.columns) {
		return eval.Invalid(errColumnCounts, "The used SELECT statements have a different number of columns")
	}
	for i, col := range columns {
		q.columns[i].Type = eval.CommonType(q.columns[i].Type, col.Type)
		q.columns[i].Nullable = q.columns[i].Nullable || col.Nullable
		var err error
		if q.shapes[i], err = q.shapes[i].Meet(shapes[i]); err != nil {
			return err
		}
	}
	return nil
}

// fields are the columns of the query as the one around it has them.
func (q *query) fields(table string) []eval.Field {
	fields := eval.FieldsOf(q.columns, "", table)
	stored := q.isStored()
	for i := range fields {
		fields[i].Shape, fields[i].Typed = q.shapes[i], stored
	}
	return fields
}

// isStored reports whether MySQL has a table of its own for the rows of a query in FROM, whose
// columns are then those of a table, and not of a view.
func (q *query) isStored() bool {
	if len(q.parts) != 1 || q.limit != nil {
		return true
	}
	if q.parts[0].nested != nil {
		return q.parts[0].nested.isStored()
	}
	p := q.parts[0].picked
	return len(p.from.fields) == 0 || p.distinct || p.grouped || p.having.Eval != nil
}

func fieldNodes(fields []eval.Field) []eval.Node {
	nodes := make([]eval.Node, len(fields))
	for i, f := range fields {
		nodes[i] = eval.FieldNode(f, i)
	}
	return nodes
}

// rows runs the query. ev is that of the query around it.
func (q *query) rows(ev *eval.Evaluation) ([][]wharf.Value, error) {
	if len(q.parts) == 1 && q.parts[0].picked != nil {
		p := q.parts[0].picked
		out, err := p.rows(ev, q.most(len(p.order) > 0))
		if err != nil {
			return nil, err
		}
		return q.finish(ev, out, p.order)
	}
	all, err := q.union(ev)
	if err != nil {
		return nil, err
	}
	out := make([]outRow, len(all))
	local := ev.Inside()
	for i, row := range all {
		local.Row = row
		keys, err := evaluateKeys(local, q.order)
		if err != nil {
			return nil, err
		}
		out[i] = outRow{row, keys}
	}
	return q.finish(ev, out, q.order)
}

// finish puts rows in order and gives those that the query is to show.
func (q *query) finish(ev *eval.Evaluation, out []outRow, order []sortKey) ([][]wharf.Value, error) {
	if err := sortRows(ev, out, outRow.sortedBy, order); err != nil {
		return nil, err
	}
	return sql.Limited(valuesOf(out), q.limit), nil
}

// union gives the rows of all parts. DISTINCT holds for all that is before it,
// and so the parts up to the last one that has it share one set.
func (q *query) union(ev *eval.Evaluation) ([][]wharf.Value, error) {
	distinct := len(q.parts) - 1
	for distinct > 0 && q.parts[distinct].all {
		distinct--
	}
	var all [][]wharf.Value
	seen := rowSet{}
	for i, part := range q.parts {
		rows, err := q.partRows(ev, part)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			if err := ev.See(); err != nil {
				return nil, err
			}
			isNew := true
			if distinct > 0 && i <= distinct {
				if isNew, err = seen.add(ev, rowKey(row, q.columns, q.shapes)); err != nil {
					return nil, err
				}
			}
			if isNew {
				all = append(all, row)
			}
		}
	}
	return all, nil
}

// most is how many rows are needed, or -1 for all.
func (q *query) most(ordered bool) int {
	if q.limit == nil || ordered || q.limit.Count > eval.MaxRowsKept || q.limit.Offset > eval.MaxRowsKept {
		return -1
	}
	return int(q.limit.Count + q.limit.Offset)
}

// partRows gives the rows of one part of a union, as the union's columns have
// them.
func (q *query) partRows(ev *eval.Evaluation, part queryPart) ([][]wharf.Value, error) {
	var rows [][]wharf.Value
	if part.nested != nil {
		nested, err := part.nested.rows(ev)
		if err != nil {
			return nil, err
		}
		rows = nested
	} else {
		out, err := part.picked.rows(ev, -1)
		if err != nil {
			return nil, err
		}
		rows = valuesOf(out)
	}
	shapes := part.shapes()
	for i, col := range part.columns() {
		if col.Type == q.columns[i].Type && shapes[i].Scale == q.shapes[i].Scale {
			continue
		}
		to := eval.Node{Typ: q.columns[i].Type, Scale: q.shapes[i].Scale, Coll: q.shapes[i].Coll}
		for _, row := range rows {
			d := shapes[i].Read(row[i], col.Type)
			from := eval.Node{Typ: col.Type, Scale: eval.AsItComes, Eval: func(*eval.Evaluation) (eval.Datum, error) { return d, nil }}
			taken, err := to.Take(ev, from)
			if err != nil {
				return nil, err
			}
			row[i] = to.Settle(taken).Carried(to.Typ)
		}
	}
	return rows, nil
}

func valuesOf(out []outRow) [][]wharf.Value {
	rows := make([][]wharf.Value, len(out))
	for i, r := range out {
		rows[i] = r.values
	}
	return rows
}
