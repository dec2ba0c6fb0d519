//go:build linux && !noduck

package duck

import (
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"
)

// Bound is a condition that WHERE sets for a column of a source that the query
// reads once: a row group whose values are all beyond it has no row that counts.
type Bound struct {
	Source [2]string
	Column string
	// May is DuckDB's condition that rows may match whose column is between
	// statLeast and statGreatest, which are texts. It is NULL where these do not
	// tell.
	May string
}

const (
	statLeast    = "stats_min_value"
	statGreatest = "stats_max_value"
)

// boundOps are the comparisons that bound a column, with those that have their
// sides exchanged.
var boundOps = map[opcode.Op]struct{ op, exchanged string }{
	opcode.EQ: {"=", "="}, opcode.LT: {"<", ">"}, opcode.LE: {"<=", ">="}, opcode.GT: {">", "<"}, opcode.GE: {">=", "<="},
}

// boundsOf notes what a condition of WHERE bounds. Each of several that AND
// combines does so by itself.
func (t *translator) boundsOf(n ast.ExprNode, s *scope) {
	switch n := unwrapped(n).(type) {
	case *ast.BinaryOperationExpr:
		if n.Op == opcode.LogicAnd {
			t.boundsOf(n.L, s)
			t.boundsOf(n.R, s)
			return
		}
		ops, ok := boundOps[n.Op]
		if !ok {
			return
		}
		if _, ok := unwrapped(n.L).(*ast.ColumnNameExpr); ok {
			t.boundColumn(n.L, s, func(least, greatest expr) (string, bool) { return t.may(ops.op, least, greatest, n.R, s) })
		} else {
			t.boundColumn(n.R, s, func(least, greatest expr) (string, bool) { return t.may(ops.exchanged, least, greatest, n.L, s) })
		}
	case *ast.BetweenExpr:
		if n.Not {
			return
		}
		t.boundColumn(n.Expr, s, func(least, greatest expr) (string, bool) {
			low, ok := t.may(">=", least, greatest, n.Left, s)
			high, also := t.may("<=", least, greatest, n.Right, s)
			return "(" + low + " AND " + high + ")", ok && also
		})
	case *ast.PatternInExpr:
		if n.Not || n.Sel != nil {
			return
		}
		t.boundColumn(n.Expr, s, func(least, greatest expr) (string, bool) {
			may := make([]string, len(n.List))
			for i, item := range n.List {
				var ok bool
				if may[i], ok = t.may("=", least, greatest, item, s); !ok {
					return "", false
				}
			}
			return "(" + strings.Join(may, " OR ") + ")", true
		})
	}
}

// boundColumn notes a bound where n is a column of a source of this very
// SELECT, of a type whose order the statistics have.
func (t *translator) boundColumn(n ast.ExprNode, s *scope, may func(least, greatest expr) (string, bool)) {
	name, ok := unwrapped(n).(*ast.ColumnNameExpr)
	if !ok {
		return
	}
	column, found, err := s.column(name.Name.Schema.O, name.Name.Table.O, name.Name.Name.O, t.clause)
	if err != nil || !found {
		return
	}
	switch column.kind {
	case kindInt, kindUint, kindDecimal, kindText, kindDate, kindMoment:
	default:
		return
	}
	for _, r := range t.reads {
		quoted, ok := strings.CutPrefix(column.sql, r.Alias+".")
		of := slices.IndexFunc(r.columns, func(c Column) bool { return ok && quoted == quoteName(c.Name) })
		if of < 0 {
			continue
		}
		least, greatest := column, column
		least.sql, greatest.sql = statistic(statLeast, r.columns[of].Type), statistic(statGreatest, r.columns[of].Type)
		if text, ok := may(least, greatest); ok && t.err == nil {
			t.bounds = append(t.bounds, Bound{Source: r.Source, Column: r.columns[of].Name, May: text})
		}
	}
}

// statistic gives a value of a footer as one of its column's type. DuckDB writes
// it as a text, and bytes that are no UTF-8, as a text that was cut off may
// end in, behind a backslash.
func statistic(name, duckType string) string {
	if duckType == "VARCHAR" {
		return `CASE WHEN NOT contains(` + name + `, '\') THEN ` + name + ` END`
	}
	return "TRY_CAST(" + name + " AS " + duckType + ")"
}

// may gives the condition that a value from least to greatest may compare so
// with a constant. It is not ok where MySQL compares in another order than the
// column's own.
func (t *translator) may(op string, least, greatest expr, constant ast.ExprNode, s *scope) (string, bool) {
	if !readsNoRow(constant) {
		return "", false
	}
	c := t.expr(constant, s)
	switch {
	case !c.constant || c.folded || c.binary || c.collation != "" || comparedByServer(least, c):
		return "", false
	case least.kind == kindText && c.kind != kindText, least.temporal() && !c.temporal() && c.literal == nil,
		least.numeric() && !c.numeric():
		return "", false
	}
	switch op {
	case "=":
		return "(" + t.compare("<=", least, c).sql + " AND " + t.compare(">=", greatest, c).sql + ")", true
	case "<", "<=":
		return t.compare(op, least, c).sql, true
	}
	return t.compare(op, greatest, c).sql, true
}

// without returns the condition that no row of a row group can match, also
// because all are NULL, for the rows of parquet_metadata; "" where the query bounds
// no column.
func (tr *Translation) without(source [2]string) string {
	var parts []string
	for _, b := range tr.Bounds {
		if b.Source == source {
			parts = append(parts, "path_in_schema = "+quoteString(b.Column)+" AND (coalesce(stats_null_count = num_values, false) OR NOT coalesce("+b.May+", true))")
		}
	}
	return strings.Join(parts, " OR ")
}
