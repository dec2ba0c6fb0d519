//go:build linux && !noduck

package duck

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"
	driver "github.com/pingcap/tidb/pkg/parser/test_driver"

	"wharf"
)

// expr translates an expression.
func (t *translator) expr(n ast.ExprNode, s *scope) expr {
	if t.err != nil {
		return expr{sql: "NULL"}
	}
	if e, ok := t.fold(n); ok {
		return e
	}
	switch n := n.(type) {
	case *driver.ParamMarkerExpr:
		return t.argument(n.Order)
	case *driver.ValueExpr:
		return t.value(&n.Datum)
	case *ast.ParenthesesExpr:
		e := t.expr(n.Expr, s)
		e.sql = "(" + e.sql + ")"
		return e
	case *ast.ColumnNameExpr:
		e, err := s.find(n.Name.Schema.O, n.Name.Table.O, n.Name.Name.O, t.clause)
		if err != nil {
			return t.fail(err)
		}
		return e
	case *ast.BinaryOperationExpr:
		if e, ok := t.rowComparison(n, s); ok {
			return e
		}
		return t.binary(n.Op, t.expr(n.L, s), t.expr(n.R, s))
	case *ast.UnaryOperationExpr:
		return t.unary(n.Op, t.expr(n.V, s))
	case *ast.IsNullExpr:
		e := t.expr(n.Expr, s)
		return condition("("+e.sql+" IS "+not(n.Not)+"NULL)", e)
	case *ast.IsTruthExpr:
		e := t.expr(n.Expr, s)
		word := "FALSE"
		if n.True == 1 {
			word = "TRUE"
		}
		return condition("("+e.truth()+" IS "+not(n.Not)+word+")", e)
	case *ast.BetweenExpr:
		return t.between(n, s)
	case *ast.PatternInExpr:
		return t.in(n, s)
	case *ast.PatternLikeOrIlikeExpr:
		return t.like(t.expr(n.Expr, s), t.expr(n.Pattern, s), n.Escape, n.Not)
	case *ast.PatternRegexpExpr:
		return t.regexp(t.expr(n.Expr, s), t.expr(n.Pattern, s), n.Not)
	case *ast.CaseExpr:
		return t.caseOf(n, s)
	case *ast.SubqueryExpr:
		return t.scalar(n, s)
	case *ast.ExistsSubqueryExpr:
		q := t.query(n.Sel.(*ast.SubqueryExpr).Query, s)
		return expr{sql: "(" + not(n.Not) + "EXISTS (" + q.sql + "))", kind: kindBool}
	case *ast.CompareSubqueryExpr:
		return t.quantified(n, s)
	case *ast.FuncCallExpr:
		return t.call(n, s)
	case *ast.FuncCastExpr:
		return t.cast(n, s)
	case *ast.AggregateFuncExpr:
		return t.aggregate(n, s)
	case *ast.WindowFuncExpr:
		return t.window(n, s)
	case *ast.SetCollationExpr:
		return t.collate(t.expr(n.Expr, s), n.Collate)
	case *ast.RowExpr:
		return t.refuse("a row of values here")
	case *ast.VariableExpr:
		return t.refuse("a variable")
	}
	return t.refuse("this expression")
}

func not(is bool) string {
	if is {
		return "NOT "
	}
	return ""
}

// argument is the value of a placeholder, written as the literal that it
// stands for.
func (t *translator) argument(n int) expr {
	if n >= len(t.args) {
		return expr{sql: "CAST(NULL AS VARCHAR)", kind: kindText, constant: true}
	}
	v := t.args[n]
	switch v.Kind() {
	case wharf.IntValue:
		return expr{sql: v.String(), kind: kindInt, constant: true}
	case wharf.UintValue:
		return expr{sql: v.String(), kind: kindUint, constant: true}
	case wharf.FloatValue:
		return expr{sql: "CAST('" + v.String() + "' AS DOUBLE)", kind: kindDouble, constant: true}
	case wharf.TextValue:
		text := v.Str()
		if strings.ContainsRune(text, 0) {
			return t.refuse("a string with a zero byte")
		}
		return expr{sql: quoteString(text), kind: kindText, constant: true, literal: &text}
	}
	return expr{sql: "NULL", constant: true}
}

