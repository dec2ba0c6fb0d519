package eval

import (
	"math"
	"math/big"
	"strings"

	"wharf"
)

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

// DivisionScale is div_precision_increment: how many digits behind the point a
// quotient has beyond those of the dividend.
func DivisionScale(e Env) int { return int(e.Value("div_precision_increment").Int64()) }

// operator is one of arithmetic's.
type operator struct {
	sign   string
	more   int  // of a division: DivisionScale
	signed bool // of a difference: it is so of unsigned numbers too
}

func (c *Compiler) operator(sign string) operator {
	op := operator{sign: sign}
	switch sign {
	case "/":
		op.more = DivisionScale(c.Env)
	case "-":
		op.signed = HasMode(c.Env, "NO_UNSIGNED_SUBTRACTION")
	}
	return op
}

// HasMode reports whether sql_mode has a mode.
func HasMode(e Env, mode string) bool {
	for m := range strings.SplitSeq(e.Value("sql_mode").String(), ",") {
		if m == mode {
			return true
		}
	}
	return false
}

// scale is the scale of the result where that is a decimal.
func (op operator) scale(x, y Node) int {
	switch scale := MaxScale([]Node{x, y}); {
	case scale == AsItComes || op.sign == "+" || op.sign == "-" || op.sign == "%" || op.sign == "MOD":
		return scale
	case op.sign == "/":
		return min(x.Scale+op.more, MaxDecimalScale)
	case op.sign == "*":
		return min(x.Scale+y.Scale, MaxDecimalScale)
	}
	return 0
}

func (op operator) arithmetic(x, y Node) Node {
	typ := arithmeticType(op.sign, x.numeric(), y.numeric())
	if op.signed && typ == wharf.TypeUint {
		typ = wharf.TypeInt
	}
	n := Node{Typ: typ, Scale: op.scale(x, y)}
	switch typ {
	case wharf.TypeDecimal:
		n.width = op.width(x, y)
	case wharf.TypeFloat:
		n.shown = op.shown(x, y)
	}
	n.Eval = func(ev *Evaluation) (Datum, error) {
		a, b, err := both(ev, x, y)
		if err != nil || a.IsNull() || b.IsNull() {
			return NullDatum(), err
		}
		a, b = ev.Number(a, typ), ev.Number(b, typ)
		if op.sign == "/" || op.sign == "%" || op.sign == "MOD" || op.sign == "DIV" {
			if zero, _ := b.truth(); !zero {
				if HasMode(ev.Env, "ERROR_FOR_DIVISION_BY_ZERO") {
					ev.Env.Warn(warnDivisionByZero, "Division by 0")
				}
				return NullDatum(), nil
			}
		}
		switch {
		case op.sign == "DIV":
			return integerFrom(a.ToDecimal().wholeQuotient(b.ToDecimal()), typ)
		case typ == wharf.TypeFloat:
			return floatArithmetic(op.sign, a.ToFloat(), b.ToFloat())
		case typ == wharf.TypeDecimal:
			return op.decimals(a.ToDecimal(), b.ToDecimal())
		}
		return integerArithmetic(op.sign, a, b, typ)
	}
	return n
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

func (op operator) decimals(a, b *Decimal) (Datum, error) {
	var d *Decimal
	switch op.sign {
	case "+":
		d = a.Add(b)
	case "-":
		d = a.Add(b.negate())
	case "*":
		d = a.multiply(b)
	case "/":
		d = a.Divide(b, op.more)
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
