//go:build linux && !noduck

package duck

import (
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"wharf"
	"wharf/sql"
)

// distinct writes DISTINCT.
func (t *translator) distinct(items []expr) string {
	keys := make([]string, len(items))
	same := true
	for i, e := range items {
		keys[i] = t.group(e)
		same = same && keys[i] == e.sql
	}
	if same {
		return "DISTINCT "
	}
	return "DISTINCT ON (" + strings.Join(keys, ", ") + ") "
}

// grouping is what is known of the groups of a SELECT.
type grouping struct {
	aggregates bool // its rows are groups
	// of is the SELECT's scope where a column that is in no group has any value of its
	// group, and texts are the expressions that rows are grouped by, as MySQL's text.
	of    *scope
	texts map[string]bool
	// keys is what DuckDB groups by, by the text of what MySQL groups by; by
	// alias, also by the name that the SELECT gives it.
	keys, byAlias map[string]string
	summed        bool // WITH ROLLUP
	// grouped is what stands for what is grouped by a key of its collation.
	grouped map[string]string
}

// ungrouped leaves the groups of a SELECT for what is not computed of its
// groups, such as the operands of its aggregates. The result goes back.
func (t *translator) ungrouped() (back func()) {
	was := t.grouping
	t.grouping = grouping{}
	return func() { t.grouping = was }
}

// groupsOf translates what a SELECT is grouped by, where something of it is
// text that its collation groups: DuckDB groups by the bytes of a key then, and
// the text is any one of the group. It returns nil else.
func (t *translator) groupsOf(n *ast.SelectStmt, s *scope) []expr {
	t.ungrouped()
	t.summed = n.GroupBy != nil && n.GroupBy.Rollup
	defer func() {
		t.aggregates = n.GroupBy != nil || aggregated(n)
		t.anyValues(n, s)
	}()
	if n.GroupBy == nil || t.err != nil {
		return nil
	}
	groups := make([]expr, len(n.GroupBy.Items))
	keys, byAlias := map[string]string{}, map[string]string{}
	collated := false
	for i, item := range n.GroupBy.Items {
		e := t.expr(s.groupedNode(item.Expr), s)
		groups[i], keys[e.sql] = e, t.group(e)
		if c, ok := item.Expr.(*ast.ColumnNameExpr); ok {
			byAlias[c.Name.Name.L] = keys[e.sql]
		}
		collated = collated || keys[e.sql] != e.sql
	}
	if t.err != nil {
		t.err = nil // it is found again where it belongs
		return nil
	}
	t.keys, t.byAlias = keys, byAlias
	if !collated {
		return nil
	}
	t.grouped = map[string]string{}
	for text, key := range keys {
		if key == text {
			continue
		}
		t.grouped[text] = "first(" + text + ")"
		if n.GroupBy.Rollup {
			t.grouped[text] = "CASE WHEN grouping(" + key + ") = 0 THEN first(" + text + ") END"
		}
	}
	return groups
}

// anyValues makes columns that are in no group stand for any value of it, where
// there is no ONLY_FULL_GROUP_BY.
func (t *translator) anyValues(n *ast.SelectStmt, s *scope) {
	if !t.mode.Has(sql.AnyValue) || !t.aggregates || t.err != nil {
		return
	}
	t.of, t.texts = s, map[string]bool{}
	if n.GroupBy == nil {
		return
	}
	for _, item := range n.GroupBy.Items {
		node := unwrapped(s.groupedNode(item.Expr))
		if c, ok := node.(*ast.ColumnNameExpr); ok {
			if e, found, err := s.column(c.Name.Schema.O, c.Name.Table.O, c.Name.Name.O, ""); found && err == nil {
				t.texts[e.sql] = true
			}
			continue
		}
		if text, err := restored(node); err == nil {
			t.texts[text] = true
		}
	}
}

// ofGroup gives a column of a SELECT with groups: any value of it, where it is in
// none of them.
func (t *translator) ofGroup(e expr) expr {
	if t.of == nil || t.texts[e.sql] {
		return e
	}
	for _, c := range t.of.columns {
		if c.expr.sql == e.sql {
			e.sql, e.constant, e.literal, e.written = "first("+e.sql+")", false, nil, ""
			return e
		}
	}
	return e
}

// onlyAggregates wants no column outside of aggregates in a SELECT that is one group
// without GROUP BY, where there is ONLY_FULL_GROUP_BY. With GROUP BY, DuckDB finds
// the columns that are in no group, and outside has the errors of all.
func (t *translator) onlyAggregates(n *ast.SelectStmt, s *scope) {
	if t.err != nil || t.mode.Has(sql.AnyValue) || n.GroupBy == nil && !aggregated(n) {
		return
	}
	t.collatedGroups(n, s)
	for i, f := range n.Fields.Fields {
		v := &bareColumns{s: s}
		if f.Expr != nil {
			f.Expr.Accept(v)
		} else {
			v.found = s.columns
		}
		for _, c := range v.found {
			if n.GroupBy == nil {
				t.fail(notAggregated(i+1, c.fullName()))
				return
			}
			t.isOutside(c, i+1, "SELECT list")
		}
	}
	if n.GroupBy == nil || n.OrderBy == nil {
		return
	}
	for i, item := range n.OrderBy.Items {
		v := &bareColumns{s: s}
		item.Expr.Accept(v)
		for _, c := range v.found {
			t.isOutside(c, i+1, "ORDER BY clause")
		}
	}
}