// condition is a truth value made of operands.
func condition(sql string, of ...expr) expr {
	e := expr{sql: sql, kind: kindBool, constant: true}
	for _, o := range of {
		e.constant = e.constant && o.constant
	}
	return e
}

// value translates a literal.
func (t *translator) value(d *driver.Datum) expr {
	e := expr{constant: true}
	switch d.Kind() {
	case driver.KindNull:
		e.sql = "NULL"
	case driver.KindInt64:
		e.sql, e.kind = strconv.FormatInt(d.GetInt64(), 10), kindInt
		e.written = e.sql
	case driver.KindUint64:
		e.sql, e.kind = strconv.FormatUint(d.GetUint64(), 10), kindUint
	case driver.KindMysqlDecimal:
		text := strings.TrimSuffix(fmt.Sprint(d.GetMysqlDecimal()), ".")
		whole, behind, _ := strings.Cut(text, ".")
		e.sql, e.kind, e.scale, e.precision = text, kindDecimal, len(behind), max(1, len(strings.TrimLeft(whole, "0")))+len(behind)
		if e.precision > 38 {
			return t.refuse("a number of more than 38 digits")
		}
		e.sql = fmt.Sprintf("CAST('%s' AS DECIMAL(%d,%d))", text, e.precision, e.scale)
	case driver.KindFloat32, driver.KindFloat64:
		e.sql, e.kind = "CAST('"+strconv.FormatFloat(d.GetFloat64(), 'g', -1, 64)+"' AS DOUBLE)", kindDouble
	case driver.KindString, driver.KindBytes:
		text := d.GetString()
		if strings.ContainsRune(text, 0) {
			return t.refuse("a string with a zero byte")
		}
		e.sql, e.kind, e.literal = quoteString(text), kindText, &text
	case driver.KindBinaryLiteral:
		e.sql, e.kind = fmt.Sprintf("unhex('%X')", []byte(d.GetBinaryLiteral())), kindBytes
	default:
		return t.refuse("this literal")
	}
	return e
}

var comparisons = map[opcode.Op]string{
	opcode.EQ: "=", opcode.NE: "<>", opcode.LT: "<", opcode.LE: "<=", opcode.GT: ">", opcode.GE: ">=", opcode.NullEQ: "<=>",
}

func (t *translator) binary(op opcode.Op, a, b expr) expr {
	if word, ok := comparisons[op]; ok {
		return t.compare(word, a, b)
	}
	both := func(sql string, k kind) expr { return expr{sql: sql, kind: k, constant: a.constant && b.constant} }
	switch op {
	case opcode.LogicAnd:
		return both("("+a.truth()+" AND "+b.truth()+")", kindBool)
	case opcode.LogicOr:
		return both("("+a.truth()+" OR "+b.truth()+")", kindBool)
	case opcode.LogicXor:
		return both("("+a.truth()+" <> "+b.truth()+")", kindBool)
	case opcode.Plus:
		return t.arithmetic("+", a, b)
	case opcode.Minus:
		return t.arithmetic("-", a, b)
	case opcode.Mul:
		return t.arithmetic("*", a, b)
	case opcode.Div:
		return t.divide(a.number(), b.number())
	case opcode.IntDiv:
		if a.number().kind > kindUint || b.number().kind > kindUint {
			return t.evaluates("i0 DIV i1", []expr{a, b}, false)
		}
		return intDivide(a.number(), b.number())
	case opcode.Mod:
		return modulo(a.number(), b.number())
	}
	if isDelicate(a) || isDelicate(b) {
		return t.evaluates("i0 "+operatorText(op)+" i1", []expr{a, b}, false)
	}
	switch op {
	case opcode.And:
		return both("("+a.bits()+" & "+b.bits()+")", kindUint)
	case opcode.Or:
		return both("("+a.bits()+" | "+b.bits()+")", kindUint)
	case opcode.Xor:
		return both("xor("+a.bits()+", "+b.bits()+")", kindUint)
	}
	return t.evaluates("i0 "+operatorText(op)+" i1", []expr{a, b}, false)
}

