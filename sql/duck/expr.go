//go:build linux && !noduck

package duck

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/pingcap/tidb/pkg/parser/ast"
	parsermysql "github.com/pingcap/tidb/pkg/parser/mysql"
	"github.com/pingcap/tidb/pkg/parser/opcode"
	driver "github.com/pingcap/tidb/pkg/parser/test_driver"

	"wharf"
	"wharf/sql"
)

// expr translates an expression. In a SELECT with groups, what is grouped by a
// collation is a value of the group.
func (t *translator) expr(n ast.ExprNode, s *scope) expr {
	if t.isGrouped(n) {
		of := t.of
		t.of = nil
		defer func() { t.of = of }()
	}
	if t.kept != nil && isQuery(n) {
		return t.apart(n, s)
	}
	e := t.plainExpr(n, s)
	if value, ok := t.grouped[e.sql]; ok {
		e.sql = value
	}
	return e
}

func (t *translator) plainExpr(n ast.ExprNode, s *scope) expr {
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
		e := t.value(n)
		e.logical = n.Type.GetFlag()&parsermysql.IsBooleanFlag != 0
		return e
	case *ast.ParenthesesExpr:
		e := t.expr(n.Expr, s)
		e.sql = "(" + e.sql + ")"
		return e
	case *ast.ColumnNameExpr:
		e, err := s.find(n.Name.Schema.O, n.Name.Table.O, n.Name.Name.O, t.clause)
		if err != nil {
			return t.fail(err)
		}
		e = t.ofGroup(e)
		e.column = true
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
		if e.kind == kindJSON {
			e = e.number() // it is no comparison with the document 0
		}
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
		escape := n.Escape
		if !n.EscapeExplicit && t.mode.Has(sql.NoBackslashEscapes) {
			escape = 0
		}
		return t.like(t.expr(n.Expr, s), t.expr(n.Pattern, s), escape, n.Not)
	case *ast.PatternRegexpExpr:
		return t.regexp(t.expr(n.Expr, s), t.expr(n.Pattern, s), n.Not)
	case *ast.CaseExpr:
		return t.caseOf(n, s)
	case *ast.SubqueryExpr:
		return t.scalar(n, s)
	case *ast.ExistsSubqueryExpr:
		q := t.query(n.Sel.(*ast.SubqueryExpr).Query, s)
		return expr{sql: "(" + not(n.Not) + "EXISTS (" + q.sql + "))", kind: kindBool, logical: true}
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
	}
	return t.untranslated(n)
}

// untranslated is the error of an expression that has no translation.
func (t *translator) untranslated(n ast.ExprNode) expr {
	if _, isRow := n.(*ast.RowExpr); isRow {
		return t.fail(operandColumns(1))
	}
	return t.refuse(refusedName(n))
}

// refusedName names an expression that is not translated.
func refusedName(n ast.ExprNode) string {
	switch n.(type) {
	case *ast.VariableExpr:
		return "a variable"
	case *ast.MatchAgainst:
		return "MATCH … AGAINST"
	case *ast.DefaultExpr:
		return "DEFAULT in an expression"
	}
	return "this expression"
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
		if !utf8.ValidString(text) {
			return expr{sql: fmt.Sprintf("unhex('%X')", text), kind: kindBytes, constant: true}
		}
		return expr{sql: quoteText(text), kind: kindText, constant: true, literal: &text}
	}
	return expr{sql: "NULL", constant: true}
}

// condition is a truth value made of operands.
func condition(sql string, of ...expr) expr {
	e := expr{sql: sql, kind: kindBool, logical: true, constant: true}
	for _, o := range of {
		e.constant = e.constant && o.constant
	}
	return e
}

// value translates a literal.
func (t *translator) value(n *driver.ValueExpr) expr {
	d, e := &n.Datum, expr{constant: true}
	isBytes := n.Type.GetCharset() == "binary" // of a string: _binary'…'
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
		if e.sql, e.kind, e.literal = quoteText(text), kindText, &text; isBytes {
			e.sql, e.kind, e.literal = fmt.Sprintf("unhex('%X')", text), kindBytes, nil
		}
	case driver.KindBinaryLiteral:
		if n.Type.GetFlag()&parsermysql.UnderScoreCharsetFlag != 0 && !isBytes {
			text := string(d.GetBinaryLiteral())
			e.sql, e.kind, e.literal = quoteText(text), kindText, &text
			break
		}
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
		return t.decided(a, "AND", b, "FALSE")
	case opcode.LogicOr:
		return t.decided(a, "OR", b, "TRUE")
	case opcode.LogicXor:
		return condition("("+a.truth()+" <> "+b.truth()+")", a, b)
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
		return t.modulo(a.number(), b.number())
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

// decided is AND or OR, whose first side decides where it is that truth value. DuckDB
// computes both sides of what it shows, of which the second may be a constant that warns.
func (t *translator) decided(a expr, op string, b expr, decides string) expr {
	first, second := a.truth(), b.truth()
	both := func(first string) string { return "(" + first + " " + op + " " + second + ")" }
	if t.clause != "field list" || !strings.Contains(second, "mysql_later_") || len(first) > 4<<10 {
		return condition(both(first), a, b)
	}
	return t.once([]expr{{sql: first}}, func(e []expr) expr {
		return condition("CASE WHEN "+e[0].sql+" IS "+decides+" THEN "+decides+" ELSE "+both(e[0].sql)+" END", a, b)
	})
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

// scalar is a query in the place of a value.
func (t *translator) scalar(n *ast.SubqueryExpr, s *scope) expr {
	q := t.query(n.Query, s)
	if t.err != nil {
		return expr{sql: "NULL"}
	}
	if len(q.columns) != 1 {
		return t.fail(operandColumns(1))
	}
	e := q.columns[0].expr.asColumn()
	e.sql = "(" + q.sql + ")"
	return e
}

// quantified is x op ANY (…) and ALL.
func (t *translator) quantified(n *ast.CompareSubqueryExpr, s *scope) expr {
	if row, ok := unwrapped(n.L).(*ast.RowExpr); ok {
		return t.quantifiedRow(row, n, s)
	}
	x := t.expr(n.L, s)
	q := t.query(n.R.(*ast.SubqueryExpr).Query, s)
	if t.err != nil {
		return expr{sql: "NULL"}
	}
	if len(q.columns) != 1 {
		return t.fail(operandColumns(1))
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
