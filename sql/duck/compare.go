//go:build linux && !noduck

package duck

import (
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
)

// foldedText reports whether text is compared without case: that of literals,
// as the connection's collation has it, not that of files.
func (e expr) foldedText() bool { return e.folded || e.constant && !e.binary }

// quoteMySQL writes a string of MySQL's.
func quoteMySQL(s string) string {
	return "'" + strings.NewReplacer("\\", "\\\\", "'", "\\'").Replace(s) + "'"
}

// compare is = <> < <= > >= <=>.
func (t *translator) compare(op string, a, b expr) expr {
	if t.expressions != nil && comparedByServer(a, b) {
		e := t.evaluates("i0 "+op+" i1", []expr{a, b}, false)
		return condition("("+e.sql+" <> 0)", a, b)
	}
	l, r := t.comparable(a, b)
	if op == "<=>" {
		return condition("("+l+" IS NOT DISTINCT FROM "+r+")", a, b)
	}
	return condition("("+l+" "+op+" "+r+")", a, b)
}

// comparedByServer reports whether two values are compared by the server's own
// rules, because DuckDB's differ.
func comparedByServer(a, b expr) bool {
	either := func(k kind) bool { return a.kind == k || b.kind == k }
	switch {
	case either(kindNull):
		return false
	case a.folded || b.folded, either(kindJSON), either(kindTime) && a.kind != b.kind:
		return true
	case either(kindBytes):
		return a.numeric() || b.numeric() || a.temporal() || b.temporal()
	case a.temporal() && b.kind == kindText:
		return b.literal == nil
	case b.temporal() && a.kind == kindText:
		return a.literal == nil
	}
	return false
}

// key gives text as bytes in the order of its collation.
func (t *translator) key(e expr) string {
	if e.kind != kindText || !e.foldedText() || t.expressions == nil {
		return e.sql
	}
	return t.evaluates("i0", []expr{e}, true).sql
}

// group gives what rows are grouped by, or told apart by: a text is the same
// as another where its collation says so.
func (t *translator) group(e expr) string {
	if e.literal != nil {
		return e.sql
	}
	return t.key(e)
}

// comparable gives both sides as MySQL compares them.
func (t *translator) comparable(a, b expr) (string, string) {
	switch {
	case a.kind == kindNull || b.kind == kindNull:
		return a.sql, b.sql
	case a.kind == kindBool && b.kind == kindBool:
		return a.sql, b.sql
	case a.kind == kindTime && b.kind == kindTime, a.kind == kindDate && b.kind == kindDate, a.kind == kindMoment && b.kind == kindMoment:
		return a.sql, b.sql
	case a.kind == kindTime && b.kind == kindText, a.kind == kindText && b.kind == kindTime:
		return t.timeText(a), t.timeText(b)
	case a.temporal() && !b.numeric(), b.temporal() && !a.numeric():
		return t.momentText(a), t.momentText(b)
	case a.kind == kindJSON || b.kind == kindJSON:
		return t.comparableJSON(a, b)
	case a.kind == kindBytes && b.kind == kindBytes:
		return a.sql, b.sql
	case a.kind == kindBytes && b.kind == kindText:
		return a.sql, "encode(" + b.sql + ")"
	case a.kind == kindText && b.kind == kindBytes:
		return "encode(" + a.sql + ")", b.sql
	case a.kind == kindText && b.kind == kindText:
		binary, folded, collation := collated(a, b)
		if binary || !folded && !(a.foldedText() && b.foldedText()) {
			return a.sql, b.sql
		}
		a.binary, a.folded, a.collation = false, true, collation
		b.binary, b.folded, b.collation = false, true, collation
		return t.key(a), t.key(b)
	}
	x, y := a.number(), b.number()
	if x.kind == kindDouble || y.kind == kindDouble {
		return x.real(), y.real()
	}
	return x.sql, y.sql
}

func (t *translator) comparableJSON(a, b expr) (string, string) {
	if a.numeric() || b.numeric() {
		return a.real(), b.real()
	}
	text := func(e expr) string {
		if e.kind == kindJSON {
			return "(CAST(" + e.sql + " AS JSON) ->> '$')"
		}
		return e.text()
	}
	return text(a), text(b)
}

// momentText gives a side of a comparison with a date. A literal that is no
// date is an error, as in MySQL.
func (t *translator) momentText(e expr) string {
	if e.literal == nil {
		return e.moment()
	}
	moment, ok := parseMoment(*e.literal)
	if !ok {
		t.fail(wrongLiteral("DATETIME", *e.literal))
	}
	return "TIMESTAMP '" + moment + "'"
}

func (t *translator) timeText(e expr) string {
	if e.kind == kindTime {
		return e.sql
	}
	return "TRY_CAST(" + e.sql + " AS TIME)"
}

func (t *translator) between(n *ast.BetweenExpr, s *scope) expr {
	x, lo, hi := t.expr(n.Expr, s), t.expr(n.Left, s), t.expr(n.Right, s)
	if t.expressions != nil && !comparedInPairs(x, lo, hi) {
		e := t.evaluates("i0 "+not(n.Not)+"BETWEEN i1 AND i2", []expr{x, lo, hi}, false)
		return condition("("+e.sql+" <> 0)", x, lo, hi)
	}
	ge, le := t.compare(">=", x, lo), t.compare("<=", x, hi)
	return condition("("+not(n.Not)+"("+ge.sql+" AND "+le.sql+"))", x, lo, hi)
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
	all := []expr{x}
	parts := make([]string, len(n.List))
	for i, item := range n.List {
		e := t.expr(item, s)
		all = append(all, e)
		parts[i] = t.compare("=", x, e).sql
	}
	return condition("("+not(n.Not)+"("+strings.Join(parts, " OR ")+"))", all...)
}

func (t *translator) inRows(row *ast.RowExpr, n *ast.PatternInExpr, s *scope) expr {
	if n.Sel != nil {
		return t.inRowQuery(row, n, s)
	}
	var left []expr
	for _, v := range row.Values {
		left = append(left, t.expr(v, s))
	}
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
}

func (t *translator) like(x, pattern expr, escape byte, negated bool) expr {
	if t.expressions != nil && (x.folded || pattern.folded || isDelicate(x) || x.foldedText() && pattern.foldedText()) {
		op := " LIKE i1"
		if negated {
			op = " NOT LIKE i1"
		}
		e := t.evaluates("i0"+op+" ESCAPE "+quoteMySQL(string(rune(escape))), []expr{x, pattern}, false)
		return condition("("+e.sql+" <> 0)", x, pattern)
	}
	text, like := x.text(), pattern.text()
	sql := "(" + text + " " + not(negated) + "LIKE " + like
	if escape != 0 {
		sql += " ESCAPE " + quoteString(string(rune(escape)))
	}
	return condition(sql+")", x, pattern)
}

func (t *translator) regexp(x, pattern expr, negated bool) expr {
	if t.expressions != nil && (x.folded || pattern.folded || isDelicate(x)) {
		e := t.evaluates("i0 REGEXP i1", []expr{x, pattern}, false)
		return condition("("+not(negated)+"("+e.sql+" <> 0))", x, pattern)
	}
	flags := "s"
	if x.foldedText() && !x.binary && !pattern.binary || x.folded {
		flags += "i"
	}
	return condition("("+not(negated)+"regexp_matches("+x.text()+", "+pattern.text()+", '"+flags+"'))", x, pattern)
}
