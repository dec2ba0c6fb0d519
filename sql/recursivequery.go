package sql

import (
	"fmt"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"wharf"
)

// recursive refuses what the parts of a recursive query may not have that name it.
func (v *refusedForms) recursive(with *ast.WithClause) {
	if with == nil || !with.IsRecursive {
		return
	}
	for _, c := range with.CTEs {
		set, ok := c.Query.Query.(*ast.SetOprStmt)
		if !ok {
			if references(c.Query.Query, c.Name.L) > 0 {
				v.fail(invalid(3573, "HY000", fmt.Sprintf("Recursive Common Table Expression '%s' should contain a UNION", c.Name.O)))
			}
			continue
		}
		v.recursiveParts(c.Name.O, c.Name.L, set)
	}
}

// recursiveParts checks the parts of a query of that name, which is in lower case too.
func (v *refusedForms) recursiveParts(written, name string, set *ast.SetOprStmt) {
	begun := false
	for i, part := range set.SelectList.Selects {
		n := references(part, name)
		if begun && n == 0 || i == 0 && n > 0 {
			v.fail(invalid(3574, "HY000", fmt.Sprintf(
				"Recursive Common Table Expression '%s' should have one or more non-recursive query blocks followed by one or more recursive ones", written)))
		}
		if n == 0 {
			continue
		}
		begun = true
		if list, ok := part.(*ast.SetOprSelectList); ok && len(list.Selects) == 1 { // it is in parentheses
			part = list.Selects[0]
			v.shortens(list.OrderBy != nil || list.Limit != nil)
		}
		if sel, ok := part.(*ast.SelectStmt); ok {
			v.recursivePart(written, name, sel, n)
		}
	}
	if begun && set.OrderBy != nil {
		v.fail(wharf.Errorf(wharf.CodeUnsupported, "This version of MySQL doesn't yet support 'ORDER BY over UNION in recursive Common Table Expression'"))
	}
}

// recursivePart checks a part that names the query n times.
func (v *refusedForms) recursivePart(written, name string, sel *ast.SelectStmt, n int) {
	v.shortens(sel.Distinct || sel.OrderBy != nil || sel.Limit != nil)
	groups := &groupFinder{root: sel}
	sel.Accept(groups)
	switch as := joinedAs(sel.From, name); {
	case n > 1 || as == notJoined:
		v.fail(invalid(3577, "HY000", fmt.Sprintf(
			"In recursive query block of Recursive Common Table Expression '%s', the recursive table must be referenced only once, and not in any subquery", written)))
	case sel.GroupBy != nil || groups.found:
		v.fail(invalid(3575, "HY000", fmt.Sprintf(
			"Recursive Common Table Expression '%s' can contain neither aggregation nor window functions in recursive query block", written)))
	case as == outerJoined:
		v.fail(invalid(3576, "HY000", fmt.Sprintf(
			"In recursive query block of Recursive Common Table Expression '%s', the recursive table must neither be in the right argument of a LEFT JOIN, nor be forced to be non-first with join order hints", written)))
	}
}

// shortens refuses a part that orders its rows, or leaves out some.
func (v *refusedForms) shortens(does bool) {
	if does {
		v.fail(wharf.Errorf(wharf.CodeUnsupported,
			"This version of MySQL doesn't yet support 'ORDER BY / LIMIT / SELECT DISTINCT in recursive query block of Common Table Expression'"))
	}
}

// references counts the tables of that name, without a schema, in a query.
func references(query ast.Node, name string) int {
	v := &referenceCounter{name: name}
	query.Accept(v)
	return v.n
}

type referenceCounter struct {
	name string
	n    int
}

func (v *referenceCounter) Enter(node ast.Node) (ast.Node, bool) {
	switch n := node.(type) {
	case *ast.TableName:
		if n.Schema.L == "" && n.Name.L == v.name {
			v.n++
		}
	case *ast.SelectStmt:
		return node, defines(n.With, v.name)
	case *ast.SetOprStmt:
		return node, defines(n.With, v.name)
	}
	return node, false
}

func (v *referenceCounter) Leave(node ast.Node) (ast.Node, bool) { return node, true }

// defines reports whether a WITH has a query of that name, which hides the one around it.
func defines(with *ast.WithClause, name string) bool {
	if with == nil {
		return false
	}
	for _, c := range with.CTEs {
		if c.Name.L == name {
			return true
		}
	}
	return false
}

// joined is where FROM has a table.
type joined uint8

const (
	notJoined   joined = iota // not, or within a derived table
	innerJoined               // where its rows are all there is
	outerJoined               // where an outer join adds rows of NULLs
)

// joinedAs finds the table of that name in FROM.
func joinedAs(from *ast.TableRefsClause, name string) joined {
	if from == nil {
		return notJoined
	}
	return joinedIn(from.TableRefs, name)
}

func joinedIn(node ast.ResultSetNode, name string) joined {
	switch n := node.(type) {
	case *ast.TableSource:
		switch source := n.Source.(type) {
		case *ast.TableName:
			if source.Schema.L == "" && source.Name.L == name {
				return innerJoined
			}
		case *ast.Join:
			return joinedIn(source, name)
		}
	case *ast.Join:
		left, right := joinedIn(n.Left, name), notJoined
		if n.Right != nil {
			right = joinedIn(n.Right, name)
		}
		switch {
		case left != notJoined && n.Tp == ast.RightJoin, right != notJoined && n.Tp == ast.LeftJoin:
			return outerJoined
		case left != notJoined:
			return left
		}
		return right
	}
	return notJoined
}

// groupFinder finds aggregates and window functions of one SELECT.
type groupFinder struct {
	root  *ast.SelectStmt
	found bool
}

func (v *groupFinder) Enter(node ast.Node) (ast.Node, bool) {
	switch n := node.(type) {
	case *ast.AggregateFuncExpr, *ast.WindowFuncExpr:
		v.found = true
	case *ast.SelectStmt:
		return node, n != v.root
	case *ast.SetOprStmt:
		return node, true
	}
	return node, v.found
}

func (v *groupFinder) Leave(node ast.Node) (ast.Node, bool) { return node, true }
