//go:build linux && !noduck

package duck

import (
	stdhex "encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/mysql"
	driver "github.com/pingcap/tidb/pkg/parser/test_driver"

	"wharf"
	"wharf/sql"
)

// fold computes an expression that reads no rows in the server: what it tells
// of the session, and of the moment, is the same for the whole statement. It
// reports false where there is nothing to compute, or not there.
func (t *translator) fold(n ast.ExprNode) (expr, bool) {
	switch n := n.(type) {
	case *driver.ValueExpr:
		if !introduced(n) {
			return expr{}, false
		}
	case *driver.ParamMarkerExpr, *ast.ParenthesesExpr, *ast.RowExpr, *ast.ColumnNameExpr, *ast.SetCollationExpr,
		*ast.PositionExpr, *ast.DefaultExpr:
		return expr{}, false
	}
	v := &rowFinder{}
	n.Accept(v)
	if v.assigns {
		return t.refuse("an assignment to a variable here"), true
	}
	if t.expressions == nil || v.found || len(v.params) > 0 && len(t.args) == 0 {
		return expr{}, false
	}
	text, err := restored(n)
	if err != nil {
		return expr{}, false
	}
	slices.Sort(v.params)
	asked := sql.Expression{Text: text, Unrounded: true, Marked: true}
	for _, p := range v.params {
		if p >= len(t.args) {
			return expr{}, false
		}
		asked.Args = append(asked.Args, t.args[p])
	}
	value, compiled, warned, err := t.compute(asked)
	if compiled != nil && (warned || isOfValue(err)) && v.isWorkers() {
		return t.later(text, value, compiled, err), true
	}
	if warned {
		asked.Warn = nil
		if compiled, err = t.expressions.Compile(t.ctx, asked); err == nil {
			value, err = compiled.Eval(nil)
		}
	}
	if err == nil {
		e := t.folded(value, compiled)
		if _, isCast := n.(*ast.FuncCastExpr); isCast && e.kind == kindDecimal {
			e.widen(compiled.Width, value.IsNull())
		}
		return e, true
	}
	if wharf.CodeOf(err) == wharf.CodeUnsupported {
		return expr{}, false
	}
	return t.fail(err), true
}

// compute computes an expression that has no inputs. compiled is nil where it is wrong
// whatever its value.
func (t *translator) compute(asked sql.Expression) (value wharf.Value, compiled *sql.Compiled, warned bool, err error) {
	asked.Warn = func(uint16, string) { warned = true }
	if compiled, err = t.expressions.Compile(t.ctx, asked); err == nil {
		value, err = compiled.Eval(nil)
	}
	return value, compiled, warned, err
}

// isOfValue reports whether an error is of a value that an expression was given.
func isOfValue(err error) bool {
	var cause *sql.Cause
	return errors.As(err, &cause) && wharf.CodeOf(err) == wharf.CodeInvalid
}

// later is a constant that warns, or fails, when it is computed: MySQL does not compute
// it where no row needs it, so DuckDB is to compute it for each row that does.
func (t *translator) later(text string, value wharf.Value, c *sql.Compiled, err error) expr {
	said := evaluated{Text: text, Later: true}
	if err != nil || value.IsNull() || c.Type != wharf.TypeDecimal {
		return t.evaluate(said, nil)
	}
	e := t.folded(value, c)
	said.Exact = true
	e.sql = "CAST(" + t.evaluate(said, nil).sql + " AS " + e.innerDuck() + ")"
	return e
}

// isWorkers reports whether a worker can compute the expression: it reads nothing of the
// session beside what it is sent.
func (v *rowFinder) isWorkers() bool { return !v.reads && !v.session && len(v.params) == 0 }

// ofSession are the functions that a worker does not know.
var ofSession = []string{
	"version", "database", "schema", "user", "session_user", "system_user", "current_user", "current_role", "connection_id", "row_count",
	"found_rows", "last_insert_id", "sleep", "get_lock", "release_lock", "is_free_lock", "is_used_lock", "release_all_locks",
}

