//go:build linux && !noduck

package duck

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser"
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/mysql"
	driver "github.com/pingcap/tidb/pkg/parser/test_driver"

	"wharf"
	"wharf/sql"
)

// Resolve gives the source that a table's name means: DuckDB's text that reads
// it, and its columns.
type Resolve func(schema, name string) (Relation, error)

// Relation is a source as a query reads it.
type Relation struct {
	SQL     string
	Columns []Column
	Hidden  []Column // columns that * does not show, such as METADATA$FILENAME
	Record  bool     // $1 is the whole row, whose fields are the columns
	// Rows gives text that reads the rows of its only file from one to before
	// another, from 0, and no row groups without any; nil where there is none.
	Rows  func(from, to int64) string
	Alias string // that it has where the query gives none; "" is its name in the query
}

// Translation is a query for DuckDB.
type Translation struct {
	SQL      string
	Headers  []string // of the result's columns
	Decimals []int    // digits behind the point of seconds, -1 where a column has none
	// Types are those of columns that DuckDB carries as another.
	Types map[int]wharf.Type
	Reads []Read
	First int64 // how many of the first rows of the only source suffice; 0 is all
	// Bounds are what WHERE says of the columns of sources.
	Bounds []Bound
}

// Read is a source by the name that the translated query has for it: its columns
// stand behind the alias and nowhere else.
type Read struct {
	Source  [2]string // schema and name
	Alias   string
	columns []Column
}

// Session is what a query knows of the session that it is of.
type Session struct {
	Zone string        // its time zone
	Args []wharf.Value // of the placeholders; nil where they are not known yet
	Mode sql.Mode      // by which the text is read
	// Database is that of tables without one; "" is none.
	Database string
	// Expressions computes what DuckDB has no words for; nil refuses that.
	Expressions sql.Expressions
}

// Translate gives DuckDB's text for a SELECT of MySQL. What DuckDB would
// answer differently is written so that it does not, or refused by name.
func Translate(ctx context.Context, text string, session Session, resolve Resolve) (*Translation, error) {
	p := parser.New()
	p.SetSQLMode(modes(session.Mode))
	nodes, _, err := p.ParseSQL(text)
	if err == nil && len(nodes) != 1 {
		err = fmt.Errorf("%d statements", len(nodes))
	}
	if err != nil {
		return nil, wharf.WrapError(wharf.CodeSyntax, "duck.Translate", "You have an error in your SQL syntax", err)
	}
	numberPlaceholders(nodes[0])
	t := &translator{ctx: ctx, resolve: resolve, zone: session.Zone, database: session.Database, args: session.Args, mode: session.Mode, expressions: session.Expressions}
	node, ok := nodes[0].(ast.ResultSetNode)
	if !ok {
		return nil, refused("this statement")
	}
	rel := t.query(node, &scope{})
	if t.err != nil {
		return nil, t.err
	}
	out := &Translation{Types: map[int]wharf.Type{}, Reads: t.reads, First: t.enough(nodes[0]), Bounds: t.bounds}
	items := make([]string, len(rel.columns))
	plain := true
	for i, c := range rel.columns {
		out.Headers = append(out.Headers, c.name)
		decimals := -1
		switch c.expr.kind {
		case kindMoment:
			decimals = c.expr.scale
		case kindTime, kindJSON, kindText, kindNull:
			out.Types[i] = typeOfKind[c.expr.kind]
		}
		out.Decimals = append(out.Decimals, decimals)
		c.expr.sql = fmt.Sprintf("c%d", i)
		if c.expr.kind == kindJSON && !c.expr.normal && t.expressions != nil {
			c.expr.sql = t.evaluates(normalized, []expr{c.expr}, false).sql
		}
		items[i] = c.expr.shown()
		plain = plain && items[i] == fmt.Sprintf("c%d", i)
	}
	if t.err != nil {
		return nil, t.err
	}
	out.SQL = rel.sql
	if !plain {
		out.SQL = "SELECT " + strings.Join(items, ", ") + " FROM (" + rel.sql + ") AS shown"
	}
	return out, nil
}

