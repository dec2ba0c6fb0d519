package sql

import (
	"strconv"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
	driver "github.com/pingcap/tidb/pkg/parser/test_driver"
)

// query carries over a SELECT or a UNION of them.
func (t *translator) query(n ast.Node) *Query {
	q := &Query{plain: t.plain}
	defer t.deeper("a query")()
	switch n := n.(type) {
	case *ast.SelectStmt:
		if reason := beyondSelect(n); reason != "" {
			t.cannot(reason)
		}
		if n.From != nil && n.SelectStmtOpts != nil && n.CalcFoundRows {
			t.cannot("SQL_CALC_FOUND_ROWS")
		}
		if t.reason != "" {
			return q
		}
		q.Parts = []QueryPart{{Select: t.querySelect(n)}}
		t.ordered(q, n.OrderBy, n.Limit)
	case *ast.SetOprStmt:
		if alone := Parenthesized(n); alone != nil {
			return t.query(alone)
		}
		if n.With != nil {
			t.cannot("WITH")
		}
		t.union(q, n.SelectList.Selects)
		t.ordered(q, n.OrderBy, n.Limit)
	case *ast.SetOprSelectList:
		if n.With != nil {
			t.cannot("WITH")
		}
		t.union(q, n.Selects)
		t.ordered(q, n.OrderBy, n.Limit)
	default:
		t.cannot("this query")
	}
	return q
}

// Parenthesized returns the SELECT of (SELECT …) ORDER BY … LIMIT …, to which these clauses belong
// where it has none of its own, and nil for other statements.
func Parenthesized(n *ast.SetOprStmt) *ast.SelectStmt {
	if len(n.SelectList.Selects) != 1 || n.With != nil {
		return nil
	}
	list, ok := n.SelectList.Selects[0].(*ast.SetOprSelectList)
	if !ok || len(list.Selects) != 1 || list.With != nil || list.OrderBy != nil || list.Limit != nil {
		return nil
	}
	sel, ok := list.Selects[0].(*ast.SelectStmt)
	if !ok || sel.Kind != ast.SelectStmtKindSelect || sel.With != nil || sel.OrderBy != nil || sel.Limit != nil {
		return nil
	}
	alone := *sel
	alone.OrderBy, alone.Limit = n.OrderBy, n.Limit
	return &alone
}

// deeper bounds how deep queries and tables are nested; what it gives ends
// that level.
func (t *translator) deeper(what string) func() {
	if t.depth >= maxExprDepth {
		t.cannot(what + " nested " + strconv.Itoa(maxExprDepth) + " deep")
	}
	t.depth++
	return func() { t.depth-- }
}

func (t *translator) ordered(q *Query, by *ast.OrderByClause, limit *ast.Limit) {
	if by != nil {
		q.OrderBy = t.orders(by.Items)
	}
	if limit != nil {
		l := t.limit(limit)
		q.Limit = &l
	}
}

func (t *translator) orders(items []*ast.ByItem) []Order {
	var list []Order
	for _, item := range items {
		o := Order{Desc: item.Desc}
		if p, ok := item.Expr.(*ast.PositionExpr); ok && p.P == nil {
			o.Position = p.N
		} else {
			o.Expr = t.expr(item.Expr)
		}
		list = append(list, o)
	}
	return list
}

// union carries over the operands of UNION.
func (t *translator) union(q *Query, nodes []ast.Node) {
	for _, n := range nodes {
		if t.reason != "" {
			return
		}
		var after *ast.SetOprType
		part := QueryPart{}
		switch n := n.(type) {
		case *ast.SelectStmt:
			after = n.AfterSetOperator
			if n.OrderBy == nil && n.Limit == nil && beyondSelect(n) == "" {
				part.Select = t.querySelect(n)
			}
		case *ast.SetOprSelectList:
			after = n.AfterSetOperator
		}
		if part.Select == nil {
			part.Nested = t.query(n)
		}
		if after != nil {
			part.All = *after == ast.UnionAll
			if *after != ast.Union && *after != ast.UnionAll {
				t.cannot(after.String())
			}
		}
		q.Parts = append(q.Parts, part)
	}
}

func (t *translator) querySelect(n *ast.SelectStmt) *QuerySelect {
	s := &QuerySelect{Distinct: n.Distinct}
	for _, f := range n.Fields.Fields {
		if f.WildCard != nil {
			s.Items = append(s.Items, QueryItem{Star: true, Schema: f.WildCard.Schema.O, Table: f.WildCard.Table.O})
			continue
		}
		s.Items = append(s.Items, QueryItem{Expr: t.expr(f.Expr), Name: itemName(f), Alias: f.AsName.O != ""})
	}
	if n.From != nil {
		s.From = t.table(n.From.TableRefs)
	}
	if n.Where != nil {
		s.Where = t.expr(n.Where)
	}
	if n.GroupBy != nil {
		if n.GroupBy.Rollup {
			t.cannot("WITH ROLLUP")
		}
		s.GroupBy = t.orders(n.GroupBy.Items)
	}
	if n.Having != nil {
		s.Having = t.expr(n.Having.Expr)
	}
	return s
}

// table carries over what stands behind FROM. What Wharf does not do is
// noted, and a table without a name stands for it.
func (t *translator) table(node ast.ResultSetNode) Table {
	defer t.deeper("a join")()
	if t.reason != "" {
		return TableName{}
	}
	switch n := node.(type) {
	case *ast.TableSource:
		switch source := n.Source.(type) {
		case *ast.TableName:
			return TableName{source.Schema.O, source.Name.O, n.AsName.O}
		case *ast.SelectStmt, *ast.SetOprStmt:
			if n.Lateral {
				t.cannot("LATERAL")
			}
			return Derived{t.query(source), n.AsName.O}
		case *ast.Join:
			return t.table(source)
		}
	case *ast.Join:
		if n.Right == nil {
			return t.table(n.Left)
		}
		return t.join(n)
	}
	t.cannot("this kind of table")
	return TableName{}
}

func (t *translator) join(n *ast.Join) Table {
	if n.NaturalJoin {
		t.cannot("NATURAL JOIN")
	}
	j := Join{Kind: "INNER", Left: t.table(n.Left), Right: t.table(n.Right)}
	switch n.Tp {
	case ast.LeftJoin:
		j.Kind = "LEFT"
	case ast.RightJoin:
		j.Kind = "RIGHT"
	}
	if n.On != nil {
		j.On = t.expr(n.On.Expr)
	}
	for _, c := range n.Using {
		j.Using = append(j.Using, c.Name.O)
	}
	return j
}

// aggregate carries over a function over rows.
func (t *translator) aggregate(n *ast.AggregateFuncExpr) Expr {
	t.relational = true
	a := Aggregate{Name: strings.ToUpper(n.F), Distinct: n.Distinct}
	args := n.Args
	if a.Name == "GROUP_CONCAT" && len(args) > 0 {
		if sep, ok := args[len(args)-1].(*driver.ValueExpr); ok {
			a.Separator = sep.GetString()
		}
		args = args[:len(args)-1]
	}
	a.Args = t.exprs(args)
	if n.Order != nil {
		a.OrderBy = t.orders(n.Order.Items)
	}
	return a
}

// subquery carries over a query in an expression.
func (t *translator) subquery(kind string, x ast.ExprNode, sel ast.ExprNode) Expr {
	t.relational = true
	s := Subquery{Kind: kind}
	if x != nil {
		s.X = t.expr(x)
	}
	sub, ok := sel.(*ast.SubqueryExpr)
	if !ok {
		t.cannot("a subquery")
		return Literal{}
	}
	s.Query = t.query(sub.Query)
	return s
}
