//go:build linux && !noduck

package duck

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"wharf"
	"wharf/sql"
)

// jsonTableOf gives the call that stands for JSON_TABLE in a query, or nil.
func jsonTableOf(n *ast.TableSource) *ast.FuncCallExpr {
	q, ok := n.Source.(*ast.SelectStmt)
	if !ok || !n.Lateral || q.From != nil || len(q.Fields.Fields) != 1 {
		return nil
	}
	call, ok := q.Fields.Fields[0].Expr.(*ast.FuncCallExpr)
	if !ok || call.FnName.O != sql.JSONTableFunction || len(call.Args) != 2 {
		return nil
	}
	return call
}

// documentRows are the rows of JSON_TABLE: text for a list of them in JSON, each a list
// of texts, and how these become columns.
type documentRows struct {
	sql     string
	columns []outColumn
}

// jsonRows translates JSON_TABLE, whose document may have columns of the tables
// before it. The server's evaluator makes the rows.
func (t *translator) jsonRows(call *ast.FuncCallExpr, s *scope) documentRows {
	spec, _ := call.Args[1].(ast.ValueExpr)
	text := ""
	if spec != nil {
		text, _ = spec.GetValue().(string)
	}
	table, err := sql.ParseJSONColumn(text)
	if err != nil {
		t.fail(err)
		return documentRows{}
	}
	t.clause = "a table function argument"
	doc := t.expr(call.Args[0], s)
	rows := documentRows{sql: t.evaluates("`"+sql.JSONTableFunction+"`(i0, "+literal(text)+")", []expr{doc}, false).sql}
	seen := map[string]bool{}
	for _, c := range table.Flat() {
		if seen[strings.ToLower(c.Name)] {
			t.fail(because(1060, "42S21", wharf.CodeInvalid, "Duplicate column name '%s'", c.Name))
		}
		seen[strings.ToLower(c.Name)] = true
		e := t.evaluates("JSON_VALUE(NULL, '$', "+literal(c.String())+")", nil, false) // for its type
		if e.constant, e.literal = false, nil; e.kind == kindText {
			if e.binary, e.folded = false, true; c.Charset == "" {
				e.collation = t.connection()
			}
			if e.implied = true; c.Collation != "" {
				e = t.collate(e, c.Collation)
			}
		}
		rows.columns = append(rows.columns, outColumn{name: c.Name, expr: e})
	}
	return rows
}

// list gives the rows as a list of lists of texts.
func list(rows string) string { return "from_json(" + rows + `, '[["VARCHAR"]]')` }

// column gives a column of one of the rows.
func (d documentRows) column(row string, i int) string {
	item := fmt.Sprintf("%s[%d]", row, i+1)
	if e := d.columns[i].expr; e.kind != kindText && e.kind != kindJSON {
		item = "CAST(" + item + " AS " + e.duck() + ")"
	}
	return item
}

// query gives the rows as a query, with their order in the column place.
func (d documentRows) query() queried {
	items := make([]string, len(d.columns))
	for i := range items {
		items[i] = fmt.Sprintf("%s AS c%d", d.column("made.r", i), i)
	}
	from := "(SELECT unnest(" + list(d.sql) + ") AS r, generate_subscripts(" + list(d.sql) + ", 1) AS place) AS made"
	return queried{sql: "SELECT " + strings.Join(items, ", ") + ", made.place AS " + placeColumn + " FROM " + from, columns: d.columns}
}

// read finds the names of sources that a translated text may read. It may find some in
// the text's strings, too.
var read = regexp.MustCompile(`\bt\d+\b`)

// unnested gives the tables left of JSON_TABLE with its rows in them: DuckDB joins a
// correlated query by hashes, which does not keep the order of a document's rows. With
// outer, a document without rows has one of NULLs. The columns from start on are those
// of the tables on the left.
func (t *translator) unnested(n *ast.TableSource, left string, rows documentRows, outer bool, s *scope, start int) string {
	column := quoteName("wharf rows " + t.fresh())
	text := rows.sql
	if outer {
		text = "coalesce(nullif(" + text + ", '[]'), '[null]')"
	}
	alias, joined := t.fresh(), ""
	unnest := ", unnest(" + list(text) + ") AS " + column + " FROM "
	of := read.FindAllString(rows.sql, -1)
	slices.Sort(of)
	if of = slices.Compact(of); len(of) == 1 && t.isWide(of[0], left) {
		alias = of[0]
		was := t.widened[alias]
		joined = strings.Replace(left, was, t.wide(alias, "(SELECT "+alias+".*"+unnest+was+")"), 1)
	} else {
		// Each table is one column, whose fields are called as its columns were.
		var tables []string
		for _, c := range s.columns[start:] {
			if name := read.FindString(c.expr.sql); !slices.Contains(tables, name) {
				tables = append(tables, name)
			}
		}
		t.narrow(left)
		joined = t.wide(alias, "(SELECT "+strings.Join(tables, ", ")+unnest+left+")")
	}
	for i, c := range rows.columns {
		e := c.expr.asColumn()
		e.sql = rows.column(alias+"."+column, i)
		s.columns = append(s.columns, scoped{table: n.AsName.O, name: c.name, expr: e})
	}
	return joined
}

// literal writes a string of MySQL's.
func literal(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", "''").Replace(s) + "'"
}
