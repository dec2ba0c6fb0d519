package exec

import (
	"wharf"
	"wharf/sql"
)

// scope compiles the expressions of one query. What its names mean, it finds in
// itself and in the queries around it.
type scope struct {
	compiler
	s      *Session
	fields []field // that a name may mean

	outer        *scope          // of the query around this one
	aliases      map[string]node // of a SELECT's items, by folded name
	aliasesFirst bool            // before the fields
	sums         *[]aggregate    // those of the SELECT; nil where there may be none
}

func newScope(s *Session, args []wharf.Value, outer *scope, fields []field) *scope {
	c := &scope{s: s, outer: outer, fields: fields}
	c.compiler = compiler{env: s, args: args, names: c}
	return c
}

// Column compiles a column: one of this query, or of one around it. Aliases
// come first or last, as the clause wants it.
func (c *scope) Column(col sql.Column) (node, error) {
	for at, up := c, 0; at != nil; at, up = at.outer, up+1 {
		n, ok, err := at.here(col)
		if err != nil {
			return node{}, err
		}
		if ok {
			return above(n, up), nil
		}
	}
	return node{}, unknownColumn(col)
}

func (c *scope) here(col sql.Column) (node, bool, error) {
	alias, isAlias := c.aliases[fold(col.Name)]
	isAlias = isAlias && col.Table == ""
	if isAlias && c.aliasesFirst {
		return alias, true, nil
	}
	i, err := findField(c.fields, col)
	if err != nil || i >= 0 {
		if err != nil {
			return node{}, false, err
		}
		return fieldNode(c.fields[i], i), true, nil
	}
	return alias, isAlias, nil
}

// above is a node of the query that many levels around.
func above(n node, up int) node {
	if up == 0 {
		return n
	}
	eval := n.eval
	n.eval = func(ev *evaluation) (datum, error) {
		for range up {
			ev = ev.outer
		}
		return eval(ev)
	}
	return n
}