// folded is the literal for a value that was computed.
func (t *translator) folded(v wharf.Value, c *sql.Compiled) expr {
	e := t.collatedAs(expr{constant: true}, c)
	e.typed(c.Type, c.Scale)
	text := v.String()
	if c.Truth {
		e.kind, e.logical = kindBool, true
	}
	switch {
	case e.kind == kindNull:
		e.sql = "NULL"
	case v.IsNull():
		e.sql = "CAST(NULL AS " + e.duck() + ")"
	case e.kind == kindText:
		e.sql, e.literal = quoteText(text), &text
	case e.kind == kindJSON:
		e.sql, e.normal = quoteText(text), true
	case e.kind == kindBytes:
		e.sql = "unhex('" + stdhex.EncodeToString([]byte(text)) + "')"
	case e.kind == kindBool:
		e.sql = strings.ToUpper(strconv.FormatBool(text != "0"))
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
		digits := len(strings.TrimLeft(whole, "0"))
		if e.scale = len(behind); c.Scale >= 0 {
			e.scale = c.Scale
		}
		if e.precision = digits + e.scale; e.precision > maxDigits {
			return t.refuse("a number of more than 38 digits")
		}
		e.inner = max(0, min(len(behind)-e.scale, maxDigits-e.precision))
		e.sql = "CAST('" + text + "' AS " + e.innerDuck() + ")"
	default:
		e.sql = "CAST('" + text + "' AS " + e.duck() + ")"
		if e.kind == kindDouble {
			e.places = c.Scale
		}
	}
	return e
}

// widen makes a decimal have the digits that its type says, where there is room for them.
func (e *expr) widen(digits int, isNull bool) {
	if isNull {
		e.precision = 0
	}
	if digits = min(digits, maxDigits-e.inner); digits > e.precision {
		e.precision = digits
		e.sql = "CAST(" + e.sql + " AS " + e.innerDuck() + ")"
	}
}

// introduced reports whether a literal is a text of a character set that is said before
// it, as in _latin1'…', and that is not the usual one.
func introduced(n *driver.ValueExpr) bool {
	charset := n.Type.GetCharset()
	return n.Type.GetFlag()&mysql.UnderScoreCharsetFlag != 0 && charset != "binary" && charset != mysql.DefaultCharset
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
	found   bool
	assigns bool // to a variable, what is not the same each time
	reads   bool // a variable
	session bool // asks for what a worker does not know
	params  []int
}

// readsNoRow reports whether an expression is the same for all rows.
func readsNoRow(n ast.ExprNode) bool {
	v := &rowFinder{}
	n.Accept(v)
	return !v.found
}

// eachRow are the functions that give another value for each row.
var eachRow = []string{"rand", "uuid", "sleep", "uuid_short", "grouping", "values"}

func (v *rowFinder) Enter(n ast.Node) (ast.Node, bool) {
	switch n := n.(type) {
	case *driver.ParamMarkerExpr:
		v.params = append(v.params, n.Order)
	case *ast.VariableExpr:
		if n.Value != nil {
			value := &rowFinder{}
			n.Value.Accept(value)
			v.assigns = v.assigns || value.found || value.reads || value.assigns
		}
		v.reads = true
	case *ast.ColumnNameExpr, *ast.SubqueryExpr, *ast.AggregateFuncExpr, *ast.WindowFuncExpr, *ast.DefaultExpr, *ast.ValuesExpr, *ast.PositionExpr:
		v.found = true
	case *ast.FuncCallExpr:
		v.found = v.found || slices.Contains(eachRow, n.FnName.L)
		v.session = v.session || slices.Contains(ofSession, n.FnName.L)
	}
	return n, v.found
}

func (v *rowFinder) Leave(n ast.Node) (ast.Node, bool) { return n, true }
