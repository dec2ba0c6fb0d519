package sql

import (
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
)

// translator carries one statement of TiDB's over into types of ours.
type translator struct {
	src    source
	plain  plain       // what every statement of ours gets
	params []int       // the offsets of all '?', in order
	files  *fileTables // the locations of the statement; nil without
	depth  int         // of the expression at hand
	// relational is set where an expression needs rows: of a table, of a group
	// or of a subquery.
	relational bool
	reason     string // what there is in it that Wharf does not do; "" if nothing
}

// translate gives the Statement for node, an [Unsupported] for what Wharf
// does not do.
func translate(src source, node ast.StmtNode) (Statement, error) {
	t := &translator{src: src, plain: src.plain()}
	if strings.Contains(src.clean, "?") {
		var m markers
		node.Accept(&m)
		slices.Sort(m.offsets)
		t.params, t.plain.params = m.offsets, len(m.offsets)
	}
	stmt, err := t.statement(node)
	if err == nil {
		if q := t.overTables(node, stmt, nil); q != nil {
			return q, nil
		}
		if q, ok := stmt.(*Query); ok {
			q.Text, q.Mode = src.clean, src.mode
		}
	}
	switch {
	case err != nil:
		return nil, err
	case t.reason != "":
		return unsupported(src, t.reason), nil
	case stmt != nil:
		return stmt, nil
	}
	name := statementName(node)
	if name == "" {
		return nil, src.syntaxError(src.tokenAt(0).start, "expected a statement of MySQL")
	}
	return unsupported(src, name), nil
}

// translateFiles carries over a SELECT over locations. as is src with names in
// their place.
func translateFiles(src, as source, files *fileTables, node ast.StmtNode) (Statement, error) {
	t := &translator{src: as, plain: src.plain(), files: files}
	if strings.Contains(as.clean, "?") {
		var m markers
		node.Accept(&m)
		slices.Sort(m.offsets)
		t.params, t.plain.params = m.offsets, len(m.offsets)
	}
	var stmt Statement
	_, isSet := node.(*ast.SetStmt)
	if isSet || !files.table && !slices.ContainsFunc(files.tables, func(f FileTable) bool { return f.Function == "" }) {
		var err error
		if stmt, err = t.statement(node); err != nil {
			return nil, err
		}
	}
	if q := t.overTables(node, stmt, files); q != nil {
		return q, nil
	}
	switch {
	case t.reason != "":
		return unsupported(src, t.reason), nil
	case stmt != nil && (isSet || len(files.tables) == 0):
		if s, ok := stmt.(*Select); ok {
			s.rename(files.places)
			s.Rewritten, s.Replaced = as.clean, files.places
		}
		return stmt, nil
	}
	if name := statementName(node); name != "" {
		return unsupported(src, name), nil
	}
	return nil, src.syntaxError(src.tokenAt(0).start, "only a SELECT reads files")
}

// overTables gives the Query of a SELECT that names tables, also where its
// parts are beyond what is carried over: an engine for files may read it. It
// gives nil for any other statement.
func (t *translator) overTables(node ast.StmtNode, stmt Statement, files *fileTables) *Query {
	switch node.(type) {
	case *ast.SelectStmt, *ast.SetOprStmt:
	default:
		return nil
	}
	tables := tablesOf(node)
	inEngine := files != nil && (files.table || files.derived)
	if len(tables) == 0 && !inEngine && t.reason == "" {
		return nil
	}
	q, ok := stmt.(*Query)
	if !ok || t.reason != "" {
		q = &Query{plain: t.plain, Beyond: t.reason}
	}
	if files != nil {
		q.Files, q.Replaced = files.tables, files.places
		if stmt == nil {
			q.Beyond = "a query of files"
			if files.table {
				q.Beyond = "JSON_TABLE"
			}
		}
		q.rename()
	}
	q.Text, q.Mode, q.Tables = t.src.clean, t.src.mode, tables
	q.Rows = rowItems(node, q.Replaced)
	t.found(node, q)
	return q
}

// found notes SQL_CALC_FOUND_ROWS of a query, which the first SELECT of a UNION has.
func (t *translator) found(node ast.Node, q *Query) {
	sel, limit := (*ast.SelectStmt)(nil), (*ast.Limit)(nil)
	switch n := node.(type) {
	case *ast.SelectStmt:
		sel, limit = n, n.Limit
	case *ast.SetOprStmt:
		sel, _ = n.SelectList.Selects[0].(*ast.SelectStmt)
		limit = n.Limit
	}
	if sel == nil || sel.SelectStmtOpts == nil || !sel.CalcFoundRows {
		return
	}
	q.Found = true
	if limit != nil {
		outer := t.limit(limit)
		q.Outer = &outer
	}
}

// rename gives the columns the names that were written.
func (s *Select) rename(places []Replacement) {
	for i := range s.Items {
		for _, r := range places {
			s.Items[i].Name = strings.ReplaceAll(s.Items[i].Name, r.Text, r.Written)
		}
	}
}

// rename gives the columns the names that were written.
func (q *Query) rename() {
	for _, part := range q.Parts {
		if part.Select == nil {
			continue
		}
		for i := range part.Select.Items {
			item := &part.Select.Items[i]
			for _, r := range q.Replaced {
				item.Name = strings.ReplaceAll(item.Name, r.Text, r.Written)
			}
		}
	}
}

// statement gives nil where Wharf does nothing of that kind.
func (t *translator) statement(node ast.StmtNode) (Statement, error) {
	switch n := node.(type) {
	case *ast.SelectStmt:
		return t.selects(n)
	case *ast.SetOprStmt:
		return t.query(n), nil
	case *ast.SetStmt:
		return t.set(n)
	case *ast.ShowStmt:
		return t.show(n)
	case *ast.ExplainStmt:
		if show, ok := n.Stmt.(*ast.ShowStmt); ok {
			return t.show(show)
		}
	case *ast.UseStmt:
		return &Use{Database: n.DBName, plain: t.plain}, nil
	case *ast.CreateUserStmt, *ast.AlterUserStmt, *ast.DropUserStmt, *ast.RenameUserStmt, *ast.SetPwdStmt, *ast.SetRoleStmt, *ast.SetDefaultRoleStmt:
		return t.users(n), nil
	case *ast.DoStmt:
		return &Do{Exprs: t.exprs(n.Exprs), plain: t.plain}, nil
	}
	return nil, nil
}

// cannot notes the first thing that Wharf does not do.
func (t *translator) cannot(what string) {
	if t.reason == "" {
		t.reason = what
	}
}

// maxName is the longest name that MySQL gives to a column without an alias,
// in bytes.
const maxName = 255

// trimName shortens the text of an expression to a column's name.
func trimName(s string) string {
	s = strings.TrimSpace(s)
	if len(s) <= maxName {
		return s
	}
	end := 0
	for i := range s {
		if i > maxName {
			break
		}
		end = i
	}
	return s[:end]
}
