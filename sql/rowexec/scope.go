package rowexec

import (
	"slices"

	"wharf/sql"
	"wharf/sql/eval"
)

// scope compiles the expressions of one query. What its names mean, it finds in
// itself and in the queries around it.
type scope struct {
	eval.Compiler
	tables func(schema, name string) (sql.ServerTable, error)
	fields []eval.Field // that a name may mean

	outer *scope // of the query around this one
	items []item // of the SELECT
	seen  itemsSeen
	later []sql.QueryItem // that are not compiled yet
	// grouped are the fields that the SELECT's rows are grouped by.
	grouped []int
	sums    *[]aggregate // those of the SELECT; nil where there may be none
}

// inside returns the scope of a query within that of c, or the same with other
// fields.
func (c *scope) inside(outer *scope, fields []eval.Field) *scope {
	in := &scope{tables: c.tables, outer: outer, fields: fields}
	in.Compiler = eval.Compiler{Env: c.Env, Args: c.Args, Names: in}
	return in
}

// Column compiles a column: one of this query, or of one around it. The SELECT's items
// come first or last, as the clause wants it.
func (c *scope) Column(col sql.Column) (eval.Node, error) {
	for at, up := c, 0; at != nil; at, up = at.outer, up+1 {
		n, ok, err := at.here(col, up > 0)
		if err != nil {
			return eval.Node{}, err
		}
		if ok {
			return above(n, up), nil
		}
	}
	return eval.Node{}, eval.UnknownColumn(col, c.Clause)
}

// here compiles a column of this query. Inner is set where a query within asks, to which FROM
// comes first.
func (c *scope) here(col sql.Column, inner bool) (eval.Node, bool, error) {
	first := !inner && (c.seen == itemsFirst || c.seen == itemsOfNames)
	if col.Table != "" || c.seen == itemsUnseen || c.seen == itemsInner && !inner {
		return c.field(col, inner)
	}
	if !first {
		if n, ok, err := c.field(col, inner); ok || err != nil {
			return n, ok, err
		}
	}
	it, err := c.item(col, c.Clause, c.seen == itemsOfNames)
	switch {
	case it == nil && err == nil && slices.ContainsFunc(c.later, func(later sql.QueryItem) bool { return eval.Fold(later.Name) == eval.Fold(col.Name) }):
		return eval.Node{}, false, unreadyItem(col, "forward reference in item list")
	case it != nil && c.seen == itemsInner && it.summed:
		return eval.Node{}, false, unreadyItem(col, "reference to group function")
	case it != nil:
		return it.node, true, nil
	case err != nil || !first:
		return eval.Node{}, false, err
	}
	return c.field(col, inner)
}

// unreadyItem is the error of a name that a query within a SELECT's items has, of another item.
func unreadyItem(col sql.Column, reason string) error {
	return eval.Invalid(errUnready, "Reference '%s' not supported (%s)", eval.CutRunes(col.Name, 64), reason)
}

// field compiles a column of FROM: in HAVING, one that is an item or grouped by.
func (c *scope) field(col sql.Column, inner bool) (eval.Node, bool, error) {
	i, err := eval.FindField(c.fields, col, c.Clause)
	if err != nil || i < 0 {
		return eval.Node{}, false, err
	}
	isItem := func(it item) bool { return it.field == i }
	if c.seen == itemsOfNames && !inner && !slices.Contains(c.grouped, i) && !slices.ContainsFunc(c.items, isItem) {
		return eval.Node{}, false, nil
	}
	return eval.FieldNode(c.fields[i], i), true, nil
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