// modes gives the modes for TiDB's parser.
func modes(m sql.Mode) mysql.SQLMode {
	mode, _ := mysql.GetSQLMode(mysql.DefaultSQLMode + "," + m.String()) // it knows each name
	return mode
}

// placeholders are those of a statement, as they are met.
type placeholders []*driver.ParamMarkerExpr

func (p *placeholders) Enter(n ast.Node) (ast.Node, bool) {
	if n, ok := n.(*driver.ParamMarkerExpr); ok {
		*p = append(*p, n)
	}
	return n, false
}

func (p *placeholders) Leave(n ast.Node) (ast.Node, bool) { return n, true }

// numberPlaceholders gives each placeholder its number, from 0, in the order of
// the text. TiDB's parser leaves that to its planner.
func numberPlaceholders(n ast.Node) {
	var all placeholders
	n.Accept(&all)
	slices.SortFunc(all, func(a, b *driver.ParamMarkerExpr) int { return a.Offset - b.Offset })
	for i, p := range all {
		p.SetOrder(i)
	}
}

// normalized is JSON as MySQL shows it.
const normalized = "JSON_EXTRACT(i0, '$')"

// translator is one statement's translation. The first error stays.
type translator struct {
	resolve  Resolve
	zone     string
	database string
	tables   int // named so far
	reads    []Read
	bounds   []Bound
	args     []wharf.Value
	mode     sql.Mode

	expressions sql.Expressions
	ctx         context.Context // of the statement
	counted     *cte            // of which the next SELECT is a part, where its rows count repetitions
	clause      string          // as MySQL calls it in errors
	rollup      []string        // the order of the SELECT that has WITH ROLLUP
	grouping
	err   error
	depth int
}

// fail notes an error, and gives an expression to go on with.
func (t *translator) fail(err error) expr {
	if t.err == nil {
		t.err = err
	}
	return expr{sql: "NULL"}
}

func (t *translator) refuse(what string) expr { return t.fail(refused(what)) }

// fresh gives a table name that is used nowhere else in the statement, so that
// no inner name hides an outer one.
func (t *translator) fresh() string {
	t.tables++
	return fmt.Sprintf("t%d", t.tables)
}

// queried is a translated query.
type queried struct {
	sql     string
	columns []outColumn
}

// maxQueries bounds how deep queries may stand in each other.
const maxQueries = 60

func (t *translator) query(node ast.ResultSetNode, outer *scope) queried {
	if t.depth++; t.depth > maxQueries {
		t.fail(wharf.Errorf(wharf.CodeTooLarge, "more than %d queries stand in each other", maxQueries))
	}
	defer func() { t.depth-- }()
	defer t.ungrouped()()
	if t.err != nil {
		return queried{}
	}
	switch n := node.(type) {
	case *ast.SelectStmt:
		return t.selects(n, outer)
	case *ast.SetOprStmt:
		return t.setOperation(n.With, n.SelectList.Selects, n.OrderBy, n.Limit, outer)
	case *ast.SubqueryExpr:
		return t.query(n.Query, outer)
	}
	t.refuse("this kind of query")
	return queried{}
}

// with translates WITH, and gives the scope that knows its names.
func (t *translator) with(w *ast.WithClause, outer *scope) (string, *scope) {
	if w == nil {
		return "", outer
	}
	inner := &scope{outer: outer, ctes: map[string]*cte{}}
	var parts []string
	for _, def := range w.CTEs {
		c := &cte{name: t.fresh()}
		if w.IsRecursive {
			// Its columns are those of its first part, which does not name it.
			c.columns = t.recursiveColumns(def, inner)
			c.counts = isCounted(def.Query.Query)
			inner.ctes[def.Name.L] = c
		}
		t.counted = nil
		if c.counts {
			t.counted = c
		}
		q := t.query(def.Query.Query, inner)
		if !w.IsRecursive {
			c.columns = named(q.columns, def.ColNameList)
			inner.ctes[def.Name.L] = c
		}
		names := make([]string, len(q.columns))
		for i := range names {
			names[i] = fmt.Sprintf("c%d", i)
		}
		parts = append(parts, c.name+"("+strings.Join(names, ", ")+") AS ("+q.sql+")")
	}
	head := "WITH "
	if w.IsRecursive {
		head = "WITH RECURSIVE "
	}
	return head + strings.Join(parts, ", ") + " ", inner
}

