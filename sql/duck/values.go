//go:build linux && !noduck

package duck

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
)

// values is VALUES ROW(…), ROW(…).
func (t *translator) values(n *ast.SelectStmt, outer *scope) queried {
	var parts []queried
	for _, row := range n.Lists {
		var q queried
		var items []string
		for i, v := range row.Values {
			e := t.expr(v, outer)
			items, q.row = append(items, fmt.Sprintf("%s AS c%d", e.sql, i)), append(q.row, e)
			e.sql, e.literal = "", nil
			q.columns = append(q.columns, outColumn{name: fmt.Sprintf("column_%d", i), expr: e})
		}
		q.sql = "SELECT " + strings.Join(items, ", ")
		parts = append(parts, q)
	}
	if t.err != nil {
		return queried{}
	}
	columns := t.unifyParts(parts)
	if t.err != nil {
		return queried{}
	}
	ops := slices.Repeat([]string{"UNION ALL"}, len(parts))
	sql, ok := t.rows(parts, ops, columns)
	if !ok {
		cast := make([]string, len(parts))
		for i, q := range parts {
			cast[i] = castTo(q, columns)
		}
		sql = strings.Join(cast, " UNION ALL ")
	}
	if n.OrderBy != nil {
		sql = t.orderedUnion(sql, n.OrderBy.Items, columns)
	}
	return queried{sql: sql + t.limit(n.Limit, outer), columns: columns}
}

// rows writes the union of rows of constants as one list, which DuckDB gives in
// that order. ok is false where there are others.
func (t *translator) rows(parts []queried, ops []string, columns []outColumn) (sql string, ok bool) {
	if t.err != nil || len(parts) < 2 {
		return "", false
	}
	distinct := ops[1] == "UNION"
	names := make([]string, len(columns))
	for i := range names {
		names[i] = fmt.Sprintf("c%d", i)
	}
	lists := make([]string, len(parts))
	for i, q := range parts {
		if q.row == nil || i > 0 && ops[i] != "UNION ALL" && ops[i] != "UNION" || i > 0 && (ops[i] == "UNION") != distinct {
			return "", false
		}
		values := make([]string, len(columns))
		for k, e := range q.row {
			if !e.constant {
				return "", false
			}
			values[k] = e.as(columns[k].expr)
		}
		lists[i] = fmt.Sprintf("(%s, %d)", strings.Join(values, ", "), i)
	}
	list := "(VALUES " + strings.Join(lists, ", ") + ") AS list(" + strings.Join(names, ", ") + ", place)"
	shown := "SELECT " + strings.Join(names, ", ") + " FROM "
	if !distinct {
		return shown + list, true
	}
	keys := make([]string, len(columns))
	for i, c := range columns {
		e := c.expr
		e.sql = names[i]
		keys[i] = t.group(e)
	}
	return "SELECT * FROM (" + shown + "(SELECT DISTINCT ON (" + strings.Join(keys, ", ") + ") * FROM " + list + " ORDER BY place) AS kept ORDER BY place) AS list", true
}
