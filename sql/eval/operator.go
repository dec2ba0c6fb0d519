package eval

import (
	"math"
	"math/big"
	"strings"

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
		return negation(e.X, x), nil
	case "+":
		return x, nil
	case "NOT", "!":
		return Node{Typ: wharf.TypeInt, Eval: func(ev *Evaluation) (Datum, error) {
			d, err := x.Eval(ev)
			isTrue, known := ev.Truth(d)
			if err != nil || !known {
				return NullDatum(), err
			}
			return BoolDatum(!isTrue), nil
		}}, nil
	case "~":
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
	n := Node{Typ: typ, Scale: x.Scale, Eval: func(ev *Evaluation) (Datum, error) {
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
		return Comparison(e.Op, x, y)
	case "+", "-", "*", "/", "%", "MOD", "DIV":
		return arithmetic(e.Op, x, y), nil
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
	return Node{Typ: wharf.TypeInt, Eval: func(ev *Evaluation) (Datum, error) {
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
	return Node{Typ: wharf.TypeInt, Eval: func(ev *Evaluation) (Datum, error) {
		a, b, err := both(ev, x, y)
		if err != nil {
			return NullDatum(), err
		}
		if op == "<=>" && (a.IsNull() || b.IsNull()) {
			return BoolDatum(a.IsNull() && b.IsNull()), nil
		}
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

// bits gives the 64 bits of a value that may be a text.
func (ev *Evaluation) bits(d Datum) uint64 {
	if d.IsText() && !d.Literal && !isNumeral(d.Str, false) {
		ev.wrongValue("Truncated incorrect INTEGER value", d)
	}
	if d.IsText() && !d.Literal {
		d = DecDatum(d.ToDecimal().truncate(0))
	}
	return Bits(d)
}

// Bits gives the 64 bits of a number, as MySQL's bit operators take it.
func Bits(d Datum) uint64 {
	switch d.Kind {
	case KInt, KUint:
		return d.Num
	case KFloat:
		switch f := d.Float64Bits(); {
		case f >= 1<<64:
			return math.MaxUint64
		case f >= 1<<63:
			return uint64(f)
		}
		return uint64(d.ToInt())
	}
	if n := d.ToDecimal().round(0).unscaled; n.IsUint64() {
		return n.Uint64()
	}
	return uint64(d.ToInt())
}

func bitwise(op string, x, y Node) (Node, error) {
	if op != "<<" && op != ">>" && x.isBinary() && y.isBinary() {
		return Node{}, Unsupported("the operator " + op + " on two binary strings")
	}
	return Node{Typ: wharf.TypeUint, Eval: func(ev *Evaluation) (Datum, error) {
		a, b, err := both(ev, x, y)
		if err != nil || a.IsNull() || b.IsNull() {
			return NullDatum(), err
		}
		m, n := ev.bits(a), ev.bits(b)
		switch op {
		case "&":
			return UintDatum(m & n), nil
		case "|":
			return UintDatum(m | n), nil
		case "^":
			return UintDatum(m ^ n), nil
		case "<<":
			return UintDatum(m << n), nil
		}
		return UintDatum(m >> n), nil
	}}, nil
}

// isBinary reports whether a node is bytes that are no number beside numbers.
func (n Node) isBinary() bool {
	return n.Typ == wharf.TypeBytes && (n.fixed == nil || !n.fixed.Literal)
}

// numeric is the type in which the node counts in arithmetic.
func (n Node) numeric() wharf.Type {
	switch {
	case n.fixed != nil && n.fixed.Literal:
		return wharf.TypeUint
	case (n.Typ == wharf.TypeDateTime || n.Typ == wharf.TypeTime) && n.Scale == 0:
		return wharf.TypeInt
	case n.Typ == wharf.TypeNull:
		return n.Typ
	}
	return NumericType(n.Typ)
}

// NumericType is the type in which one operand counts.
func NumericType(t wharf.Type) wharf.Type {
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
func (n Node) numericOrFloat() wharf.Type { return NumericType(n.numeric()) }

// arithmeticType is the type that an operator gives.
func arithmeticType(op string, x, y wharf.Type) wharf.Type {
	x, y = NumericType(x), NumericType(y)
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
func arithmeticScale(op string, x, y Node) int {
	switch scale := MaxScale([]Node{x, y}); {
	case scale == AsItComes || op == "+" || op == "-" || op == "%" || op == "MOD":
		return scale
	case op == "/":
		return min(x.Scale+DivisionScale, MaxDecimalScale)
	case op == "*":
		return min(x.Scale+y.Scale, MaxDecimalScale)
	}
	return 0
}

func arithmetic(op string, x, y Node) Node {
	typ := arithmeticType(op, x.numeric(), y.numeric())
	return Node{Typ: typ, Scale: arithmeticScale(op, x, y), Eval: func(ev *Evaluation) (Datum, error) {
		a, b, err := both(ev, x, y)
		if err != nil || a.IsNull() || b.IsNull() {
			return NullDatum(), err
		}
		a, b = ev.Number(a, typ), ev.Number(b, typ)
		if op == "/" || op == "%" || op == "MOD" || op == "DIV" {
			if zero, _ := b.truth(); !zero {
				if strings.Contains(ev.Env.Value("sql_mode").String(), "ERROR_FOR_DIVISION_BY_ZERO") {
					ev.Env.Warn(warnDivisionByZero, "Division by 0")
				}
				return NullDatum(), nil
			}
		}
		switch {
		case op == "DIV":
			return integerFrom(a.ToDecimal().wholeQuotient(b.ToDecimal()), typ)
		case typ == wharf.TypeFloat:
			return floatArithmetic(op, a.ToFloat(), b.ToFloat())
		case typ == wharf.TypeDecimal:
			return decimalArithmetic(op, a.ToDecimal(), b.ToDecimal())
		}
		return integerArithmetic(op, a, b, typ)
	}}
}

func floatArithmetic(op string, a, b float64) (Datum, error) {
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
		return NullDatum(), OutOfRange("DOUBLE")
	}
	return FloatDatum(f), nil
}

func decimalArithmetic(op string, a, b *Decimal) (Datum, error) {
	var d *Decimal
	switch op {
	case "+":
		d = a.Add(b)
	case "-":
		d = a.Add(b.negate())
	case "*":
		d = a.multiply(b)
	case "/":
		d = a.Divide(b)
	default:
		d = a.remainder(b)
	}
	if !d.Fits() {
		return NullDatum(), OutOfRange("DECIMAL")
	}
	return DecDatum(d), nil
}

// integerArithmetic does small numbers in place and leaves the rest, where
// the result may not fit, to numbers of any size.
func integerArithmetic(op string, a, b Datum, typ wharf.Type) (Datum, error) {
	const small = 1 << 31
	if m, n := int64(a.Num), int64(b.Num); a.Kind == KInt && b.Kind == KInt && m < small && m > -small && n < small && n > -small {
		switch op {
		case "+":
			return IntDatum(m + n), nil
		case "-":
			return IntDatum(m - n), nil
		case "*":
			return IntDatum(m * n), nil
		}
		return IntDatum(m % n), nil
	}
	m, n, r := a.ToDecimal().unscaled, b.ToDecimal().unscaled, new(big.Int)
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

func integerFrom(n *big.Int, typ wharf.Type) (Datum, error) {
	if typ == wharf.TypeUint {
		if !n.IsUint64() {
			return NullDatum(), OutOfRange("BIGINT UNSIGNED")
		}
		return UintDatum(n.Uint64()), nil
	}
	if !n.IsInt64() {
		return NullDatum(), OutOfRange("BIGINT")
	}
	return IntDatum(n.Int64()), nil
}

// OutOfRange is the error of a result that a type does not hold.
func OutOfRange(typ string) error {
	return Invalid(errOutOfRange, "%s value is out of range", typ)
}
