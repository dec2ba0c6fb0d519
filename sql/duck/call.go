//go:build linux && !noduck

package duck

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"

	"wharf"
)

// function is one of MySQL's functions: how many arguments it takes, and how
// it is written for DuckDB.
type function struct {
	least, most int // arguments; most < 0 is any number
	write       func(t *translator, a []expr) expr
	// takes reports whether write is for such arguments; nil takes all. The
	// server's own evaluator computes it with others.
	takes func(a []expr) bool
}

// call translates a call of a function.
func (t *translator) call(n *ast.FuncCallExpr, s *scope) expr {
	name := strings.ToLower(n.FnName.L)
	if special, ok := specialCalls[name]; ok {
		return special(t, n, s)
	}
	f, ok := functions[name]
	if n.Schema.O != "" || !ok && (slices.Contains(eachRow, name) || slices.Contains(ofSession, name)) {
		return t.refuse("the function " + strings.ToUpper(n.FnName.O))
	}
	if !ok {
		return t.evaluated(n, s, nil)
	}
	if len(n.Args) < f.least || f.most >= 0 && len(n.Args) > f.most {
		return t.fail(parameterCount(n.FnName.O))
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
	if slices.ContainsFunc(n.Args, isConversion) {
		return t.evaluated(n, s, nil)
	}
	if f.takes != nil && !f.takes(args) || !takesAnything[name] && slices.ContainsFunc(args, isDelicate) || mixed(args...) {
		known := map[ast.ExprNode]expr{}
		for i, a := range n.Args {
			known[a] = args[i]
		}
		return t.evaluated(n, s, known)
	}
	e := f.write(t, args)
	if e.constant = constant; e.kind == kindText && slices.Contains(ownTexts, name) {
		e.folded, e.uniform = !constant, !constant
		return e
	}
	switch name {
	case "if", "elt":
		args = args[1:]
	case "nullif":
		args = args[:1]
	}
	return e.collatedBy(args)
}

// ownTexts are the functions whose text has nothing of the texts that they take,
// and so has the collation of the connection.
var ownTexts = []string{"hex", "md5", "sha", "sha1", "date_format", "monthname", "dayname"}

// collatedBy is a text with the collation in which the values meet that it is made
// of, where it has none of its own. That is the connection's where none of them is
// text of a file.
func (e expr) collatedBy(args []expr) expr {
	if e.kind != kindText || e.folded || e.binary {
		return e
	}
	met := expr{kind: kindNull, constant: true}
	for i, a := range args {
		if met = pair(met, a); i == 0 {
			met = a
		}
	}
	e.binary, e.collation, e.implied = met.binary, met.collation, met.implied
	e.folded = met.folded || !e.constant && met.foldedText()
	return e
}

// specialCalls are the functions whose arguments are not all expressions.
var specialCalls map[string]func(t *translator, n *ast.FuncCallExpr, s *scope) expr

func init() {
	specialCalls = map[string]func(t *translator, n *ast.FuncCallExpr, s *scope) expr{
		"date_add": addInterval("+"), "adddate": addInterval("+"), "date_sub": addInterval("-"), "subdate": addInterval("-"),
		"timestampadd": (*translator).timestampAdd, "timestampdiff": (*translator).timestampDiff,
		"extract": (*translator).extract, "trim": (*translator).trim, "grouping": (*translator).groupingOf, "any_value": (*translator).anyValue,
		"json_extract": (*translator).jsonExtract, "convert": (*translator).convertUsing, "rand": (*translator).rand, "name_const": (*translator).nameConst,
	}
}

// nameConst is NAME_CONST(name, value): the value, which is a literal.
func (t *translator) nameConst(n *ast.FuncCallExpr, s *scope) expr {
	if len(n.Args) != 2 {
		return t.fail(parameterCount(n.FnName.O))
	}
	value := n.Args[1]
	switch v := value.(type) {
	case *ast.UnaryOperationExpr:
		if v.Op == opcode.Minus {
			value = v.V
		}
	case *ast.SetCollationExpr:
		value = v.Expr
	}
	_, isName := n.Args[0].(ast.ValueExpr)
	if _, isValue := value.(ast.ValueExpr); !isName || !isValue {
		return t.fail(because(1210, "HY000", wharf.CodeInvalid, "Incorrect arguments to NAME_CONST"))
	}
	return t.expr(n.Args[1], s)
}

// convertUsing is CONVERT(x USING charset). Its text has the collation of that.
func (t *translator) convertUsing(n *ast.FuncCallExpr, s *scope) expr {
	return t.evaluated(n, s, nil)
}

// rand is RAND() and RAND(n). Of a constant, each row has the next number; an
// input that is not constant keeps DuckDB from computing it once.
func (t *translator) rand(n *ast.FuncCallExpr, s *scope) expr {
	switch {
	case len(n.Args) == 0:
		return double("random()")
	case len(n.Args) > 1:
		return t.fail(parameterCount(n.FnName.O))
	case !readsNoRow(n.Args[0]):
		return t.evaluated(n, s, nil)
	}
	seed := t.expr(n.Args[0], s)
	if t.err != nil {
		return expr{sql: "NULL"}
	}
	if seed.written == "" {
		return t.refuse("RAND() of this seed")
	}
	return t.evaluates("IF(i0 < 0, 0, RAND("+seed.written+"))", []expr{double("random()")}, false)
}

// takesAnything are the functions that DuckDB computes also of bytes and of
// times.
var takesAnything = map[string]bool{
	"if": true, "ifnull": true, "coalesce": true, "isnull": true, "concat": true, "length": true, "octet_length": true, "hex": true,
}

// isDelicate reports whether e is of a kind that few of DuckDB's functions
// take as MySQL does.
func isDelicate(e expr) bool { return e.kind == kindBytes || e.kind == kindTime || e.kind == kindJSON }

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
		from, by := t.expr(n.Args[0], s), t.expr(n.Args[1], s)
		if !canShift(from, by, unit) {
			return t.evaluated(n, s, map[ast.ExprNode]expr{n.Args[0]: from, n.Args[1]: by})
		}
		return t.shift(from, sign, by, unit)
	}
}

