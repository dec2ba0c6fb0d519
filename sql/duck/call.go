//go:build linux && !noduck

package duck

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
	parsermysql "github.com/pingcap/tidb/pkg/parser/mysql"

	"wharf"
)

// function is one of MySQL's functions: how many arguments it takes, and how
// it is written for DuckDB.
type function struct {
	least, most int // arguments; most < 0 is any number
	write       func(t *translator, a []expr) expr
}

// call translates a call of a function.
func (t *translator) call(n *ast.FuncCallExpr, s *scope) expr {
	name := strings.ToLower(n.FnName.L)
	if special, ok := specialCalls[name]; ok {
		return special(t, n, s)
	}
	f, ok := functions[name]
	if !ok || n.Schema.O != "" {
		return t.refuse("the function " + strings.ToUpper(n.FnName.O))
	}
	if len(n.Args) < f.least || f.most >= 0 && len(n.Args) > f.most {
		return t.fail(wharf.Errorf(wharf.CodeInvalid, "Incorrect parameter count in the call to native function '%s'", n.FnName.O))
	}
	args := make([]expr, len(n.Args))
	constant := true
	for i, a := range n.Args {
		args[i] = t.expr(a, s)
		constant = constant && args[i].constant
	}
	if t.err != nil {
		return expr{sql: "NULL"}
	}
	e := f.write(t, args)
	e.constant = constant
	return e
}

// specialCalls are the functions whose arguments are not all expressions.
var specialCalls map[string]func(t *translator, n *ast.FuncCallExpr, s *scope) expr

func init() {
	specialCalls = map[string]func(t *translator, n *ast.FuncCallExpr, s *scope) expr{
		"date_add": addInterval("+"), "adddate": addInterval("+"), "date_sub": addInterval("-"), "subdate": addInterval("-"),
		"timestampadd": (*translator).timestampAdd, "timestampdiff": (*translator).timestampDiff,
		"extract": (*translator).extract, "trim": (*translator).trim,
		ast.DateLiteral: dateLiteral, ast.TimestampLiteral: momentLiteral, ast.TimeLiteral: timeLiteral,
	}
}

func text(sql string) expr    { return expr{sql: sql, kind: kindText} }
func integer(sql string) expr { return expr{sql: sql, kind: kindInt} }
func double(sql string) expr  { return expr{sql: sql, kind: kindDouble} }

// intervals write n units, DuckDB's.
var intervals = map[ast.TimeUnitType]string{
	ast.TimeUnitMicrosecond: "to_microseconds(CAST(%s AS BIGINT))", ast.TimeUnitSecond: "to_microseconds(CAST(round(CAST(%s AS DOUBLE) * 1000000) AS BIGINT))",
	ast.TimeUnitMinute: "to_minutes(CAST(%s AS BIGINT))", ast.TimeUnitHour: "to_hours(CAST(%s AS BIGINT))",
	ast.TimeUnitDay: "to_days(CAST(%s AS INTEGER))", ast.TimeUnitWeek: "to_days(CAST(7 * %s AS INTEGER))",
	ast.TimeUnitMonth: "to_months(CAST(%s AS INTEGER))", ast.TimeUnitQuarter: "to_months(CAST(3 * %s AS INTEGER))",
	ast.TimeUnitYear: "to_months(CAST(12 * %s AS INTEGER))",
}

func wholeDays(u ast.TimeUnitType) bool {
	switch u {
	case ast.TimeUnitDay, ast.TimeUnitWeek, ast.TimeUnitMonth, ast.TimeUnitQuarter, ast.TimeUnitYear:
		return true
	}
	return false
}

// addInterval is DATE_ADD and DATE_SUB, and + and - with INTERVAL.
func addInterval(sign string) func(t *translator, n *ast.FuncCallExpr, s *scope) expr {
	return func(t *translator, n *ast.FuncCallExpr, s *scope) expr {
		unit := ast.TimeUnitDay
		if len(n.Args) == 3 {
			unit = n.Args[2].(*ast.TimeUnitExpr).Unit
		}
		return t.shift(t.expr(n.Args[0], s), sign, t.expr(n.Args[1], s), unit)
	}
}

func (t *translator) shift(from expr, sign string, by expr, unit ast.TimeUnitType) expr {
	write, ok := intervals[unit]
	if !ok {
		return t.refuse("INTERVAL … " + unit.String())
	}
	count := by.integer()
	if unit == ast.TimeUnitSecond {
		count = by.real()
	}
	interval := fmt.Sprintf(write, count)
	constant := from.constant && by.constant
	moved := "(" + from.moment() + " " + sign + " " + interval + ")"
	switch {
	case from.kind == kindDate && wholeDays(unit):
		return expr{sql: "CAST(" + moved + " AS DATE)", kind: kindDate, constant: constant}
	case from.kind == kindText || from.kind == kindNull:
		return expr{sql: "mysql_shown_moment(" + moved + ", " + from.text() + ", " + strconv.FormatBool(wholeDays(unit)) + ")", kind: kindText, constant: constant}
	}
	scale := from.scale
	if unit == ast.TimeUnitMicrosecond || unit == ast.TimeUnitSecond && by.number().scale > 0 {
		scale = 6
	}
	return expr{sql: moved, kind: kindMoment, scale: scale, constant: constant}
}

