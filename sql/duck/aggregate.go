//go:build linux && !noduck

package duck

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"wharf/sql"
)

// aggregate translates a function over the rows of a group.
func (t *translator) aggregate(n *ast.AggregateFuncExpr, s *scope) expr {
	if name := windowIn(n.Args...); name != "" {
		return t.fail(windowMisplaced(name))
	}
	defer t.ungrouped()()
	defer t.unkept()()
	inner := *s
	inner.seen = itemsUnseen // an aggregate sees rows, not the SELECT's items
	var args []expr
	for _, a := range n.Args {
		args = append(args, t.expr(a, &inner))
	}
	if t.err != nil {
		return expr{sql: "NULL"}
	}
	if strings.EqualFold(n.F, ast.AggFuncGroupConcat) {
		return t.groupConcat(n, args, &inner)
	}
	return t.aggregateOf(strings.ToLower(n.F), n.Distinct, args)
}

// aggregateOf gives an aggregate by its name. A window function puts OVER
// behind what overs returns.
func (t *translator) aggregateOf(name string, distinct bool, args []expr) expr {
	return t.aggregateOver(name, distinct, args, "")
}

func (t *translator) aggregateOver(name string, distinct bool, args []expr, over string) expr {
	word := ""
	if distinct {
		word = "DISTINCT "
	}
	x := args[0]
	call := func(f, of string) string { return f + "(" + word + of + ")" + over }
	switch name {
	case "count":
		if len(args) > 1 {
			return t.countRows(args, over)
		}
		if distinct && (x.kind == kindJSON || x.kind == kindText && x.foldedText()) {
			x.sql = t.key(x)
		}
		return expr{sql: call("count", x.sql), kind: kindInt}
	case "sum":
		v := x.number()
		switch v.kind {
		case kindDouble:
			return expr{sql: call("sum", v.sql), kind: kindDouble, places: v.places}
		case kindDecimal:
			return expr{sql: call("sum", v.sql), kind: kindDecimal, precision: min(maxDigits-v.inner, v.whole()+rowDigits+v.scale), scale: v.scale, inner: v.inner}
		}
		return expr{sql: "CAST(" + call("sum", v.sql) + " AS DECIMAL(38,0))", kind: kindDecimal, precision: v.whole() + rowDigits}
	case "avg":
		v := x.number()
		if v.kind == kindDouble {
			return expr{sql: call("avg", v.sql), kind: kindDouble, places: t.morePlaces(v.places)}
		}
		sum := expr{sql: call("sum", v.sql), kind: kindDecimal, precision: min(maxDigits-v.scale, v.whole()+rowDigits) + v.scale, scale: v.scale, inner: v.inner}
		return t.quotient(sum, expr{sql: call("count", v.sql), kind: kindDecimal, precision: 10}, v.whole())
	case "min", "max":
		e := x.asColumn()
		if key := t.group(x); key != x.sql {
			e.sql = "arg_" + call(name, x.sql+", "+key)
			return e
		}
		e.sql = call(name, x.sql)
		return e
	case "bit_and", "bit_or", "bit_xor":
		if x.kind == kindBytes {
			return t.refuse(strings.ToUpper(name) + " of binary strings")
		}
		empty := "0"
		if name == "bit_and" {
			empty = "18446744073709551615"
		}
		if x.kind == kindText {
			x = expr{sql: x.integer(), kind: kindInt}
		}
		return expr{sql: "coalesce(" + call(name, x.bits()) + ", CAST(" + empty + " AS UBIGINT))", kind: kindUint}
	case "std", "stddev", "stddev_pop":
		return expr{sql: call("stddev_pop", x.real()), kind: kindDouble}
	case "stddev_samp":
		return expr{sql: call("stddev_samp", x.real()), kind: kindDouble}
	case "variance", "var_pop":
		return expr{sql: call("var_pop", x.real()), kind: kindDouble}
	case "var_samp":
		return expr{sql: call("var_samp", x.real()), kind: kindDouble}
	case "any_value", "firstrow":
		e := x.asColumn()
		e.sql = call("any_value", x.sql)
		return e
	case "json_arrayagg":
		return t.jsonArrayAgg(x, over)
	case "json_objectagg":
		if len(args) == 2 {
			return t.jsonObjectAgg(x, args[1], over)
		}
	}
	return t.refuse("the function " + strings.ToUpper(name))
}

// rowDigits is how many digits a sum may have beyond those of its values: those of
// the number of rows.
const rowDigits = 10

// countRows is COUNT(DISTINCT a, b), which leaves out rows with a NULL.
func (t *translator) countRows(args []expr, over string) expr {
	counted := t.once(args, func(args []expr) expr {
		var parts, there []string
		for _, a := range args {
			parts, there = append(parts, t.group(a)), append(there, a.sql+" IS NOT NULL")
		}
		return expr{sql: "CASE WHEN " + strings.Join(there, " AND ") + " THEN row(" + strings.Join(parts, ", ") + ") END"}
	})
	return expr{sql: "count(DISTINCT " + counted.sql + ")" + over, kind: kindInt}
}

