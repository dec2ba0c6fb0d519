//go:build linux && !noduck

package duck

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
)

// table translates what stands behind FROM, and adds its columns to s.
func (t *translator) table(n ast.ResultSetNode, s *scope) string {
	switch n := n.(type) {
	case *ast.Join:
		return t.join(n, s)
	case *ast.TableSource:
		return t.source(n, s)
	}
	t.refuse("this kind of table")
	return ""
}

func (t *translator) source(n *ast.TableSource, s *scope) string {
	alias := t.fresh()
	add := func(schema, table string, columns []outColumn) {
		for i, c := range columns {
			e := c.expr.asColumn()
			e.sql = fmt.Sprintf("%s.c%d", alias, i)
			if i < len(n.ColumnNames) {
				c.name = n.ColumnNames[i].O
			}
			s.columns = append(s.columns, scoped{schema: schema, table: table, name: c.name, expr: e})
		}
	}
	name, ok := n.Source.(*ast.TableName)
	if call := jsonTableOf(n); call != nil {
		q := t.jsonTable(call, s)
		add("", n.AsName.O, q.columns)
		return "LATERAL (" + q.sql + ") AS " + alias
	}
	if !ok {
		inner := s.outer
		if n.Lateral {
			inner = s
		}
		q := t.query(n.Source, inner)
		add("", n.AsName.O, q.columns)
		return "(" + q.sql + ") AS " + alias
	}
	if name.TableSample != nil || len(name.PartitionNames) > 0 {
		t.refuse("PARTITION and TABLESAMPLE")
	}
	shown := n.AsName.O
	if shown == "" {
		shown = name.Name.O
	}
	if name.Schema.O == "" {
		if c := s.cte(name.Name.O); c != nil {
			add("", shown, c.columns)
			c.alias = alias
			return c.name + " AS " + alias
		}
	}
	rel, err := t.resolve(name.Schema.O, name.Name.O)
	if err != nil {
		t.fail(err)
		return ""
	}
	if n.AsName.O == "" && rel.Alias != "" {
		shown = rel.Alias
	}
	database := name.Schema.O
	if database == "" {
		database = t.database
	}
	t.reads = append(t.reads, Read{Source: [2]string{name.Schema.O, name.Name.O}, Alias: alias, columns: rel.Columns})
	for i, c := range append(append([]Column(nil), rel.Columns...), rel.Hidden...) {
		e := readColumn(alias+"."+quoteName(c.Name), c.Type)
		if c.Type == "TIMESTAMP WITH TIME ZONE" {
			e.sql = t.local(e.sql)
		}
		s.columns = append(s.columns, scoped{schema: database, table: shown, name: c.Name, expr: e, asked: i >= len(rel.Columns), record: rel.Record && c.Name == recordPlace})
	}
	return rel.SQL + " AS " + alias
}

func (t *translator) join(n *ast.Join, s *scope) string {
	start := len(s.columns)
	left := t.table(n.Left, s)
	if n.Right == nil {
		return left
	}
	at := len(s.columns)
	right := t.table(n.Right, s)
	word := " JOIN "
	switch n.Tp {
	case ast.LeftJoin:
		word = " LEFT JOIN "
	case ast.RightJoin:
		word = " RIGHT JOIN "
	}
	if t.err != nil {
		return ""
	}
	var on []string
	if n.On != nil {
		t.clause = "on clause"
		on = append(on, t.expr(n.On.Expr, s).truth())
	}
	shared := t.shared(n, s, at)
	for _, name := range shared {
		on = append(on, t.merge(name, n.Tp, s, at))
	}
	sharedFirst(s.columns[start:], shared)
	if len(on) == 0 {
		on = []string{"true"}
	}
	if _, nested := n.Right.(*ast.Join); nested {
		right = "(" + right + ")"
	}
	return left + word + right + " ON " + strings.Join(on, " AND ")
}

// shared gives the names of USING, or those that NATURAL finds on both sides.
func (t *translator) shared(n *ast.Join, s *scope, at int) []string {
	var names []string
	for _, c := range n.Using {
		names = append(names, c.Name.O)
	}
	if n.NaturalJoin {
		for _, l := range s.columns[:at] {
			for _, r := range s.columns[at:] {
				if !l.hidden && !r.hidden && !l.asked && strings.EqualFold(l.name, r.name) {
					names = append(names, l.name)
				}
			}
		}
	}
	return names
}

// merge makes one column of two of the same name, and gives the condition that
// they are equal.
func (t *translator) merge(name string, tp ast.JoinType, s *scope, at int) string {
	l, r := indexOf(s.columns[:at], name), indexOf(s.columns[at:], name)
	if l < 0 || r < 0 {
		t.fail(unknownColumn(name, "from clause"))
		return ""
	}
	left, right := &s.columns[l], &s.columns[at+r]
	on := t.compare("=", left.expr, right.expr)
	if tp == ast.RightJoin {
		left.hidden = true
	} else {
		right.hidden = true
	}
	return on.sql
}

// sharedFirst moves the columns that USING shares before the others, as * shows
// them.
func sharedFirst(columns []scoped, shared []string) {
	at := func(c scoped) int {
		for i, name := range shared {
			if !c.hidden && strings.EqualFold(c.name, name) {
				return i
			}
		}
		return len(shared)
	}
	slices.SortStableFunc(columns, func(a, b scoped) int { return at(a) - at(b) })
}

func indexOf(columns []scoped, name string) int {
	for i, c := range columns {
		if !c.hidden && strings.EqualFold(c.name, name) {
			return i
		}
	}
	return -1
}
