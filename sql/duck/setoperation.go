//go:build linux && !noduck

package duck

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
)

func (t *translator) setOperation(with *ast.WithClause, parts []ast.Node, order *ast.OrderByClause, limit *ast.Limit, outer *scope) queried {
	recursive := t.recursive
	t.recursive = nil
	head, s := t.with(with, outer)
	var out []queried
	var ops []string
	for i, part := range parts {
		var q queried
		var op *ast.SetOprType
		switch n := part.(type) {
		case *ast.SelectStmt:
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
		if recursive != nil && i > 0 && i == len(parts)-1 {
			q = t.repeated(recursive, q)
		}
		out = append(out, q)
		ops = append(ops, setOperator(op))
	}
	t.ungrouped()                                        // of the last part
	if len(out) == 1 && (order != nil || limit != nil) { // DuckDB orders and limits a query in parentheses once
		out[0].sql = "SELECT * FROM (" + out[0].sql + ") AS part"
	}
	columns := t.columnsOf(recursive, parts, out)
	if t.err != nil {
		return queried{}
	}
	text := t.united(out, ops, columns)
	if order != nil {
		text = t.orderedUnion(text, order.Items, columns)
	}
	text = head + text
	if recursive != nil && limit != nil {
		text = t.limited(recursive, text, columns)
	}
	return queried{sql: text + t.limit(limit, s), columns: columns}
}

// united writes the parts of a set operation with what is between them.
func (t *translator) united(parts []queried, ops []string, columns []outColumn) string {
	if rows, ok := t.rows(parts, ops, columns); ok {
		return rows
	}
	keyed := slices.ContainsFunc(columns, func(c outColumn) bool { return c.expr.folded || c.expr.kind == kindJSON })
	if keyed && slices.ContainsFunc(ops[1:], func(op string) bool { return op != "UNION ALL" }) {
		return t.combined(parts, ops, columns)
	}
	var b strings.Builder
	for i, q := range parts {
		if i > 0 {
			b.WriteString(" " + ops[i] + " ")
		}
		b.WriteString(castTo(q, columns))
	}
	return b.String()
}

// orderedUnion orders a set operation. DuckDB orders one by its columns alone, not
// by what is computed of them, such as the key of a collation.
func (t *translator) orderedUnion(text string, items []*ast.ByItem, columns []outColumn) string {
	order := t.orderOf(items, columns)
	if strings.Contains(order, "(") {
		text = "SELECT * FROM (" + text + ") AS united"
	}
	return text + order
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
		// Of rows that are the same, the n-th matches the n-th of the other part only.
		counted := func(join string) string {
			count := "(SELECT *, row_number() OVER (PARTITION BY " + strings.Join(keys, ", ") + ") AS copy FROM ("
			return "SELECT " + strings.Join(names, ", ") + " FROM (SELECT l.* FROM " + count + all + ") AS part) AS l " + join + " JOIN " +
				count + next + ") AS part) AS r ON l.copy = r.copy AND " + strings.Join(same, " AND ") + ") AS part"
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
		case "INTERSECT ALL":
			all = counted("SEMI")
		case "EXCEPT ALL":
			all = counted("ANTI")
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

// columnsOf gives the columns of a set operation, which may be that of a recursive query,
// whose parts it fits to those that do not name it.
func (t *translator) columnsOf(recursive *cte, parts []ast.Node, out []queried) []outColumn {
	from := len(parts)
	if recursive != nil {
		from = recursive.recursiveFrom(parts)
	}
	columns := t.unifyParts(out)
	if from == len(parts) || t.err != nil {
		return columns
	}
	columns = t.unifyParts(out[:from])
	for i := from; i < len(out); i++ {
		out[i] = t.fit(out[i], columns, recursive.columns, parts[:from])
	}
	return columns
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
