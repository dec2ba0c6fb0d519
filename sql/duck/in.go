//go:build linux && !noduck

package duck

import (
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"
	driver "github.com/pingcap/tidb/pkg/parser/test_driver"
)

func (t *translator) between(n *ast.BetweenExpr, s *scope) expr {
	x, lo, hi := t.expr(n.Expr, s), t.expr(n.Left, s), t.expr(n.Right, s)
	lo, hi = lo.besideMoment(x), hi.besideMoment(x)
	from, isFrom := lo.besideWhole(x)
	if to, isTo := hi.besideWhole(x); isFrom && isTo {
		lo, hi = from, to
	}
	if t.expressions != nil && !comparedInPairs(x, lo, hi) {
		e := t.evaluates("i0 "+not(n.Not)+"BETWEEN i1 AND i2", []expr{x, lo, hi}, false)
		return condition(e.truth(), x, lo, hi)
	}
	return t.once([]expr{x, lo, hi}, func(a []expr) expr {
		ge, le := t.compare(">=", a[0], a[1]), t.compare("<=", a[0], a[2])
		return condition("("+not(n.Not)+"("+ge.sql+" AND "+le.sql+"))", x, lo, hi)
	})
}

// comparedInPairs reports whether the three of BETWEEN are compared as each two
// of them are: they are all numbers, all text, or a date and literals.
func comparedInPairs(x, lo, hi expr) bool {
	all := []expr{x, lo, hi}
	every := func(is func(expr) bool) bool {
		return !slices.ContainsFunc(all, func(e expr) bool { return !is(e) })
	}
	return every(expr.numeric) || every(func(e expr) bool { return e.kind == kindText && !e.folded }) ||
		every(func(e expr) bool { return e.kind == kindDate || e.kind == kindMoment || e.literal != nil }) && x.literal == nil
}

func (t *translator) in(n *ast.PatternInExpr, s *scope) expr {
	if row, ok := n.Expr.(*ast.RowExpr); ok {
		return t.inRows(row, n, s)
	}
	x := t.expr(n.Expr, s)
	if n.Sel != nil {
		q := t.query(n.Sel.(*ast.SubqueryExpr).Query, s)
		if t.err != nil {
			return expr{sql: "NULL"}
		}
		if len(q.columns) != 1 {
			return t.fail(operandColumns(1))
		}
		of := q.columns[0].expr
		of.sql = "c0"
		l, r := t.comparable(x, of)
		inner := q.sql
		if r != "c0" {
			inner = "SELECT " + r + " FROM (" + q.sql + ") AS sought"
		}
		return condition("("+l+" "+not(n.Not)+"IN ("+inner+"))", x, of)
	}
	all, known, byServer := []expr{t.beside(x, n.List...)}, map[ast.ExprNode]expr{n.Expr: x}, false
	for _, item := range n.List {
		e := t.expr(item, s)
		all, known[item] = append(all, e), e
		byServer = byServer || comparedByServer(x, e) && !joinable("=", x, e)
	}
	if byServer && t.expressions != nil {
		return condition(t.evaluated(n, s, known).truth(), all...)
	}
	return t.once(all, func(all []expr) expr {
		parts := make([]string, len(n.List))
		for i, e := range all[1:] {
			parts[i] = t.compare("=", all[0], e).sql
		}
		return condition("("+not(n.Not)+"("+strings.Join(parts, " OR ")+"))", all...)
	})
}

// beside gives a text that is compared with numbers that are written there as the number
// that it is, so that it is converted once.
func (t *translator) beside(e expr, others ...ast.ExprNode) expr {
	if e.kind != kindText || slices.ContainsFunc(others, func(n ast.ExprNode) bool { return !isWrittenNumber(n) }) {
		return e
	}
	if e = t.besideNumber(e, integer("0")); e.kind == kindText {
		return e.number()
	}
	return e
}

func isWrittenNumber(n ast.ExprNode) bool {
	n = unwrapped(n)
	if sign, ok := n.(*ast.UnaryOperationExpr); ok && sign.Op == opcode.Minus {
		n = unwrapped(sign.V)
	}
	v, ok := n.(*driver.ValueExpr)
	if !ok {
		return false
	}
	switch v.Kind() {
	case driver.KindInt64, driver.KindUint64, driver.KindFloat64, driver.KindMysqlDecimal:
		return true
	}
	return false
}

func (t *translator) inRows(row *ast.RowExpr, n *ast.PatternInExpr, s *scope) expr {
	if n.Sel != nil {
		return t.inRowQuery(row, n, s)
	}
	var left []expr
	for _, v := range row.Values {
		left = append(left, t.expr(v, s))
	}
	return t.once(left, func(left []expr) expr {
		var rows []string
		for _, item := range n.List {
			r, ok := item.(*ast.RowExpr)
			if !ok || len(r.Values) != len(left) {
				return t.fail(operandColumns(len(left)))
			}
			var fields []string
			for i, v := range r.Values {
				fields = append(fields, t.compare("=", left[i], t.expr(v, s)).sql)
			}
			rows = append(rows, "("+strings.Join(fields, " AND ")+")")
		}
		return condition("("+not(n.Not)+"("+strings.Join(rows, " OR ")+"))", left...)
	})
}
