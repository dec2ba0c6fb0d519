//go:build linux && !noduck

package duck

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
	driver "github.com/pingcap/tidb/pkg/parser/test_driver"
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

// materialized is a query in FROM or WITH. MySQL stores the rows of one that it cannot
// merge into the query around it, and so a quotient with just the digits that it shows.
func materialized(node ast.ResultSetNode, q queried) queried {
	if !isMaterialized(node) || !slices.ContainsFunc(q.columns, func(c outColumn) bool { return c.expr.inner > 0 }) {
		return q
	}
	columns, items := slices.Clone(q.columns), make([]string, len(q.columns))
	for i, c := range columns {
		c.expr.sql = fmt.Sprintf("c%d", i)
		items[i] = fmt.Sprintf("%s AS c%d", c.expr.rounded(), i)
		columns[i].expr.inner = 0
	}
	return queried{sql: "SELECT " + strings.Join(items, ", ") + " FROM (" + q.sql + ") AS stored", columns: columns}
}

// isMaterialized reports whether MySQL does not merge a query into the one around it.
func isMaterialized(node ast.ResultSetNode) bool {
	if sub, ok := node.(*ast.SubqueryExpr); ok {
		node = sub.Query
	}
	n, ok := node.(*ast.SelectStmt)
	if !ok {
		return false // a UNION has its columns' types already
	}
	v := &windowFinder{}
	n.Fields.Accept(v)
	return n.GroupBy != nil || n.Having != nil || n.Distinct || n.Limit != nil || aggregated(n) || v.found
}

// isStored reports whether MySQL has a table of its own for the rows of a query in FROM, whose
// columns are then those of a table, and not of a view.
func isStored(node ast.ResultSetNode) bool {
	if sub, ok := node.(*ast.SubqueryExpr); ok {
		node = sub.Query
	}
	n, ok := node.(*ast.SelectStmt)
	if !ok || n.From == nil || isMaterialized(n) {
		return true
	}
	v := &subqueryFinder{}
	n.Fields.Accept(v)
	return v.found
}

// subqueryFinder finds out whether something has a subquery.
type subqueryFinder struct{ found bool }

func (v *subqueryFinder) Enter(n ast.Node) (ast.Node, bool) {
	_, ok := n.(*ast.SubqueryExpr)
	v.found = v.found || ok
	return n, v.found
}

func (v *subqueryFinder) Leave(n ast.Node) (ast.Node, bool) { return n, true }

// windowIn gives the name of a window function in expressions, or "".
func windowIn(nodes ...ast.ExprNode) string {
	v := &windowFinder{}
	for _, n := range nodes {
		n.Accept(v)
	}
	return v.name
}

// windowFinder finds out whether something has a window function, and its name.
type windowFinder struct {
	found bool
	name  string
}

func (v *windowFinder) Enter(n ast.Node) (ast.Node, bool) {
	switch n := n.(type) {
	case *ast.WindowFuncExpr:
		v.found, v.name = true, cmp.Or(v.name, n.Name)
	case *ast.SubqueryExpr:
		return n, true
	}
	return n, v.found
}

func (v *windowFinder) Leave(n ast.Node) (ast.Node, bool) { return n, true }

