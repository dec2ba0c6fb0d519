package rowexec

import (
	"wharf/sql"
	"wharf/sql/eval"
)

// scope compiles the expressions of one query. What its names mean, it finds in
// itself and in the queries around it.
type scope struct {
	eval.Compiler
	tables func(schema, name string) (sql.ServerTable, error)
	fields []eval.Field // that a name may mean

	outer        *scope               // of the query around this one
	aliases      map[string]eval.Node // of a SELECT's items, by folded name
	aliasesFirst bool                 // before the fields
	sums         *[]aggregate         // those of the SELECT; nil where there may be none
}

// inside returns the scope of a query within that of c, or the same with other
// fields.
func (c *scope) inside(outer *scope, fields []eval.Field) *scope {
	in := &scope{tables: c.tables, outer: outer, fields: fields}
	in.Compiler = eval.Compiler{Env: c.Env, Args: c.Args, Names: in}
	return in
}

// Column compiles a column: one of this query, or of one around it. Aliases
// come first or last, as the clause wants it.
func (c *scope) Column(col sql.Column) (eval.Node, error) {
	for at, up := c, 0; at != nil; at, up = at.outer, up+1 {
		n, ok, err := at.here(col)
		if err != nil {
			return eval.Node{}, err
		}
		if ok {
			return above(n, up), nil
		}
	}
	return eval.Node{}, eval.UnknownColumn(col, c.Clause)
}

func (c *scope) here(col sql.Column) (eval.Node, bool, error) {
	alias, isAlias := c.aliases[eval.Fold(col.Name)]
	isAlias = isAlias && col.Table == ""
	if isAlias && c.aliasesFirst {
		return alias, true, nil
	}
	i, err := eval.FindField(c.fields, col, c.Clause)
	if err != nil || i >= 0 {
		if err != nil {
			return eval.Node{}, false, err
		}
		return eval.FieldNode(c.fields[i], i), true, nil
	}
	return alias, isAlias, nil
}

// above is a node of the query that many levels around.
func above(n eval.Node, up int) eval.Node {
	if up == 0 {
		return n
	}
	inner := n.Eval
	n.Eval = func(ev *eval.Evaluation) (eval.Datum, error) {
		for range up {
			ev = ev.Outer
		}
		return inner(ev)
	}
	return n
}
