//go:build linux && !noduck

package duck

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/pingcap/tidb/pkg/parser/ast"
	parsermysql "github.com/pingcap/tidb/pkg/parser/mysql"
	driver "github.com/pingcap/tidb/pkg/parser/test_driver"
	"github.com/pingcap/tidb/pkg/parser/types"

	"wharf"
	"wharf/sql"
)

// A recursive query has the types of its parts that do not name it: what the others
// give is made so.

// recursiveFrom gives the place of the first part that names the query, or how many parts
// there are.
func (c *cte) recursiveFrom(parts []ast.Node) int {
	for i, part := range parts {
		v := tableFinder{name: c.said}
		part.Accept(&v)
		if v.found && i > 0 {
			return i
		}
	}
	return len(parts)
}

// tableFinder finds out whether a query reads a table of that name, in lower case.
type tableFinder struct {
	name  string
	found bool
}

func (v *tableFinder) Enter(n ast.Node) (ast.Node, bool) {
	if table, ok := n.(*ast.TableName); ok && table.Schema.L == "" && table.Name.L == v.name {
		v.found = true
	}
	return n, v.found
}

func (v *tableFinder) Leave(n ast.Node) (ast.Node, bool) { return n, true }

// fit makes the columns of a part that names the query those of the parts before. Their
// names are those of the query.
func (t *translator) fit(q queried, columns, named []outColumn, first []ast.Node) queried {
	items := make([]string, len(columns))
	for i := range columns {
		c := &columns[i]
		switch from := q.columns[i].expr; {
		case c.expr.kind == kindNull:
			c.expr = unify(c.expr, from).asColumn()
		case c.expr.kind == kindBool:
			c.expr.kind, c.expr.logical, c.expr.stored = kindInt, false, false
		}
		from := q.columns[i].expr
		from.sql = fmt.Sprintf("c%d", i)
		items[i] = t.fitted(from, outColumn{named[i].name, c.expr}, t.widest(first, i)) + " AS " + from.sql
		q.columns[i].expr = c.expr
	}
	q.sql, q.row = "SELECT "+strings.Join(items, ", ")+" FROM ("+q.sql+") AS fitted", nil
	return q
}

// fitted gives a value as one of the column. width is how many characters its text may
// have; 0 is any number.
func (t *translator) fitted(from expr, column outColumn, width int) string {
	to := column.expr
	switch {
	case to.kind == kindText && width > 0:
		text := from.text()
		if strict, ok := t.variable("sql_mode REGEXP 'STRICT_'"); ok && strict == 0 {
			return fmt.Sprintf("substr(%s, 1, %d)", text, width)
		}
		over := carried(because(1406, "22001", wharf.CodeInvalid, "Data too long for column '%s' at row 1", column.name))
		return fmt.Sprintf("CASE WHEN length(%s) > %d THEN error(%s) ELSE %s END", text, width, quoteString(over), text)
	case from.kind == kindNull || to.kind != kindInt && to.kind != kindUint && to.kind != kindDecimal || from.kind == to.kind && to.kind != kindDecimal:
		return from.as(to)
	}
	value := "TRY_" + from.as(to)
	if strict, ok := t.variable("sql_mode REGEXP 'STRICT_'"); ok && strict == 0 {
		least, most := to.bounds()
		return fmt.Sprintf("CASE WHEN %s IS NOT NULL AND %s IS NULL THEN CASE WHEN %s < 0 THEN %s ELSE %s END ELSE %s END", from.sql, value, from.number().sql, least, most, value)
	}
	over := carried(because(1264, "22003", wharf.CodeInvalid, "Out of range value for column '%s' at row 1", column.name))
	return fmt.Sprintf("CASE WHEN %s IS NOT NULL AND %s IS NULL THEN error(%s) ELSE %s END", from.sql, value, quoteString(over), value)
}

// bounds are the least and the greatest value of a number's type.
func (e expr) bounds() (least, most string) {
	switch e.kind {
	case kindInt:
		least, most = "-9223372036854775808", "9223372036854775807"
	case kindUint:
		least, most = "0", "18446744073709551615"
	default:
		most = strings.Repeat("9", e.whole()) + "." + strings.Repeat("9", e.scale)
		least = "-" + most
	}
	return "CAST('" + least + "' AS " + e.duck() + ")", "CAST('" + most + "' AS " + e.duck() + ")"
}

// widest is how many characters a column has that is a constant text in each of the
// parts; 0 where it is anything else.
func (t *translator) widest(parts []ast.Node, column int) int {
	width := 0
	for _, part := range parts {
		sel, ok := part.(*ast.SelectStmt)
		if !ok || sel.Fields == nil || column >= len(sel.Fields.Fields) {
			return 0
		}
		for _, f := range sel.Fields.Fields[:column+1] {
			if f.WildCard != nil {
				return 0
			}
		}
		one := t.width(sel.Fields.Fields[column].Expr)
		if one == 0 {
			return 0
		}
		width = max(width, one)
	}
	return width
}

// width is how many characters the text of an expression has at most; 0 is not known.
func (t *translator) width(n ast.ExprNode) int {
	if v, ok := n.(*driver.ValueExpr); ok && v.Kind() == driver.KindString {
		return utf8.RuneCountInString(v.GetString())
	}
	if cast, ok := n.(*ast.FuncCastExpr); ok && cast.Tp.EvalType() == types.ETString && cast.Tp.GetFlen() > 0 && cast.Tp.GetFlen() < parsermysql.MaxBlobWidth {
		return cast.Tp.GetFlen()
	}
	text, err := restored(n)
	if err != nil || !readsNoRow(n) || t.expressions == nil {
		return 0
	}
	compiled, err := t.expressions.Compile(t.ctx, sql.Expression{Text: text, Args: t.args})
	if err != nil || compiled.Type != wharf.TypeString {
		return 0 // where it is wrong, the translation of the expression tells of it
	}
	return compiled.Width
}