func (t *translator) source(n *ast.TableSource, s *scope) string {
	alias := t.fresh()
	add := func(schema, table string, columns []outColumn, stored bool) {
		columns = named(columns, n.ColumnNames)
		t.namesOnce(columns)
		for i, c := range columns {
			e := c.expr.asColumn()
			e.sql = fmt.Sprintf("%s.c%d", alias, i)
			s.columns = append(s.columns, scoped{schema: schema, table: table, name: c.name, expr: e, place: i, typed: stored})
		}
	}
	name, ok := n.Source.(*ast.TableName)
	t.nameOnce(n, s)
	if call := jsonTableOf(n); call != nil {
		q := t.jsonRows(call, s).query()
		add("", n.AsName.O, q.columns, true)
		return "LATERAL (" + q.sql + ") AS " + alias
	}
	if !ok {
		inner := s.outer
		if n.Lateral {
			inner = s
		}
		q := materialized(n.Source, t.query(n.Source, inner))
		add("", n.AsName.O, q.columns, isStored(n.Source))
		if isLateral(n) {
			return t.wide(alias, "(SELECT found.*, row_number() OVER () AS "+placeColumn+" FROM ("+q.sql+") AS found)")
		}
		return t.wide(alias, "("+q.sql+")")
	}
	switch {
	case name.TableSample != nil:
		t.refuse("TABLESAMPLE")
	case len(name.PartitionNames) > 0:
		t.refuse("PARTITION")
	}
	shown := n.AsName.O
	if shown == "" {
		shown = name.Name.O
	}
	for _, hint := range name.IndexHints {
		if len(hint.IndexNames) > 0 { // no table of these has any
			t.fail(noKey(hint.IndexNames[0].O, shown))
		}
	}
	if name.Schema.O == "" {
		if c := s.cte(name.Name.O); c != nil {
			add("", shown, c.columns, c.stored)
			return t.wide(alias, c.name)
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
		if rel.Server && e.kind == kindText {
			e.folded, e.collation, e.implied = true, serverCollation, true
		}
		if c.Type == "TIMESTAMP WITH TIME ZONE" {
			e.sql = "mysql_known_moment(" + t.local(e.sql) + ")" // it may be in another year there
		}
		s.columns = append(s.columns, scoped{
			schema: database, table: shown, name: c.Name, expr: e, place: i, asked: i >= len(rel.Columns), typed: !rel.Server, server: rel.Server && n.AsName.O == "",
			record: rel.Record && c.Name == recordPlace,
		})
	}
	return t.wide(alias, rel.SQL)
}

// namesOnce wants no two columns of a query in FROM or WITH to have the same name.
func (t *translator) namesOnce(columns []outColumn) {
	names := map[string]bool{}
	for _, c := range columns {
		name := strings.ToLower(c.name)
		if names[name] {
			t.fail(duplicateColumn(c.name))
		}
		names[name] = true
	}
}

// nameOnce wants no two tables of a SELECT to have the same name in the same database. A
// location has a name only where the query gives it.
func (t *translator) nameOnce(n *ast.TableSource, s *scope) {
	database, table := "", n.AsName.O
	if name, ok := n.Source.(*ast.TableName); ok {
		isFile := name.Schema.O != "" || s.cte(name.Name.O) == nil
		if isFile {
			database = cmp.Or(name.Schema.O, t.database)
		}
		if table = cmp.Or(table, name.Name.O); n.AsName.O == "" && name.Schema.O == "" && isFile {
			return
		}
	}
	if !s.named(database, table) {
		t.fail(notUnique(table))
	}
}

func (t *translator) join(n *ast.Join, s *scope) string {
	start := len(s.columns)
	left := t.table(n.Left, s)
	if n.Right == nil {
		return left
	}
	at := len(s.columns)
	left, right, word := t.sides(n, left, s, start)
	if t.err != nil {
		return ""
	}
	var on []string
	if n.On != nil {
		t.clause = "on clause"
		joined := *s
		joined.columns = s.columns[start:] // no tables before this join
		on = append(on, t.expr(n.On.Expr, &joined).truth())
	}
	on = append(on, t.share(n, s, start, at)...)
	if len(on) == 0 {
		on = []string{"true"}
	}
	if _, nested := n.Right.(*ast.Join); nested {
		right = "(" + right + ")"
	}
	return left + word + right + " ON " + strings.Join(on, " AND ")
}

// sides gives the two sides of a join, and the word between them. The columns of the left
// one begin at start.
func (t *translator) sides(n *ast.Join, left string, s *scope, start int) (l, r, word string) {
	source, ok := n.Right.(*ast.TableSource)
	if ok && n.Tp != ast.RightJoin && jsonTableOf(source) != nil {
		if outer := n.Tp == ast.LeftJoin; !outer || n.On != nil && isTrue(n.On.Expr) {
			rows := t.jsonRows(jsonTableOf(source), s)
			return t.unnested(source, left, rows, outer, s, start), "(SELECT 1) AS " + t.fresh(), " JOIN "
		}
	}
	if ok && isLateral(source) {
		left = t.placed(left, s, start)
	}
	r = t.table(n.Right, s)
	if ok && isLateral(source) {
		s.places = append(s.places, r[strings.LastIndex(r, " ")+1:]+"."+placeColumn)
	}
	switch n.Tp { // of its side that may have no row
	case ast.LeftJoin:
		t.narrow(r)
		return left, r, " LEFT JOIN "
	case ast.RightJoin:
		t.narrow(left)
		return left, r, " RIGHT JOIN "
	}
	return left, r, " JOIN "
}

// placeColumn has the place of a row in its source.
const placeColumn = `"wharf place"`

// isLateral reports whether a table is a query that may read the tables before it.
func isLateral(n *ast.TableSource) bool {
	_, isName := n.Source.(*ast.TableName)
	return n.Lateral && !isName
}

// placed gives the tables left of a correlated query with the places of their rows, which
// a SELECT without ORDER BY comes in: DuckDB joins such a query by hashes.
func (t *translator) placed(left string, s *scope, start int) string {
	for _, c := range s.columns[start:] {
		alias := read.FindString(c.expr.sql)
		if place := alias + "." + placeColumn; t.isWide(alias, left) && !slices.Contains(s.places, place) {
			was := t.widened[alias]
			left = strings.Replace(left, was, t.wide(alias, "(SELECT "+alias+".*, row_number() OVER () AS "+placeColumn+" FROM "+was+")"), 1)
			s.places = append(s.places, place)
		}
	}
	return left
}

// wide gives a source by its alias, as one to which columns may be added.
func (t *translator) wide(alias, source string) string {
	if t.widened == nil {
		t.widened = map[string]string{}
	}
	t.widened[alias] = source + " AS " + alias
	return t.widened[alias]
}

// isWide reports whether columns may be added to a source of these tables.
func (t *translator) isWide(alias, tables string) bool {
	return t.widened[alias] != "" && strings.Contains(tables, t.widened[alias])
}

// narrow keeps the sources of a side of an outer join as they are: rows that are NULL
// there are made after it.
func (t *translator) narrow(side string) {
	for alias, source := range t.widened {
		if strings.Contains(side, source) {
			delete(t.widened, alias)
		}
	}
}

// isTrue reports whether a condition is TRUE or a number that is.
func isTrue(n ast.ExprNode) bool {
	v, ok := unwrapped(n).(*driver.ValueExpr)
	return ok && v.Kind() == driver.KindInt64 && v.GetInt64() != 0
}
