package exec

import (
	"math"
	"math/big"

	"wharf"
	"wharf/sql"
)

func (c *compiler) unary(e sql.Unary) (node, error) {
	x, err := c.compile(e.X)
	if err != nil {
		return node{}, err
	}
	switch e.Op {
	case "-":
		return negation(e.X, x), nil
	case "+":
		return x, nil
	case "NOT", "!":
		return node{typ: wharf.TypeInt, eval: func(ev *evaluation) (datum, error) {
			d, err := x.eval(ev)
			isTrue, known := ev.truth(d)
			if err != nil || !known {
				return nullDatum(), err
			}
			return boolDatum(!isTrue), nil
		}}, nil
	case "~":
		return node{typ: wharf.TypeUint, eval: func(ev *evaluation) (datum, error) {
			d, err := x.eval(ev)
			if err != nil || d.isNull() {
				return nullDatum(), err
			}
			return uintDatum(^ev.bits(d)), nil
		}}, nil
	}
	return node{}, wharf.Errorf(wharf.CodeUnsupported, "the operator %s is not supported by Wharf", e.Op)
}

func negation(e sql.Expr, x node) node {
	typ := x.numericOrFloat()
	// 9223372036854775808 is no BIGINT, but with a minus before it, it is.
	if l, ok := e.(sql.Literal); ok && l.Text == "9223372036854775808" {
		return constant(intDatum(math.MinInt64), wharf.TypeInt)
	}
	switch {
	case x.fixed != nil && x.fixed.kind == kInt && int64(x.fixed.num) == math.MinInt64:
		typ = wharf.TypeDecimal
	case x.fixed != nil && x.fixed.literal && x.fixed.literalNumber().num <= math.MaxInt64:
		typ = wharf.TypeInt
	case typ == wharf.TypeUint:
		typ = wharf.TypeDecimal
	}
	n := node{typ: typ, scale: x.scale, eval: func(ev *evaluation) (datum, error) {
		d, err := x.eval(ev)
		if err != nil || d.isNull() {
			return nullDatum(), err
		}
		return negated(ev.number(d, typ), typ)
	}}
	if x.fixed != nil && isNumberDatum(*x.fixed) {
		if d, err := negated(*x.fixed, typ); err == nil {
			n.fixed = &d
		}
	}
	return n
}

// negated is a number with the other sign, in type typ.
func negated(d datum, typ wharf.Type) (datum, error) {
	switch typ {
	case wharf.TypeInt:
		if d.toInt() == math.MinInt64 {
			return nullDatum(), outOfRange("BIGINT")
		}
		return intDatum(-d.toInt()), nil
	case wharf.TypeDecimal:
		return decDatum(d.toDecimal().negate()), nil
	}
	return floatDatum(-d.toFloat()), nil
}

func (c *compiler) binary(e sql.Binary) (node, error) {
	x, err := c.compile(e.X)
	if err != nil {
		return node{}, err
	}
	y, err := c.compile(e.Y)
	if err != nil {
		return node{}, err
	}
	switch e.Op {
	case "AND", "&&", "OR", "||", "XOR":
		return logical(e.Op, x, y), nil
	case "=", "<=>", "<>", "!=", "<", "<=", ">", ">=":
		return comparison(e.Op, x, y)
	case "+", "-", "*", "/", "%", "MOD", "DIV":
		return arithmetic(e.Op, x, y), nil
	case "&", "|", "^", "<<", ">>":
		return bitwise(e.Op, x, y)
	}
	return node{}, wharf.Errorf(wharf.CodeUnsupported, "the operator %s is not supported by Wharf", e.Op)
}

// both evaluates two nodes.
func both(ev *evaluation, x, y node) (datum, datum, error) {
	a, err := x.eval(ev)
	if err != nil {
		return datum{}, datum{}, err
	}
	b, err := y.eval(ev)
	return a, b, err
}

// logical is AND, OR and XOR in three-valued logic. AND and OR leave out the
// second side where the first decides.
func logical(op string, x, y node) node {
	decides := op == "OR" || op == "||"
	return node{typ: wharf.TypeInt, eval: func(ev *evaluation) (datum, error) {
		a, err := x.eval(ev)
		if err != nil {
			return nullDatum(), err
		}
		at, aKnown := ev.truth(a)
		if op != "XOR" && aKnown && at == decides {
			return boolDatum(decides), nil
		}
		b, err := y.eval(ev)
		if err != nil {
			return nullDatum(), err
		}
		bt, bKnown := ev.truth(b)
		switch {
		case op != "XOR" && bKnown && bt == decides:
			return boolDatum(decides), nil
		case !aKnown || !bKnown:
			return nullDatum(), nil
		case op == "XOR":
			return boolDatum(at != bt), nil
		}
		return boolDatum(!decides), nil
	}}
}

