package sql

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/format"
	"github.com/pingcap/tidb/pkg/parser/mysql"
	"github.com/pingcap/tidb/pkg/parser/opcode"
	driver "github.com/pingcap/tidb/pkg/parser/test_driver"
)

// maxExprDepth is how deep the expressions are nested that Parse returns at
// most, so that recursion over them is safe.
const maxExprDepth = 200

// expr carries over an expression. What Wharf does not do is noted, and NULL
// stands for it.
func (t *translator) expr(node ast.ExprNode) Expr {
	if t.depth >= maxExprDepth {
		t.cannot("an expression nested " + strconv.Itoa(maxExprDepth) + " deep")
	}
	if t.reason != "" {
		return Literal{}
	}
	t.depth++
	defer func() { t.depth-- }()
	switch n := node.(type) {
	case *driver.ValueExpr:
		return literal(n)
	case *driver.ParamMarkerExpr:
		return t.param(n)
	case *ast.VariableExpr:
		return t.variable(n)
	case *ast.ColumnNameExpr:
		return Column{n.Name.Schema.O, n.Name.Table.O, n.Name.Name.O}
	case *ast.ParenthesesExpr:
		return t.expr(n.Expr)
	case *ast.UnaryOperationExpr:
		return Unary{Op: opName(n.Op), X: t.expr(n.V)}
	case *ast.BinaryOperationExpr:
		return Binary{Op: opName(n.Op), X: t.expr(n.L), Y: t.expr(n.R)}
	}
	return t.call(node)
}

func (t *translator) exprs(nodes []ast.ExprNode) []Expr {
	list := make([]Expr, 0, len(nodes))
	for _, n := range nodes {
		list = append(list, t.expr(n))
	}
	return list
}

// call carries over functions, and the operators that have no type of their
// own.
func (t *translator) call(node ast.ExprNode) Expr {
	switch n := node.(type) {
	case *ast.FuncCallExpr:
		return t.function(n)
	case *ast.AggregateFuncExpr:
		return t.aggregate(n)
	case *ast.SubqueryExpr:
		return t.subquery("", nil, n)
	case *ast.ExistsSubqueryExpr:
		return negated(n.Not, t.subquery("EXISTS", nil, n.Sel))
	case *ast.PatternLikeOrIlikeExpr:
		return t.like(n)
	case *ast.PatternRegexpExpr:
		return negated(n.Not, Call{"REGEXP", []Expr{t.expr(n.Expr), t.expr(n.Pattern)}})
	case *ast.PatternInExpr:
		if n.Sel != nil {
			return negated(n.Not, t.subquery("IN", n.Expr, n.Sel))
		}
		return negated(n.Not, Call{"IN", append([]Expr{t.expr(n.Expr)}, t.exprs(n.List)...)})
	case *ast.BetweenExpr:
		return negated(n.Not, Call{"BETWEEN", []Expr{t.expr(n.Expr), t.expr(n.Left), t.expr(n.Right)}})
	case *ast.IsNullExpr:
		return negated(n.Not, Call{"IS NULL", []Expr{t.expr(n.Expr)}})
	case *ast.IsTruthExpr:
		name := "IS FALSE"
		if n.True != 0 {
			name = "IS TRUE"
		}
		return negated(n.Not, Call{name, []Expr{t.expr(n.Expr)}})
	case *ast.CaseExpr:
		return t.cases(n)
	case *ast.FuncCastExpr:
		return Call{"CAST", []Expr{t.expr(n.Expr), stringLiteral(castType(n))}}
	case *ast.SetCollationExpr:
		return Call{"COLLATE", []Expr{t.expr(n.Expr), stringLiteral(n.Collate)}}
	case *ast.RowExpr:
		return Call{"ROW", t.exprs(n.Values)}
	case *ast.TimeUnitExpr:
		return stringLiteral(n.Unit.String())
	case *ast.TrimDirectionExpr:
		return stringLiteral(n.Direction.String())
	case *ast.GetFormatSelectorExpr:
		return stringLiteral(n.Selector.String())
	}
	t.cannot(exprName(node))
	return Literal{}
}

