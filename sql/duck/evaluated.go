//go:build linux && !noduck

package duck

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/format"
	parsermysql "github.com/pingcap/tidb/pkg/parser/mysql"
	driver "github.com/pingcap/tidb/pkg/parser/test_driver"

	"wharf"
	"wharf/sql"
)

// evaluated translates an expression that DuckDB has no words for into a call
// of the server's own evaluator, which runs in the worker. Operands that are
// translated already are in known.
func (t *translator) evaluated(n ast.ExprNode, s *scope, known map[ast.ExprNode]expr) expr {
	return t.evaluatedAs(n, s, known, false)
}

func (t *translator) evaluatedAs(n ast.ExprNode, s *scope, known map[ast.ExprNode]expr, key bool) expr {
	if t.expressions == nil {
		return t.refuse("this expression")
	}
	v := &operands{t: t, s: s, known: known, root: shallow(n)}
	if v.root == nil {
		return t.refuse("this expression")
	}
	v.root.Accept(v)
	if t.err != nil {
		return expr{sql: "NULL"}
	}
	text, err := restored(v.root)
	if err != nil {
		return t.refuse("this expression")
	}
	v.normalize()
	if inner := chosenDigits(n, v.inputs); inner > 0 && !key {
		return t.evaluatesExact(text, v.inputs, maxDigits, inner)
	}
	return t.evaluates(text, v.inputs, key)
}

// chosenDigits is how many digits beyond those that are shown the number has that
// GREATEST or LEAST gives, which is one of the inputs as it is.
func chosenDigits(n ast.ExprNode, inputs []expr) int {
	f, ok := n.(*ast.FuncCallExpr)
	if !ok || f.FnName.L != "greatest" && f.FnName.L != "least" {
		return 0
	}
	inner := 0
	for _, e := range inputs {
		inner = max(inner, e.inner)
	}
	return inner
}

// variable returns a system variable of the session that is a whole number.
func (t *translator) variable(name string) (int64, bool) {
	if t.expressions == nil {
		return 0, false
	}
	compiled, err := t.expressions.Compile(t.ctx, sql.Expression{Text: "@@" + name})
	if err != nil {
		return 0, false
	}
	v, err := compiled.Eval(nil)
	if err != nil || v.Kind() != wharf.IntValue && v.Kind() != wharf.UintValue {
		return 0, false
	}
	return v.Int64(), true
}

// hasMode reports whether sql_mode has a mode.
func (t *translator) hasMode(mode string) bool {
	has, ok := t.variable("sql_mode REGEXP '\\\\b" + mode + "'")
	return ok && has != 0
}

// evaluates gives the call that computes an expression over inputs, which it
// calls i0, i1 and so on.
func (t *translator) evaluates(text string, inputs []expr, key bool) expr {
	return t.evaluate(evaluated{Text: text, Key: key}, inputs)
}

// evaluate is evaluates of what is said so far. A decimal with all its digits
// gets its inner ones from the caller.
func (t *translator) evaluate(said evaluated, inputs []expr) expr {
	args := make([]string, len(inputs)+1)
	constant, folded, collation, implied := true, false, "", false
	for i, e := range inputs {
		said.Inputs = append(said.Inputs, e.input(fmt.Sprintf("i%d", i)))
		args[i+1] = e.sql
		constant = constant && e.constant
		if e.folded {
			folded, collation, implied = true, e.collation, e.implied
		}
	}
	compiled, err := t.expressions.Compile(t.ctx, sql.Expression{Text: said.Text, Key: said.Key, Inputs: said.Inputs})
	if err != nil {
		return t.fail(err)
	}
	spec, err := json.Marshal(said)
	if err != nil {
		return t.fail(err)
	}
	args[0] = quoteString(string(spec))
	call := func(kind string) string {
		name := "mysql_eval_" + kind
		if said.Later {
			name = laterName(name)
		}
		return name + "(" + strings.Join(args, ", ") + ")"
	}
	e := t.collatedAs(expr{constant: constant, folded: folded, collation: collation, implied: implied}, compiled)
	if said.Key {
		e.kind, e.sql = kindBytes, call("bytes")
		return e
	}
	e.typed(compiled.Type, compiled.Scale)
	switch e.kind {
	case kindText, kindJSON:
		e.sql, e.normal = call("text"), e.kind == kindJSON
	case kindNull:
		e.sql = "NULL"
	case kindBytes:
		e.sql = call("bytes")
	case kindInt, kindTime:
		e.sql = call("int")
		if compiled.Truth {
			e.kind, e.logical, e.sql = kindBool, true, "("+e.sql+" <> 0)"
		}
	case kindDouble:
		e.sql, e.places = call("double"), compiled.Scale
	case kindDate, kindMoment:
		e.sql = "TRY_CAST(" + call("text") + " AS " + e.duck() + ")"
	case kindDecimal:
		if e.sql = call("text"); compiled.Width > 0 {
			e.precision = min(e.precision, max(compiled.Width, e.scale))
		}
		if !said.Exact {
			e.sql = "CAST(" + e.sql + " AS " + e.duck() + ")"
		}
	default:
		e.sql = "CAST(" + call("text") + " AS " + e.duck() + ")"
	}
	return e
}

