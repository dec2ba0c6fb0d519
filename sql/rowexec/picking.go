package rowexec

import (
	"slices"
	"strings"

	"wharf"
	"wharf/sql"
	"wharf/sql/eval"
)

// picking is one compiled SELECT of a query.
type picking struct {
	columns  []wharf.Column
	from     relation
	where    eval.Node
	groups   []eval.Node
	items    []eval.Node
	having   eval.Node
	order    []sortKey
	grouped  bool
	single   bool // one group of all rows, also of none
	distinct bool
	sums     []aggregate
	// plain are the columns that show a field as it is.
	plain []int
	// ambiguous are the names that MySQL warns of.
	ambiguous []ambiguous
}

// picking compiles a SELECT and the ORDER BY of its query.
func (c *scope) picking(st *sql.QuerySelect, order []sql.Order) (*picking, error) {
	p := &picking{distinct: st.Distinct, from: oneRow()}
	if st.From != nil {
		var err error
		var hold []sql.Expr
		if st.Where != nil {
			hold = append(hold, st.Where)
		}
		if p.from, err = c.relation(st.From, hold); err != nil {
			return nil, err
		}
	}
	scope := c.inside(c, p.from.fields)
	if st.Where != nil {
		var err error
		scope.Clause = "where clause"
		if p.where, err = scope.Compile(st.Where); err != nil {
			return nil, err
		}
		scope.Clause = ""
	}
	scope.sums = &p.sums
	if err := p.addItems(scope, st.Items); err != nil {
		return nil, err
	}
	return p, p.finish(scope, st, order)
}

// oneRow is what a SELECT without FROM reads.
func oneRow() relation {
	return relation{each: func(_ *eval.Evaluation, row func([]wharf.Value) error) error { return row(nil) }}
}

func (p *picking) addItems(scope *scope, items []sql.QueryItem) error {
	scope.seen = itemsInner
	defer func() { scope.seen, scope.later = itemsUnseen, nil }()
	for i, of := range items {
		scope.later = items[i:]
		if of.Star {
			if err := p.addStar(scope, of); err != nil {
				return err
			}
			continue
		}
		sums := len(p.sums)
		n, err := scope.Compile(of.Expr)
		if err != nil {
			return err
		}
		it := item{name: of.Name, field: -1, node: n, summed: len(p.sums) > sums}
		col := wharf.Column{Name: of.Name, Type: n.Typ, Nullable: eval.IsNullable(of.Expr), SQLType: n.SQLType()}
		if c, ok := of.Expr.(sql.Column); ok {
			if i, err := eval.FindField(scope.fields, c, ""); err == nil && i >= 0 {
				it.field = i
				p.plain = append(p.plain, len(p.columns))
				col.Nullable = scope.fields[i].Nullable
				switch {
				case of.Alias:
				case scope.fields[i].Typed:
					col.Name = c.Name
				default:
					col.Name = scope.fields[i].Name
				}
			}
		}
		p.items, p.columns, scope.items = append(p.items, n), append(p.columns, col), append(scope.items, it)
	}
	return nil
}

// addStar adds all columns, or those of one table.
func (p *picking) addStar(scope *scope, star sql.QueryItem) error {
	before := len(p.items)
	places := p.from.shown()
	if star.Table != "" {
		places = relation{fields: scope.fields}.shown()
	}
	for _, i := range places {
		f := scope.fields[i]
		switch {
		case !f.IsOf(star.Schema, star.Table):
		default:
			p.plain = append(p.plain, len(p.columns))
			n := eval.FieldNode(f, i)
			p.items, p.columns = append(p.items, n), append(p.columns, f.Column)
			scope.items = append(scope.items, item{name: f.Name, field: i, node: n})
		}
	}
	if len(p.items) > before {
		return nil
	}
	if star.Table != "" {
		return eval.Invalid(errUnknownTable, "Unknown table '%s'", strings.TrimLeft(eval.CutRunes(star.Schema, 64)+"."+eval.CutRunes(star.Table, 64), "."))
	}
	return eval.Invalid(errNoTables, "No tables used")
}

// finish compiles what sees the items.
func (p *picking) finish(scope *scope, st *sql.QuerySelect, order []sql.Order) error {
	err := p.groupBy(scope, st.GroupBy)
	if err != nil {
		return err
	}
	ambiguous := p.findAmbiguous(scope, st)
	if st.Having != nil {
		all := scope.items
		scope.items = slices.DeleteFunc(slices.Clone(all), func(it item) bool { return ambiguous[eval.Fold(it.name)] })
		scope.Clause, scope.seen = "having clause", itemsOfNames
		if p.having, err = scope.Compile(st.Having); err != nil {
			return err
		}
		scope.items = all
	}
	scope.seen = itemsFirst
	if p.order, err = scope.sortKeys(order, p.items); err != nil {
		return err
	}
	p.single = len(p.groups) == 0 && len(p.sums) > 0
	p.grouped = p.single || len(p.groups) > 0
	if p.single { // the group of no rows has no values
		for _, i := range p.plain {
			p.columns[i].Nullable = true
		}
	}
	return nil
}

