package sql

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/mysql"
	"github.com/pingcap/tidb/pkg/parser/opcode"
	driver "github.com/pingcap/tidb/pkg/parser/test_driver"
)

// selects carries over a SELECT: as a Select where it is one row of
// expressions, as a Query otherwise.
func (t *translator) selects(n *ast.SelectStmt) (Statement, error) {
	if reason := beyondSelect(n); reason != "" {
		t.cannot(reason)
		return nil, nil
	}
	if n.From != nil {
		return t.query(n), nil
	}
	s, err := t.oneRow(n)
	if err == nil && (t.relational || namesItems(n)) {
		return t.query(n), nil
	}
	return s, err
}

// oneRow carries over a SELECT without a table.
func (t *translator) oneRow(n *ast.SelectStmt) (*Select, error) {
	s := &Select{plain: t.plain}
	for _, f := range n.Fields.Fields {
		if f.WildCard != nil {
			return nil, invalid(1096, "HY000", "No tables used: SELECT * takes a FROM")
		}
		s.Items = append(s.Items, SelectItem{Expr: t.expr(f.Expr), Name: itemName(f)})
	}
	if err := positions(n); err != nil {
		return nil, err
	}
	if n.Where != nil {
		s.Where = t.expr(n.Where)
	}
	if n.Having != nil {
		s.Where = and(s.Where, t.expr(n.Having.Expr))
	}
	if n.Limit != nil {
		limit := t.limit(n.Limit)
		s.Limit = &limit
	}
	return s, nil
}

// namesItems reports whether GROUP BY, HAVING or ORDER BY of a SELECT without a table has a
// name, which can only be that of an item.
func namesItems(n *ast.SelectStmt) bool {
	v := &columnFinder{}
	if n.GroupBy != nil {
		n.GroupBy.Accept(v)
	}
	if n.Having != nil {
		n.Having.Accept(v)
	}
	if n.OrderBy != nil {
		n.OrderBy.Accept(v)
	}
	return v.found
}

// positions checks that the columns that ORDER BY and GROUP BY name by their
// places are there.
func positions(n *ast.SelectStmt) error {
	check := func(items []*ast.ByItem, clause string) error {
		for _, item := range items {
			if p, ok := item.Expr.(*ast.PositionExpr); ok && (p.N < 1 || p.N > len(n.Fields.Fields)) {
				return invalid(1054, "42S22", fmt.Sprintf("Unknown column '%d' in '%s'", p.N, clause))
			}
		}
		return nil
	}
	if n.OrderBy != nil {
		if err := check(n.OrderBy.Items, "order clause"); err != nil {
			return err
		}
	}
	if n.GroupBy != nil {
		return check(n.GroupBy.Items, "group statement")
	}
	return nil
}

// beyondSelect tells what of a SELECT Wharf does not do. DISTINCT, GROUP BY
// and ORDER BY change nothing about one row, and locks nothing about any.
func beyondSelect(n *ast.SelectStmt) string {
	switch {
	case n.Kind == ast.SelectStmtKindTable:
		return "TABLE"
	case n.Kind == ast.SelectStmtKindValues:
		return "VALUES"
	case n.SelectIntoOpt != nil:
		return "SELECT … INTO"
	case n.With != nil:
		return "WITH"
	case len(n.WindowSpecs) > 0:
		return "WINDOW"
	}
	return ""
}

func and(x, y Expr) Expr {
	if x == nil {
		return y
	}
	return Binary{Op: "AND", X: x, Y: y}
}

// emptyAlias is an alias of no characters, which the syntax tree does not tell from
// none.
var emptyAlias = regexp.MustCompile(`(?i)[\s)'"` + "`" + `]AS\s*(''|""|` + "``" + `)\s*$`)

// itemName gives a column's name as MySQL does: the alias, a column's last
// name, a constant without parentheses, or else the text as it was written.
func itemName(f *ast.SelectField) string {
	if f.AsName.O != "" || emptyAlias.MatchString(f.OriginalText()) {
		return f.AsName.O
	}
	switch x := bare(f.Expr).(type) {
	case *ast.ColumnNameExpr:
		return x.Name.Name.O
	case *driver.ValueExpr:
		return constantName(x, f.OriginalText())
	case *ast.FuncCallExpr:
		if name, ok := NamedConstant(x); ok {
			return name
		}
	}
	return trimName(f.OriginalText())
}

// NamedConstant returns the name that NAME_CONST gives to its column.
func NamedConstant(call *ast.FuncCallExpr) (name string, ok bool) {
	if call.FnName.L != ast.NameConst || len(call.Args) != 2 {
		return "", false
	}
	v, ok := call.Args[0].(*driver.ValueExpr)
	if !ok || v.Kind() != driver.KindString {
		return "", false
	}
	return v.GetString(), true
}

func constantName(x *driver.ValueExpr, written string) string {
	switch {
	case x.Kind() == driver.KindString:
		return stringName(x)
	case x.Kind() == driver.KindNull:
		return "NULL"
	case x.Kind() == driver.KindBinaryLiteral:
		return trimName(written)
	case x.Type.GetFlag()&mysql.IsBooleanFlag == 0:
		return trimName(strings.Trim(written, " \t\n\v\f\r+()"))
	case x.GetInt64() == 0:
		return "FALSE"
	}
	return "TRUE"
}

// stringName gives the name of a string's column: its value, of '…' '…' the
// first part, without what cannot be seen at its start.
func stringName(x *driver.ValueExpr) string {
	s := x.GetString()
	if n := x.GetProjectionOffset(); n >= 0 && n <= len(s) {
		s = s[:n]
	}
	return trimName(strings.TrimLeftFunc(s, func(r rune) bool { return !unicode.IsGraphic(r) }))
}

// bare takes off the parentheses, and the '+' signs.
func bare(x ast.ExprNode) ast.ExprNode {
	for {
		switch n := x.(type) {
		case *ast.ParenthesesExpr:
			x = n.Expr
			continue
		case *ast.UnaryOperationExpr:
			if n.Op == opcode.Plus {
				x = n.V
				continue
			}
		}
		return x
	}
}

// limit carries over LIMIT.
func (t *translator) limit(n *ast.Limit) Limit {
	var l Limit
	l.Count, l.CountParam = t.limitNumber(n.Count)
	if n.Offset != nil {
		l.Offset, l.OffsetParam = t.limitNumber(n.Offset)
	}
	return l
}

// limitNumber gives a number of LIMIT, or that of its placeholder.
func (t *translator) limitNumber(x ast.ExprNode) (n uint64, param int) {
	switch v := x.(type) {
	case *driver.ParamMarkerExpr:
		return 0, t.param(v).(Param).Index + 1
	case *driver.ValueExpr:
		return v.GetUint64(), 0
	}
	t.cannot("this LIMIT")
	return 0, 0
}
