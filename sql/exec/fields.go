package exec

import (
	"unicode/utf8"

	"wharf"
	"wharf/sql"
)

// field is one column of a relation.
type field struct {
	wharf.Column
	schema, table string
	hidden        bool // the second of two that USING made one
	shape
}

func fieldsOf(columns []wharf.Column, schema, table string) []field {
	fields := make([]field, len(columns))
	for i, col := range columns {
		fields[i] = field{Column: col, schema: schema, table: table, shape: columnShape(systemCollation)}
	}
	return fields
}

// findField gives the index of the field that a column means, or -1. A name that
// two fields have is a mistake.
func findField(fields []field, col sql.Column) (int, error) {
	found := -1
	for i, f := range fields {
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

// noGroups is the error of an aggregate where there may be none.
func noGroups() error { return invalid(errGroupFunction, "Invalid use of group function") }

// columnNames are the columns of one relation, which a condition on its rows
// may name.
type columnNames struct {
	fields []field
	env    env
	args   []wharf.Value
}

// conditionOn returns the compiler of a condition on the rows of a relation.
func conditionOn(columns []wharf.Column, e env, args []wharf.Value) compiler {
	return compiler{env: e, args: args, names: &columnNames{fieldsOf(columns, "", ""), e, args}}
}

func (c *columnNames) Column(col sql.Column) (node, error) {
	i, err := findField(c.fields, col)
	if err == nil && i < 0 {
		err = unknownColumn(col)
	}
	if err != nil {
		return node{}, err
	}
	return fieldNode(c.fields[i], i), nil
}

func (c *columnNames) Aggregate(sql.Aggregate) (node, error) { return node{}, noGroups() }

func (c *columnNames) Subquery(e sql.Subquery, x node) (node, error) {
	return c.env.Subquery(e, x, c.args)
}
