package exec

import (
	"slices"
	"strings"

	"wharf"
	"wharf/sql"
)

// picking is one compiled SELECT of a query.
type picking struct {
	columns  []wharf.Column
	from     relation
	where    node
	groups   []node
	items    []node
	having   node
	order    []sortKey
	grouped  bool
	single   bool // one group of all rows, also of none
	distinct bool
	sums     []aggregate
	// plain are the columns that show a field as it is.
	plain []int
}

// picking compiles a SELECT and the ORDER BY of its query.
func (c *scope) picking(st *sql.QuerySelect, order []sql.Order) (*picking, error) {
	p := &picking{distinct: st.Distinct, from: oneRow()}
	if st.From != nil {
		var err error
		if p.from, err = c.relation(st.From); err != nil {
			return nil, err
		}
	}
	scope := newScope(c.s, c.args, c, p.from.fields)
	if st.Where != nil {
		var err error
		if p.where, err = scope.compile(st.Where); err != nil {
			return nil, err
		}
	}
	scope.sums, scope.aliases = &p.sums, map[string]node{}
	if err := p.addItems(scope, st.Items); err != nil {
		return nil, err
	}
	return p, p.finish(scope, st, order)
}

// oneRow is what a SELECT without FROM reads.
func oneRow() relation {
	return relation{each: func(_ *evaluation, row func([]wharf.Value) error) error { return row(nil) }}
}

func (p *picking) addItems(scope *scope, items []sql.QueryItem) error {
	// An item does not know the aliases of the others.
	aliases := scope.aliases
	scope.aliases = nil
	defer func() { scope.aliases = aliases }()
	for _, item := range items {
		if item.Star {
			if err := p.addStar(scope, item); err != nil {
				return err
			}
			continue
		}
		n, err := scope.compile(item.Expr)
		if err != nil {
			return err
		}
		col := wharf.Column{Name: item.Name, Type: n.typ, Nullable: isNullable(item.Expr)}
		if c, ok := item.Expr.(sql.Column); ok {
			if i, err := findField(scope.fields, c); err == nil && i >= 0 {
				p.plain = append(p.plain, len(p.columns))
				col.Nullable = scope.fields[i].Nullable
				if !item.Alias {
					col.Name = scope.fields[i].Name
				}
			}
		}
		p.items, p.columns = append(p.items, n), append(p.columns, col)
		if _, taken := aliases[fold(item.Name)]; !taken {
			aliases[fold(item.Name)] = n
		}
	}
	return nil
}

// addStar adds all columns, or those of one table.
func (p *picking) addStar(scope *scope, item sql.QueryItem) error {
	before := len(p.items)
	places := p.from.shown()
	if item.Table != "" {
		places = relation{fields: scope.fields}.shown()
	}
	for _, i := range places {
		f := scope.fields[i]
		switch {
		case item.Table != "" && fold(item.Table) != fold(f.table), item.Schema != "" && fold(item.Schema) != fold(f.schema):
		default:
			p.plain = append(p.plain, len(p.columns))
			p.items, p.columns = append(p.items, fieldNode(f, i)), append(p.columns, f.Column)
		}
	}
	if len(p.items) > before {
		return nil
	}
	if item.Table != "" {
		return invalid(errUnknownTable, "Unknown table '%s'", cutRunes(item.Table, 64))
	}
	return invalid(errNoTables, "No tables used")
}

// finish compiles what knows the aliases of the items.
func (p *picking) finish(scope *scope, st *sql.QuerySelect, order []sql.Order) error {
	grouping := newScope(scope.s, scope.args, scope.outer, scope.fields)
	grouping.aliases = scope.aliases
	groups, err := grouping.sortKeys(st.GroupBy, p.items)
	if err != nil {
		return err
	}
	for _, g := range groups {
		p.groups = append(p.groups, g.node)
	}
	scope.aliasesFirst = true
	if st.Having != nil {
		if p.having, err = scope.compile(st.Having); err != nil {
			return err
		}
	}
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

// shapes are those of the columns.
func (p *picking) shapes() []shape {
	shapes := make([]shape, len(p.items))
	for i, n := range p.items {
		shapes[i] = n.shape()
	}
	return shapes
}

// isNullable tells whether an expression may be NULL: constants other than
// NULL and counts never are.
func isNullable(e sql.Expr) bool {
	switch e := e.(type) {
	case sql.Literal:
		return e.Kind == sql.NullLiteral
	case sql.Aggregate:
		return e.Name != "COUNT"
	}
	return true
}

// rows runs the SELECT: at most that many rows, or all for -1.
func (p *picking) rows(ev *evaluation, most int) ([]outRow, error) {
	out := &picked{picking: p, ev: ev.inside(), most: most, columnShapes: p.shapes(), seen: rowSet{}}
	row := out.add
	groups := newGroups(p, out.ev)
	if p.grouped {
		row = groups.add
	}
	err := p.from.each(ev, func(r []wharf.Value) error {
		if err := ev.see(); err != nil {
			return err
		}
		out.ev.row = r
		keep, err := holdsTrue(out.ev, p.where)
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
	ev   *evaluation
	most int
	// columnShapes and seen are for DISTINCT.
	columnShapes []shape
	seen         rowSet
	rows         []outRow
}

// add makes a row of the result from the one that ev stands at.
func (o *picked) add() error {
	if o.most == 0 {
		return errEnough
	}
	keep, err := holdsTrue(o.ev, o.having)
	if err != nil || !keep {
		return err
	}
	mark := o.ev.held.Taken()
	values := make([]wharf.Value, len(o.items))
	for i, n := range o.items {
		d, err := n.eval(o.ev)
		if err != nil {
			return err
		}
		values[i] = n.settle(d).value(n.typ)
	}
	o.ev.held.ReturnTo(mark) // keep counts them
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
	if err := o.ev.keep(values); err != nil {
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
	ev    *evaluation
	order []*group
	byKey map[string]*group
}

type group struct {
	row  []wharf.Value
	sums []*sum
}

func newGroups(p *picking, ev *evaluation) *groups {
	return &groups{picking: p, ev: ev, byKey: map[string]*group{}}
}

// add takes the row that ev stands at.
func (g *groups) add() error {
	var key strings.Builder
	mark := g.ev.held.Taken()
	for _, n := range g.groups {
		d, err := n.eval(g.ev)
		if err != nil {
			return err
		}
		addKey(&key, d)
	}
	g.ev.held.ReturnTo(mark)
	in := g.byKey[key.String()]
	if in == nil {
		in = g.begin(slices.Clone(g.ev.row))
		g.byKey[key.String()] = in
		if err := g.ev.hold(entryBytes + key.Len() + len(in.sums)*sumBytes); err != nil {
			return err
		}
		if err := g.ev.keep(in.row); err != nil {
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
		g.ev.row, g.ev.sums = in.row, make([]datum, len(in.sums))
		for i, s := range in.sums {
			var err error
			if g.ev.sums[i], err = s.result(g.ev); err != nil {
				return err
			}
		}
		if err := row(); err != nil {
			return err
		}
	}
	return nil
}
