//go:build linux && !noduck

package duck

import (
	"regexp"
	"regexp/syntax"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/mysql"
	"github.com/pingcap/tidb/pkg/parser/opcode"
	driver "github.com/pingcap/tidb/pkg/parser/test_driver"
	"github.com/pingcap/tidb/pkg/parser/types"

	"wharf"
	"wharf/sql"
)

// foldedText reports whether the text of e is compared without case: that of
// literals, numbers and dates, as the connection's collation has it, not that of
// files and of documents.
func (e expr) foldedText() bool {
	switch e.kind {
	case kindText, kindJSON, kindBytes:
		return e.folded || e.constant && !e.binary
	}
	return true
}

// quoteMySQL writes a string of MySQL's.
func quoteMySQL(s string) string {
	return "'" + strings.NewReplacer("\\", "\\\\", "'", "\\'").Replace(s) + "'"
}

// compare is = <> < <= > >= <=>.
func (t *translator) compare(op string, a, b expr) expr {
	a, b = a.besideMoment(b), b.besideMoment(a)
	a, b = t.besideNumber(a, b), t.besideNumber(b, a)
	switch {
	case a.kind == kindJSON && b.logical:
		b = t.fieldJSON(b, "")
	case b.kind == kindJSON && a.logical:
		a = t.fieldJSON(a, "")
	}
	if t.expressions != nil && comparedByServer(a, b) && !joinable(op, a, b) {
		e := t.evaluates("i0 "+op+" i1", []expr{a, b}, false)
		return condition(e.truth(), a, b)
	}
	l, r := t.comparable(a, b)
	if op == "<=>" {
		return condition("("+l+" IS NOT DISTINCT FROM "+r+")", a, b)
	}
	return condition("("+l+" "+op+" "+r+")", a, b)
}

// besideNumber is a literal that is no number, beside one, as the number that it begins
// with. MySQL converts it once for the statement; in a list of values, it may be in a
// branch that no row takes.
func (t *translator) besideNumber(e, other expr) expr {
	if whole, ok := e.besideWhole(other); ok {
		return whole
	}
	if e.literal == nil || e.kind != kindText || !other.numeric() || plainNumber.MatchString(*e.literal) || t.expressions == nil || t.clause == "field list" {
		return e
	}
	c, err := t.expressions.Compile(t.ctx, sql.Expression{Text: "i0 + 0e0", Inputs: []sql.Input{e.input("i0")}})
	if err != nil {
		return t.fail(err)
	}
	value, err := c.Eval([]wharf.Value{wharf.Text(*e.literal)})
	if err != nil {
		return t.fail(err)
	}
	return t.folded(value, c)
}

// besideWhole gives a literal that is the text of a whole number, beside a column of such
// numbers, as that number: MySQL converts it to the column's type, and not both to
// doubles, where that loses nothing.
func (e expr) besideWhole(other expr) (expr, bool) {
	if !other.column || other.kind != kindInt && other.kind != kindUint || e.literal == nil || e.kind != kindText {
		return e, false
	}
	text := strings.Trim(*e.literal, " ")
	switch {
	case !wholeText.MatchString(text):
		return e, false
	case fitsInt(text):
		return expr{sql: "CAST(" + text + " AS BIGINT)", kind: kindInt, constant: true}, true
	case fitsUint(text):
		return expr{sql: "CAST(" + text + " AS UBIGINT)", kind: kindUint, constant: true}, true
	}
	return e, false
}

var wholeText = regexp.MustCompile(`^-?\d+$`)

// joinable reports whether two values are compared as keys of their collation, by
// which DuckDB joins without looking at each pair of rows.
func joinable(op string, a, b expr) bool {
	return op == "=" && a.kind == kindText && b.kind == kindText && !a.constant && !b.constant && !mixed(a, b)
}

// comparedByServer reports whether two values are compared by the server's own
// rules, because DuckDB's differ.
func comparedByServer(a, b expr) bool {
	either := func(k kind) bool { return a.kind == k || b.kind == k }
	switch {
	case either(kindNull):
		return false
	case a.kind == kindText && b.kind == kindText:
		_, folded, _ := collated(a, b)
		return folded || mixed(a, b)
	case a.folded || b.folded, either(kindJSON), either(kindTime) && a.kind != b.kind:
		return true
	case either(kindBytes):
		return a.numeric() || b.numeric() || a.temporal() || b.temporal()
	case a.temporal() && b.kind == kindText:
		return b.literal == nil
	case b.temporal() && a.kind == kindText:
		return a.literal == nil
	}
	return false
}

