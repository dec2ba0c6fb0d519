package eval

import (
	"cmp"
	"strings"
	"unicode/utf8"

	"wharf"
	"wharf/sql"
)

// Field is one column of a relation.
type Field struct {
	wharf.Column
	Schema, Table string
	AnyCase       bool // Table is the name of one of the server's tables, which has no letter case
	Hidden        bool // the second of two that USING made one
	Typed         bool // its header is the name as it was typed
	logical       bool // as of a Node
	width         int  // as of a Node
	Shape
}

// FieldsOf returns the columns of a table as fields, with the collation of the
// names that the server gives.
func FieldsOf(columns []wharf.Column, schema, table string) []Field {
	fields := make([]Field, len(columns))
	for i, col := range columns {
		fields[i] = Field{Column: col, Schema: schema, Table: table, Shape: columnShape(systemCollation)}
		switch col.Type {
		case wharf.TypeInt, wharf.TypeUint, wharf.TypeBool:
			fields[i].Scale = 0
		}
	}
	return fields
}

// FindField gives the index of the field that a column means, or -1. A name that
// two fields have is a mistake. The clause is as MySQL calls it; "" is the field list.
func FindField(fields []Field, col sql.Column, clause string) (int, error) {
	found := -1
	for i, f := range fields {
		switch {
		case Fold(f.Name) != Fold(col.Name):
		case !f.IsOf(col.Schema, col.Table):
		case col.Table == "" && f.Hidden:
		case found >= 0:
			return -1, Ambiguous(col, clause)
		default:
			found = i
		}
	}
	return found, nil
}

// Ambiguous is the error of a name that two columns have. The clause is as MySQL calls it; ""
// is the field list.
func Ambiguous(col sql.Column, clause string) error {
	return Invalid(errAmbiguous, "Column '%s' in %s is ambiguous", shownColumn(col), cmp.Or(clause, fieldList))
}

// fieldList is the clause of the items of a SELECT.
const fieldList = "field list"

// IsOf reports whether the names of a schema and of a table, which may be "", are the field's.
// The letter case of an alias counts, as lower_case_table_names = 0 says.
func (f Field) IsOf(schema, table string) bool {
	return (table == "" || f.Table == table || f.AnyCase && Fold(f.Table) == Fold(table)) && (schema == "" || Fold(f.Schema) == Fold(schema))
}

func shownColumn(col sql.Column) string {
	name := col.Name
	if col.Table != "" {
		name = strings.TrimLeft(col.Schema+"."+col.Table+"."+name, ".")
	}
	if !utf8.ValidString(name) {
		return ""
	}
	return CutRunes(name, 200)
}

// UnknownColumn is the error of a column that there is not. The clause is as MySQL
// calls it; "" is the field list.
func UnknownColumn(col sql.Column, clause string) error {
	return Invalid(ErrUnknownColumn, "Unknown column '%s' in '%s'", shownColumn(col), cmp.Or(clause, fieldList))
}

// FieldNode reads the value at i of the row.
func FieldNode(f Field, i int) Node {
	return Node{Typ: f.Type, Scale: f.Scale, Coll: f.Coll, Logical: f.logical, width: f.width, column: true, Eval: func(ev *Evaluation) (Datum, error) {
		return f.Read(ev.Row[i], f.Type), nil
	}}
}

// NoGroups is the error of an aggregate where there may be none.
func NoGroups() error { return Invalid(errGroupFunction, "Invalid use of group function") }

// columnNames are the columns of one relation, which a condition on its rows
// may name.
type columnNames struct {
	fields []Field
	env    Env
	args   []wharf.Value
}

// ConditionOn returns the compiler of a condition on the rows of a relation.
func ConditionOn(columns []wharf.Column, e Env, args []wharf.Value) Compiler {
	return Compiler{Env: e, Args: args, Names: &columnNames{FieldsOf(columns, "", ""), e, args}}
}

// Column finds a column of the relation.
func (c *columnNames) Column(col sql.Column) (Node, error) {
	i, err := FindField(c.fields, col, "")
	if err == nil && i < 0 {
		err = UnknownColumn(col, "where clause")
	}
	if err != nil {
		return Node{}, err
	}
	return FieldNode(c.fields[i], i), nil
}

// Aggregate refuses: a condition on rows has no groups.
func (c *columnNames) Aggregate(sql.Aggregate) (Node, error) { return Node{}, NoGroups() }

// Subquery leaves a query to the environment.
func (c *columnNames) Subquery(e sql.Subquery, x Node) (Node, error) {
	return c.env.Subquery(e, x, c.args)
}

// HoldsTrue evaluates a condition; one that was not given holds.
func HoldsTrue(ev *Evaluation, where Node) (bool, error) {
	if where.Eval == nil {
		return true, nil
	}
	mark := ev.Held.Taken()
	d, err := where.Eval(ev)
	isTrue, _ := ev.Truth(d)
	ev.Held.ReturnTo(mark)
	return isTrue, err
}

// Shape is what a column of a query has beside its type: the collation of its
// text, and the digits after the point of its decimals and times.
type Shape struct {
	Coll  collating
	Scale int
}

// columnShape is the shape of a column that knows nothing of it.
func columnShape(coll collationID) Shape { return Shape{collating{coll, ofColumn}, AsItComes} }

// Shape is that of a column which shows the node.
func (n Node) Shape() Shape {
	s := Shape{n.Coll, n.Scale}
	if s.Coll.firm != ofExplicit && s.Coll.firm != noText {
		s.Coll.firm = ofColumn
	}
	return s
}

// Meet is the shape of a column of a union.
func (s Shape) Meet(o Shape) (Shape, error) {
	coll, err := s.Coll.Meet(o.Coll, "UNION")
	scale := max(s.Scale, o.Scale)
	if s.Scale == AsItComes || o.Scale == AsItComes {
		scale = AsItComes
	}
	return Shape{coll, scale}, err
}

// Read takes over the value of a column.
func (s Shape) Read(v wharf.Value, typ wharf.Type) Datum {
	return DatumOf(v, typ).Collated(s.Coll.Id)
}
