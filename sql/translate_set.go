package sql

import (
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
)

// set carries over a SET.
func (t *translator) set(n *ast.SetStmt) (Statement, error) {
	s := &Set{plain: t.plain}
	for _, v := range n.Variables {
		s.Assign = append(s.Assign, t.assignment(v))
	}
	return s, nil
}

func (t *translator) assignment(v *ast.VariableAssignment) Assignment {
	a := Assignment{Name: strings.ToLower(v.Name), IsUser: !v.IsSystem}
	if v.IsGlobal {
		a.Scope = ScopeGlobal
	}
	if _, isDefault := v.Value.(*ast.DefaultExpr); !isDefault {
		reason := t.reason
		a.Value = t.setValue(v)
		if a.Query = t.valueQuery(v.Value); a.Query != nil && t.reason != reason {
			a.Value, t.reason = nil, reason
		}
	}
	switch {
	case v.Name == ast.SetNames:
		a.Name, a.IsUser = "names", false
		if v.ExtendValue != nil {
			a.Collation = v.ExtendValue.GetString()
		}
	case v.Name == ast.SetCharset:
		a.Name, a.IsUser = "character set", false
	case v.IsInstance:
		t.cannot("SET INSTANCE")
	case strings.HasPrefix(a.Name, "persist."), strings.HasPrefix(a.Name, "persist_only."):
		t.cannot("SET PERSIST")
	case v.IsSystem && t.isTransaction():
		t.transaction(&a)
	}
	return a
}

// valueQuery is a value that reads tables, as a query of one row. It returns nil
// for others.
func (t *translator) valueQuery(x ast.ExprNode) *Query {
	tables := tablesOf(x)
	if len(tables) == 0 || len(t.params) > 0 {
		return nil
	}
	q := &Query{Beyond: "a query of files", Text: "SELECT " + restoredText(x), Mode: t.src.mode &^ NoBackslashEscapes, Tables: tables}
	q.plain = plain{text: q.Text, mode: q.Mode}
	if t.files != nil {
		q.Files, q.Replaced = t.files.tables, t.files.places
	}
	return q
}

// setValue carries over a value. For a variable of the server a bare word is
// a string: SET x = ON.
func (t *translator) setValue(v *ast.VariableAssignment) Expr {
	if c, ok := v.Value.(*ast.ColumnNameExpr); ok && v.IsSystem && c.Name.Table.O == "" {
		return stringLiteral(c.Name.Name.O)
	}
	return t.expr(v.Value)
}

// isTransaction tells SET [scope] TRANSACTION from a SET of the variables
// that TiDB's parser makes of it.
func (t *translator) isTransaction() bool {
	p := newParser(t.src)
	p.accept("SET")
	_ = p.accept("GLOBAL") || p.accept("SESSION") || p.accept("LOCAL")
	return p.accept("TRANSACTION") && (p.is("ISOLATION") || p.is("READ"))
}

func (t *translator) transaction(a *Assignment) {
	p := newParser(t.src)
	a.Next = p.acceptAll("SET", "TRANSACTION")
	if a.Name == "tx_read_ts" {
		t.cannot("SET TRANSACTION … AS OF")
	}
	if l, ok := a.Value.(Literal); ok && a.Name == "tx_read_only" {
		a.Value = stringLiteral(map[string]string{"0": "READ WRITE", "1": "READ ONLY"}[l.Text])
	}
	a.Name = "transaction"
}
