//go:build linux && !noduck

package duck

import (
	"strconv"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
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
	// keys is what DuckDB groups by, by the text of what MySQL groups by; by
	// alias, also by the name that the SELECT gives it.
	keys, byAlias map[string]string
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
	defer func() { t.aggregates = n.GroupBy != nil || aggregated(n) }()
	if n.GroupBy == nil || t.err != nil {
		return nil
	}
	groups := make([]expr, len(n.GroupBy.Items))
	keys, byAlias := map[string]string{}, map[string]string{}
	collated := false
	for i, item := range n.GroupBy.Items {
		e := t.expr(groupedNode(item.Expr, n, s), s)
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

// groupedNode is what an item of GROUP BY means: a column, an item of the SELECT
// by its place or its name, or itself.
func groupedNode(item ast.ExprNode, n *ast.SelectStmt, s *scope) ast.ExprNode {
	fields := n.Fields.Fields
	if place, ok := placeOf(item); ok {
		if place >= 1 && place <= len(fields) && fields[place-1].Expr != nil {
			return fields[place-1].Expr
		}
		return item
	}
	if item, ok := item.(*ast.ColumnNameExpr); ok {
		if _, found, err := s.column(item.Name.Schema.O, item.Name.Table.O, item.Name.Name.O, ""); found || err != nil || item.Name.Table.O != "" {
			return item
		}
		for _, f := range fields {
			if f.Expr != nil && strings.EqualFold(f.AsName.O, item.Name.Name.O) {
				return f.Expr
			}
		}
	}
	return item
}

// groupBy writes GROUP BY. Groups are those that [translator.groupsOf] gave.
func (t *translator) groupBy(n *ast.SelectStmt, s *scope, items, groups []expr) string {
	t.clause = "group statement"
	g := n.GroupBy
	parts := make([]string, len(g.Items))
	for i, item := range g.Items {
		if groups != nil {
			parts[i] = t.group(groups[i])
			continue
		}
		if place, ok := placeOf(item.Expr); ok {
			if place < 1 || place > len(items) {
				t.fail(unknownColumn(strconv.Itoa(place), "group statement"))
				return ""
			}
			parts[i] = items[place-1].sql
			continue
		}
		parts[i] = t.expr(item.Expr, s).sql
	}
	for i, item := range g.Items {
		if readsNoRow(groupedNode(item.Expr, n, s)) {
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