// key gives text as bytes in the order of its collation.
func (t *translator) key(e expr) string {
	if e.kind == kindJSON {
		return t.documentKey(e)
	}
	if e.kind != kindText || !e.foldedText() || e.uniform || t.expressions == nil {
		return e.sql
	}
	return t.evaluates("i0", []expr{e}, true).sql
}

// group gives what rows are grouped by, or told apart by: a text is the same
// as another where its collation says so.
func (t *translator) group(e expr) string {
	if e.literal != nil {
		return e.sql
	}
	return t.key(e)
}

// comparable gives both sides as MySQL compares them.
func (t *translator) comparable(a, b expr) (string, string) {
	switch {
	case a.kind == kindNull || b.kind == kindNull:
		return a.sql, b.sql
	case a.kind == kindBool && b.kind == kindBool:
		return a.sql, b.sql
	case a.kind == kindTime && b.kind == kindTime, a.kind == kindDate && b.kind == kindDate, a.kind == kindMoment && b.kind == kindMoment:
		return a.sql, b.sql
	case a.kind == kindTime && b.kind == kindText, a.kind == kindText && b.kind == kindTime:
		return t.timeText(a), t.timeText(b)
	case a.kind == kindJSON || b.kind == kindJSON:
		return t.documentKey(a), t.documentKey(b)
	case a.temporal() && !b.numeric(), b.temporal() && !a.numeric():
		return t.momentText(a, b.kind), t.momentText(b, a.kind)
	case a.kind == kindBytes && b.kind == kindBytes:
		return a.sql, b.sql
	case a.kind == kindBytes && b.kind == kindText:
		return a.sql, "encode(" + b.sql + ")"
	case a.kind == kindText && b.kind == kindBytes:
		return "encode(" + a.sql + ")", b.sql
	case a.kind == kindText && b.kind == kindText:
		binary, folded, collation := collated(a, b)
		if binary || !folded && !(a.foldedText() && b.foldedText()) {
			return a.sql, b.sql
		}
		a.binary, a.folded, a.uniform, a.collation = false, true, false, collation
		b.binary, b.folded, b.uniform, b.collation = false, true, false, collation
		return t.key(a), t.key(b)
	}
	x, y := a.number(), b.number()
	if x.kind == kindDouble || y.kind == kindDouble {
		return x.real(), y.real()
	}
	return x.sql, y.sql
}

// documentKey gives a value as bytes in the order of documents.
func (t *translator) documentKey(e expr) string {
	if t.expressions == nil {
		e.normal = true
		return e.text()
	}
	if e.kind != kindJSON {
		e = t.fieldJSON(e, "")
	}
	return t.evaluates("i0", []expr{e}, true).sql
}

// momentText gives a side of a comparison with a value of another kind, of which one is a
// date. A literal that is no date is an error, as in MySQL.
func (t *translator) momentText(e expr, other kind) string {
	if e.literal == nil {
		return e.moment()
	}
	moment, ok := parseMoment(*e.literal)
	if !ok {
		moment, ok = t.parseZoned(*e.literal)
	}
	if !ok {
		name := "DATETIME"
		if other == kindDate {
			name = "DATE"
		}
		t.fail(wrongLiteral(name, *e.literal))
	}
	return "TIMESTAMP '" + moment + "'"
}

func (t *translator) timeText(e expr) string {
	if e.kind == kindTime {
		return e.sql
	}
	return "TRY_CAST(" + e.sql + " AS TIME)"
}

func (t *translator) like(x, pattern expr, escape byte, negated bool) expr {
	byBytes := t.matchedByBytes(x, pattern)
	folded := x.folded || pattern.folded || (x.kind == kindText || x.kind == kindDouble) && x.foldedText() && pattern.foldedText()
	if t.expressions != nil && (isDelicate(x) || folded && !byBytes) {
		op := " LIKE i1"
		if negated {
			op = " NOT LIKE i1"
		}
		e := t.evaluates("i0"+op+" ESCAPE "+quoteMySQL(string(rune(escape))), []expr{x.asText(), pattern.asText()}, false)
		return condition(e.truth(), x, pattern)
	}
	text, like := x.text(), pattern.text()
	sql := "(" + text + " " + not(negated) + "LIKE " + like
	if escape != 0 {
		sql += " ESCAPE " + quoteString(string(rune(escape)))
	}
	return condition(sql+")", x, pattern)
}

