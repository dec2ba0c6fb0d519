package exec

import (
	"cmp"
	"strings"

	"wharf"
)

// Numbers of values of any kind. Where a text is not all a number, the statement
// has a warning.

// float is a value that is to count as a number: a text as the double that it
// begins with, and a hexadecimal literal as the integer that it writes.
func (ev *evaluation) float(d datum) datum {
	if !d.isText() {
		return d
	}
	if d.literal {
		return d.literalNumber()
	}
	if !isNumeral(d.str, true) {
		ev.wrongValue("Truncated incorrect DOUBLE value", d)
	}
	return floatDatum(d.toFloat())
}

// number is a value that is to count in arithmetic of type typ.
func (ev *evaluation) number(d datum, typ wharf.Type) datum {
	if d = ev.float(d); d.kind == kFloat || typ == wharf.TypeFloat || !d.isTemporal() {
		return d
	}
	return decDatum(d.temporalNumber())
}

// integer is a value that is to count as a whole number: how often, or which
// place.
func (ev *evaluation) integer(d datum) int64 {
	if d.isText() && !d.literal && !isNumeral(d.str, false) {
		ev.wrongValue("Truncated incorrect INTEGER value", d)
	}
	return d.toInt()
}

// truth is a value as a condition; known is false for NULL.
func (ev *evaluation) truth(d datum) (isTrue, known bool) { return ev.float(d).truth() }

// isNumeral reports whether a text is a number and nothing else but white
// space around it.
func isNumeral(s string, fraction bool) bool {
	s = strings.TrimSpace(s)
	prefix := numberPrefix(s, fraction)
	if !fraction {
		prefix, _, _ = strings.Cut(prefix, ".")
	}
	return s != "" && prefix == s
}

// literalNumber is the unsigned integer of a hexadecimal or bit literal; of
// one with more than eight bytes, the largest.
func (d datum) literalNumber() datum {
	digits := strings.TrimLeft(d.str, "\x00")
	if len(digits) > 8 {
		return uintDatum(1<<64 - 1)
	}
	n := uint64(0)
	for i := range len(digits) {
		n = n<<8 | uint64(digits[i])
	}
	return uintDatum(n)
}

func compareInts(a, b int64) int { return cmp.Compare(a, b) }
