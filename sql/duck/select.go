//go:build linux && !noduck

package duck

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
	driver "github.com/pingcap/tidb/pkg/parser/test_driver"
)

// selects translates one SELECT.
func (t *translator) selects(n *ast.SelectStmt, outer *scope) queried {
	if n.Kind == ast.SelectStmtKindValues {
		return t.values(n, outer)
	}
	if n.SelectIntoOpt != nil {
		t.refuse("SELECT … INTO")
		return queried{}
	}
	t.recursive = nil
	head, outer := t.with(n.With, outer)
	s := &scope{outer: outer, windows: map[string]window{}}
	from := ""
	if n.From != nil {
		from = " FROM " + t.table(n.From.TableRefs, s)
	}
	t.listItems(n, s)
	groups := t.groupsOf(n, s)
	t.namedWindows(n.WindowSpecs, s)
	t.clause = "field list"
	columns, items := t.translateItems(s)
	t.onlyAggregates(n, s)
	if t.err != nil {
		return queried{}
	}
	var b strings.Builder
	b.WriteString(head + "SELECT ")
	if n.Distinct {
		b.WriteString(t.distinct(items))
	}
	for i, item := range items {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s AS c%d", item.sql, i)
	}
	b.WriteString(from)
	if n.Where != nil {
		t.clause = "where clause"
		back := t.ungrouped()
		b.WriteString(" WHERE " + t.expr(n.Where, s).truth())
		t.boundsOf(n.Where, s)
		back()
	}
	s.seen = itemsLast
	if n.GroupBy != nil {
		b.WriteString(t.groupBy(n, s, groups))
	}
	t.ambiguous(n, s)
	b.WriteString(t.having(n, s))
	rollup := t.rollup
	t.rollup = nil
	if n.OrderBy != nil {
		s.seen = itemsFirst
		t.distinctOrder(n, s, items)
		b.WriteString(t.order(n.OrderBy.Items, s, columns))
	} else if len(rollup) > 0 {
		// Sums stand behind what they sum up.
		b.WriteString(" ORDER BY " + strings.Join(rollup, ", "))
	} else if len(s.places) > 0 && n.GroupBy == nil && !n.Distinct && !aggregated(n) {
		b.WriteString(" ORDER BY " + strings.Join(s.places, ", "))
	}
	b.WriteString(t.limit(n.Limit, s))
	q := queried{sql: b.String(), columns: columns}
	if n.From == nil && n.Where == nil && n.GroupBy == nil && n.Having == nil && n.Limit == nil && n.With == nil {
		q.row = items
	}
	return q
}

// aggregated reports whether a SELECT without GROUP BY is one group.
func aggregated(n *ast.SelectStmt) bool {
	v := &aggregateFinder{}
	for _, f := range n.Fields.Fields {
		if f.Expr != nil {
			f.Expr.Accept(v)
		}
	}
	if n.Having != nil {
		n.Having.Expr.Accept(v)
	}
	return v.found
}

type aggregateFinder struct{ found bool }

func (v *aggregateFinder) Enter(n ast.Node) (ast.Node, bool) {
	switch n.(type) {
	case *ast.AggregateFuncExpr:
		v.found = true
	case *ast.SubqueryExpr, *ast.WindowFuncExpr:
		return n, true
	}
	return n, false
}

func (v *aggregateFinder) Leave(n ast.Node) (ast.Node, bool) { return n, true }

// orderOf orders a set operation, which knows only its own columns.
func (t *translator) orderOf(items []*ast.ByItem, columns []outColumn) string {
	s := &scope{}
	for i, c := range columns {
		e := c.expr
		e.sql = fmt.Sprintf("c%d", i)
		s.columns = append(s.columns, scoped{name: c.name, expr: e})
	}
	return t.order(items, s, columns)
}

