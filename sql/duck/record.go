//go:build linux && !noduck

package duck

import (
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
)

// jsonExtract is JSON_EXTRACT and ->. Of a whole row, $1:field, the field is a
// column, so that only that one is read.
func (t *translator) jsonExtract(n *ast.FuncCallExpr, s *scope) expr {
	if field, rest, ok := t.recordField(n, s); ok {
		return t.fieldJSON(field, rest)
	}
	return t.evaluated(n, s, nil)
}

// recordField finds the column that $1->'$.field…' means, and the rest of the
// path. ok is false for any other call.
func (t *translator) recordField(n *ast.FuncCallExpr, s *scope) (e expr, rest string, ok bool) {
	if len(n.Args) != 2 {
		return e, "", false
	}
	column, isColumn := unwrapped(n.Args[0]).(*ast.ColumnNameExpr)
	literal, isLiteral := n.Args[1].(ast.ValueExpr)
	if !isColumn || !isLiteral || column.Name.Name.O != recordPlace {
		return e, "", false
	}
	record := s.record(column.Name.Table.O, recordPlace)
	path, _ := literal.GetValue().(string)
	path, isField := strings.CutPrefix(path, "$.")
	if record == nil || !isField || strings.HasPrefix(path, `"`) || strings.HasPrefix(path, "*") {
		return e, "", false
	}
	end := strings.IndexAny(path, ".[")
	if end < 0 {
		end = len(path)
	}
	for _, fold := range []bool{false, true} {
		for at := s; at != nil; at = at.outer {
			for _, c := range at.columns {
				if c.table == record.table && c.schema == record.schema && !c.asked && (c.name == path[:end] || fold && strings.EqualFold(c.name, path[:end])) {
					return c.expr, path[end:], true
				}
			}
		}
	}
	return expr{sql: "CAST(NULL AS VARCHAR)", kind: kindJSON, normal: true}, "", true
}

// fieldJSON gives a column, or a part of it, as JSON. NULL stays NULL.
func (t *translator) fieldJSON(e expr, rest string) expr {
	switch {
	case (e.kind == kindBool && e.stored || e.logical) && rest == "":
		return t.once([]expr{{sql: e.truth()}}, func(e []expr) expr {
			return expr{sql: "CASE WHEN " + e[0].sql + " THEN 'true' WHEN NOT " + e[0].sql + " THEN 'false' END", kind: kindJSON, normal: true}
		})
	case e.kind == kindBytes:
		e = t.once([]expr{e}, func(e []expr) expr { return text(textOfBytes(e[0].sql)) })
	}
	if e.kind == kindText && rest != "" { // a document that the file has as text
		found := t.evaluates("IF(JSON_VALID(i0), JSON_EXTRACT(i0, "+literal("$"+rest)+"), NULL)", []expr{{sql: e.sql, kind: kindText}}, false)
		found.kind, found.normal = kindJSON, true
		return found
	}
	return t.once([]expr{e}, func(e []expr) expr {
		made := t.evaluates("JSON_EXTRACT(JSON_ARRAY(i0), "+literal("$[0]"+rest)+")", e, false)
		made.sql = "CASE WHEN " + e[0].sql + " IS NOT NULL THEN " + made.sql + " END"
		made.folded, made.collation, made.implied = false, "", false
		return made
	})
}

// textOfBytes gives bytes as JSON has them: as the text that they are, else in
// Base64.
func textOfBytes(sql string) string {
	return "coalesce(TRY(decode(" + sql + ")), to_base64(" + sql + "))"
}