// groupConcat is GROUP_CONCAT. What is longer than group_concat_max_len is cut
// by the server's evaluator, which warns of it.
func (t *translator) groupConcat(n *ast.AggregateFuncExpr, args []expr, s *scope) expr {
	separator := args[len(args)-1]
	args = args[:len(args)-1]
	parts := make([]string, len(args))
	for i, a := range args {
		parts[i] = a.text()
	}
	joined := strings.Join(parts, " || ")
	word, order := "", ""
	if n.Distinct {
		word = "DISTINCT "
	}
	if n.Order != nil {
		clause := t.clause
		order = t.order(t.placedIn(n.Args[:len(args)], n.Order.Items), s, nil)
		t.clause = clause
	}
	if n.Distinct && (n.Order != nil || len(args) > 1 || slices.ContainsFunc(args, func(a expr) bool { return t.group(a) != a.sql })) {
		return t.groupDistinct(args, joined, order, separator)
	}
	e := text("string_agg(" + word + joined + ", " + separator.sql + order + ")").collatedBy(args)
	most, ok := t.variable("group_concat_max_len")
	if !ok {
		return e
	}
	return t.once([]expr{e}, func(e []expr) expr {
		cut := t.evaluates("`"+sql.GroupCut+"`(i0)", e, false)
		cut.sql = fmt.Sprintf("CASE WHEN strlen(%s) > %d THEN %s ELSE %s END", e[0].sql, most, cut.sql, e[0].sql)
		return cut
	})
}

// placedIn gives the items of an ORDER BY within GROUP_CONCAT, of which a number is the
// place of an argument.
func (t *translator) placedIn(args []ast.ExprNode, items []*ast.ByItem) []*ast.ByItem {
	var placed []*ast.ByItem
	for _, item := range items {
		n, ok := placeOf(item.Expr)
		switch {
		case !ok:
			placed = append(placed, item)
		case n < 1 || n > len(args):
			t.fail(unknownColumn(strconv.Itoa(n), "order clause"))
		case !readsNoRow(args[n-1]):
			placed = append(placed, &ast.ByItem{Expr: args[n-1], Desc: item.Desc})
		}
	}
	return placed
}

// groupDistinct is GROUP_CONCAT(DISTINCT …) that DuckDB does not do: of several
// values, in the order of others, or of text that is told apart by a collation.
func (t *translator) groupDistinct(args []expr, joined, order string, separator expr) expr {
	keys := make([]string, len(args))
	for i, a := range args {
		keys[i] = a.text()
		if key := t.group(a); key != a.sql {
			keys[i] = "hex(" + key + ")"
		}
	}
	list := "list([" + joined + ", " + strings.Join(keys, ", ") + "]" + order + ") FILTER (WHERE " + joined + " IS NOT NULL)"
	parts := expr{sql: "CAST(to_json(" + list + ") AS VARCHAR)", kind: kindText}
	e := t.evaluates("`"+sql.GroupDistinct+"`(i0, i1)", []expr{parts, separator}, false)
	e.constant, e.binary, e.folded, e.collation, e.implied = false, false, false, "", false
	return e.collatedBy(args)
}

// windowFunctions are those that are not aggregates, with how many arguments
// they take.
var windowFunctions = map[string][2]int{
	"row_number": {0, 0}, "rank": {0, 0}, "dense_rank": {0, 0}, "percent_rank": {0, 0}, "cume_dist": {0, 0},
	"ntile": {1, 1}, "lag": {1, 3}, "lead": {1, 3}, "first_value": {1, 1}, "last_value": {1, 1}, "nth_value": {2, 2},
}

func (t *translator) window(n *ast.WindowFuncExpr, s *scope) expr {
	within := windowIn(n.Args...)
	switch {
	case t.clause != "field list" && t.clause != "order clause":
		return t.fail(windowMisplaced(n.Name))
	case within != "":
		return t.fail(windowMisplaced(within))
	case n.Distinct:
		return t.refuse("<window function>(DISTINCT ..)")
	case n.IgnoreNull:
		return t.refuse("IGNORE NULLS")
	case n.FromLast:
		return t.refuse("FROM LAST")
	}
	defer t.unkept()()
	over := " OVER " + t.windowSpec(&n.Spec, s).text
	var args []expr
	for _, a := range n.Args {
		args = append(args, t.expr(a, s))
	}
	if t.err != nil {
		return expr{sql: "NULL"}
	}
	name := strings.ToLower(n.Name)
	arity, ok := windowFunctions[name]
	if !ok {
		if len(args) == 0 {
			return t.refuse("the window function " + strings.ToUpper(name))
		}
		if name == "group_concat" {
			return t.refuse("GROUP_CONCAT as a window function")
		}
		return t.aggregateOver(name, n.Distinct, args, over)
	}
	if len(args) < arity[0] || len(args) > arity[1] {
		return t.fail(parameterCount(name))
	}
	if !t.countsRows(name, n.Args) {
		return expr{sql: "NULL"}
	}
	e := expr{kind: kindInt}
	parts := make([]string, len(args))
	for i, a := range args {
		parts[i] = a.sql
	}
	switch name {
	case "row_number", "rank", "dense_rank", "ntile":
		if len(args) == 1 {
			parts[0] = args[0].integer()
		}
	case "percent_rank", "cume_dist":
		e.kind = kindDouble
	default:
		e = args[0].asColumn()
		if name == "lag" || name == "lead" {
			if len(args) == 3 {
				u := unify(args[0], args[2])
				parts[0], parts[2] = args[0].as(u), args[2].as(u)
				e = u.asColumn()
			}
			if len(args) > 1 {
				parts[1] = args[1].integer()
			}
		}
		if name == "nth_value" {
			parts[1] = args[1].integer()
		}
	}
	e.sql = name + "(" + strings.Join(parts, ", ") + ")" + over
	return e
}
