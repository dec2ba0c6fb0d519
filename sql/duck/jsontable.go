//go:build linux && !noduck

package duck

import (
	"fmt"
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

// jsonTable translates JSON_TABLE, whose document may have columns of the tables
// before it. The server's evaluator makes rows of texts; they become columns.
func (t *translator) jsonTable(call *ast.FuncCallExpr, s *scope) queried {
	spec, _ := call.Args[1].(ast.ValueExpr)
	text := ""
	if spec != nil {
		text, _ = spec.GetValue().(string)
	}
	table, err := sql.ParseJSONColumn(text)
	if err != nil {
		t.fail(err)
		return queried{}
	}
	t.clause = "a table function argument"
	doc := t.expr(call.Args[0], s)
	rows := t.evaluates("`"+sql.JSONTableFunction+"`(i0, "+literal(text)+")", []expr{doc}, false)
	if t.err != nil {
		return queried{}
	}
	var q queried
	var items []string
	seen := map[string]bool{}
	for i, c := range table.Flat() {
		if seen[strings.ToLower(c.Name)] {
			t.fail(because(1060, "42S21", wharf.CodeInvalid, "Duplicate column name '%s'", c.Name))
			return queried{}
		}
		seen[strings.ToLower(c.Name)] = true
		e := t.evaluates("JSON_VALUE(NULL, '$', "+literal(c.String())+")", nil, false) // for its type
		if t.err != nil {
			return queried{}
		}
		e.constant, e.literal = false, nil
		item := fmt.Sprintf("made.r[%d]", i+1)
		if e.kind != kindText && e.kind != kindJSON {
			item = "CAST(" + item + " AS " + e.duck() + ")"
		}
		items = append(items, item+fmt.Sprintf(" AS c%d", i))
		q.columns = append(q.columns, outColumn{name: c.Name, expr: e})
	}
	q.sql = "SELECT " + strings.Join(items, ", ") + ` FROM (SELECT unnest(from_json(` + rows.sql + `, '[["VARCHAR"]]')) AS r) AS made`
	return q
}

// literal writes a string of MySQL's.
func literal(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", "''").Replace(s) + "'"
}
