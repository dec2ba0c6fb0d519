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
	Server  bool     // one that the server holds: its texts are not compared by their bytes
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
	Decimals []int    // digits behind the point of seconds, or that a double is shown with; -1 where a column has none or as many as it has
	// Types are those of columns that DuckDB carries as another, and OfDay the columns of
	// times that are of one day each.
	Types map[int]wharf.Type
	OfDay map[int]bool
	Reads []Read
	First int64 // how many of the first rows of the only source suffice; 0 is all
	// Bounds are what WHERE says of the columns of sources.
	Bounds []Bound
	// Outside has the errors of columns that must be in a group, by DuckDB's names.
	Outside map[string]error
	// Warnings are those about how it is written.
	Warnings []sql.Warning
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
	Database  string
	Unlimited bool // the LIMIT of the whole query is left out
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
	nodes[0].Accept(soundsLike{})
	nodes[0].Accept(introducers{})
	sql.Parenthesize(nodes[0])
	numberPlaceholders(nodes[0])
	if session.Unlimited {
		withoutLimit(nodes[0])
	}
	t := &translator{ctx: ctx, resolve: resolve, zone: session.Zone, database: session.Database, args: session.Args, outside: map[string]error{}, mode: session.Mode, expressions: session.Expressions}
	node, ok := nodes[0].(ast.ResultSetNode)
	if !ok {
		return nil, refused("this statement")
	}
	rel := t.query(node, &scope{})
	if t.err != nil {
		return nil, t.err
	}
	out := &Translation{Types: map[int]wharf.Type{}, OfDay: map[int]bool{}, Reads: t.reads, First: t.enough(nodes[0]), Bounds: t.bounds, Outside: t.outside, Warnings: t.warnings}
	items := make([]string, len(rel.columns))
	plain := true
	for i, c := range rel.columns {
		out.Headers = append(out.Headers, c.name)
		decimals := -1
		switch c.expr.kind {
		case kindMoment:
			decimals = c.expr.scale
		case kindDouble:
			if c.expr.places != 0 {
				decimals = max(0, c.expr.places)
			}
		case kindTime:
			decimals, out.OfDay[i] = c.expr.scale, c.expr.ofDay
		}
		switch c.expr.kind {
		case kindTime, kindJSON, kindText, kindNull:
			out.Types[i] = typeOfKind[c.expr.kind]
		}
		out.Decimals = append(out.Decimals, decimals)
		c.expr.sql = fmt.Sprintf("c%d", i)
		if c.expr.kind == kindJSON && !c.expr.normal && t.expressions != nil {
			c.expr = t.evaluates(normalized, []expr{c.expr}, false)
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
	out.SQL = keepArguments(out.SQL)
	return out, nil
}

// modes gives the modes for TiDB's parser.
func modes(m sql.Mode) mysql.SQLMode {
	mode, _ := mysql.GetSQLMode(mysql.DefaultSQLMode + "," + m.String()) // it knows each name
	return mode
}

// withoutLimit leaves out the LIMIT of a query.
func withoutLimit(n ast.Node) {
	switch n := n.(type) {
	case *ast.SelectStmt:
		n.Limit = nil
	case *ast.SetOprStmt:
		n.Limit = nil
	}
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
	outside  map[string]error
	args     []wharf.Value
	mode     sql.Mode
	warnings []sql.Warning
	warned   map[*ast.SelectStmt]bool // that were looked at for warnings
	// quotients is divisionScale; nil while it was not asked for.
	quotients *int
	collation string // of the connection; "" while it was not asked for

	expressions sql.Expressions
	ctx         context.Context // of the statement
	recursive   *cte            // whose query is translated next
	clause      string          // as MySQL calls it in errors
	rollup      []string        // the order of the SELECT that has WITH ROLLUP
	kept        *keptOnce       // of the outermost lambda that is being written
	// widened are the sources behind FROM, by their aliases, to which columns may be added.
	widened map[string]string
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
	row     []expr // of a query that is one row of constants
}

// maxQueries bounds how deep queries may stand in each other.
const maxQueries = 60

func (t *translator) query(node ast.ResultSetNode, outer *scope) queried {
	if t.depth++; t.depth > maxQueries {
		t.fail(wharf.Errorf(wharf.CodeTooLarge, "more than %d queries stand in each other", maxQueries))
	}
	clause := t.clause
	defer func() { t.depth, t.clause = t.depth-1, clause }()
	defer t.unkept()()
	defer t.ungrouped()()
	if t.err != nil {
		return queried{}
	}
	switch n := node.(type) {
	case *ast.SelectStmt:
		return t.selects(n, outer)
	case *ast.SetOprStmt:
		if alone := sql.Parenthesized(n); alone != nil {
			return t.selects(alone, outer)
		}
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
		c := &cte{name: t.fresh(), said: def.Name.L, stored: isStored(def.Query.Query)}
		if w.IsRecursive {
			// Its columns are those of its first part, which does not name it.
			c.columns = t.recursiveColumns(def, inner)
			inner.ctes[def.Name.L] = c
			t.recursive = c
		}
		q := t.query(def.Query.Query, inner)
		if !w.IsRecursive {
			q = materialized(def.Query.Query, q)
			c.columns = named(q.columns, def.ColNameList)
			if n := len(def.ColNameList); n > 0 && n != len(q.columns) && t.err == nil {
				t.fail(because(1353, "HY000", wharf.CodeInvalid, "In definition of view, derived table or common table expression, SELECT list and column names list have different column counts"))
			}
			inner.ctes[def.Name.L] = c
		}
		parts = append(parts, c.name+"("+strings.Join(places(len(q.columns)), ", ")+") AS ("+q.sql+")")
	}
	head := "WITH "
	if w.IsRecursive {
		head = "WITH RECURSIVE "
	}
	return head + strings.Join(parts, ", ") + " ", inner
}

// rounds begins the names of the sequences that count how often a recursive query
// is repeated. The worker makes them for each statement.
const rounds = "mysql_rounds_"

// repeated gives the part of a recursive query that is repeated: DuckDB computes what
// stands beside it once in each repetition, and it is an error where they are more
// than cte_max_recursion_depth. A query that is read at two places is repeated for
// each of them by itself, and is counted by itself.
func (t *translator) repeated(c *cte, part queried) queried {
	most, ok := t.variable("cte_max_recursion_depth")
	if !ok {
		most = 1000
	}
	over := carried(because(3636, "HY000", wharf.CodeInvalid,
		"Recursive query aborted after %d iterations. Try increasing @@cte_max_recursion_depth to a larger value.", most+1))
	part.sql = fmt.Sprintf("SELECT part.* FROM (%s) AS part, (SELECT CASE WHEN nextval('%s%s') > %d THEN error(%s) END AS over) AS round WHERE round.over IS NULL",
		part.sql, rounds, c.name, most, quoteString(over))
	return part
}

// limited gives a recursive query that a LIMIT may follow, which ends the repetitions.
// DuckDB takes no LIMIT within one: it stands around it.
func (t *translator) limited(c *cte, text string, columns []outColumn) string {
	return fmt.Sprintf("WITH RECURSIVE %s(%s) AS (%s) SELECT * FROM %s", c.name, strings.Join(places(len(columns)), ", "), text, c.name)
}

// places are the names of the columns of a translated query.
func places(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("c%d", i)
	}
	return names
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
	columns := named(q.columns, def.ColNameList)
	for i := range columns {
		if e := &columns[i].expr; e.kind == kindBool {
			e.kind, e.logical, e.stored = kindInt, false, false
		}
	}
	return columns
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
