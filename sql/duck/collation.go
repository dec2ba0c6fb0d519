//go:build linux && !noduck

package duck

import (
	"errors"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"wharf"
	"wharf/sql"
)

// checkCharset wants the collation of x COLLATE name to be one of the character set of
// x, which is e and which it returns.
func (t *translator) checkCharset(n *ast.SetCollationExpr, e expr) expr {
	if t.expressions == nil || t.err != nil || e.kind == kindNull {
		return e
	}
	if e.constant {
		t.checkConstant(n)
		return e
	}
	set := t.charsetOf(n.Expr, e)
	if wanted := charsetOfCollation(n.Collate); set != "" && wanted != set && hasCharset(wanted) {
		t.fail(because(1253, "42000", wharf.CodeInvalid, "COLLATION '%s' is not valid for CHARACTER SET '%s'", n.Collate, set))
	}
	return e
}

// checkConstant leaves a constant to the server, which knows its character set.
func (t *translator) checkConstant(n *ast.SetCollationExpr) {
	text, err := restored(n)
	if err != nil {
		return
	}
	var cause *sql.Cause
	const mismatch = 1253 // ER_COLLATION_CHARSET_MISMATCH
	if _, err = t.expressions.Compile(t.ctx, sql.Expression{Text: text}); errors.As(err, &cause) && cause.Number == mismatch {
		t.fail(err)
	}
}

// charsetOf gives the character set of a value that is not constant, "" where that is
// not known.
func (t *translator) charsetOf(n ast.ExprNode, e expr) string {
	switch cast, _ := unwrapped(n).(*ast.FuncCastExpr); {
	case isConversion(n):
		if name, ok := unwrapped(n).(*ast.FuncCallExpr).Args[1].(ast.ValueExpr); ok {
			return charsetOfCollation(name.GetString())
		}
		return ""
	case cast != nil && e.kind == kindText:
		return ""
	case e.kind == kindBytes:
		return "binary"
	case e.kind == kindText && e.collation != "":
		return charsetOfCollation(e.collation)
	case e.kind == kindText && !e.folded, e.kind == kindJSON:
		return "utf8mb4" // as text of files is
	}
	compiled, err := t.expressions.Compile(t.ctx, sql.Expression{Text: "'a'"})
	if err != nil {
		return ""
	}
	return charsetOfCollation(compiled.Collation)
}

// charsetOfCollation gives the character set that a collation's name begins with.
func charsetOfCollation(name string) string {
	set, _, _ := strings.Cut(strings.ToLower(name), "_")
	if set == "utf8" {
		return "utf8mb3"
	}
	return set
}

// hasCharset reports whether Wharf has a character set.
func hasCharset(charset string) bool {
	switch charset {
	case "utf8mb4", "utf8mb3", "latin1", "ascii", "binary":
		return true
	}
	return false
}
