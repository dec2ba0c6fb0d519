package sql

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/format"
	driver "github.com/pingcap/tidb/pkg/parser/test_driver"
)

// RowItems is what the server computes of the SELECT list of a query of files, row
// by row in the order of the rows: assignments to variables, what reads these,
// RAND(N) and SLEEP.
type RowItems struct {
	Text   string // of the query that gives the rows: what the items are computed from are its last columns
	Inputs int    // how many these are
	Items  []RowItem
	// Refused names what an engine for files cannot do; "" is nothing. Text is not to
	// be used then.
	Refused string
}

// RowItem is an item of the SELECT list. A column of the name Mark stands in its
// place.
type RowItem struct {
	Mark, Name string
	Text       string // of MySQL; i0, i1 and so on are the inputs
}

// assigned are the variables that a statement assigns to.
type assigned struct {
	names map[string]bool
	calls bool // there is a call that isSerial
}

func (v *assigned) Enter(n ast.Node) (ast.Node, bool) {
	switch n := n.(type) {
	case *ast.VariableExpr:
		if n.Value != nil {
			v.names[strings.ToLower(n.Name)] = true
		}
	case *ast.FuncCallExpr:
		v.calls = v.calls || isSerial(n)
	}
	return n, false
}

func (v *assigned) Leave(n ast.Node) (ast.Node, bool) { return n, true }

// isSerial reports whether a call is made for one row after the other: SLEEP, and RAND(N)
// of a constant, which gives the numbers that follow each other.
func isSerial(n *ast.FuncCallExpr) bool {
	if n.FnName.L == "sleep" {
		return true
	}
	if n.FnName.L != "rand" || len(n.Args) != 1 {
		return false
	}
	v := &columnFinder{}
	n.Args[0].Accept(v)
	return !v.found
}

type columnFinder struct{ found bool }

func (v *columnFinder) Enter(n ast.Node) (ast.Node, bool) {
	switch n.(type) {
	case *ast.ColumnNameExpr, *ast.SubqueryExpr, *ast.AggregateFuncExpr, *ast.WindowFuncExpr:
		v.found = true
	}
	return n, v.found
}

func (v *columnFinder) Leave(n ast.Node) (ast.Node, bool) { return n, true }

// serial finds, in one expression, what the server is to compute.
type serial struct {
	of      *assigned
	assigns bool // there is an assignment
	found   bool
}

func (v *serial) Enter(n ast.Node) (ast.Node, bool) {
	switch n := n.(type) {
	case *ast.VariableExpr:
		v.assigns = v.assigns || n.Value != nil
		v.found = v.found || n.Value != nil || !n.IsSystem && v.of.names[strings.ToLower(n.Name)]
	case *ast.FuncCallExpr:
		v.found = v.found || isSerial(n)
	case *ast.SelectStmt:
		if n.From == nil && startsVariables(n) {
			return n, true
		}
	}
	return n, false
}

func (v *serial) Leave(n ast.Node) (ast.Node, bool) { return n, true }

// startsVariables reports whether all assignments of a SELECT without FROM are of
// constants: (SELECT @n := 0). They are done before the rows are read.
func startsVariables(n *ast.SelectStmt) bool {
	for _, f := range n.Fields.Fields {
		if v, ok := f.Expr.(*ast.VariableExpr); ok && v.Value != nil {
			within := &serial{of: &assigned{names: map[string]bool{}}}
			find := &variableFinder{}
			v.Value.Accept(find)
			v.Value.Accept(within)
			if find.found || within.found {
				return false
			}
			continue
		}
		within := &serial{of: &assigned{names: map[string]bool{}}}
		if f.Expr != nil {
			f.Expr.Accept(within)
		}
		if within.found {
			return false
		}
	}
	return true
}

type variableFinder struct{ found bool }

func (v *variableFinder) Enter(n ast.Node) (ast.Node, bool) {
	_, is := n.(*ast.VariableExpr)
	v.found = v.found || is
	return n, v.found
}

func (v *variableFinder) Leave(n ast.Node) (ast.Node, bool) { return n, true }