// isCounted reports whether a recursive query can count how often it is repeated
// for a row: UNION ALL, which keeps rows that differ by that alone.
func isCounted(n ast.ResultSetNode) bool {
	union, ok := n.(*ast.SetOprStmt)
	if !ok || union.Limit != nil || union.OrderBy != nil {
		return false
	}
	for i, part := range union.SelectList.Selects {
		sel, ok := part.(*ast.SelectStmt)
		if !ok || sel.Kind == ast.SelectStmtKindValues || i > 0 && (sel.AfterSetOperator == nil || *sel.AfterSetOperator != ast.UnionAll) {
			return false
		}
	}
	return true
}

// repetitions is the item of a SELECT that counts how often a recursive query was
// repeated for its rows. Where there are more than cte_max_recursion_depth, it is
// an error.
func (t *translator) repetitions(c *cte) expr {
	e := expr{sql: "CAST(0 AS BIGINT)", kind: kindInt}
	if c.alias == "" {
		return e
	}
	most, ok := t.variable("cte_max_recursion_depth")
	if !ok {
		most = 1000
	}
	over := carried(because(3636, "HY000", wharf.CodeInvalid,
		"Recursive query aborted after %d iterations. Try increasing @@cte_max_recursion_depth to a larger value.", most+1))
	column := fmt.Sprintf("%s.c%d", c.alias, len(c.columns))
	e.sql = fmt.Sprintf("CASE WHEN %s >= %d THEN CAST(error(%s) AS BIGINT) ELSE %s + 1 END", column, most, quoteString(over), column)
	return e
}

func (t *translator) recursiveColumns(def *ast.CommonTableExpression, s *scope) []outColumn {
	first := def.Query.Query
	if union, ok := first.(*ast.SetOprStmt); ok {
		if sel, ok := union.SelectList.Selects[0].(ast.ResultSetNode); ok {
			first = sel
		}
	}
	tables := t.tables
	q := t.query(first, s)
	t.tables = tables
	return named(q.columns, def.ColNameList)
}

func named(columns []outColumn, names []ast.CIStr) []outColumn {
	out := append([]outColumn(nil), columns...)
	for i := range out {
		if i < len(names) {
			out[i].name = names[i].O
		}
	}
	return out
}

func (t *translator) setOperation(with *ast.WithClause, parts []ast.Node, order *ast.OrderByClause, limit *ast.Limit, outer *scope) queried {
	counted := t.counted
	t.counted = nil
	head, s := t.with(with, outer)
	var out []queried
	var ops []string
	for _, part := range parts {
		var q queried
		var op *ast.SetOprType
		switch n := part.(type) {
		case *ast.SelectStmt:
			t.counted = counted
			q, op = t.selects(n, s), n.AfterSetOperator
			if n.OrderBy != nil || n.Limit != nil || n.With != nil {
				q.sql = "(" + q.sql + ")"
			}
		case *ast.SetOprSelectList:
			q, op = t.setOperation(n.With, n.Selects, n.OrderBy, n.Limit, s), n.AfterSetOperator
			q.sql = "(" + q.sql + ")"
		default:
			t.refuse("this kind of UNION")
		}
		if t.err != nil {
			return queried{}
		}
		out = append(out, q)
		ops = append(ops, setOperator(op))
	}
	t.ungrouped() // of the last part
	columns := t.unifyParts(out)
	var b strings.Builder
	b.WriteString(head)
	if slices.ContainsFunc(columns, func(c outColumn) bool { return c.expr.folded }) && slices.ContainsFunc(ops[1:], func(op string) bool { return op != "UNION ALL" }) {
		b.WriteString(t.combined(out, ops, columns))
	} else {
		for i, q := range out {
			if i > 0 {
				b.WriteString(" " + ops[i] + " ")
			}
			b.WriteString(castTo(q, columns))
		}
	}
	if order != nil {
		b.WriteString(t.orderOf(order.Items, columns))
	}
	b.WriteString(t.limit(limit, s))
	return queried{sql: b.String(), columns: columns}
}

