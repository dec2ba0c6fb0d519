//go:build linux && !noduck

package duck

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"

	"wharf/sql"
)

// item is one of a SELECT's items, with * written out.
type item struct {
	name   string       // of its column in the result
	node   ast.ExprNode // nil where * shows it
	column *scoped      // the column of FROM that it shows as it is; nil of others
	expr   expr         // its translation
	ready  bool         // expr is there
}

// itemsSeen says how names find a SELECT's items.
type itemsSeen uint8

const (
	itemsUnseen  itemsSeen = iota // by WHERE and aggregates
	itemsInner                    // by queries within the items alone
	itemsLast                     // where FROM has no column of the name
	itemsFirst                    // before the columns of FROM
	itemsOfNames                  // as itemsFirst, also by the names that columns have behind their aliases
)

// listItems notes the items of a SELECT, which are translated later.
func (t *translator) listItems(n *ast.SelectStmt, s *scope) {
	for _, f := range n.Fields.Fields {
		if f.WildCard != nil {
			t.listStar(f.WildCard, s)
			continue
		}
		it := item{name: t.header(f, s), node: f.Expr}
		bare, _ := withoutPlus(f.Expr)
		if c, ok := bare.(*ast.ColumnNameExpr); ok {
			it.column, _ = s.lookUp(c.Name.Schema.O, c.Name.Table.O, c.Name.Name.O, "")
		}
		s.items = append(s.items, it)
	}
}

// listStar notes the columns that * shows, or those of one table in that one's order.
func (t *translator) listStar(w *ast.WildCardField, s *scope) {
	var shown []*scoped
	for i := range s.columns {
		c := &s.columns[i]
		if c.isOf(w.Schema.O, w.Table.O) && (w.Table.O != "" || !c.hidden) {
			shown = append(shown, c)
		}
	}
	if w.Table.O != "" {
		slices.SortStableFunc(shown, func(a, b *scoped) int { return a.place - b.place })
		if len(shown) == 0 {
			t.fail(unknownTable(strings.TrimLeft(w.Schema.O+"."+w.Table.O, ".")))
		}
	}
	for _, c := range shown {
		if !c.asked {
			s.items = append(s.items, item{name: c.name, column: c})
		}
	}
}

// translateItems translates the items of a SELECT.
func (t *translator) translateItems(s *scope) (columns []outColumn, items []expr) {
	s.seen = itemsInner
	defer func() { s.seen = itemsUnseen }()
	for i := range s.items {
		it := &s.items[i]
		if it.node == nil {
			it.expr = t.ofGroup(it.column.expr)
		} else {
			it.expr = t.expr(it.node, s)
		}
		it.ready = true
		typ := it.expr
		typ.sql, typ.literal = "", nil
		columns, items = append(columns, outColumn{name: it.name, expr: typ}), append(items, it.expr)
	}
	return columns, items
}

// item gives the item that a name without a table means, or nil: the first expression of
// that name, else the one column that is shown by it. Names of columns are those that they
// have in FROM too, where behind is set, if no item is shown by that name. Two different
// columns are an error.
func (s *scope) item(name, clause string, behind bool) (*item, error) {
	var found, hidden *item
	twice := false
	for i := range s.items {
		it := &s.items[i]
		isShown := strings.EqualFold(it.name, name)
		switch {
		case isShown && it.column == nil:
			return it, nil
		case isShown && found != nil && found.column != it.column:
			return nil, ambiguousColumn(name, clause)
		case isShown:
			found = it
		case it.column != nil && strings.EqualFold(it.column.name, name):
			twice = twice || hidden != nil && hidden.column != it.column
			hidden = it
		}
	}
	switch {
	case found != nil || !behind:
		return found, nil
	case twice:
		return nil, ambiguousColumn(name, clause)
	}
	return hidden, nil
}

// isComputed reports whether an item, which may be nil, has an aggregate or a window function.
func (it *item) isComputed() bool {
	if it == nil || it.node == nil {
		return false
	}
	v := &aggregateFinder{}
	it.node.Accept(v)
	return v.found || windowIn(it.node) != ""
}

// groupedItem gives the item that an item of GROUP BY means, by its place or its name, or nil.
// The one column of FROM that has the name comes first.
func (s *scope) groupedItem(by ast.ExprNode) (*item, error) {
	const clause = "group statement"
	if place, ok := placeOf(by); ok {
		if place < 1 || place > len(s.items) {
			return nil, unknownColumn(strconv.Itoa(place), clause)
		}
		return &s.items[place-1], nil
	}
	c, ok := unwrapped(by).(*ast.ColumnNameExpr)
	if !ok || c.Name.Table.O != "" {
		return nil, nil
	}
	it, err := s.item(c.Name.Name.O, clause, false)
	if it == nil || err != nil {
		return nil, err
	}
	if column, err := s.lookUp("", "", c.Name.Name.O, ""); column != nil && err == nil {
		return nil, nil
	}
	return it, nil
}

// groupedNode is what an item of GROUP BY means: an item of the SELECT, or itself.
func (s *scope) groupedNode(by ast.ExprNode) ast.ExprNode {
	it, err := s.groupedItem(by)
	switch {
	case it == nil || err != nil:
		return by
	case it.node != nil:
		return it.node
	}
	c := it.column
	return &ast.ColumnNameExpr{Name: &ast.ColumnName{Schema: ast.NewCIStr(c.schema), Table: ast.NewCIStr(c.table), Name: ast.NewCIStr(c.name)}}
}

// withoutPlus is an expression without the parentheses and the + before it, and whether there
// was a +.
func withoutPlus(n ast.ExprNode) (bare ast.ExprNode, plus bool) {
	for {
		n = unwrapped(n)
		sign, ok := n.(*ast.UnaryOperationExpr)
		if !ok || sign.Op != opcode.Plus {
			return n, plus
		}
		n, plus = sign.V, true
	}
}

// header is the name of an item's column: its alias, a column's own name, or
// the text as it was typed.
func (t *translator) header(f *ast.SelectField, s *scope) string {
	if f.AsName.O != "" {
		return f.AsName.O
	}
	expr, plus := withoutPlus(f.Expr)
	if c, ok := expr.(*ast.ColumnNameExpr); ok {
		return s.headerOf(c.Name)
	}
	if call, ok := expr.(*ast.FuncCallExpr); ok {
		if name, ok := sql.NamedConstant(call); ok {
			return name
		}
		if call.FnName.O == sql.Introduced {
			return call.Args[0].(ast.ValueExpr).GetString()
		}
	}
	if v, ok := f.Expr.(ast.ValueExpr); ok {
		if text, ok := v.GetValue().(string); ok && len(f.Text()) > 0 && strings.ContainsAny(f.Text()[:1], `'"_nN`) {
			return text
		}
	}
	if _, ok := expr.(ast.ValueExpr); ok && plus {
		return strings.Trim(f.Text(), " +()")
	}
	return f.Text()
}

// headerOf is the header of a column: its name as it was typed, and where MySQL has a view,
// as in information_schema, the view's.
func (s *scope) headerOf(n *ast.ColumnName) string {
	for i := range s.columns {
		if c := &s.columns[i]; strings.EqualFold(c.name, n.Name.O) && c.isOf(n.Schema.O, n.Table.O) {
			if c.typed {
				break
			}
			return c.name
		}
	}
	return n.Name.O
}