// rowItems returns what the server computes of a query's rows, or nil.
func rowItems(node ast.Node, places []Replacement) *RowItems {
	of := &assigned{names: map[string]bool{}}
	node.Accept(of)
	if len(of.names) == 0 && !of.calls {
		return nil
	}
	whole := &serial{of: of}
	node.Accept(whole)
	if !whole.found {
		return nil
	}
	n, ok := node.(*ast.SelectStmt)
	if !ok {
		return refusedItems(whole)
	}
	out := &RowItems{}
	fields := n.Fields.Fields
	rest := *n
	rest.Fields = &ast.FieldList{}
	var inputs []*ast.SelectField
	for i, f := range fields {
		v := &serial{of: of}
		if f.Expr != nil {
			f.Expr.Accept(v)
		}
		field := *f
		if v.found {
			item := RowItem{Mark: fmt.Sprintf("item#%d", i), Name: columnName(f, places)}
			in := &rowInputs{next: len(inputs)}
			copied := &ast.ParenthesesExpr{Expr: f.Expr}
			copied.Accept(in)
			if in.refused != "" {
				return &RowItems{Refused: in.refused + " beside an assignment to a variable, RAND(N) or SLEEP"}
			}
			inputs = append(inputs, in.fields...)
			item.Text = restoredText(copied.Expr)
			out.Items = append(out.Items, item)
			field.Expr, field.AsName = ast.NewValueExpr(nil, "", ""), ast.NewCIStr(item.Mark)
		} else if f.WildCard == nil && f.AsName.O == "" {
			field.AsName = ast.NewCIStr(columnName(f, places))
		}
		rest.Fields.Fields = append(rest.Fields.Fields, &field)
	}
	out.Inputs = len(inputs)
	rest.Fields.Fields = append(rest.Fields.Fields, inputs...)
	left := &serial{of: of}
	rest.Accept(left)
	switch {
	case left.found:
		return refusedItems(left)
	case len(out.Items) > 0 && (n.GroupBy != nil || n.Having != nil || n.Distinct):
		return refusedItems(whole)
	case n.OrderBy != nil && slices.ContainsFunc(n.OrderBy.Items, func(o *ast.ByItem) bool { return orderedBy(o, fields, of) }):
		return refusedItems(whole)
	}
	out.Text = restoredText(&rest)
	return out
}

func refusedItems(v *serial) *RowItems {
	if !v.assigns {
		return nil // RAND(N) of other places is computed where it stands, and SLEEP is refused there
	}
	return &RowItems{Refused: "an assignment to a variable that is not in the SELECT list of a query without groups, DISTINCT and UNION"}
}

// orderedBy reports whether an item of ORDER BY is one that the server computes.
func orderedBy(o *ast.ByItem, fields []*ast.SelectField, of *assigned) bool {
	at := -1
	switch e := o.Expr.(type) {
	case *ast.PositionExpr:
		at = e.N - 1
	case *ast.ColumnNameExpr:
		at = slices.IndexFunc(fields, func(f *ast.SelectField) bool {
			return e.Name.Table.O == "" && f.AsName.L == e.Name.Name.L && f.AsName.L != ""
		})
	}
	if at < 0 || at >= len(fields) || fields[at].Expr == nil {
		return false
	}
	v := &serial{of: of}
	fields[at].Expr.Accept(v)
	return v.found
}

// rowInputs replaces what an expression reads of the rows by names, and notes it.
type rowInputs struct {
	next    int
	fields  []*ast.SelectField
	refused string
}

func (v *rowInputs) Enter(n ast.Node) (ast.Node, bool) {
	switch n := n.(type) {
	case *ast.ColumnNameExpr, *ast.AggregateFuncExpr, *ast.WindowFuncExpr:
		name := fmt.Sprintf("i%d", v.next+len(v.fields))
		v.fields = append(v.fields, &ast.SelectField{Expr: n.(ast.ExprNode), AsName: ast.NewCIStr(name)})
		return &ast.ColumnNameExpr{Name: &ast.ColumnName{Name: ast.NewCIStr(name)}}, true
	case *ast.SubqueryExpr:
		v.refused = "a subquery"
	case *driver.ParamMarkerExpr:
		v.refused = "a placeholder"
	}
	return n, v.refused != ""
}

func (v *rowInputs) Leave(n ast.Node) (ast.Node, bool) { return n, true }

// columnName is the name of an item's column, as it was written.
func columnName(f *ast.SelectField, places []Replacement) string {
	name := itemName(f)
	for _, r := range places {
		name = strings.ReplaceAll(name, r.Text, r.Written)
	}
	return name
}

// restoredText writes a part of a statement anew. Its strings have backslashes.
func restoredText(n ast.Node) string {
	Parenthesize(n)
	var b strings.Builder
	flags := format.RestoreStringSingleQuotes | format.RestoreStringEscapeBackslash | format.RestoreKeyWordUppercase |
		format.RestoreNameBackQuotes | format.RestoreSpacesAroundBinaryOperation | format.RestoreStringWithoutCharset
	if err := n.Restore(format.NewRestoreCtx(flags, &b)); err != nil {
		return ""
	}
	return b.String()
}