// operatorText is an operator as it is written.
func operatorText(op opcode.Op) string {
	var b strings.Builder
	op.Format(&b)
	return b.String()
}

func (t *translator) unary(op opcode.Op, v expr) expr {
	switch op {
	case opcode.Not, opcode.Not2:
		return condition("(NOT "+v.truth()+")", v)
	case opcode.Plus:
		return v
	case opcode.Minus:
		n := v.number()
		if v.literal == nil && (v.kind == kindInt || v.kind == kindUint) && v.constant {
			n.sql, n.kind = "(-"+v.sql+")", kindInt
			return n
		}
		if n.kind == kindUint {
			n.sql, n.kind = "(-CAST("+n.sql+" AS HUGEINT))", kindInt
			n.sql = "CAST(" + n.sql + " AS BIGINT)"
			return n
		}
		n.sql = "(-" + n.sql + ")"
		return n
	}
	return t.evaluates(operatorText(op)+"i0", []expr{v}, false)
}

// arithmetic is + - *.
func (t *translator) arithmetic(op string, a, b expr) expr {
	a, b = a.number(), b.number()
	e := expr{constant: a.constant && b.constant}
	switch {
	case a.kind == kindDouble || b.kind == kindDouble:
		e.kind, e.sql = kindDouble, fmt.Sprintf("mysql_finite(%s %s %s)", a.real(), op, b.real())
	case a.kind == kindDecimal || b.kind == kindDecimal:
		return t.decimalArithmetic(op, a, b)
	case a.kind == kindUint || b.kind == kindUint:
		e.kind, e.sql = kindUint, fmt.Sprintf("CAST(CAST(%s AS HUGEINT) %s CAST(%s AS HUGEINT) AS UBIGINT)", a.sql, op, b.sql)
	default:
		e.kind, e.sql = kindInt, fmt.Sprintf("(%s %s %s)", a.sql, op, b.sql)
	}
	return e
}

// decimalArithmetic is + - * of exact numbers, one of which is a decimal.
func (t *translator) decimalArithmetic(op string, a, b expr) expr {
	e := expr{kind: kindDecimal, constant: a.constant && b.constant, scale: max(a.scale, b.scale)}
	behind := max(a.behind(), b.behind())
	whole := max(a.whole(), b.whole()) + 1
	if op == "*" {
		e.scale, behind, whole = a.scale+b.scale, a.behind()+b.behind(), a.whole()+b.whole()
	}
	if e.scale > maxScale {
		return t.refuse("a number with more than 30 digits behind its point")
	}
	e.inner = min(behind, maxScale) - e.scale
	if t.expressions != nil && a.scale+a.whole()+b.scale+b.whole() > maxDigits && (op == "*" || max(a.whole(), b.whole())+e.scale >= maxDigits) {
		a.sql, a.inner, b.sql, b.inner = a.rounded(), 0, b.rounded(), 0
		return t.evaluates("i0 "+op+" i1", []expr{a, b}, false)
	}
	e.precision = min(maxDigits-e.inner, whole+e.scale)
	l, r := a.within(maxDigits-1), b.within(maxDigits-1)
	if op == "*" {
		// The product has the digits of both; a value that does not fit is an
		// error when it comes.
		left := min(a.digits(), max(maxDigits-b.digits(), a.behind()+9, maxDigits/2))
		l, r = a.within(max(left, min(maxDigits-b.digits(), long))), b.within(min(b.digits(), maxDigits-left))
	}
	e.sql = "CAST((" + l + " " + op + " " + r + ") AS " + e.innerDuck() + ")"
	return e
}

