//go:build linux && !noduck

package duck

import (
	"fmt"

	"github.com/pingcap/tidb/pkg/parser/ast"
	parsermysql "github.com/pingcap/tidb/pkg/parser/mysql"
)

// cast is CAST, CONVERT and BINARY: DuckDB's where it means the same, else the
// server's own.
func (t *translator) cast(n *ast.FuncCastExpr, s *scope) expr {
	x := t.expr(n.Expr, s)
	if e, ok := castHere(n, x); ok {
		if e.constant = x.constant; e.kind == kindText && !x.constant {
			e.collation, e.implied = t.connection(), true
		}
		if length := n.Tp.GetFlen(); e.kind == kindText && length >= 0 && length != parsermysql.MaxBlobWidth {
			e.sql = t.cut(e, length)
		}
		return e
	}
	if n.Tp.GetType() == parsermysql.TypeJSON {
		if x.single {
			x = x.number() // a document has all digits of a FLOAT
		}
		switch {
		case x.kind == kindJSON && x.normal:
			return x
		case x.logical, x.temporal(), x.kind == kindDecimal, x.kind == kindDouble:
			return t.fieldJSON(x, "")
		case x.kind == kindJSON:
			return t.evaluates(normalized, []expr{x}, false)
		case x.numeric(), x.kind == kindText:
			return t.evaluates(normalized, []expr{{sql: x.text(), kind: kindText, constant: x.constant}}, false)
		}
	}
	return t.evaluated(n, s, map[ast.ExprNode]expr{n.Expr: x})
}

func castHere(n *ast.FuncCastExpr, x expr) (expr, bool) {
	decimals := max(0, n.Tp.GetDecimal())
	whole := x.kind == kindInt || x.kind == kindUint || x.kind == kindBool
	switch n.Tp.GetType() {
	case parsermysql.TypeLonglong:
		unsigned := parsermysql.HasUnsignedFlag(n.Tp.GetFlag())
		if unsigned && x.kind == kindUint || !unsigned && (x.kind == kindInt || x.kind == kindBool) {
			return x.number(), true
		}
	case parsermysql.TypeNewDecimal:
		e := expr{kind: kindDecimal, precision: n.Tp.GetFlen(), scale: decimals}
		if whole && e.precision-e.scale >= x.whole() && e.precision <= maxDigits {
			e.sql = "CAST(" + x.number().sql + " AS " + e.duck() + ")"
			return e, true
		}
	case parsermysql.TypeDouble:
		if x.numeric() {
			return double(x.real()), true
		}
	case parsermysql.TypeDate, parsermysql.TypeNewDate:
		if isMoment([]expr{x}) {
			return expr{kind: kindDate, sql: x.date()}, true
		}
	case parsermysql.TypeDatetime, parsermysql.TypeTimestamp:
		if x.kind == kindDate || x.kind == kindMoment && x.scale <= decimals {
			return expr{kind: kindMoment, scale: decimals, sql: x.moment()}, true
		}
	case parsermysql.TypeVarString, parsermysql.TypeString, parsermysql.TypeVarchar:
		return castText(n, x)
	}
	return expr{}, false
}

// cut is a text no longer than so many characters. The server's evaluator cuts a
// longer one, and warns of it.
func (t *translator) cut(e expr, length int) string {
	return t.once([]expr{{sql: e.sql, kind: kindText}}, func(e []expr) expr {
		cut := fmt.Sprintf("left(%s, %d)", e[0].sql, length)
		if t.expressions != nil {
			cut = t.evaluates(fmt.Sprintf("CAST(i0 AS CHAR(%d))", length), e, false).sql
		}
		return text(fmt.Sprintf("CASE WHEN length(%s) > %d THEN %s ELSE %s END", e[0].sql, length, cut, e[0].sql))
	}).sql
}

func castText(n *ast.FuncCastExpr, x expr) (expr, bool) {
	if isOtherCharset(n) {
		return expr{}, false
	}
	if x.kind == kindBytes || x.kind == kindNull {
		return x, x.kind == kindBytes && n.Tp.GetCharset() == "binary" && n.Tp.GetFlen() < 0
	}
	e := text(x.text())
	e.folded = !x.constant // it has the connection's collation
	e.uniform = e.folded && x.kind != kindText && x.kind != kindJSON
	length := n.Tp.GetFlen()
	switch {
	case n.FunctionType == ast.CastBinaryOperator || n.Tp.GetCharset() == "binary":
		return expr{kind: kindBytes, sql: "encode(" + e.sql + ")"}, length < 0
	}
	return e, true
}

// isConversion reports whether an expression is CONVERT(x USING charset), or CAST of x to
// text of another character set than the usual one, which functions of bytes have to see.
func isConversion(n ast.ExprNode) bool {
	switch n := unwrapped(n).(type) {
	case *ast.FuncCallExpr:
		return n.FnName.L == "convert"
	case *ast.FuncCastExpr:
		return isOtherCharset(n)
	}
	return false
}

// isOtherCharset reports whether CAST says a character set that is not the usual one.
func isOtherCharset(n *ast.FuncCastExpr) bool {
	return n.ExplicitCharSet && n.Tp.GetCharset() != "binary" && n.Tp.GetCharset() != parsermysql.DefaultCharset
}