func (t *translator) regexp(x, pattern expr, negated bool) expr {
	re, ok := plainPattern(pattern)
	byBytes := t.matchedByBytes(x, pattern)
	if t.expressions != nil && (!ok || isDelicate(x) || (x.folded || pattern.folded) && !byBytes) {
		if x.kind != kindBytes {
			x = x.asText()
		}
		e := t.evaluates("i0 REGEXP i1", []expr{x, pattern}, false)
		return condition("("+not(negated)+e.truth()+")", x, pattern)
	}
	flags := "c"
	if !byBytes && (x.foldedText() && !x.binary && !pattern.binary || x.folded) {
		flags = "i"
	}
	return condition("("+not(negated)+"regexp_matches("+x.text()+", "+re+", '"+flags+"'))", x, pattern)
}

// plainPattern gives a pattern that is only asked if it matches as RE2 reads it. ok is
// false for one that is no literal, for one with \b, and for one that may take RE2 too much
// memory: its classes have all letters, each time that they are repeated.
func plainPattern(pattern expr) (re string, ok bool) {
	if pattern.literal == nil {
		return pattern.text(), false
	}
	re, boundary, err := sql.RegularExpression(*pattern.literal, sql.PatternUse{Matches: true})
	if err == nil {
		_, err = syntax.Parse(re, syntax.Perl)
	}
	if err != nil {
		return quoteText(re), false // the server's evaluator has MySQL's error of it
	}
	return quoteText(re), !boundary && len(re) < 4<<10 && (re == *pattern.literal || !strings.Contains(*pattern.literal, "{"))
}

// introducers writes the literals whose character set TiDB's parser loses where it writes an
// expression: _binary x'…', which is no number anywhere, as the cast that it is, and
// _utf8mb4'…' as a call.
type introducers struct{}

func (introducers) Enter(n ast.Node) (ast.Node, bool) { return n, false }

func (introducers) Leave(n ast.Node) (ast.Node, bool) {
	v, ok := n.(*driver.ValueExpr)
	if !ok || v.Type.GetFlag()&mysql.UnderScoreCharsetFlag == 0 {
		return n, true
	}
	switch charset := v.Type.GetCharset(); {
	case charset == mysql.DefaultCharset:
		args := []ast.ExprNode{ast.NewValueExpr(string(v.GetBytes()), "", ""), ast.NewValueExpr(charset, "", "")}
		call := &ast.FuncCallExpr{Tp: ast.FuncCallExprTypeGeneric, FnName: ast.NewCIStr(sql.Introduced), Args: args}
		call.SetText(nil, v.Text())
		return call, true
	case charset == "binary" && v.Kind() == driver.KindBinaryLiteral:
		tp := types.NewFieldType(mysql.TypeVarString)
		tp.SetCharset("binary")
		tp.SetCollate("binary")
		tp.AddFlag(mysql.BinaryFlag)
		cast := &ast.FuncCastExpr{Expr: v, Tp: tp, FunctionType: ast.CastFunction}
		cast.SetText(nil, v.Text())
		return cast, true
	}
	return n, true
}

// soundsLike writes SOUNDS LIKE, which sql gives as the ILIKE that MySQL does not
// have, as a comparison.
type soundsLike struct{}

func (soundsLike) Enter(n ast.Node) (ast.Node, bool) { return n, false }

func (soundsLike) Leave(n ast.Node) (ast.Node, bool) {
	like, ok := n.(*ast.PatternLikeOrIlikeExpr)
	if !ok || like.IsLike {
		return n, true
	}
	sound := func(x ast.ExprNode) ast.ExprNode {
		return &ast.FuncCallExpr{FnName: ast.NewCIStr("SOUNDEX"), Args: []ast.ExprNode{x}}
	}
	op := opcode.EQ
	if like.Not {
		op = opcode.NE
	}
	same := &ast.ParenthesesExpr{Expr: &ast.BinaryOperationExpr{Op: op, L: sound(like.Expr), R: sound(like.Pattern)}}
	same.SetText(nil, like.Text())
	return same, true
}