// canShift reports whether DuckDB adds such an interval as MySQL does.
func canShift(from, by expr, unit ast.TimeUnitType) bool {
	_, known := intervals[unit]
	n, err := strconv.Atoi(by.written)
	const most = 100_000 // of years, within the range of DuckDB's intervals
	return known && isMoment([]expr{from}) && err == nil && n <= most && n >= -most
}

func (t *translator) shift(from expr, sign string, by expr, unit ast.TimeUnitType) expr {
	interval := fmt.Sprintf(intervals[unit], by.integer())
	constant := from.constant && by.constant
	moved := "mysql_in_years(" + from.moment() + " " + sign + " " + interval + ")"
	switch {
	case from.kind == kindDate && wholeDays(unit):
		return expr{sql: "CAST(" + moved + " AS DATE)", kind: kindDate, constant: constant}
	}
	scale := from.scale
	if unit == ast.TimeUnitMicrosecond {
		scale = 6
	}
	return expr{sql: moved, kind: kindMoment, scale: scale, constant: constant}
}

func (t *translator) timestampAdd(n *ast.FuncCallExpr, s *scope) expr {
	unit := n.Args[0].(*ast.TimeUnitExpr)
	from, by := t.expr(n.Args[2], s), t.expr(n.Args[1], s)
	if !canShift(from, by, unit.Unit) {
		added := &ast.FuncCallExpr{FnName: ast.NewCIStr("date_add"), Args: []ast.ExprNode{n.Args[2], n.Args[1], unit}}
		return t.evaluated(added, s, map[ast.ExprNode]expr{n.Args[2]: from, n.Args[1]: by})
	}
	return t.shift(from, "+", by, unit.Unit)
}

func (t *translator) timestampDiff(n *ast.FuncCallExpr, s *scope) expr {
	unit := n.Args[0].(*ast.TimeUnitExpr).Unit
	a, b := t.expr(n.Args[1], s), t.expr(n.Args[2], s)
	word := strings.ToLower(unit.String())
	if _, ok := intervals[unit]; !ok || !areMoments([]expr{a, b}) {
		return t.evaluated(n, s, map[ast.ExprNode]expr{n.Args[1]: a, n.Args[2]: b})
	}
	return integer("mysql_date_sub('" + word + "', " + a.moment() + ", " + b.moment() + ")")
}

func (t *translator) extract(n *ast.FuncCallExpr, s *scope) expr {
	unit := n.Args[0].(*ast.TimeUnitExpr).Unit
	e := t.expr(n.Args[1], s)
	if !isMoment([]expr{e}) {
		return t.evaluated(n, s, map[ast.ExprNode]expr{n.Args[1]: e})
	}
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
	return t.evaluated(n, s, map[ast.ExprNode]expr{n.Args[1]: e})
}

// trim is TRIM with its directions. DuckDB's trims a set of characters, MySQL's
// a string.
func (t *translator) trim(n *ast.FuncCallExpr, s *scope) expr {
	x := t.expr(n.Args[0], s)
	if isDelicate(x) {
		return t.evaluated(n, s, map[ast.ExprNode]expr{n.Args[0]: x})
	}
	if len(n.Args) == 1 {
		return text("trim(" + x.text() + ", ' ')").collatedBy([]expr{x})
	}
	direction := ast.TrimBoth
	if len(n.Args) == 3 {
		direction = n.Args[2].(*ast.TrimDirectionExpr).Direction
	}
	what, args := "' '", []expr{x}
	if w := t.expr(n.Args[1], s); w.kind != kindNull {
		what, args = w.text(), append(args, w)
	} else if len(n.Args) == 2 {
		return expr{sql: "CAST(NULL AS VARCHAR)", kind: kindText}
	}
	name := map[ast.TrimDirectionType]string{ast.TrimLeading: "mysql_trim_leading", ast.TrimTrailing: "mysql_trim_trailing"}[direction]
	if name == "" {
		trimmed := t.once([]expr{{sql: what}}, func(what []expr) expr {
			return text("mysql_trim_trailing(mysql_trim_leading(" + x.text() + ", " + what[0].sql + "), " + what[0].sql + ")")
		})
		return trimmed.collatedBy(args)
	}
	return text(name + "(" + x.text() + ", " + what + ")").collatedBy(args)
}
