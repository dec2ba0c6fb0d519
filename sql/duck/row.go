//go:build linux && !noduck

package duck

import (
	"fmt"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
)

// rowOf gives the values of a row, (a, b).
func (t *translator) rowOf(n ast.ExprNode, s *scope) []expr {
	row, ok := unwrapped(n).(*ast.RowExpr)
	if !ok {
		return nil
	}
	all := make([]expr, len(row.Values))
	for i, v := range row.Values {
		all[i] = t.expr(v, s)
	}
	return all
}

func unwrapped(n ast.ExprNode) ast.ExprNode {
	for {
		p, ok := n.(*ast.ParenthesesExpr)
		if !ok {
			return n
		}
		n = p.Expr
	}
}

// rowComparison translates a comparison of two rows, and reports whether it is
// one.
func (t *translator) rowComparison(n *ast.BinaryOperationExpr, s *scope) (expr, bool) {
	word, ok := comparisons[n.Op]
	if !ok {
		return expr{}, false
	}
	if _, isRow := unwrapped(n.L).(*ast.RowExpr); !isRow {
		return expr{}, false
	}
	left := t.rowOf(n.L, s)
	if sub, ok := unwrapped(n.R).(*ast.SubqueryExpr); ok {
		return t.compareRowQuery(word, left, sub, s), true
	}
	return t.compareRows(word, left, t.rowOf(n.R, s)), true
}

// compareRowQuery compares a row with that of a query: (a, b) = (SELECT …).
func (t *translator) compareRowQuery(op string, left []expr, sub *ast.SubqueryExpr, s *scope) expr {
	q := t.query(sub.Query, s)
	sought := t.fresh()
	right := make([]expr, len(q.columns))
	for i, c := range q.columns {
		right[i] = c.expr.asColumn()
		right[i].sql = fmt.Sprintf("%s.c%d", sought, i)
	}
	e := t.compareRows(op, left, right)
	return expr{sql: "(SELECT " + e.sql + " FROM (" + q.sql + ") AS " + sought + ")", kind: kindBool, logical: true}
}

// compareRows compares two rows from the left.
func (t *translator) compareRows(op string, a, b []expr) expr {
	if len(a) != len(b) {
		return t.fail(operandColumns(len(a)))
	}
	all := append(append([]expr(nil), a...), b...)
	switch op {
	case "=", "<=>", "<>":
		parts := make([]string, len(a))
		for i := range a {
			parts[i] = t.compare(op, a[i], b[i]).sql
		}
		word := " AND "
		if op == "<>" {
			word = " OR "
		}
		return condition("("+strings.Join(parts, word)+")", all...)
	}
	return t.once(all, func(all []expr) expr {
		a, b := all[:len(a)], all[len(a):]
		strict := strings.TrimSuffix(op, "=")
		last := len(a) - 1
		sql := t.compare(op, a[last], b[last]).sql
		for i := last - 1; i >= 0; i-- {
			sql = "(" + t.compare(strict, a[i], b[i]).sql + " OR " + t.compare("=", a[i], b[i]).sql + " AND " + sql + ")"
		}
		return condition(sql, all...)
	})
}

// inRowQuery is (a, b) IN (SELECT …).
func (t *translator) inRowQuery(row *ast.RowExpr, n *ast.PatternInExpr, s *scope) expr {
	left := t.rowOf(row, s)
	q := t.query(n.Sel.(*ast.SubqueryExpr).Query, s)
	if t.err != nil {
		return expr{sql: "NULL"}
	}
	if len(q.columns) != len(left) {
		return t.fail(operandColumns(len(left)))
	}
	sought, of := make([]string, len(left)), make([]string, len(left))
	leftNull, rightNull, may := make([]string, len(left)), make([]string, len(left)), make([]string, len(left))
	name := t.fresh()
	for i, l := range left {
		r := q.columns[i].expr.asColumn()
		r.sql = fmt.Sprintf("%s.c%d", name, i)
		sought[i], of[i] = t.comparable(l, r)
		leftNull[i], rightNull[i] = sought[i]+" IS NULL", of[i]+" IS NULL"
		may[i] = "(" + sought[i] + " = " + of[i] + ") IS DISTINCT FROM FALSE"
	}
	// DuckDB's rows are equal where both have NULL; MySQL does not know then.
	// So the rows without NULL are looked up, and the others are compared.
	const or = " OR "
	from, could := " FROM ("+q.sql+") AS "+name+" WHERE ", " AND "+strings.Join(may, " AND ")+")"
	isIn := "(" + strings.Join(sought, ", ") + ") IN (SELECT (" + strings.Join(of, ", ") + ")" + from + "NOT (" + strings.Join(rightNull, or) + "))"
	unknown := "EXISTS (SELECT 1" + from + "(" + strings.Join(rightNull, or) + ")" + could +
		" OR EXISTS (SELECT 1" + from + "(" + strings.Join(leftNull, or) + ")" + could
	return condition("("+not(n.Not)+"(CASE WHEN "+isIn+" THEN TRUE WHEN "+unknown+" THEN NULL ELSE FALSE END))", left...)
}

// quantifiedRow is (a, b) = ANY (SELECT …) and (a, b) <> ALL (SELECT …), which
// are IN and NOT IN. Rows have no other of these comparisons.
func (t *translator) quantifiedRow(row *ast.RowExpr, n *ast.CompareSubqueryExpr, s *scope) expr {
	if op := comparisons[n.Op]; (op != "=" || n.All) && (op != "<>" || !n.All) {
		return t.fail(operandColumns(1))
	}
	return t.inRowQuery(row, &ast.PatternInExpr{Expr: row, Sel: n.R, Not: n.All}, s)
}