// exprName names an expression that Wharf does not do.
func exprName(node ast.ExprNode) string {
	switch node.(type) {
	case *ast.CompareSubqueryExpr:
		return "a comparison with ALL or ANY of a subquery"
	case *ast.WindowFuncExpr:
		return "a window function"
	case *ast.MatchAgainst:
		return "MATCH … AGAINST"
	case *ast.DefaultExpr:
		return "DEFAULT in an expression"
	case *ast.ValuesExpr:
		return "VALUES in an expression"
	}
	return "this expression"
}

func (t *translator) function(n *ast.FuncCallExpr) Expr {
	if n.Schema.O != "" { // a stored function, of which there are none
		return Call{n.Schema.O + "." + n.FnName.O, t.exprs(n.Args)}
	}
	switch n.FnName.L {
	case ast.DateLiteral:
		return Call{"DATE LITERAL", t.exprs(n.Args)}
	case ast.TimestampLiteral:
		return Call{"TIMESTAMP LITERAL", t.exprs(n.Args)}
	case ast.TimeLiteral:
		return Call{"TIME LITERAL", t.exprs(n.Args)}
	case ast.CharFunc:
		return t.char(n)
	case ast.InsertFunc:
		return Call{"INSERT", t.exprs(n.Args)}
	}
	return Call{strings.ToUpper(n.FnName.O), t.exprs(n.Args)}
}

// char carries over CHAR(n, … [USING charset]), whose last argument is the
// character set, or NULL.
func (t *translator) char(n *ast.FuncCallExpr) Expr {
	last := len(n.Args) - 1
	c := Call{"CHAR", t.exprs(n.Args[:last])}
	charset, _ := t.expr(n.Args[last]).(Literal)
	switch strings.ToLower(charset.Text) {
	case "", "binary":
		return c
	case "utf8", "utf8mb3", "utf8mb4":
		return Call{"CAST", []Expr{c, stringLiteral("CHAR")}}
	}
	return Call{"CONVERT", []Expr{c, stringLiteral(charset.Text)}}
}

func (t *translator) like(n *ast.PatternLikeOrIlikeExpr) Expr {
	if !n.IsLike { // SOUNDS LIKE, see gapStep
		sound := func(x ast.ExprNode) Expr { return Call{"SOUNDEX", []Expr{t.expr(x)}} }
		return negated(n.Not, Binary{Op: "=", X: sound(n.Expr), Y: sound(n.Pattern)})
	}
	c := Call{"LIKE", []Expr{t.expr(n.Expr), t.expr(n.Pattern)}}
	if n.EscapeExplicit {
		escape := ""
		if n.Escape != 0 {
			escape = string(rune(n.Escape))
		}
		c.Args = append(c.Args, stringLiteral(escape))
	} else if t.src.mode.Has(NoBackslashEscapes) {
		c.Args = append(c.Args, stringLiteral(""))
	}
	return negated(n.Not, c)
}

func (t *translator) cases(n *ast.CaseExpr) Expr {
	c := Call{Name: "CASE"}
	var value Expr
	if n.Value != nil {
		value = t.expr(n.Value)
		value = OnceOf(value, 0)
	}
	for _, w := range n.WhenClauses {
		when := t.expr(w.Expr)
		if value != nil {
			when = Binary{Op: "=", X: value, Y: when}
		}
		c.Args = append(c.Args, when, t.expr(w.Result))
	}
	if n.ElseClause != nil {
		c.Args = append(c.Args, t.expr(n.ElseClause))
	}
	return c
}

// Once is the function that stands for an operand of [OnceOf].
const Once = "ONCE#"

// OnceOf returns an operand that an operator names several times, and that is computed once.
// The number tells it from the operator's others.
func OnceOf(x Expr, number int) Expr {
	switch x.(type) {
	case Literal, Param, Column:
		return x
	}
	return Call{Once, []Expr{x, Literal{IntLiteral, strconv.Itoa(number)}}}
}