const (
	maxDigits = 38 // of DuckDB's decimals
	maxScale  = 30 // of MySQL's
	long      = 19 // digits from which on DuckDB computes in 128 bits
)

// behind is how many digits an exact number has behind its point in sql.
func (e expr) behind() int { return e.scale + e.inner }

// digits is how many digits an exact number has in sql.
func (e expr) digits() int { return e.whole() + e.behind() }

func (e expr) innerDuck() string {
	return fmt.Sprintf("DECIMAL(%d,%d)", min(maxDigits, max(1, e.digits())), e.behind())
}

// within gives an exact number as a decimal of that many digits, and of enough
// that what is computed from it is not cut to 64 bits.
func (e expr) within(digits int) string {
	return fmt.Sprintf("CAST(%s AS DECIMAL(%d,%d))", e.sql, max(digits, e.behind()+1), e.behind())
}

// exact gives an exact number as a decimal of its own size.
func (e expr) exact() string { return e.within(min(maxDigits, e.digits())) }

// divide is /, which makes a decimal of exact numbers, with four more digits
// than the dividend has; it is computed in steps of nine.
func (t *translator) divide(a, b expr) expr {
	e := expr{constant: a.constant && b.constant}
	if a.kind == kindDouble || b.kind == kindDouble {
		e.kind, e.sql = kindDouble, fmt.Sprintf("(%s / nullif(%s, 0))", a.real(), b.real())
		return e
	}
	const more, step = 4, 9
	e.kind, e.scale = kindDecimal, min(maxScale, a.scale+more)
	e.inner = (e.scale+step-1)/step*step - e.scale
	e.precision = maxDigits - e.inner - 1
	behind := e.behind()
	if t.expressions != nil && (behind > step || a.digits()+b.behind()+behind > maxDigits) {
		constant := e.constant
		a.sql, a.inner, b.sql, b.inner = a.rounded(), 0, b.rounded(), 0
		e = t.evaluates("i0 / i1", []expr{a, b}, false)
		e.constant = constant
		return e
	}
	if behind > step || a.digits()+b.behind()+behind > maxDigits {
		e.inner = 0
		e.precision = maxDigits
		e.sql = fmt.Sprintf("CAST(round(%s / nullif(%s, 0), %d) AS %s)", a.real(), b.real(), e.scale, e.duck())
		return e
	}
	up := behind - a.behind() + b.behind() // powers of ten on the dividend's integer
	e.precision = min(e.precision, a.whole()+b.behind()+e.scale)
	e.sql = fmt.Sprintf("CAST((CAST(mysql_quotient(%s * %s, %s) AS DECIMAL(%d,0)) * CAST('0.%s1' AS DECIMAL(%d,%d))) AS %s)",
		unscaled(a), power(up), unscaled(b), maxDigits-behind-1, strings.Repeat("0", behind-1), behind+1, behind, e.innerDuck())
	return e
}

// unscaled gives an exact number's digits as an integer.
func unscaled(e expr) string {
	n := e.behind()
	if n == 0 {
		return "CAST(" + e.sql + " AS HUGEINT)"
	}
	return fmt.Sprintf("CAST(CAST(%s AS DECIMAL(%d,%d)) * %s AS HUGEINT)", e.sql, min(maxDigits-n-1, max(e.digits(), n+1)), n, power(n))
}

func power(n int) string { return "1" + strings.Repeat("0", n) }

func intDivide(a, b expr) expr {
	e := expr{kind: kindInt, constant: a.constant && b.constant}
	if a.kind <= kindUint && b.kind <= kindUint {
		e.sql = "mysql_div_integer(" + a.sql + ", " + b.sql + ")"
		return e
	}
	e.sql = "mysql_div(" + a.sql + ", " + b.sql + ")"
	return e
}

