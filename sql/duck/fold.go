//go:build linux && !noduck

package duck

import (
	stdhex "encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
	driver "github.com/pingcap/tidb/pkg/parser/test_driver"

	"wharf"
	"wharf/sql"
)

// fold computes an expression that reads no rows in the server: what it tells
// of the session, and of the moment, is the same for the whole statement. It
// reports false where there is nothing to compute, or not there.
func (t *translator) fold(n ast.ExprNode) (expr, bool) {
	switch n.(type) {
	case *driver.ValueExpr, *driver.ParamMarkerExpr, *ast.ParenthesesExpr, *ast.RowExpr, *ast.ColumnNameExpr, *ast.SetCollationExpr,
		*ast.PositionExpr, *ast.DefaultExpr:
		return expr{}, false
	}
	v := &rowFinder{}
	n.Accept(v)
	if t.expressions == nil || v.found || len(v.params) > 0 && len(t.args) == 0 {
		return expr{}, false
	}
	text, err := restored(n)
	if err != nil {
		return expr{}, false
	}
	slices.Sort(v.params)
	asked := sql.Expression{Text: text}
	for _, p := range v.params {
		if p >= len(t.args) {
			return expr{}, false
		}
		asked.Args = append(asked.Args, t.args[p])
	}
	compiled, err := t.expressions.Compile(t.ctx, asked)
	if err == nil {
		var value wharf.Value
		if value, err = compiled.Eval(nil); err == nil {
			return t.folded(value, compiled), true
		}
	}
	if wharf.CodeOf(err) == wharf.CodeUnsupported {
		return expr{}, false
	}
	return t.fail(err), true
}

// folded is the literal for a value that was computed.
func (t *translator) folded(v wharf.Value, c *sql.Compiled) expr {
	e := expr{constant: true}
	e.typed(c.Type, c.Scale)
	text := v.String()
	switch {
	case e.kind == kindNull:
		e.sql = "NULL"
	case v.IsNull():
		e.sql = "CAST(NULL AS " + e.duck() + ")"
	case e.kind == kindText || e.kind == kindJSON:
		e.sql, e.literal = quoteText(text), &text
	case e.kind == kindBytes:
		e.sql = "unhex('" + stdhex.EncodeToString([]byte(text)) + "')"
	case e.kind == kindInt:
		e.sql, e.written = text, text
		if strings.HasPrefix(text, "-") {
			e.sql = "CAST('" + text + "' AS BIGINT)"
		}
	case e.kind == kindTime:
		micros, _ := timeMicros(text)
		e.sql = fmt.Sprintf("CAST('%d' AS BIGINT)", micros)
	case e.kind == kindDecimal:
		whole, behind, _ := strings.Cut(strings.TrimPrefix(text, "-"), ".")
		e.scale = len(behind)
		if e.precision = len(strings.TrimLeft(whole, "0")) + e.scale; e.precision > maxDigits {
			return t.refuse("a number of more than 38 digits")
		}
		e.sql = "CAST('" + text + "' AS " + e.duck() + ")"
	default:
		e.sql = "CAST('" + text + "' AS " + e.duck() + ")"
	}
	return e
}

// quoteText writes a text of DuckDB's SQL, which ends at a zero byte.
func quoteText(s string) string {
	if strings.ContainsRune(s, 0) {
		return "decode(unhex('" + stdhex.EncodeToString([]byte(s)) + "'))"
	}
	return quoteString(s)
}

// rowFinder finds out whether an expression needs rows, or is to be computed
// anew for each.
type rowFinder struct {
	found  bool
	params []int
}

// readsNoRow reports whether an expression is the same for all rows.
func readsNoRow(n ast.ExprNode) bool {
	v := &rowFinder{}
	n.Accept(v)
	return !v.found
}

// eachRow are the functions that give another value for each row.
var eachRow = []string{"rand", "uuid", "sleep", "uuid_short", "benchmark", "grouping", "values"}

func (v *rowFinder) Enter(n ast.Node) (ast.Node, bool) {
	switch n := n.(type) {
	case *driver.ParamMarkerExpr:
		v.params = append(v.params, n.Order)
	case *ast.ColumnNameExpr, *ast.SubqueryExpr, *ast.AggregateFuncExpr, *ast.WindowFuncExpr, *ast.DefaultExpr, *ast.ValuesExpr, *ast.PositionExpr:
		v.found = true
	case *ast.FuncCallExpr:
		v.found = v.found || slices.Contains(eachRow, n.FnName.L)
	}
	return n, v.found
}

func (v *rowFinder) Leave(n ast.Node) (ast.Node, bool) { return n, true }
