package eval

import "wharf"

// Shape is what a column of a query has beside its type: the collation of its
// text, and the digits after the point of its decimals and times.
type Shape struct {
	Coll  collating
	Scale int
}

// ColumnShape is the shape of a column that knows nothing of it.
func ColumnShape(coll collationID) Shape { return Shape{collating{coll, ofColumn}, AsItComes} }

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
