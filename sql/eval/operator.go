package eval

import (
	"math"

	"wharf"
	"wharf/sql"
)

func (c *Compiler) unary(e sql.Unary) (Node, error) {
	x, err := c.Compile(e.X)
	if err != nil {
		return Node{}, err
	}
	switch e.Op {
	case "-":
		return c.inRange(e, negation(e.X, x)), nil
	case "+":
		return x, nil
	case "NOT", "!":
		return Node{Typ: wharf.TypeInt, Logical: true, Eval: func(ev *Evaluation) (Datum, error) {
			d, err := x.Eval(ev)
			isTrue, known := ev.Truth(d)
			if err != nil || !known {
				return NullDatum(), err
			}
			return BoolDatum(!isTrue), nil
		}}, nil
	case "~":
		if x.isBinary() {
			return inverted(x), nil
		}
		return Node{Typ: wharf.TypeUint, Eval: func(ev *Evaluation) (Datum, error) {
			d, err := x.Eval(ev)
			if err != nil || d.IsNull() {
				return NullDatum(), err
			}
			return UintDatum(^ev.bits(d)), nil
		}}, nil
	}
	return Node{}, wharf.Errorf(wharf.CodeUnsupported, "the operator %s is not supported by Wharf", e.Op)
}

// inverted compiles ~ of a binary string.
func inverted(x Node) Node {
	return Node{Typ: wharf.TypeBytes, Eval: func(ev *Evaluation) (Datum, error) {
		d, err := x.Eval(ev)
		if err != nil || d.IsNull() {
			return NullDatum(), err
		}
		out := []byte(d.Text())
		for i := range out {
			out[i] = ^out[i]
		}
		return bytesDatum(string(out)), ev.step(len(out))
	}}
}

func negation(e sql.Expr, x Node) Node {
	typ := x.numericOrFloat()
	// 9223372036854775808 is no BIGINT, but with a minus before it, it is.
	if l, ok := e.(sql.Literal); ok && l.Text == "9223372036854775808" {
		return Constant(IntDatum(math.MinInt64), wharf.TypeInt)
	}
	switch {
	case x.fixed != nil && x.fixed.Kind == KInt && int64(x.fixed.Num) == math.MinInt64:
		typ = wharf.TypeDecimal
	case typ == wharf.TypeUint && x.fixed != nil && x.fixed.ToDecimal().compare(decimalFromUint(1<<63)) > 0:
		typ = wharf.TypeDecimal
	case typ == wharf.TypeUint:
		typ = wharf.TypeInt
	}
	n := Node{Typ: typ, Scale: x.Scale, shown: x.shown, width: x.width, Eval: func(ev *Evaluation) (Datum, error) {
		d, err := x.Eval(ev)
		if err != nil || d.IsNull() {
			return NullDatum(), err
		}
		return negated(ev.Number(d, typ), typ)
	}}
	if x.fixed != nil && isNumberDatum(*x.fixed) {
		if d, err := negated(*x.fixed, typ); err == nil {
			n.fixed = &d
		}
	}
	return n
}

// negated is a number with the other sign, in type typ.
func negated(d Datum, typ wharf.Type) (Datum, error) {
	switch typ {
	case wharf.TypeInt:
		return integerFrom(d.ToDecimal().negate().round(0).unscaled, typ)
	case wharf.TypeDecimal:
		return DecDatum(d.ToDecimal().negate()), nil
	}
	return FloatDatum(-d.ToFloat()), nil
}

func (c *Compiler) binary(e sql.Binary) (Node, error) {
	if rows, ok, err := rowComparison(e); ok {
		if err != nil {
			return Node{}, err
		}
		if e.Op == "=" { // which may share operands with others, as those of IN
			return c.Compile(rows)
		}
		return c.sharing(func() (Node, error) { return c.Compile(rows) })
	}
	x, err := c.Compile(e.X)
	if err != nil {
		return Node{}, err
	}
	y, err := c.Compile(e.Y)
	if err != nil {
		return Node{}, err
	}
	switch e.Op {
	case "AND", "&&", "OR", "||", "XOR":
		return Logical(e.Op, x, y), nil
	case "=", "<=>", "<>", "!=", "<", "<=", ">", ">=":
		return Comparison(e.Op, x.besideMoment(y, e.X), y.besideMoment(x, e.Y))
	case "+", "-", "*", "/", "%", "MOD", "DIV":
		return c.inRange(e, c.operator(e.Op).arithmetic(x, y)), nil
	case "&", "|", "^", "<<", ">>":
		return bitwise(e.Op, x, y)
	}
	return Node{}, wharf.Errorf(wharf.CodeUnsupported, "the operator %s is not supported by Wharf", e.Op)
}

// both evaluates two nodes.
func both(ev *Evaluation, x, y Node) (Datum, Datum, error) {
	a, err := x.Eval(ev)
	if err != nil {
		return Datum{}, Datum{}, err
	}
	b, err := y.Eval(ev)
	return a, b, err
}

// Logical is AND, OR and XOR in three-valued logic. AND and OR leave out the
// second side where the first decides.
func Logical(op string, x, y Node) Node {
	decides := op == "OR" || op == "||"
	return Node{Typ: wharf.TypeInt, Logical: true, Eval: func(ev *Evaluation) (Datum, error) {
		a, err := x.Eval(ev)
		if err != nil {
			return NullDatum(), err
		}
		at, aKnown := ev.Truth(a)
		if op != "XOR" && aKnown && at == decides {
			return BoolDatum(decides), nil
		}
		b, err := y.Eval(ev)
		if err != nil {
			return NullDatum(), err
		}
		bt, bKnown := ev.Truth(b)
		switch {
		case op != "XOR" && bKnown && bt == decides:
			return BoolDatum(decides), nil
		case !aKnown || !bKnown:
			return NullDatum(), nil
		case op == "XOR":
			return BoolDatum(at != bt), nil
		}
		return BoolDatum(!decides), nil
	}}
}

// Comparison is the node of x op y, where op is =, <=>, <>, !=, <, <=, > or >=.
func Comparison(op string, x, y Node) (Node, error) {
	coll, err := x.Coll.Meet(y.Coll, op)
	return Node{Typ: wharf.TypeInt, Logical: true, Eval: func(ev *Evaluation) (Datum, error) {
		a, b, err := both(ev, x, y)
		if err != nil {
			return NullDatum(), err
		}
		if op == "<=>" && (a.IsNull() || b.IsNull()) {
			return BoolDatum(a.IsNull() && b.IsNull()), nil
		}
		a.boolean, b.boolean = x.Logical && b.json, y.Logical && a.json
		order, known := ev.compare(a.Collated(coll.Id), b.Collated(coll.Id))
		if !known {
			return NullDatum(), nil
		}
		return BoolDatum(holds(op, order)), nil
	}}, err
}

func holds(op string, order int) bool {
	switch op {
	case "=", "<=>":
		return order == 0
	case "<>", "!=":
		return order != 0
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	}
	return order >= 0
}