func negated(not bool, x Expr) Expr {
	if not {
		return Unary{Op: "NOT", X: x}
	}
	return x
}

func castType(n *ast.FuncCastExpr) string {
	if n.FunctionType == ast.CastBinaryOperator {
		return "BINARY"
	}
	var b strings.Builder
	n.Tp.RestoreAsCastType(format.NewRestoreCtx(format.DefaultRestoreFlags, &b), n.ExplicitCharSet)
	return b.String()
}

// param numbers a '?' in the order of the text.
func (t *translator) param(n *driver.ParamMarkerExpr) Expr {
	i, _ := slices.BinarySearch(t.params, n.Offset)
	return Param{i}
}

// markers collects the places of all '?' of a statement: its tree does not
// always keep them in order.
type markers struct{ offsets []int }

func (m *markers) Enter(n ast.Node) (ast.Node, bool) {
	if p, ok := n.(*driver.ParamMarkerExpr); ok {
		m.offsets = append(m.offsets, p.Offset)
	}
	return n, false
}

func (m *markers) Leave(n ast.Node) (ast.Node, bool) { return n, true }

func (t *translator) variable(n *ast.VariableExpr) Expr {
	if n.Value != nil {
		return Assign{strings.ToLower(n.Name), t.expr(n.Value)}
	}
	if !n.IsSystem {
		return UserVar{strings.ToLower(n.Name)}
	}
	v := SysVar{Explicit: n.ExplicitScope, Name: n.Name}
	if n.IsGlobal {
		v.Scope = ScopeGlobal
	}
	return v
}

func opName(op opcode.Op) string {
	switch op {
	case opcode.Not2:
		return "NOT"
	case opcode.NE:
		return "<>"
	}
	var b strings.Builder
	op.Format(&b)
	return strings.ToUpper(strings.TrimSpace(b.String()))
}

func stringLiteral(s string) Literal { return Literal{Kind: StringLiteral, Text: s} }

// introduced is a literal text, in the character set that is said before it, as in
// _latin1'…', or in that of the connection.
func introduced(v *driver.ValueExpr, text string) Expr {
	if v.Type.GetFlag()&mysql.UnderScoreCharsetFlag == 0 {
		return stringLiteral(text)
	}
	return Call{Introduced, []Expr{stringLiteral(text), stringLiteral(v.Type.GetCharset())}}
}

func literal(v *driver.ValueExpr) Expr {
	switch v.Kind() {
	case driver.KindNull:
		return Literal{}
	case driver.KindInt64:
		if v.Type.GetFlag()&mysql.IsBooleanFlag != 0 {
			return Literal{BoolLiteral, strconv.FormatInt(v.GetInt64(), 10)}
		}
		return Literal{IntLiteral, strconv.FormatInt(v.GetInt64(), 10)}
	case driver.KindUint64:
		return Literal{UintLiteral, strconv.FormatUint(v.GetUint64(), 10)}
	case driver.KindMysqlDecimal:
		return Literal{DecimalLiteral, v.GetMysqlDecimal().String()}
	case driver.KindFloat32, driver.KindFloat64:
		return Literal{FloatLiteral, strconv.FormatFloat(v.GetFloat64(), 'g', -1, 64)}
	case driver.KindBinaryLiteral, driver.KindMysqlBit:
		if charset := v.Type.GetCharset(); charset != "" && charset != "binary" {
			return introduced(v, string(v.GetBytes()))
		}
		if v.Type.GetFlag()&mysql.UnderScoreCharsetFlag != 0 { // _binary x'…' is no number
			return Literal{BytesLiteral, string(v.GetBytes())}
		}
		return Literal{HexLiteral, string(v.GetBytes())}
	}
	if v.Type.GetCharset() == mysql.DefaultCharset || v.Type.GetCharset() != "binary" {
		return introduced(v, v.GetString())
	}
	return Literal{BytesLiteral, v.GetString()}
}
