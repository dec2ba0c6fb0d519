package exec

import (
	"strings"

	"wharf"
	"wharf/sql"
)

// aggregate is a compiled function over the rows of a group.
type aggregate struct {
	name      string
	distinct  bool
	args      []node
	order     []sortKey
	separator string
	typ       wharf.Type
	shape
}

// Aggregate compiles a function over rows, where there may be one.
func (c *scope) Aggregate(e sql.Aggregate) (node, error) {
	if c.sums == nil {
		return node{}, noGroups()
	}
	inner := newScope(c.s, c.args, c.outer, c.fields)
	args, err := inner.compileAll(e.Args)
	if err != nil {
		return node{}, err
	}
	order, err := inner.sortKeys(e.OrderBy, args)
	if err != nil {
		return node{}, err
	}
	a := aggregate{name: e.Name, distinct: e.Distinct, args: args, order: order, separator: e.Separator}
	switch e.Name {
	case "COUNT":
		a.typ = wharf.TypeInt
	case "MIN", "MAX":
		a.typ = args[0].typ
	case "SUM", "AVG":
		a.typ = wharf.TypeFloat
		if numericType(args[0].typ) != wharf.TypeFloat {
			a.typ = wharf.TypeDecimal
		}
	case "GROUP_CONCAT":
		a.typ = wharf.TypeString
	default:
		return node{}, wharf.Errorf(wharf.CodeUnsupported, "the function %s is not supported by Wharf", e.Name)
	}
	if a.shape, err = aggregateShape(e.Name, a.typ, args); err != nil {
		return node{}, err
	}
	*c.sums = append(*c.sums, a)
	i := len(*c.sums) - 1
	return node{typ: a.typ, scale: a.scale, coll: a.coll, wide: a.name == "SUM", eval: func(ev *evaluation) (datum, error) { return ev.sums[i], nil }}, nil
}

// aggregateShape is the shape of an aggregate's column.
func aggregateShape(name string, typ wharf.Type, args []node) (shape, error) {
	coll, err := collatingOf(args, name)
	scale := maxScale(args)
	switch {
	case name == "AVG" && typ == wharf.TypeDecimal && scale != asItComes:
		scale = min(scale+divisionScale, maxDecimalScale)
	case name == "GROUP_CONCAT" || name == "COUNT":
		scale = 0
	}
	return shape{coll, scale}, err
}

// sum is an aggregate of one group as it grows.
type sum struct {
	*aggregate
	seen  rowSet // for DISTINCT
	n     int64
	best  datum // of MIN and MAX
	total *decimal
	float float64
	parts []outText // of GROUP_CONCAT
}

type outText struct {
	text string
	keys []datum
}

func (t outText) sortedBy() []datum { return t.keys }

// add takes a row, unless one of the arguments is NULL.
func (s *sum) add(ev *evaluation) error {
	mark := ev.held.Taken()
	values := make([]datum, len(s.args))
	var key strings.Builder
	for i, n := range s.args {
		d, err := n.eval(ev)
		if err != nil || d.isNull() {
			return err
		}
		if values[i] = d; s.name != "SUM" && s.name != "AVG" {
			values[i] = n.settle(d)
		}
		addKey(&key, d)
	}
	ev.held.ReturnTo(mark) // what is held is counted below
	if s.distinct {
		isNew, err := s.seen.add(ev, key.String())
		if err != nil || !isNew {
			return err
		}
		if err := ev.keep(nil); err != nil { // it counts as a row
			return err
		}
	}
	s.n++
	switch s.name {
	case "MIN":
		return s.take(ev, values[0], -1)
	case "MAX":
		return s.take(ev, values[0], 1)
	case "SUM", "AVG":
		return s.plus(ev, values[0])
	case "GROUP_CONCAT":
		return s.join(ev, values)
	}
	return nil
}

func (s *sum) take(ev *evaluation, d datum, sign int) error {
	if order, _ := compare(d, s.best); s.n > 1 && order*sign <= 0 {
		return nil
	}
	more := d.size() - s.best.size()
	s.best = d
	return ev.hold(more)
}

func (s *sum) plus(ev *evaluation, d datum) error {
	d = ev.number(d, s.typ)
	if s.typ == wharf.TypeFloat {
		s.float += d.toFloat()
		return nil
	}
	if s.total == nil {
		s.total = decimalFromInt(0)
	}
	if s.total = s.total.add(d.toDecimal()); !s.total.fits() {
		return outOfRange("DECIMAL")
	}
	return nil
}

func (s *sum) join(ev *evaluation, values []datum) error {
	keys, err := evaluateKeys(ev, s.order)
	if err != nil {
		return err
	}
	var b strings.Builder
	for _, d := range values {
		b.WriteString(d.text())
	}
	s.parts = append(s.parts, outText{b.String(), keys})
	return ev.keep([]wharf.Value{wharf.Text(b.String())})
}

// result is the value of the group.
func (s *sum) result(ev *evaluation) (datum, error) {
	switch {
	case s.name == "COUNT":
		return intDatum(s.n), nil
	case s.n == 0:
		return nullDatum(), nil
	case s.name == "SUM" && s.typ == wharf.TypeFloat:
		return floatDatum(s.float), nil
	case s.name == "SUM":
		return decDatum(s.total), nil
	case s.name == "AVG" && s.typ == wharf.TypeFloat:
		return floatDatum(s.float / float64(s.n)), nil
	case s.name == "AVG":
		quotient := s.total.divide(decimalFromInt(s.n))
		if s.scale != asItComes {
			return decDatum(quotient.fit(s.scale)), nil
		}
		return decDatum(quotient.fit(min(s.total.scale+divisionScale, maxDecimalScale))), nil
	case s.name == "GROUP_CONCAT":
		return s.joined(ev)
	}
	return s.best, nil
}

// joined is the text of GROUP_CONCAT, no longer than group_concat_max_len.
func (s *sum) joined(ev *evaluation) (datum, error) {
	if err := sortRows(ev, s.parts, outText.sortedBy, s.order); err != nil {
		return nullDatum(), err
	}
	most := int(min(ev.env.Value("group_concat_max_len").Int64(), maxText))
	var b strings.Builder
	for i, part := range s.parts {
		if i > 0 {
			b.WriteString(s.separator)
		}
		b.WriteString(part.text)
		if b.Len() > most {
			ev.env.Warn(warnCutByGroupConcat, "Row %d was cut by GROUP_CONCAT()", i+1)
			return stringDatum(strings.ToValidUTF8(b.String()[:most], "")).collated(s.coll.id), nil
		}
	}
	return stringDatum(b.String()).collated(s.coll.id), nil
}