// evaluatesExact gives the call that computes a decimal of at most so many
// digits before its point, with so many behind it beyond those that it shows, or
// with as many as there is room for.
func (t *translator) evaluatesExact(text string, inputs []expr, whole, inner int) expr {
	e := t.evaluate(evaluated{Text: text, Exact: true}, inputs)
	if e.kind == kindDecimal {
		whole = max(1, min(whole, e.whole()))
		e.inner = max(0, min(inner, maxDigits-e.scale-whole))
		e.precision = min(maxDigits-e.inner, whole+e.scale)
		e.sql = fmt.Sprintf("CAST(%s AS DECIMAL(%d,%d))", e.sql, maxDigits, e.behind())
	}
	return e
}

// typed sets the kind that values of a type have.
func (e *expr) typed(typ wharf.Type, scale int) {
	const asItComes = -1
	switch typ {
	case wharf.TypeBytes:
		e.kind = kindBytes
	case wharf.TypeInt, wharf.TypeBool:
		e.kind = kindInt
	case wharf.TypeUint:
		e.kind = kindUint
	case wharf.TypeFloat:
		e.kind = kindDouble
	case wharf.TypeDecimal:
		if e.kind, e.precision, e.scale = kindDecimal, maxDigits, scale; scale == asItComes {
			e.scale = 10
		}
	case wharf.TypeDate:
		e.kind = kindDate
	case wharf.TypeDateTime, wharf.TypeTime:
		e.kind = kindMoment
		if typ == wharf.TypeTime {
			e.kind = kindTime
		}
		if e.scale = scale; scale == asItComes {
			e.scale = 6
		}
	case wharf.TypeJSON:
		e.kind = kindJSON
	case wharf.TypeNull:
		e.kind = kindNull
	default:
		e.kind = kindText
	}
}

// typeOfKind are the types that the kinds of expressions have in the server.
var typeOfKind = map[kind]wharf.Type{
	kindNull: wharf.TypeNull, kindBool: wharf.TypeInt, kindInt: wharf.TypeInt, kindUint: wharf.TypeUint, kindDecimal: wharf.TypeDecimal,
	kindDouble: wharf.TypeFloat, kindText: wharf.TypeString, kindBytes: wharf.TypeBytes, kindDate: wharf.TypeDate,
	kindTime: wharf.TypeTime, kindMoment: wharf.TypeDateTime, kindJSON: wharf.TypeJSON,
}

// The collations of the text of files, and of the server's own tables.
const (
	fileCollation   = "utf8mb4_0900_bin"
	serverCollation = "utf8mb3_general_ci"
)

// input describes e to the server's evaluator.
func (e expr) input(name string) sql.Input {
	in := sql.Input{Name: name, Type: typeOfKind[e.kind], Scale: e.scale, Truth: e.logical}
	switch {
	case e.kind == kindDouble:
		in.Scale = e.places
	case e.kind == kindDecimal:
		in.Width = e.precision
	case e.kind != kindText && e.kind != kindJSON:
	case e.collation != "":
		in.Collation, in.Explicit = e.collation, !e.implied
	case e.binary || !e.constant && !e.folded:
		in.Collation = fileCollation
	}
	return in
}

// operands replaces the operands of an expression by names.
type operands struct {
	t      *translator
	s      *scope
	known  map[ast.ExprNode]expr
	root   ast.ExprNode
	inputs []expr
}