func comparison(op string, x, y node) (node, error) {
	coll, err := x.coll.meet(y.coll, op)
	return node{typ: wharf.TypeInt, eval: func(ev *evaluation) (datum, error) {
		a, b, err := both(ev, x, y)
		if err != nil {
			return nullDatum(), err
		}
		if op == "<=>" && (a.isNull() || b.isNull()) {
			return boolDatum(a.isNull() && b.isNull()), nil
		}
		order, known := ev.compare(a.collated(coll.id), b.collated(coll.id))
		if !known {
			return nullDatum(), nil
		}
		return boolDatum(holds(op, order)), nil
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

// bits gives the 64 bits of a value that may be a text.
func (ev *evaluation) bits(d datum) uint64 {
	if d.isText() && !d.literal && !isNumeral(d.str, false) {
		ev.wrongValue("Truncated incorrect INTEGER value", d)
	}
	return bits(d)
}

// bits gives the 64 bits of a number, as MySQL's bit operators take it.
func bits(d datum) uint64 {
	switch d.kind {
	case kInt, kUint:
		return d.num
	case kFloat:
		switch f := d.float64Bits(); {
		case f >= 1<<64:
			return math.MaxUint64
		case f >= 1<<63:
			return uint64(f)
		}
		return uint64(d.toInt())
	}
	if n := d.toDecimal().round(0).unscaled; n.IsUint64() {
		return n.Uint64()
	}
	return uint64(d.toInt())
}

func bitwise(op string, x, y node) (node, error) {
	if op != "<<" && op != ">>" && x.isBinary() && y.isBinary() {
		return node{}, unsupported("the operator " + op + " on two binary strings")
	}
	return node{typ: wharf.TypeUint, eval: func(ev *evaluation) (datum, error) {
		a, b, err := both(ev, x, y)
		if err != nil || a.isNull() || b.isNull() {
			return nullDatum(), err
		}
		m, n := ev.bits(a), ev.bits(b)
		switch op {
		case "&":
			return uintDatum(m & n), nil
		case "|":
			return uintDatum(m | n), nil
		case "^":
			return uintDatum(m ^ n), nil
		case "<<":
			return uintDatum(m << n), nil
		}
		return uintDatum(m >> n), nil
	}}, nil
}

// isBinary reports whether a node is bytes that are no number beside numbers.
func (n node) isBinary() bool {
	return n.typ == wharf.TypeBytes && (n.fixed == nil || !n.fixed.literal)
}

// numeric is the type in which the node counts in arithmetic.
func (n node) numeric() wharf.Type {
	switch {
	case n.fixed != nil && n.fixed.literal:
		return wharf.TypeUint
	case (n.typ == wharf.TypeDateTime || n.typ == wharf.TypeTime) && n.scale == 0:
		return wharf.TypeInt
	case n.typ == wharf.TypeNull:
		return n.typ
	}
	return numericType(n.typ)
}

// numericType is the type in which one operand counts.
func numericType(t wharf.Type) wharf.Type {
	switch t {
	case wharf.TypeInt, wharf.TypeUint, wharf.TypeDecimal, wharf.TypeFloat:
		return t
	case wharf.TypeBool, wharf.TypeDate:
		return wharf.TypeInt
	case wharf.TypeDateTime, wharf.TypeTime:
		return wharf.TypeDecimal
	}
	return wharf.TypeFloat
}

// numericOrFloat is the type of a function of one number; of NULL, a double.
func (n node) numericOrFloat() wharf.Type { return numericType(n.numeric()) }

// arithmeticType is the type that an operator gives.
func arithmeticType(op string, x, y wharf.Type) wharf.Type {
	x, y = numericType(x), numericType(y)
	unsigned := x == wharf.TypeUint || y == wharf.TypeUint
	if op == "%" || op == "MOD" {
		unsigned = x == wharf.TypeUint // a remainder has the sign of what was divided
	}
	switch {
	case op == "DIV" && unsigned:
		return wharf.TypeUint
	case op == "DIV":
		return wharf.TypeInt
	case x == wharf.TypeFloat || y == wharf.TypeFloat:
		return wharf.TypeFloat
	case op == "/" || x == wharf.TypeDecimal || y == wharf.TypeDecimal:
		return wharf.TypeDecimal
	case unsigned:
		return wharf.TypeUint
	}
	return wharf.TypeInt
}

// arithmeticScale is the scale of an operator's result where that is a
// decimal.
func arithmeticScale(op string, x, y node) int {
	switch scale := maxScale([]node{x, y}); {
	case scale == asItComes || op == "+" || op == "-" || op == "%" || op == "MOD":
		return scale
	case op == "/":
		return min(x.scale+divisionScale, maxDecimalScale)
	case op == "*":
		return min(x.scale+y.scale, maxDecimalScale)
	}
	return 0
}

func arithmetic(op string, x, y node) node {
	typ := arithmeticType(op, x.numeric(), y.numeric())
	return node{typ: typ, scale: arithmeticScale(op, x, y), eval: func(ev *evaluation) (datum, error) {
		a, b, err := both(ev, x, y)
		if err != nil || a.isNull() || b.isNull() {
			return nullDatum(), err
		}
		a, b = ev.number(a, typ), ev.number(b, typ)
		if op == "/" || op == "%" || op == "MOD" || op == "DIV" {
			if zero, _ := b.truth(); !zero {
				ev.env.Warn(warnDivisionByZero, "Division by 0")
				return nullDatum(), nil
			}
		}
		switch {
		case op == "DIV":
			return integerFrom(a.toDecimal().wholeQuotient(b.toDecimal()), typ)
		case typ == wharf.TypeFloat:
			return floatArithmetic(op, a.toFloat(), b.toFloat())
		case typ == wharf.TypeDecimal:
			return decimalArithmetic(op, a.toDecimal(), b.toDecimal())
		}
		return integerArithmetic(op, a, b, typ)
	}}
}

func floatArithmetic(op string, a, b float64) (datum, error) {
	var f float64
	switch op {
	case "+":
		f = a + b
	case "-":
		f = a - b
	case "*":
		f = a * b
	case "/":
		f = a / b
	default:
		f = math.Mod(a, b)
	}
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return nullDatum(), outOfRange("DOUBLE")
	}
	return floatDatum(f), nil
}

func decimalArithmetic(op string, a, b *decimal) (datum, error) {
	var d *decimal
	switch op {
	case "+":
		d = a.add(b)
	case "-":
		d = a.add(b.negate())
	case "*":
		d = a.multiply(b)
	case "/":
		d = a.divide(b)
	default:
		d = a.remainder(b)
	}
	if !d.fits() {
		return nullDatum(), outOfRange("DECIMAL")
	}
	return decDatum(d), nil
}

// integerArithmetic does small numbers in place and leaves the rest, where
// the result may not fit, to numbers of any size.
func integerArithmetic(op string, a, b datum, typ wharf.Type) (datum, error) {
	const small = 1 << 31
	if m, n := int64(a.num), int64(b.num); a.kind == kInt && b.kind == kInt && m < small && m > -small && n < small && n > -small {
		switch op {
		case "+":
			return intDatum(m + n), nil
		case "-":
			return intDatum(m - n), nil
		case "*":
			return intDatum(m * n), nil
		}
		return intDatum(m % n), nil
	}
	m, n, r := a.toDecimal().unscaled, b.toDecimal().unscaled, new(big.Int)
	switch op {
	case "+":
		r.Add(m, n)
	case "-":
		r.Sub(m, n)
	case "*":
		r.Mul(m, n)
	default:
		r.Rem(m, n)
	}
	return integerFrom(r, typ)
}

func integerFrom(n *big.Int, typ wharf.Type) (datum, error) {
	if typ == wharf.TypeUint {
		if !n.IsUint64() {
			return nullDatum(), outOfRange("BIGINT UNSIGNED")
		}
		return uintDatum(n.Uint64()), nil
	}
	if !n.IsInt64() {
		return nullDatum(), outOfRange("BIGINT")
	}
	return intDatum(n.Int64()), nil
}

func outOfRange(typ string) error {
	return invalid(errOutOfRange, "%s value is out of range", typ)
}
