//go:build linux && !noduck

package duck

import (
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
)

// having writes HAVING. Without groups it filters rows.
func (t *translator) having(n *ast.SelectStmt, s *scope) string {
	if n.Having == nil {
		return ""
	}
	t.clause = "having clause"
	v := &havingColumns{n: n, s: s}
	n.Having.Expr.Accept(v)
	if v.unknown != "" {
		t.fail(unknownColumn(v.unknown, t.clause))
	}
	if v.window != "" {
		t.fail(windowAliasMisplaced(v.window))
	}
	word := " HAVING "
	if n.GroupBy == nil && !aggregated(n) {
		if word = " AND "; n.Where == nil {
			word = " WHERE "
		}
	}
	all, seen := s.items, s.seen
	s.items, s.seen = ungroupedItems(n, s), itemsOfNames
	defer func() { s.items, s.seen = all, seen }()
	return word + "(" + t.expr(n.Having.Expr, s).truth() + ")"
}

// ungroupedItems are the items that HAVING means before columns of FROM: those whose
// names are no other columns that rows are grouped by.
func ungroupedItems(n *ast.SelectStmt, s *scope) []item {
	if n.GroupBy == nil {
		return s.items
	}
	all := slices.Clone(s.items)
	for _, by := range n.GroupBy.Items {
		c, ok := unwrapped(by.Expr).(*ast.ColumnNameExpr)
		if !ok {
			continue
		}
		if column, err := s.lookUp(c.Name.Schema.O, c.Name.Table.O, c.Name.Name.O, ""); column != nil && err == nil {
			all = slices.DeleteFunc(all, func(it item) bool { return strings.EqualFold(it.name, c.Name.Name.O) && it.column != column })
		}
	}
	return all
}

// havingColumns finds a column of FROM in HAVING that is neither in the SELECT's items
// nor in GROUP BY, where MySQL knows no others outside of aggregates.
type havingColumns struct {
	n       *ast.SelectStmt
	s       *scope
	unknown string
	window  string // the alias of a window function
}

func (v *havingColumns) Enter(n ast.Node) (ast.Node, bool) {
	switch n := n.(type) {
	case *ast.AggregateFuncExpr, *ast.SubqueryExpr, *ast.WindowFuncExpr:
		return n, true
	case *ast.FuncCallExpr:
		return n, n.FnName.L == "any_value"
	case *ast.ColumnNameExpr:
		name := n.Name
		if it, err := v.s.item(name.Name.O, "", false); name.Table.O == "" && it != nil && err == nil && it.node != nil && windowIn(it.node) != "" {
			v.window = name.Name.O
		}
		if c, err := v.s.lookUp(name.Schema.O, name.Table.O, name.Name.O, ""); c != nil && err == nil && !v.seen(name, c) {
			v.unknown = strings.TrimPrefix(name.Table.O+"."+name.Name.O, ".")
		}
	}
	return n, false
}

func (v *havingColumns) Leave(n ast.Node) (ast.Node, bool) { return n, v.unknown == "" }

// seen reports whether a column of FROM, or the name that means it, is in the SELECT's items
// or in GROUP BY.
func (v *havingColumns) seen(name *ast.ColumnName, column *scoped) bool {
	for _, it := range v.s.items {
		if it.column == column || name.Table.O == "" && strings.EqualFold(it.name, name.Name.O) {
			return true
		}
	}
	if v.n.GroupBy == nil {
		return false
	}
	return slices.ContainsFunc(v.n.GroupBy.Items, func(by *ast.ByItem) bool {
		c, ok := unwrapped(v.s.groupedNode(by.Expr)).(*ast.ColumnNameExpr)
		if !ok {
			return false
		}
		grouped, _ := v.s.lookUp(c.Name.Schema.O, c.Name.Table.O, c.Name.Name.O, "")
		return grouped == column
	})
}