// groupBy compiles GROUP BY.
func (p *picking) groupBy(c *scope, by []sql.Order) error {
	grouping := c.inside(c.outer, c.fields)
	grouping.items, grouping.seen, grouping.Clause = c.items, itemsLast, "group statement"
	for _, o := range by {
		it, err := grouping.groupedItem(o, grouping.Clause)
		switch {
		case err != nil:
			return err
		case it == nil:
			n, err := grouping.Compile(o.Expr)
			if err != nil {
				return err
			}
			if col, ok := o.Expr.(sql.Column); ok {
				i, _ := eval.FindField(c.fields, col, "")
				c.grouped = append(c.grouped, i)
			}
			p.groups = append(p.groups, n)
		case it.summed:
			return eval.Invalid(errNotGroupable, "Can't group on '%s'", eval.CutRunes(it.name, 64))
		default:
			p.groups = append(p.groups, it.node)
		}
	}
	return nil
}

// shapes are those of the columns.
func (p *picking) shapes() []eval.Shape {
	shapes := make([]eval.Shape, len(p.items))
	for i, n := range p.items {
		shapes[i] = n.Shape()
	}
	return shapes
}

// rows runs the SELECT: at most that many rows, or all for -1.
func (p *picking) rows(ev *eval.Evaluation, most int) ([]outRow, error) {
	p.warnAmbiguous(ev.Env)
	out := &picked{picking: p, ev: ev.Inside(), most: most, columnShapes: p.shapes(), seen: rowSet{}}
	row := out.add
	groups := newGroups(p, out.ev)
	if p.grouped {
		row = groups.add
	}
	err := p.from.each(ev, func(r []wharf.Value) error {
		if err := ev.See(); err != nil {
			return err
		}
		out.ev.Row = r
		keep, err := eval.HoldsTrue(out.ev, p.where)
		if err != nil || !keep {
			return err
		}
		return row()
	})
	if err == nil && p.grouped {
		err = groups.finish(out.add)
	}
	if err == errEnough {
		err = nil
	}
	return out.rows, err
}

// picked is the result of a picking as it grows.
type picked struct {
	*picking
	ev   *eval.Evaluation
	most int
	// columnShapes and seen are for DISTINCT.
	columnShapes []eval.Shape
	seen         rowSet
	rows         []outRow
}

// add makes a row of the result from the one that ev stands at.
func (o *picked) add() error {
	if o.most == 0 {
		return errEnough
	}
	keep, err := eval.HoldsTrue(o.ev, o.having)
	if err != nil || !keep {
		return err
	}
	mark := o.ev.Held.Taken()
	values := make([]wharf.Value, len(o.items))
	for i, n := range o.items {
		d, err := n.Eval(o.ev)
		if err != nil {
			return err
		}
		values[i] = n.Settle(d).Carried(n.Typ)
	}
	o.ev.Held.ReturnTo(mark) // keep counts them
	if o.distinct {
		isNew, err := o.seen.add(o.ev, rowKey(values, o.columns, o.columnShapes))
		if err != nil || !isNew {
			return err
		}
	}
	keys, err := evaluateKeys(o.ev, o.order)
	if err != nil {
		return err
	}
	o.rows = append(o.rows, outRow{values, keys})
	if err := o.ev.Keep(values); err != nil {
		return err
	}
	if o.most > 0 && len(o.rows) >= o.most {
		return errEnough
	}
	return nil
}

// groups are the rows of a SELECT with GROUP BY or aggregates. Columns that
// are not grouped by have the values of a group's first row.
type groups struct {
	*picking
	ev    *eval.Evaluation
	order []*group
	byKey map[string]*group
}

type group struct {
	row  []wharf.Value
	sums []*sum
}

func newGroups(p *picking, ev *eval.Evaluation) *groups {
	return &groups{picking: p, ev: ev, byKey: map[string]*group{}}
}

// add takes the row that ev stands at.
func (g *groups) add() error {
	var key strings.Builder
	mark := g.ev.Held.Taken()
	for _, n := range g.groups {
		d, err := n.Eval(g.ev)
		if err != nil {
			return err
		}
		addKey(&key, d)
	}
	g.ev.Held.ReturnTo(mark)
	in := g.byKey[key.String()]
	if in == nil {
		in = g.begin(slices.Clone(g.ev.Row))
		g.byKey[key.String()] = in
		if err := g.ev.Hold(eval.EntryBytes + key.Len() + len(in.sums)*eval.SumBytes); err != nil {
			return err
		}
		if err := g.ev.Keep(in.row); err != nil {
			return err
		}
	}
	for _, s := range in.sums {
		if err := s.add(g.ev); err != nil {
			return err
		}
	}
	return nil
}

func (g *groups) begin(row []wharf.Value) *group {
	in := &group{row: row}
	for i := range g.sums {
		s := &sum{aggregate: &g.sums[i]}
		if s.distinct {
			s.seen = rowSet{}
		}
		in.sums = append(in.sums, s)
	}
	g.order = append(g.order, in)
	return in
}

// finish gives a row for each group.
func (g *groups) finish(row func() error) error {
	if g.single && len(g.order) == 0 {
		g.begin(make([]wharf.Value, len(g.from.fields)))
	}
	for _, in := range g.order {
		g.ev.Row, g.ev.Sums = in.row, make([]eval.Datum, len(in.sums))
		for i, s := range in.sums {
			var err error
			if g.ev.Sums[i], err = s.result(g.ev); err != nil {
				return err
			}
		}
		if err := row(); err != nil {
			return err
		}
	}
	return nil
}
