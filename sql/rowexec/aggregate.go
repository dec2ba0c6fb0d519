package rowexec

import (
	"strings"

	"wharf"
	"wharf/sql"
	"wharf/sql/eval"
)

// aggregate is a compiled function over the rows of a group.
type aggregate struct {
	name      string
	distinct  bool
	args      []eval.Node
	order     []sortKey
	separator string
	typ       wharf.Type
	more      int // of AVG: eval.DivisionScale
	eval.Shape
}

// Aggregate compiles a function over rows, where there may be one.
func (c *scope) Aggregate(e sql.Aggregate) (eval.Node, error) {
	if c.sums == nil {
		return eval.Node{}, eval.NoGroups()
	}
	inner := c.inside(c.outer, c.fields)
	args, err := inner.CompileAll(e.Args)
	if err != nil {
		return eval.Node{}, err
	}
	order, err := inner.sortKeys(e.OrderBy, args)
	if err != nil {
		return eval.Node{}, err
	}
	a := aggregate{name: e.Name, distinct: e.Distinct, args: args, order: order, separator: e.Separator, more: eval.DivisionScale(c.Env)}
	switch e.Name {
	case "COUNT":
		a.typ = wharf.TypeInt
	case "MIN", "MAX":
		a.typ = args[0].Typ
	case "SUM", "AVG":
		a.typ = wharf.TypeFloat
		if eval.NumericType(args[0].Typ) != wharf.TypeFloat {
			a.typ = wharf.TypeDecimal
		}
	case "GROUP_CONCAT":
		a.typ = wharf.TypeString
	default:
		return eval.Node{}, wharf.Errorf(wharf.CodeUnsupported, "the function %s is not supported by Wharf", e.Name)
	}
	if a.Shape, err = a.shape(); err != nil {
		return eval.Node{}, err
	}
	*c.sums = append(*c.sums, a)
	i := len(*c.sums) - 1
	return eval.Node{Typ: a.typ, Scale: a.Scale, Coll: a.Coll, Wide: a.name == "SUM", Eval: func(ev *eval.Evaluation) (eval.Datum, error) { return ev.Sums[i], nil }}, nil
}

// shape is the shape of an aggregate's column.
func (a *aggregate) shape() (eval.Shape, error) {
	coll, err := eval.CollatingOf(a.args, a.name)
	scale := eval.MaxScale(a.args)
	switch {
	case a.name == "AVG" && a.typ == wharf.TypeDecimal && scale != eval.AsItComes:
		scale = min(scale+a.more, eval.MaxDecimalScale)
	case a.name == "GROUP_CONCAT" || a.name == "COUNT":
		scale = 0
	}
	return eval.Shape{Coll: coll, Scale: scale}, err
}

// sum is an aggregate of one group as it grows.
type sum struct {
	*aggregate
	seen  rowSet // for DISTINCT
	n     int64
	best  eval.Datum // of MIN and MAX
	total *eval.Decimal
	float float64
	parts []outText // of GROUP_CONCAT
}

type outText struct {
	text string
	keys []eval.Datum
}

func (t outText) sortedBy() []eval.Datum { return t.keys }

// add takes a row, unless one of the arguments is NULL.
func (s *sum) add(ev *eval.Evaluation) error {
	mark := ev.Held.Taken()
	values := make([]eval.Datum, len(s.args))
	var key strings.Builder
	for i, n := range s.args {
		d, err := n.Eval(ev)
		if err != nil || d.IsNull() {
			return err
		}
		if values[i] = d; s.name != "SUM" && s.name != "AVG" {
			values[i] = n.Settle(d)
		}
		addKey(&key, d)
	}
	ev.Held.ReturnTo(mark) // what is held is counted below
	if s.distinct {
		isNew, err := s.seen.add(ev, key.String())
		if err != nil || !isNew {
			return err
		}
		if err := ev.Keep(nil); err != nil { // it counts as a row
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

func (s *sum) take(ev *eval.Evaluation, d eval.Datum, sign int) error {
	if order, _ := eval.Compare(d, s.best); s.n > 1 && order*sign <= 0 {
		return nil
	}
	more := d.Size() - s.best.Size()
	s.best = d
	return ev.Hold(more)
}

func (s *sum) plus(ev *eval.Evaluation, d eval.Datum) error {
	d = ev.Number(d, s.typ)
	if s.typ == wharf.TypeFloat {
		s.float += d.ToFloat()
		return nil
	}
	if s.total == nil {
		s.total = eval.DecimalFromInt(0)
	}
	if s.total = s.total.Add(d.ToDecimal()); !s.total.Fits() {
		return eval.OutOfRange("DECIMAL")
	}
	return nil
}

func (s *sum) join(ev *eval.Evaluation, values []eval.Datum) error {
	keys, err := evaluateKeys(ev, s.order)
	if err != nil {
		return err
	}
	var b strings.Builder
	for _, d := range values {
		b.WriteString(d.Text())
	}
	s.parts = append(s.parts, outText{b.String(), keys})
	return ev.Keep([]wharf.Value{wharf.Text(b.String())})
}

// result is the value of the group.
func (s *sum) result(ev *eval.Evaluation) (eval.Datum, error) {
	switch {
	case s.name == "COUNT":
		return eval.IntDatum(s.n), nil
	case s.n == 0:
		return eval.NullDatum(), nil
	case s.name == "SUM" && s.typ == wharf.TypeFloat:
		return eval.FloatDatum(s.float), nil
	case s.name == "SUM":
		return eval.DecDatum(s.total), nil
	case s.name == "AVG" && s.typ == wharf.TypeFloat:
		return eval.FloatDatum(s.float / float64(s.n)), nil
	case s.name == "AVG":
		quotient := s.total.Divide(eval.DecimalFromInt(s.n), s.more)
		if s.Scale != eval.AsItComes {
			return eval.DecDatum(quotient), nil // it is rounded where it is shown
		}
		return eval.DecDatum(quotient.Fit(min(s.total.Scale+s.more, eval.MaxDecimalScale))), nil
	case s.name == "GROUP_CONCAT":
		return s.joined(ev)
	}
	return s.best, nil
}

// joined is the text of GROUP_CONCAT, no longer than group_concat_max_len.
func (s *sum) joined(ev *eval.Evaluation) (eval.Datum, error) {
	if err := sortRows(ev, s.parts, outText.sortedBy, s.order); err != nil {
		return eval.NullDatum(), err
	}
	most := int(min(ev.Env.Value("group_concat_max_len").Int64(), eval.MaxText))
	var b strings.Builder
	for i, part := range s.parts {
		if i > 0 {
			b.WriteString(s.separator)
		}
		b.WriteString(part.text)
		if b.Len() > most {
			ev.Env.Warn(eval.WarnCutByGroupConcat, "Row %d was cut by GROUP_CONCAT()", i+1)
			return eval.StringDatum(strings.ToValidUTF8(b.String()[:most], "")).Collated(s.Coll.Id), nil
		}
	}
	return eval.StringDatum(b.String()).Collated(s.Coll.Id), nil
}
