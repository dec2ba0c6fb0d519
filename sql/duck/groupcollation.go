//go:build linux && !noduck

package duck

import (
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// collatedGroups wants no column by itself in the SELECT list that rows are grouped by
// in another collation alone: GROUP BY s COLLATE x has one s COLLATE x for each group,
// and any number of s.
func (t *translator) collatedGroups(n *ast.SelectStmt, s *scope) {
	if n.GroupBy == nil {
		return
	}
	v := &collatedColumns{s: s, groups: map[[2]string]bool{}, columns: map[string]bool{}}
	plain := map[string]bool{}
	for _, item := range n.GroupBy.Items {
		node := unwrapped(s.groupedNode(item.Expr))
		if column, collation, ok := v.collated(node); ok {
			v.groups[[2]string{column, collation}], v.columns[column] = true, true
		} else if name, ok := node.(*ast.ColumnNameExpr); ok {
			if e, found, err := s.column(name.Name.Schema.O, name.Name.Table.O, name.Name.Name.O, ""); found && err == nil {
				plain[e.sql] = true
			}
		}
	}
	for column := range plain {
		delete(v.columns, column)
	}
	if len(v.columns) == 0 {
		return
	}
	for i, f := range n.Fields.Fields {
		v.outside = nil
		if f.Expr != nil {
			f.Expr.Accept(v)
		} else if len(s.columns) > 0 {
			for _, c := range s.columns {
				if v.columns[c.expr.sql] && !c.hidden && v.outside == nil {
					v.outside = &c
				}
			}
		}
		if v.outside != nil {
			t.fail(notGrouped(i+1, "SELECT list", v.outside.fullName()))
			return
		}
	}
}

// collatedColumns finds a column by itself that is grouped in another collation.
type collatedColumns struct {
	s       *scope
	groups  map[[2]string]bool // columns with their collations
	columns map[string]bool    // of them
	outside *scoped
}

// collated gives the column and the collation of x COLLATE y, by DuckDB's name.
func (v *collatedColumns) collated(n ast.Node) (column, collation string, ok bool) {
	c, ok := n.(*ast.SetCollationExpr)
	if !ok {
		return "", "", false
	}
	name, ok := unwrapped(c.Expr).(*ast.ColumnNameExpr)
	if !ok {
		return "", "", false
	}
	e, found, err := v.s.column(name.Name.Schema.O, name.Name.Table.O, name.Name.Name.O, "")
	return e.sql, c.Collate, found && err == nil
}

func (v *collatedColumns) Enter(n ast.Node) (ast.Node, bool) {
	switch n := n.(type) {
	case *ast.AggregateFuncExpr, *ast.SubqueryExpr:
		return n, true
	case *ast.FuncCallExpr:
		return n, n.FnName.L == "any_value"
	case *ast.SetCollationExpr:
		column, collation, ok := v.collated(n)
		return n, ok && v.groups[[2]string{column, collation}]
	case *ast.ColumnNameExpr:
		e, found, err := v.s.column(n.Name.Schema.O, n.Name.Table.O, n.Name.Name.O, "")
		if !found || err != nil || !v.columns[e.sql] || v.outside != nil {
			return n, true
		}
		for i, c := range v.s.columns {
			if c.expr.sql == e.sql {
				v.outside = &v.s.columns[i]
			}
		}
	}
	return n, false
}

func (v *collatedColumns) Leave(n ast.Node) (ast.Node, bool) { return n, true }
