package sql

import (
	"cmp"
	"fmt"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"wharf"
)

// refusedForm returns the error of a statement that TiDB's parser reads and MySQL 8.0
// refuses.
func refusedForm(node ast.StmtNode) error {
	v := &refusedForms{}
	node.Accept(v)
	return v.err
}

type refusedForms struct{ err error }

func (v *refusedForms) Enter(node ast.Node) (ast.Node, bool) {
	switch n := node.(type) {
	case *ast.SelectStmt:
		v.recursive(n.With)
		v.selects(n)
	case *ast.SetOprStmt:
		v.recursive(n.With)
		if len(n.SelectList.Selects) > 1 {
			v.ofUnion(n.OrderBy)
		}
	case *ast.SetOprSelectList:
		v.parts(n.Selects)
		if len(n.Selects) > 1 {
			v.ofUnion(n.OrderBy)
		}
	case *ast.WithClause:
		v.names(n)
	case *ast.TableName:
		if n.AsOf != nil {
			v.fail(wharf.Errorf(wharf.CodeSyntax, "You have an error in your SQL syntax: a table has no AS OF"))
		}
	case *ast.TableSource:
		switch n.Source.(type) {
		case *ast.SelectStmt, *ast.SetOprStmt:
			if n.AsName.O == "" {
				v.fail(invalid(1248, "42000", "Every derived table must have its own alias"))
			}
		}
	case *ast.PatternInExpr:
		v.limited(n.Sel)
	case *ast.CompareSubqueryExpr:
		v.limited(n.R)
	}
	return node, v.err != nil
}

func (v *refusedForms) Leave(node ast.Node) (ast.Node, bool) { return node, true }

func (v *refusedForms) fail(err error) {
	if v.err == nil {
		v.err = err
	}
}

func (v *refusedForms) selects(n *ast.SelectStmt) {
	if n.GroupBy != nil {
		for _, item := range n.GroupBy.Items {
			if !item.NullOrder {
				v.fail(wharf.Errorf(wharf.CodeSyntax, "You have an error in your SQL syntax: GROUP BY has no ASC and DESC; ORDER BY has"))
			}
		}
	}
	if n.Fields == nil {
		return
	}
	if n.OrderBy != nil && n.GroupBy == nil && !aggregates(n.Fields) && (n.Having == nil || !aggregates(n.Having)) {
		v.ordered(n.OrderBy, 3029, "a non-aggregated query")
	}
	for i, f := range n.Fields.Fields {
		if i > 0 && f.WildCard != nil && f.WildCard.Table.O == "" {
			v.fail(wharf.Errorf(wharf.CodeSyntax, "You have an error in your SQL syntax: behind other columns, * is written with its table, as in t.*"))
		}
	}
}

// parts refuses what a SELECT before the last of a UNION has only in parentheses.
func (v *refusedForms) parts(parts []ast.Node) {
	for _, part := range parts[:len(parts)-1] {
		n, ok := part.(*ast.SelectStmt)
		if !ok {
			continue
		}
		word := ""
		switch {
		case n.OrderBy != nil:
			word = "ORDER BY"
		case n.Limit != nil:
			word = "LIMIT"
		case n.SelectIntoOpt != nil:
			word = "INTO"
		case n.LockInfo != nil:
			word = "FOR UPDATE and FOR SHARE"
		default:
			continue
		}
		v.fail(wharf.Errorf(wharf.CodeSyntax, "You have an error in your SQL syntax: a SELECT before UNION takes %s in parentheses", word))
	}
}

// ofUnion refuses names of tables in the ORDER BY of a UNION.
func (v *refusedForms) ofUnion(by *ast.OrderByClause) {
	if by == nil {
		return
	}
	v.ordered(by, 3028, "the result of a UNION")
	found := &qualifiedColumn{}
	by.Accept(found)
	if found.table != "" {
		v.fail(invalid(1250, "42000", fmt.Sprintf("Table '%s' from one of the SELECTs cannot be used in global ORDER clause", firstRunes(found.table, maxNear))))
	}
}

// ordered refuses aggregates in an ORDER BY.
func (v *refusedForms) ordered(by *ast.OrderByClause, number uint16, of string) {
	for i, item := range by.Items {
		if aggregates(item) {
			v.fail(invalid(number, "HY000", fmt.Sprintf("Expression #%d of ORDER BY contains aggregate function and applies to %s", i+1, of)))
		}
	}
}

// aggregates reports whether there is an aggregate, outside of subqueries.
func aggregates(n ast.Node) bool {
	v := &aggregateFinder{}
	n.Accept(v)
	return v.found
}

type aggregateFinder struct{ found bool }

func (v *aggregateFinder) Enter(node ast.Node) (ast.Node, bool) {
	switch node.(type) {
	case *ast.AggregateFuncExpr:
		v.found = true
	case *ast.SubqueryExpr:
		return node, true
	}
	return node, v.found
}

func (v *aggregateFinder) Leave(node ast.Node) (ast.Node, bool) { return node, true }

// qualifiedColumn finds the table of a column that is written with one, outside of subqueries.
type qualifiedColumn struct{ table string }

func (v *qualifiedColumn) Enter(node ast.Node) (ast.Node, bool) {
	switch n := node.(type) {
	case *ast.SubqueryExpr:
		return node, true
	case *ast.ColumnName:
		v.table = cmp.Or(v.table, n.Table.O)
	}
	return node, v.table != ""
}

func (v *qualifiedColumn) Leave(node ast.Node) (ast.Node, bool) { return node, true }

// names refuses two queries of one WITH that have the same name.
func (v *refusedForms) names(n *ast.WithClause) {
	seen := map[string]bool{}
	for _, def := range n.CTEs {
		if seen[def.Name.L] {
			v.fail(invalid(1066, "42000", "Not unique table/alias: '"+def.Name.O+"'"))
		}
		seen[def.Name.L] = true
	}
}

// limited refuses a LIMIT of the query behind IN, ALL, ANY or SOME.
func (v *refusedForms) limited(query ast.ExprNode) {
	sub, ok := query.(*ast.SubqueryExpr)
	if !ok {
		return
	}
	var limit *ast.Limit
	switch q := sub.Query.(type) {
	case *ast.SelectStmt:
		limit = q.Limit
	case *ast.SetOprStmt:
		limit = q.Limit
	}
	if limit != nil {
		v.fail(wharf.Errorf(wharf.CodeUnsupported, "This version of MySQL doesn't yet support 'LIMIT & IN/ALL/ANY/SOME subquery'"))
	}
}
