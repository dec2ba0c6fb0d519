package eval

import (
	"math"

	"wharf"
)

// bits gives the 64 bits of a value that may be a text.
func (ev *Evaluation) bits(d Datum) uint64 {
	d = ev.counted(d, "INTEGER")
	if d.IsText() && !d.Literal {
		return ev.textBits(d)
	}
	return Bits(d)
}

// textBits gives the 64 bits of the whole number that a text starts with.
func (ev *Evaluation) textBits(d Datum) uint64 {
	n := d.wholeOfText().unscaled
	if !isNumeral(d.Str, false) || !n.IsInt64() && !n.IsUint64() {
		ev.wrongValue("Truncated incorrect INTEGER value", d)
	}
	switch {
	case n.IsUint64():
		return n.Uint64()
	case n.IsInt64():
		return uint64(n.Int64())
	case n.Sign() < 0:
		return 1 << 63
	}
	return math.MaxUint64
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

// bitwise compiles an operator on bits. Of two binary strings, of which one is no
// hexadecimal literal, and of one that is shifted, it gives a binary string.
func bitwise(op string, x, y Node) (Node, error) {
	shifts := op == "<<" || op == ">>"
	if shifts && x.isBinary() || !shifts && x.Typ == wharf.TypeBytes && y.Typ == wharf.TypeBytes && (x.isBinary() || y.isBinary()) {
		return bytewise(op, x, y), nil
	}
	return Node{Typ: wharf.TypeUint, Eval: func(ev *Evaluation) (Datum, error) {
		a, b, err := both(ev, x, y)
		if err != nil || a.IsNull() || b.IsNull() {
			return NullDatum(), err
		}
		return UintDatum(bitsOf(op, ev.bits(a), ev.bits(b))), nil
	}}, nil
}

func bitsOf[T uint64 | byte](op string, m, n T) T {
	switch op {
	case "&":
		return m & n
	case "|":
		return m | n
	case "^":
		return m ^ n
	case "<<":
		return m << n
	}
	return m >> n
}

func bytewise(op string, x, y Node) Node {
	return Node{Typ: wharf.TypeBytes, Eval: func(ev *Evaluation) (Datum, error) {
		a, b, err := both(ev, x, y)
		if err != nil || a.IsNull() || b.IsNull() {
			return NullDatum(), err
		}
		s, t := a.Text(), ""
		if err := ev.step(len(s)); err != nil {
			return NullDatum(), err
		}
		switch op {
		case "<<":
			return bytesDatum(shiftedLeft(s, ev.bits(b))), nil
		case ">>":
			return bytesDatum(shiftedRight(s, ev.bits(b))), nil
		}
		if t = b.Text(); len(s) != len(t) {
			return NullDatum(), Invalid(errOperandSizes, "Binary operands of bitwise operators must be of equal length")
		}
		out := []byte(s)
		for i := range out {
			out[i] = bitsOf(op, out[i], t[i])
		}
		return bytesDatum(string(out)), nil
	}}
}

// shiftedLeft and shiftedRight shift the bits of a binary string, which keeps its length.
func shiftedLeft(s string, n uint64) string {
	out := make([]byte, len(s))
	for i, whole := 0, int(min(n/8, uint64(len(s)))); i+whole < len(s); i++ {
		out[i] = s[i+whole] << (n % 8)
		if i+whole+1 < len(s) {
			out[i] |= s[i+whole+1] >> (8 - n%8)
		}
	}
	return string(out)
}

func shiftedRight(s string, n uint64) string {
	out := make([]byte, len(s))
	for i := int(min(n/8, uint64(len(s)))); i < len(s); i++ {
		from := i - int(n/8)
		out[i] = s[from] >> (n % 8)
		if from > 0 {
			out[i] |= s[from-1] << (8 - n%8)
		}
	}
	return string(out)
}

// isBinary reports whether a node is bytes that are no number beside numbers.
func (n Node) isBinary() bool {
	return n.Typ == wharf.TypeBytes && (n.fixed == nil || !n.fixed.Literal)
}
