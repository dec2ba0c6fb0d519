//go:build linux && !noduck

package duck

import (
	"maps"
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
	known := s.aliases
	s.first, s.aliases = true, ungroupedAliases(n, s)
	defer func() { s.first, s.aliases = false, known }()
	return word + "(" + t.expr(n.Having.Expr, s).truth() + ")"
}

// ungroupedAliases are the aliases that HAVING means before columns of FROM: those whose
// names are no columns that rows are grouped by.
func ungroupedAliases(n *ast.SelectStmt, s *scope) map[string]expr {
	all := maps.Clone(s.aliases)
	if n.GroupBy == nil {
		return all
	}
	for _, item := range n.GroupBy.Items {
		c, ok := unwrapped(item.Expr).(*ast.ColumnNameExpr)
		if !ok {
			continue
		}
		if _, found, err := s.column(c.Name.Schema.O, c.Name.Table.O, c.Name.Name.O, ""); found && err == nil {
			delete(all, c.Name.Name.L)
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
		if f := aliased(v.n, name); f != nil && windowIn(f.Expr) != "" {
			v.window = name.Name.O
		}
		if _, found, err := v.s.column(name.Schema.O, name.Table.O, name.Name.O, ""); found && err == nil && !v.seen(name) {
			v.unknown = strings.TrimPrefix(name.Table.O+"."+name.Name.O, ".")
		}
	}
	return n, false
}

// aliased gives the item of a SELECT that has the name as its alias, or nil.
func aliased(n *ast.SelectStmt, name *ast.ColumnName) *ast.SelectField {
	for _, f := range n.Fields.Fields {
		if name.Table.L == "" && f.Expr != nil && f.AsName.L == name.Name.L {
			return f
		}
	}
	return nil
}

func (v *havingColumns) Leave(n ast.Node) (ast.Node, bool) { return n, v.unknown == "" }

func (v *havingColumns) seen(name *ast.ColumnName) bool {
	for _, f := range v.n.Fields.Fields {
		switch {
		case f.WildCard != nil:
			if f.WildCard.Table.O == "" || name.Table.O == "" || f.WildCard.Table.L == name.Table.L {
				return true
			}
		case name.Table.O == "" && f.AsName.L == name.Name.L, isColumn(f.Expr, name):
			return true
		}
	}
	if v.n.GroupBy != nil {
		for _, item := range v.n.GroupBy.Items {
			if isColumn(groupedNode(item.Expr, v.n, v.s), name) {
				return true
			}
		}
	}
	return false
}

// isColumn reports whether an expression is a column that a name may mean.
func isColumn(n ast.ExprNode, name *ast.ColumnName) bool {
	c, ok := unwrapped(n).(*ast.ColumnNameExpr)
	return ok && c.Name.Name.L == name.Name.L && (c.Name.Table.L == name.Table.L || c.Name.Table.L == "" || name.Table.L == "")
}
