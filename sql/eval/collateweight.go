package eval

import (
	"strings"
	"unicode/utf8"
)

// weightString is WEIGHT_STRING(x [AS CHAR(n) | AS BINARY(n)]): the bytes by which
// the collation of x orders it. What is no text has none.
func weightString(ev *Evaluation, a []Datum) (Datum, error) {
	x := a[0]
	if !x.IsText() && x.Kind != kBytes {
		return NullDatum(), nil
	}
	s := x.Str
	if len(a) == 3 {
		n := a[2].ToInt()
		if n > MaxText {
			return ev.tooLong("WEIGHT_STRING"), nil
		}
		if a[1].Text() == "BINARY" {
			return bytesDatum(fitted(s, len(s), int(n), "\x00")), nil
		}
		if x.Kind == KString && x.coll.Collation().uca == uca900 {
			return NullDatum(), Unsupported("WEIGHT_STRING(… AS CHAR(n)) of " + x.coll.Collation().Name)
		}
		s = fitted(s, utf8.RuneCountInString(s), int(n), " ")
	}
	if x.Kind == kBytes {
		return bytesDatum(s), nil
	}
	return bytesDatum(x.coll.weights(s)), nil
}

// fitted cuts s, which has so many characters, to n of them, or pads it to as many.
func fitted(s string, has, n int, pad string) string {
	switch {
	case has < n:
		return s + strings.Repeat(pad, n-has)
	case pad == " ":
		return CutRunes(s, n)
	}
	return s[:n]
}

// weights are the weights of s as MySQL's WEIGHT_STRING gives them, with those of
// spaces at the end, and two zero bytes between levels.
func (id collationID) weights(s string) string {
	c := id.Collation()
	if c.rule == byBytes && !c.pads() {
		return s
	}
	b := make([]byte, 0, 3*len(s))
	wide := c.rule != byLatin1 && c.Charset != "ascii"
	if c.rule == byBytes && wide {
		for _, r := range s {
			if c.Charset == "utf8mb4" {
				b = append(b, byte(r>>16))
			}
			b = append(b, byte(r>>8), byte(r))
		}
		return string(b)
	}
	w := c.weigher()
	for level := range c.rule.levels() {
		if level > 0 {
			b = append(b, 0, 0)
		}
		for rest := s; rest != ""; {
			rest = rest[w.next(rest, level, func(weight uint16) {
				if wide {
					b = append(b, byte(weight>>8))
				}
				b = append(b, byte(weight))
			}):]
		}
	}
	return string(b)
}
