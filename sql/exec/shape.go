package exec

import "wharf"

// shape is what a column of a query has beside its type: the collation of its
// text, and the digits after the point of its decimals and times.
type shape struct {
	coll  collating
	scale int
}

// columnShape is the shape of a column that knows nothing of it.
func columnShape(coll collationID) shape { return shape{collating{coll, ofColumn}, asItComes} }

// shape is that of a column which shows the node.
func (n node) shape() shape {
	s := shape{n.coll, n.scale}
	if s.coll.firm != ofExplicit && s.coll.firm != noText {
		s.coll.firm = ofColumn
	}
	return s
}

// meet is the shape of a column of a union.
func (s shape) meet(o shape) (shape, error) {
	coll, err := s.coll.meet(o.coll, "UNION")
	scale := max(s.scale, o.scale)
	if s.scale == asItComes || o.scale == asItComes {
		scale = asItComes
	}
	return shape{coll, scale}, err
}

// read takes over the value of a column.
func (s shape) read(v wharf.Value, typ wharf.Type) datum {
	return datumOf(v, typ).collated(s.coll.id)
}
