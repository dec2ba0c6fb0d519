package eval

import (
	"cmp"
	"errors"
	"math"
	"strconv"
	"strings"

	"wharf"
)

// Numbers of values of any kind. Where a text is not all a number, the statement
// has a warning.

// float is a value that is to count as a number: a text as the double that it
// begins with, and a hexadecimal literal as the integer that it writes.
func (ev *Evaluation) float(d Datum) Datum {
	if d = ev.counted(d, "DOUBLE"); !d.IsText() {
		return d
	}
	if d.Literal {
		return d.literalNumber()
	}
	f := d.ToFloat()
	if !isNumeral(d.Str, true) || math.Abs(f) == math.MaxFloat64 && overflows(d.Str) {
		ev.wrongValue("Truncated incorrect DOUBLE value", d)
	}
	return FloatDatum(f)
}

// overflows reports whether a text is a number that no double holds.
func overflows(s string) bool {
	_, err := strconv.ParseFloat(numberPrefix(s, true), 64)
	return errors.Is(err, strconv.ErrRange)
}

// Number is a value that is to count in arithmetic of type typ.
func (ev *Evaluation) Number(d Datum, typ wharf.Type) Datum {
	if d = ev.float(d); d.Kind == KFloat || typ == wharf.TypeFloat || !d.IsTemporal() {
		return d
	}
	return DecDatum(d.temporalNumber())
}

// integer is a value that is to count as a whole number: how often, or which
// place.
func (ev *Evaluation) integer(d Datum) int64 {
	d = ev.counted(d, "INTEGER")
	if d.IsText() && !d.Literal && !isNumeral(d.Str, false) {
		ev.wrongValue("Truncated incorrect INTEGER value", d)
	}
	return d.ToInt()
}

// Truth is a value as a condition; known is false for NULL.
func (ev *Evaluation) Truth(d Datum) (isTrue, known bool) {
	if d.json {
		return ev.jsonTruth(d), true
	}
	return ev.float(d).truth()
}

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
func (d Datum) literalNumber() Datum {
	digits := strings.TrimLeft(d.Str, "\x00")
	if len(digits) > 8 {
		return UintDatum(1<<64 - 1)
	}
	n := uint64(0)
	for i := range len(digits) {
		n = n<<8 | uint64(digits[i])
	}
	return UintDatum(n)
}

func compareInts(a, b int64) int { return cmp.Compare(a, b) }