func (v *operands) Enter(n ast.Node) (ast.Node, bool) {
	if n == v.root {
		return n, false
	}
	switch n := n.(type) {
	case *ast.TimeUnitExpr, *ast.TrimDirectionExpr, *ast.GetFormatSelectorExpr, *driver.ValueExpr:
		return n, true
	case *ast.WhenClause:
		return n, false
	case *ast.RowExpr:
		return n, false
	case ast.ExprNode:
		if p, ok := n.(*ast.ParenthesesExpr); ok && isConversion(n) {
			c := *p
			return &c, false
		}
		if isConversion(n) || v.isDocument(n) {
			return shallow(n), false
		}
		e, ok := v.known[n]
		if !ok {
			e = v.t.expr(n, v.s)
		}
		if e.single && v.isDocument(v.root) {
			e = e.number() // a document has all digits of a FLOAT
		}
		if e.kind == kindNull {
			return ast.NewValueExpr(nil, "", ""), true
		}
		if e.written != "" {
			if number, err := strconv.ParseInt(e.written, 10, 64); err == nil {
				return ast.NewValueExpr(number, "", ""), true
			}
		}
		if f, ok := v.root.(*ast.FuncCallExpr); ok && f.FnName.L == "str_to_date" && e.kind == kindText && e.literal != nil {
			return ast.NewValueExpr(*e.literal, "", ""), true // a constant format decides the type
		}
		v.inputs = append(v.inputs, e)
		name := ast.NewCIStr(fmt.Sprintf("i%d", len(v.inputs)-1))
		return &ast.ColumnNameExpr{Name: &ast.ColumnName{Name: name}}, true
	}
	return n, true
}

// isDocument reports whether an operand is a call that makes or reads a document. It is
// computed with what takes it, in one call, without a text between them.
func (v *operands) isDocument(n ast.ExprNode) bool {
	if _, translated := v.known[n]; translated {
		return false
	}
	switch n := n.(type) {
	case *ast.FuncCastExpr:
		return n.Tp.GetType() == parsermysql.TypeJSON
	case *ast.FuncCallExpr:
		if _, _, isField := v.t.recordField(n, v.s); isField {
			return false
		}
		return strings.HasPrefix(n.FnName.L, "json_") && specialCalls[n.FnName.L] == nil || n.FnName.L == "json_extract"
	}
	return false
}

// normalize makes documents that are taken as text the text that MySQL shows.
func (v *operands) normalize() {
	var texts []ast.ExprNode
	switch n := v.root.(type) {
	case *ast.FuncCallExpr:
		if !strings.HasPrefix(n.FnName.L, "json_") || slices.Contains([]string{"json_quote", "json_unquote"}, n.FnName.L) {
			texts = n.Args
		}
	case *ast.SetCollationExpr:
		texts = []ast.ExprNode{n.Expr}
	}
	for _, n := range texts {
		column, ok := n.(*ast.ColumnNameExpr)
		if !ok {
			continue
		}
		i, err := strconv.Atoi(strings.TrimPrefix(column.Name.Name.L, "i"))
		if err == nil && i < len(v.inputs) {
			v.inputs[i] = v.inputs[i].asText()
		}
	}
}

func (v *operands) Leave(n ast.Node) (ast.Node, bool) { return n, true }

// shallow copies an expression, so that its operands can be replaced, and
// gives nil for kinds that it does not know.
func shallow(n ast.ExprNode) ast.ExprNode {
	switch n := n.(type) {
	case *ast.FuncCallExpr:
		c := *n
		c.Args = slices.Clone(n.Args)
		return &c
	case *ast.FuncCastExpr:
		c := *n
		return &c
	case *ast.BinaryOperationExpr:
		c := *n
		return &c
	case *ast.UnaryOperationExpr:
		c := *n
		return &c
	case *ast.PatternLikeOrIlikeExpr:
		c := *n
		return &c
	case *ast.PatternRegexpExpr:
		c := *n
		return &c
	case *ast.BetweenExpr:
		c := *n
		return &c
	case *ast.PatternInExpr:
		c := *n
		c.List = slices.Clone(n.List)
		return &c
	case *ast.SetCollationExpr:
		c := *n
		return &c
	case *ast.CaseExpr:
		c := *n
		c.WhenClauses = slices.Clone(n.WhenClauses)
		for i, w := range n.WhenClauses {
			clause := *w
			c.WhenClauses[i] = &clause
		}
		return &c
	}
	return nil
}

// restored writes an expression of MySQL's.
func restored(n ast.Node) (string, error) {
	var b strings.Builder
	flags := format.RestoreStringSingleQuotes | format.RestoreStringEscapeBackslash | format.RestoreKeyWordUppercase |
		format.RestoreNameBackQuotes | format.RestoreSpacesAroundBinaryOperation | format.RestoreStringWithoutDefaultCharset
	err := n.Restore(format.NewRestoreCtx(flags, &b))
	return b.String(), err
}
