package exec

import (
	"unicode/utf8"

	"wharf/sql"
)

// find gives the index of the field that a column means, or -1. A name that
// two fields have is a mistake.
func (c *compiler) find(col sql.Column) (int, error) {
	found := -1
	for i, f := range c.fields {
		switch {
		case fold(f.Name) != fold(col.Name):
		case col.Table != "" && fold(f.table) != fold(col.Table), col.Schema != "" && fold(f.schema) != fold(col.Schema):
		case col.Table == "" && f.hidden:
		case found >= 0:
			return -1, invalid(errAmbiguous, "Column '%s' is ambiguous", shownColumn(col))
		default:
			found = i
		}
	}
	return found, nil
}

func shownColumn(col sql.Column) string {
	name := col.Name
	if col.Table != "" {
		name = col.Table + "." + name
	}
	if !utf8.ValidString(name) {
		return ""
	}
	return cutRunes(name, 200)
}

func unknownColumn(col sql.Column) error {
	return invalid(errUnknownColumn, "Unknown column '%s'", shownColumn(col))
}

// fieldNode reads the value at i of the row.
func fieldNode(f field, i int) node {
	return node{typ: f.Type, scale: f.scale, coll: f.coll, eval: func(ev *evaluation) (datum, error) {
		return f.read(ev.row[i], f.Type), nil
	}}
}

// column compiles a column: one of this query, or of one around it. Aliases
// come first or last, as the clause wants it.
func (c *compiler) column(col sql.Column) (node, error) {
	for scope, up := c, 0; scope != nil; scope, up = scope.outer, up+1 {
		n, ok, err := scope.here(col)
		if err != nil {
			return node{}, err
		}
		if ok {
			return above(n, up), nil
		}
	}
	return node{}, unknownColumn(col)
}

func (c *compiler) here(col sql.Column) (node, bool, error) {
	alias, isAlias := c.aliases[fold(col.Name)]
	isAlias = isAlias && col.Table == ""
	if isAlias && c.aliasesFirst {
		return alias, true, nil
	}
	i, err := c.find(col)
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
