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
		c, ok := unwrapped(item.Expr).(*ast.ColumnNameExpr)
		if !ok || c.Name.Table.L != "" {
			continue
		}
		it, _ := s.item(c.Name.Name.O, "", false)
		if column, err := s.lookUp("", "", c.Name.Name.O, ""); it == nil || column == nil || err != nil || it.column == column {
			continue
		}
		grouped[c.Name.Name.L] = true
		t.warn(ambiguousColumn(c.Name.Name.O, "group statement"))
	}
	if n.Having != nil {
		n.Having.Expr.Accept(&ambiguousNames{t: t, grouped: grouped})
	}
}

// warn adds an error that is a warning here.
func (t *translator) warn(err error) {
	t.warnings = append(t.warnings, sql.Warning{Number: warnAmbiguous, Text: wharf.MessageOf(err)})
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