// isOutside notes the error of a column that must be in a group.
func (t *translator) isOutside(c scoped, item int, of string) {
	_, name, _ := strings.Cut(c.expr.sql, ".")
	if name = strings.Trim(name, `"`); t.outside[name] == nil {
		t.outside[name] = notGrouped(item, of, c.fullName())
	}
}

// distinctOrder wants what ORDER BY orders by to be of the SELECT list, which has
// DISTINCT, where there is ONLY_FULL_GROUP_BY.
func (t *translator) distinctOrder(n *ast.SelectStmt, s *scope, items []expr) {
	if !n.Distinct || t.mode.Has(sql.AnyValue) {
		return
	}
	for i, item := range n.OrderBy.Items {
		v := &bareColumns{s: s}
		item.Expr.Accept(v)
		unselected := slices.DeleteFunc(v.found, func(c scoped) bool { return s.selected(c, items) })
		if len(unselected) == 0 {
			continue
		}
		by := t.expr(item.Expr, s).sql
		if !slices.ContainsFunc(items, func(e expr) bool { return e.sql == by }) {
			t.fail(because(3065, "HY000", wharf.CodeInvalid,
				"Expression #%d of ORDER BY clause is not in SELECT list, references column '%s' which is not in SELECT list; this is incompatible with DISTINCT", i+1, unselected[0].fullName()))
		}
	}
}

// selected reports whether a column is an item of the SELECT list, or its name an alias
// there.
func (s *scope) selected(c scoped, items []expr) bool {
	isNamed := slices.ContainsFunc(s.items, func(it item) bool { return strings.EqualFold(it.name, c.name) })
	return isNamed || slices.ContainsFunc(items, func(e expr) bool { return e.sql == c.expr.sql || e.sql == "first("+c.expr.sql+")" })
}

// bareColumns finds the columns of a SELECT that are in no aggregate.
type bareColumns struct {
	s     *scope
	found []scoped
}

func (v *bareColumns) Enter(n ast.Node) (ast.Node, bool) {
	switch n := n.(type) {
	case *ast.AggregateFuncExpr, *ast.SubqueryExpr:
		return n, true
	case *ast.FuncCallExpr:
		return n, n.FnName.L == "any_value"
	case *ast.ColumnNameExpr:
		e, found, err := v.s.column(n.Name.Schema.O, n.Name.Table.O, n.Name.Name.O, "")
		if !found || err != nil {
			return n, true
		}
		for _, c := range v.s.columns {
			if c.expr.sql == e.sql {
				v.found = append(v.found, c)
			}
		}
	}
	return n, false
}

func (v *bareColumns) Leave(n ast.Node) (ast.Node, bool) { return n, true }

// isGrouped reports whether rows are grouped by an expression that is no column.
func (t *translator) isGrouped(n ast.ExprNode) bool {
	if len(t.texts) == 0 {
		return false
	}
	if _, isColumn := n.(*ast.ColumnNameExpr); isColumn {
		return false
	}
	text, err := restored(unwrapped(n))
	return err == nil && t.texts[text]
}

// groupBy writes GROUP BY. Groups are those that [translator.groupsOf] gave.
func (t *translator) groupBy(n *ast.SelectStmt, s *scope, groups []expr) string {
	t.clause = "group statement"
	g := n.GroupBy
	parts := make([]string, len(g.Items))
	for i, item := range g.Items {
		it, err := s.groupedItem(item.Expr)
		switch {
		case err != nil:
			t.fail(err)
			return ""
		case it.isComputed():
			t.fail(notGroupable(it.name))
			return ""
		case groups != nil:
			parts[i] = t.group(groups[i])
		case it != nil:
			parts[i] = it.expr.sql
		default:
			parts[i] = t.expr(item.Expr, s).sql
		}
	}
	for i, item := range g.Items {
		if readsNoRow(s.groupedNode(item.Expr)) {
			parts[i] = "(" + parts[i] + " IS NULL)" // DuckDB takes a number for a place
		}
	}
	t.rollup = nil
	if g.Rollup {
		for _, p := range parts {
			t.rollup = append(t.rollup, "grouping("+p+")", p+" ASC NULLS FIRST")
		}
		return " GROUP BY ROLLUP(" + strings.Join(parts, ", ") + ")"
	}
	return " GROUP BY " + strings.Join(parts, ", ")
}

// groupingOf is GROUPING(x, …): which of them are summed up in a row of WITH
// ROLLUP.
func (t *translator) groupingOf(n *ast.FuncCallExpr, s *scope) expr {
	keys, byAlias := t.keys, t.byAlias
	if !t.summed {
		return t.fail(because(1111, "HY000", wharf.CodeInvalid, "Invalid use of group function"))
	}
	back := t.ungrouped()
	defer back()
	parts := make([]string, len(n.Args))
	for i, a := range n.Args {
		if c, ok := a.(*ast.ColumnNameExpr); ok && byAlias[c.Name.Name.L] != "" {
			parts[i] = byAlias[c.Name.Name.L]
			continue
		}
		if parts[i] = t.expr(a, s).sql; keys[parts[i]] != "" {
			parts[i] = keys[parts[i]]
		}
	}
	return integer("grouping(" + strings.Join(parts, ", ") + ")")
}

// anyValue is ANY_VALUE(x): x itself where rows are not grouped.
func (t *translator) anyValue(n *ast.FuncCallExpr, s *scope) expr {
	if len(n.Args) != 1 {
		return t.fail(parameterCount("ANY_VALUE"))
	}
	aggregates := t.aggregates
	back := t.ungrouped()
	defer back()
	x := t.expr(n.Args[0], s)
	if aggregates {
		x.sql, x.constant, x.literal = "first("+x.sql+")", false, nil
	}
	return x
}