func modulo(a, b expr) expr {
	e := expr{constant: a.constant && b.constant}
	switch {
	case a.kind == kindDouble || b.kind == kindDouble:
		e.kind, e.sql = kindDouble, fmt.Sprintf("(%s %% nullif(%s, 0))", a.real(), b.real())
	case a.kind == kindDecimal || b.kind == kindDecimal:
		e.kind, e.scale, e.inner = kindDecimal, max(a.scale, b.scale), max(a.behind(), b.behind())-max(a.scale, b.scale)
		e.sql = fmt.Sprintf("(%s %% nullif(%s, 0))", a.exact(), b.exact())
		e.precision = min(maxDigits-e.inner, max(a.whole(), b.whole())+e.scale)
	default:
		e.kind, e.sql = a.kind, fmt.Sprintf("CAST(CAST(%s AS HUGEINT) %% nullif(CAST(%s AS HUGEINT), 0) AS %s)", a.sql, b.sql, a.duck())
	}
	return e
}

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
		if a.binary || b.binary || !(a.foldedText() && b.foldedText()) {
			return a.sql, b.sql
		}
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

func (t *translator) caseOf(n *ast.CaseExpr, s *scope) expr {
	var results []expr
	var conditions []string
	var value expr
	if n.Value != nil {
		value = t.expr(n.Value, s)
	}
	for _, w := range n.WhenClauses {
		when := t.expr(w.Expr, s)
		if n.Value != nil {
			conditions = append(conditions, t.compare("=", value, when).sql)
		} else {
			conditions = append(conditions, when.truth())
		}
		results = append(results, t.expr(w.Result, s))
	}
	otherwise := expr{sql: "NULL", constant: true}
	if n.ElseClause != nil {
		otherwise = t.expr(n.ElseClause, s)
	}
	return choose(conditions, results, otherwise)
}

// choose is CASE over conditions.
func choose(conditions []string, results []expr, otherwise expr) expr {
	u := unify(append(append([]expr(nil), results...), otherwise)...)
	var b strings.Builder
	b.WriteString("CASE")
	for i, c := range conditions {
		b.WriteString(" WHEN " + c + " THEN " + results[i].as(u))
	}
	b.WriteString(" ELSE " + otherwise.as(u) + " END")
	u.sql = b.String()
	return u
}

// scalar is a query in the place of a value.
func (t *translator) scalar(n *ast.SubqueryExpr, s *scope) expr {
	q := t.query(n.Query, s)
	if t.err != nil {
		return expr{sql: "NULL"}
	}
	if len(q.columns) != 1 {
		return t.fail(operandColumns(1))
	}
	e := q.columns[0].expr
	e.sql, e.constant = "("+q.sql+")", false
	return e
}

// quantified is x op ANY (…) and ALL.
func (t *translator) quantified(n *ast.CompareSubqueryExpr, s *scope) expr {
	x := t.expr(n.L, s)
	q := t.query(n.R.(*ast.SubqueryExpr).Query, s)
	if t.err != nil {
		return expr{sql: "NULL"}
	}
	of := q.columns[0].expr
	of.sql = "c0"
	l, r := t.comparable(x, of)
	word := "ANY"
	if n.All {
		word = "ALL"
	}
	op := comparisons[n.Op]
	if op == "<=>" {
		return t.refuse("<=> with ANY or ALL")
	}
	return condition("("+l+" "+op+" "+word+" (SELECT "+r+" FROM ("+q.sql+") AS sought))", x, of)
}

func (t *translator) collate(e expr, collation string) expr {
	switch {
	case strings.HasSuffix(collation, "_bin"), strings.HasSuffix(collation, "_cs"), collation == "binary":
		e.binary, e.folded, e.collation = true, false, collation
	case strings.HasSuffix(collation, "_ci"):
		e.folded, e.binary, e.collation = true, false, collation
	default:
		return t.fail(unknownCollation(collation))
	}
	if e.kind != kindText {
		e.sql, e.kind = e.text(), kindText
	}
	return e
}