func (t *translator) timestampAdd(n *ast.FuncCallExpr, s *scope) expr {
	return t.shift(t.expr(n.Args[2], s), "+", t.expr(n.Args[1], s), n.Args[0].(*ast.TimeUnitExpr).Unit)
}

func (t *translator) timestampDiff(n *ast.FuncCallExpr, s *scope) expr {
	unit := n.Args[0].(*ast.TimeUnitExpr).Unit
	a, b := t.expr(n.Args[1], s), t.expr(n.Args[2], s)
	word := strings.ToLower(unit.String())
	if _, ok := intervals[unit]; !ok {
		return t.refuse("TIMESTAMPDIFF(" + unit.String() + ")")
	}
	return integer("mysql_date_sub('" + word + "', " + a.moment() + ", " + b.moment() + ")")
}

func (t *translator) extract(n *ast.FuncCallExpr, s *scope) expr {
	unit := n.Args[0].(*ast.TimeUnitExpr).Unit
	e := t.expr(n.Args[1], s)
	at := e.moment()
	switch unit {
	case ast.TimeUnitYear, ast.TimeUnitQuarter, ast.TimeUnitMonth, ast.TimeUnitDay, ast.TimeUnitHour, ast.TimeUnitMinute:
		return integer("date_part('" + strings.ToLower(unit.String()) + "', " + at + ")")
	case ast.TimeUnitSecond:
		return integer("date_part('second', " + at + ")")
	case ast.TimeUnitMicrosecond:
		return integer("(date_part('microsecond', " + at + ") % 1000000)")
	case ast.TimeUnitYearMonth:
		return integer("CAST(strftime(" + at + ", '%Y%m') AS BIGINT)")
	case ast.TimeUnitDayHour:
		return integer("CAST(strftime(" + at + ", '%d%H') AS BIGINT)")
	case ast.TimeUnitDayMinute:
		return integer("CAST(strftime(" + at + ", '%d%H%M') AS BIGINT)")
	case ast.TimeUnitDaySecond:
		return integer("CAST(strftime(" + at + ", '%d%H%M%S') AS BIGINT)")
	case ast.TimeUnitHourMinute:
		return integer("CAST(strftime(" + at + ", '%H%M') AS BIGINT)")
	case ast.TimeUnitHourSecond:
		return integer("CAST(strftime(" + at + ", '%H%M%S') AS BIGINT)")
	case ast.TimeUnitMinuteSecond:
		return integer("CAST(strftime(" + at + ", '%M%S') AS BIGINT)")
	}
	return t.refuse("EXTRACT(" + unit.String() + ")")
}

// trim is TRIM with its directions. DuckDB's trims a set of characters, MySQL's
// a string.
func (t *translator) trim(n *ast.FuncCallExpr, s *scope) expr {
	x := t.expr(n.Args[0], s)
	if len(n.Args) == 1 {
		return text("trim(" + x.text() + ", ' ')")
	}
	direction := ast.TrimBoth
	if len(n.Args) == 3 {
		direction = n.Args[2].(*ast.TrimDirectionExpr).Direction
	}
	what := "' '"
	if w := t.expr(n.Args[1], s); w.kind != kindNull {
		what = w.text()
	} else if len(n.Args) == 2 {
		return expr{sql: "CAST(NULL AS VARCHAR)", kind: kindText}
	}
	name := map[ast.TrimDirectionType]string{ast.TrimLeading: "mysql_trim_leading", ast.TrimTrailing: "mysql_trim_trailing"}[direction]
	if name == "" {
		return text("mysql_trim_trailing(mysql_trim_leading(" + x.text() + ", " + what + "), " + what + ")")
	}
	return text(name + "(" + x.text() + ", " + what + ")")
}

func dateLiteral(t *translator, n *ast.FuncCallExpr, s *scope) expr {
	e := t.expr(n.Args[0], s)
	at, ok := parseMoment(deref(e.literal))
	if !ok || len(at) < 10 {
		return t.fail(wharf.Errorf(wharf.CodeInvalid, "Incorrect DATE value: '%s'", deref(e.literal)))
	}
	return expr{sql: "DATE '" + at[:10] + "'", kind: kindDate, constant: true}
}

