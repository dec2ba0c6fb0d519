//go:build linux && !noduck

package duck

import (
	"github.com/pingcap/tidb/pkg/parser/ast"

	"wharf"
	"wharf/sql"
)

// warnAmbiguous is the number of MySQL's error of a name with two meanings, which is a
// warning where one of them comes first.
const warnAmbiguous = 1052 // ER_NON_UNIQ_ERROR

// ambiguous warns of a name in GROUP BY, or in HAVING of what rows are grouped by, that
// is a column of FROM and another item of the SELECT too. The column comes first.
func (t *translator) ambiguous(n *ast.SelectStmt, s *scope) {
	if n.GroupBy == nil || t.err != nil || t.warned[n] {
		return
	}
	if t.warned == nil {
		t.warned = map[*ast.SelectStmt]bool{}
	}
	t.warned[n] = true
	grouped := map[string]bool{}
	for _, item := range n.GroupBy.Items {
		name, e := s.bareName(item.Expr)
		if name == nil || !isOtherItem(n, s, name, e) {
			continue
		}
		grouped[name.Name.L] = true
		t.warn(ambiguousColumn(name.Name.O, "group statement"))
	}
	if n.Having != nil {
		n.Having.Expr.Accept(&ambiguousNames{t: t, grouped: grouped})
	}
}

// warn adds an error that is a warning here.
func (t *translator) warn(err error) {
	t.warnings = append(t.warnings, sql.Warning{Number: warnAmbiguous, Text: wharf.MessageOf(err)})
}

// bareName gives a name without a table that is a column of FROM, and the column.
func (s *scope) bareName(n ast.ExprNode) (*ast.ColumnName, expr) {
	c, ok := unwrapped(n).(*ast.ColumnNameExpr)
	if !ok || c.Name.Table.L != "" {
		return nil, expr{}
	}
	e, found, err := s.column("", "", c.Name.Name.O, "")
	if !found || err != nil {
		return nil, expr{}
	}
	return c.Name, e
}

// isOtherItem reports whether the SELECT has an item of that name that is not the column.
func isOtherItem(n *ast.SelectStmt, s *scope, name *ast.ColumnName, column expr) bool {
	for _, f := range n.Fields.Fields {
		c, isColumn := unwrapped(f.Expr).(*ast.ColumnNameExpr)
		switch {
		case f.AsName.L != name.Name.L && (f.AsName.L != "" || !isColumn || c.Name.Name.L != name.Name.L):
			continue
		case !isColumn:
			return true
		}
		e, found, err := s.column(c.Name.Schema.O, c.Name.Table.O, c.Name.Name.O, "")
		return found && err == nil && e.sql != column.sql
	}
	return false
}

// ambiguousNames warns of the names in HAVING that GROUP BY warned of.
type ambiguousNames struct {
	t       *translator
	grouped map[string]bool
}

func (v *ambiguousNames) Enter(n ast.Node) (ast.Node, bool) {
	switch n := n.(type) {
	case *ast.AggregateFuncExpr, *ast.SubqueryExpr, *ast.WindowFuncExpr:
		return n, true
	case *ast.ColumnNameExpr:
		if n.Name.Table.L == "" && v.grouped[n.Name.Name.L] {
			v.t.warn(ambiguousColumn(n.Name.Name.O, "having clause"))
		}
	}
	return n, false
}

func (v *ambiguousNames) Leave(n ast.Node) (ast.Node, bool) { return n, true }