// combined writes a set operation whose rows are told apart by the collations
// of their columns.
func (t *translator) combined(parts []queried, ops []string, columns []outColumn) string {
	names, keys, same := make([]string, len(columns)), make([]string, len(columns)), make([]string, len(columns))
	key := func(e expr, sql string) string {
		e.sql = sql
		return t.group(e)
	}
	for i, c := range columns {
		names[i] = fmt.Sprintf("c%d", i)
		keys[i] = key(c.expr, names[i])
		same[i] = key(c.expr, "l."+names[i]) + " IS NOT DISTINCT FROM " + key(c.expr, "r."+names[i])
	}
	distinct := "SELECT DISTINCT ON (" + strings.Join(keys, ", ") + ") " + strings.Join(names, ", ") + " FROM "
	all := castTo(parts[0], columns)
	for i, q := range parts[1:] {
		next := castTo(q, columns)
		joined := func(join string) string {
			return distinct + "(SELECT l.* FROM (" + all + ") AS l " + join + " JOIN (" + next + ") AS r ON " + strings.Join(same, " AND ") + ") AS part"
		}
		switch ops[i+1] {
		case "UNION ALL":
			all += " UNION ALL " + next
		case "UNION":
			// Of rows that are the same, the first part's is shown.
			all = distinct + "(SELECT *, 0 AS part FROM (" + all + ") AS l UNION ALL SELECT *, 1 FROM (" + next + ") AS r) AS part ORDER BY part"
			all = "SELECT * FROM (" + all + ") AS part"
		case "INTERSECT":
			all = joined("SEMI")
		case "EXCEPT":
			all = joined("ANTI")
		default:
			t.refuse(ops[i+1] + " of text with a collation that is not by its bytes")
		}
	}
	return "SELECT " + strings.Join(names, ", ") + " FROM (" + all + ") AS combined"
}

func setOperator(op *ast.SetOprType) string {
	if op == nil {
		return ""
	}
	switch *op {
	case ast.UnionAll:
		return "UNION ALL"
	case ast.Except:
		return "EXCEPT"
	case ast.ExceptAll:
		return "EXCEPT ALL"
	case ast.Intersect:
		return "INTERSECT"
	case ast.IntersectAll:
		return "INTERSECT ALL"
	}
	return "UNION"
}

// unifyParts gives the columns of a set operation.
func (t *translator) unifyParts(parts []queried) []outColumn {
	columns := append([]outColumn(nil), parts[0].columns...)
	for _, q := range parts[1:] {
		if len(q.columns) != len(columns) {
			t.fail(columnCounts())
			return columns
		}
	}
	for i := range columns {
		all := make([]expr, len(parts))
		for k, q := range parts {
			all[k] = q.columns[i].expr
		}
		columns[i].expr = unify(all...).asColumn()
	}
	return columns
}

// castTo gives q with the types of columns.
func castTo(q queried, columns []outColumn) string {
	items := make([]string, len(columns))
	same := true
	for i, c := range columns {
		from := q.columns[i].expr
		from.sql = fmt.Sprintf("c%d", i)
		items[i] = from.as(c.expr)
		same = same && items[i] == from.sql
		items[i] += fmt.Sprintf(" AS c%d", i)
	}
	if same {
		return q.sql
	}
	return "SELECT " + strings.Join(items, ", ") + " FROM (" + q.sql + ") AS part"
}