func momentLiteral(t *translator, n *ast.FuncCallExpr, s *scope) expr {
	e := t.expr(n.Args[0], s)
	at, ok := parseMoment(deref(e.literal))
	if !ok {
		return t.fail(wharf.Errorf(wharf.CodeInvalid, "Incorrect DATETIME value: '%s'", deref(e.literal)))
	}
	_, fraction, _ := strings.Cut(deref(e.literal), ".")
	return expr{sql: "TIMESTAMP '" + at + "'", kind: kindMoment, scale: min(6, len(fraction)), constant: true}
}

func timeLiteral(t *translator, n *ast.FuncCallExpr, s *scope) expr {
	e := t.expr(n.Args[0], s)
	return expr{sql: "CAST(" + e.sql + " AS TIME)", kind: kindTime, constant: true}
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// cast is CAST, CONVERT and BINARY.
func (t *translator) cast(n *ast.FuncCastExpr, s *scope) expr {
	x := t.expr(n.Expr, s)
	e := expr{constant: x.constant}
	decimals := n.Tp.GetDecimal()
	switch n.Tp.GetType() {
	case parsermysql.TypeLonglong:
		return castInteger(x, parsermysql.HasUnsignedFlag(n.Tp.GetFlag()))
	case parsermysql.TypeNewDecimal:
		e.kind, e.precision, e.scale = kindDecimal, n.Tp.GetFlen(), max(0, decimals)
		if e.precision <= 0 {
			e.precision = 10
		}
		if e.precision > 38 {
			return t.refuse("a DECIMAL of more than 38 digits")
		}
		v := x.number()
		most := strings.Repeat("9", e.precision-e.scale) + "." + strings.Repeat("9", e.scale)
		e.sql = fmt.Sprintf("mysql_clamp(TRY_CAST(%s AS %s), %s, CAST('%s' AS %s))", v.sql, e.duck(), v.sql, most, e.duck())
	case parsermysql.TypeDouble, parsermysql.TypeFloat:
		e.kind, e.sql = kindDouble, x.real()
	case parsermysql.TypeDate, parsermysql.TypeNewDate:
		e.kind, e.sql = kindDate, x.date()
	case parsermysql.TypeDatetime, parsermysql.TypeTimestamp:
		e.kind, e.scale = kindMoment, max(0, decimals)
		e.sql = "mysql_round_moment(" + x.moment() + ", " + strconv.Itoa(e.scale) + ")"
	case parsermysql.TypeDuration:
		e.kind, e.scale = kindTime, max(0, decimals)
		if x.kind == kindTime {
			return x
		}
		if x.kind == kindMoment || x.kind == kindDate {
			e.sql = "CAST(" + x.moment() + " AS TIME)"
		} else {
			e.sql = "TRY_CAST(" + x.text() + " AS TIME)"
		}
	case parsermysql.TypeJSON:
		e.kind, e.sql = kindJSON, "CAST("+x.text()+" AS JSON)"
		if x.numeric() {
			e.sql = "to_json(" + x.number().sql + ")"
		}
	case parsermysql.TypeVarString, parsermysql.TypeString, parsermysql.TypeVarchar:
		e.kind, e.sql = kindText, x.text()
		if x.kind == kindNull {
			e.sql = "CAST(NULL AS VARCHAR)"
		}
		if n.FunctionType == ast.CastBinaryOperator || n.Tp.GetCharset() == "binary" {
			if n.FunctionType == ast.CastBinaryOperator && x.kind == kindText {
				e.binary = true
				break
			}
			e.kind, e.sql = kindBytes, "encode("+x.text()+")"
			if x.kind == kindBytes {
				e.sql = x.sql
			}
			break
		}
		if length := n.Tp.GetFlen(); length >= 0 && n.Tp.GetFlen() != parsermysql.MaxBlobWidth {
			e.sql = fmt.Sprintf("left(%s, %d)", e.sql, length)
		}
	case parsermysql.TypeYear:
		e.kind, e.sql = kindInt, x.integer()
	default:
		return t.refuse("this CAST")
	}
	return e
}

// castInteger is CAST … AS SIGNED and UNSIGNED.
func castInteger(x expr, unsigned bool) expr {
	e := expr{kind: kindInt, constant: x.constant}
	switch n := x.number(); {
	case unsigned && x.kind == kindUint:
		return x
	case x.kind == kindInt || x.kind == kindBool:
		e.sql = n.sql
	case x.kind == kindText:
		e.sql = "mysql_integer_text(" + x.sql + ")"
	case n.kind == kindDecimal:
		e.sql = "mysql_signed(round(" + n.sql + "))"
	default:
		e.sql = "mysql_signed(" + n.sql + ")"
	}
	if unsigned {
		e.kind, e.sql = kindUint, "mysql_unsigned("+e.sql+")"
	}
	return e
}