// order writes ORDER BY. NULL is first, and last with DESC.
func (t *translator) order(items []*ast.ByItem, s *scope, columns []outColumn) string {
	t.clause = "order clause"
	parts := make([]string, 0, len(items))
	for _, item := range items {
		e := t.byItem(item, s, columns)
		text := t.key(e)
		if _, isPlace := placeOf(item.Expr); !isPlace && readsNoRow(item.Expr) || e.constant && isLiteral(text) {
			continue // it orders nothing, and DuckDB takes a number for a place
		}
		if item.Desc {
			parts = append(parts, text+" DESC NULLS LAST")
		} else {
			parts = append(parts, text+" ASC NULLS FIRST")
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return " ORDER BY " + strings.Join(parts, ", ")
}

// placeOf is the place in the SELECT that an item of ORDER BY or GROUP BY names:
// a whole number, be it in parentheses.
func placeOf(n ast.ExprNode) (int, bool) {
	switch n := unwrapped(n).(type) {
	case *ast.PositionExpr:
		return n.N, true
	case *driver.ValueExpr:
		return int(n.GetInt64()), n.Kind() == driver.KindInt64
	}
	return 0, false
}

// isLiteral reports whether a constant, be it behind an alias, is written as a
// literal, or begins with one.
func isLiteral(text string) bool {
	text = strings.TrimLeft(text, "(")
	return text != "" && strings.Contains("0123456789'-", text[:1]) || text == "NULL" || text == "TRUE" || text == "FALSE"
}

// byItem is one item of ORDER BY, by expression or by position. A name is first an item of
// the SELECT; within an expression it is first a column.
func (t *translator) byItem(item *ast.ByItem, s *scope, columns []outColumn) expr {
	if n, ok := placeOf(item.Expr); ok {
		if n < 1 || n > len(columns) {
			return t.fail(unknownColumn(strconv.Itoa(n), t.clause))
		}
		e := columns[n-1].expr
		e.sql = fmt.Sprintf("c%d", n-1)
		return e
	}
	if _, isName := unwrapped(item.Expr).(*ast.ColumnNameExpr); !isName && s.seen == itemsFirst {
		s.seen = itemsLast
		defer func() { s.seen = itemsFirst }()
	}
	return t.expr(item.Expr, s)
}

func (t *translator) limit(l *ast.Limit, s *scope) string {
	if l == nil {
		return ""
	}
	text := " LIMIT " + t.count(l.Count, s)
	if l.Offset != nil {
		text += " OFFSET " + t.count(l.Offset, s)
	}
	return text
}

// count is the number of LIMIT, a literal or a parameter.
func (t *translator) count(n ast.ExprNode, s *scope) string {
	e := t.expr(n, s)
	if _, err := strconv.ParseUint(e.sql, 10, 64); err == nil {
		if len(e.sql) > 18 {
			return "9223372036854775807"
		}
		return e.sql
	}
	return "CAST(" + e.sql + " AS BIGINT)"
}

// enough returns how many of the first rows of its only source a statement
// needs, as LIMIT says: where each row that is read is a row that is shown. It
// is 0 where all rows may be needed.
func (t *translator) enough(node ast.Node) int64 {
	n, ok := node.(*ast.SelectStmt)
	if !ok || len(t.reads) != 1 || n.Limit == nil || n.From == nil || n.From.TableRefs.Right != nil {
		return 0
	}
	source, ok := n.From.TableRefs.Left.(*ast.TableSource)
	if !ok || n.Where != nil || n.GroupBy != nil || n.Having != nil || n.OrderBy != nil || n.Distinct || n.With != nil || aggregated(n) {
		return 0
	}
	if _, ok := source.Source.(*ast.TableName); !ok {
		return 0
	}
	v := &manyRows{}
	for _, f := range n.Fields.Fields {
		if f.Expr != nil {
			f.Expr.Accept(v)
		}
	}
	if v.found {
		return 0
	}
	rows := int64(0)
	for _, part := range []ast.ExprNode{n.Limit.Count, n.Limit.Offset} {
		if part == nil {
			continue
		}
		k, err := strconv.ParseInt(t.count(part, &scope{}), 10, 64)
		if err != nil || k > 1<<60 {
			return 0
		}
		rows += k
	}
	return max(rows, 1)
}

// manyRows finds expressions that look at other rows.
type manyRows struct{ found bool }

func (v *manyRows) Enter(n ast.Node) (ast.Node, bool) {
	switch n.(type) {
	case *ast.SubqueryExpr, *ast.WindowFuncExpr, *ast.AggregateFuncExpr:
		v.found = true
	}
	return n, v.found
}

func (v *manyRows) Leave(n ast.Node) (ast.Node, bool) { return n, true }
