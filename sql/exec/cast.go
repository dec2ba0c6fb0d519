package exec

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"wharf"
	"wharf/sql"
)

// castTarget is the type that CAST converts to.
type castTarget struct {
	typ       wharf.Type
	precision int // of DECIMAL, or the length of CHAR and BINARY; -1 when not given
	scale     int
}

// cast compiles CAST(x AS type), whose type is the last argument.
func (c *compiler) cast(e sql.Call) (node, error) {
	if len(e.Args) != 2 {
		return node{}, wrongCount(e.Name)
	}
	name, ok := e.Args[1].(sql.Literal)
	if !ok {
		return node{}, wharf.Errorf(wharf.CodeUnsupported, "%s to a type that is no constant is not supported by Wharf", e.Name)
	}
	target, err := parseCastTarget(name.Text)
	if err != nil {
		return node{}, err
	}
	x, err := c.compile(e.Args[0])
	if err != nil {
		return node{}, err
	}
	return node{typ: target.typ, scale: target.scale, eval: func(ev *evaluation) (datum, error) {
		mark := ev.s.statement.Taken()
		d, err := x.eval(ev)
		if target.typ == wharf.TypeString || target.typ == wharf.TypeBytes {
			d = x.settle(d)
		}
		if err != nil || d.isNull() {
			return nullDatum(), err
		}
		if d, err = target.convert(d); err != nil {
			return d, err
		}
		return ev.made(e.Name, d, mark)
	}}, nil
}

// parseCastTarget reads a type as CAST writes it: "SIGNED", "DECIMAL(10,2)",
// "CHAR(5) CHARSET UTF8MB4".
func parseCastTarget(text string) (castTarget, error) {
	upper := strings.ToUpper(text)
	word, rest, _ := strings.Cut(upper, "(")
	t := castTarget{precision: -1}
	if digits, _, ok := strings.Cut(rest, ")"); ok {
		p, s, _ := strings.Cut(digits, ",")
		t.precision, _ = strconv.Atoi(strings.TrimSpace(p)) // the parser read it as a number
		t.scale, _ = strconv.Atoi(strings.TrimSpace(s))
	}
	word, _, _ = strings.Cut(strings.TrimSpace(word), " ")
	types := map[string]wharf.Type{
		"SIGNED": wharf.TypeInt, "UNSIGNED": wharf.TypeUint, "DECIMAL": wharf.TypeDecimal, "DOUBLE": wharf.TypeFloat,
		"REAL": wharf.TypeFloat, "FLOAT": wharf.TypeFloat, "CHAR": wharf.TypeString, "BINARY": wharf.TypeBytes,
		"DATE": wharf.TypeDate, "DATETIME": wharf.TypeDateTime,
	}
	typ, ok := types[word]
	if !ok {
		return t, wharf.Errorf(wharf.CodeUnsupported, "CAST to %s is not supported by Wharf", upper)
	}
	t.typ = typ
	if typ == wharf.TypeDecimal && t.precision < 0 {
		t.precision = 10
	}
	return t, t.check()
}

// check refuses a DECIMAL of more digits than there may be.
func (t castTarget) check() error {
	switch {
	case t.typ != wharf.TypeDecimal:
	case t.precision > maxDecimalDigits:
		return invalid(errPrecision, "DECIMAL(%d,%d): Too-big precision; it has at most %d digits", t.precision, t.scale, maxDecimalDigits)
	case t.scale > maxDecimalScale:
		return invalid(errScale, "DECIMAL(%d,%d): Too big scale; at most %d digits are after the point", t.precision, t.scale, maxDecimalScale)
	case t.scale > t.precision:
		return invalid(errScalePrecision, "DECIMAL(%d,%d): the first number must be at least as large as the second", t.precision, t.scale)
	}
	return nil
}

func (t castTarget) convert(d datum) (datum, error) {
	switch t.typ {
	case wharf.TypeInt:
		if d.kind == kUint {
			return intDatum(int64(d.num)), nil
		}
		return intDatum(d.toInt()), nil
	case wharf.TypeUint:
		if d.kind == kString || d.kind == kBytes {
			if n := d.toDecimal().truncate(0).unscaled; n.IsUint64() {
				return uintDatum(n.Uint64()), nil
			}
		}
		return uintDatum(bits(d)), nil
	case wharf.TypeFloat:
		return floatDatum(d.toFloat()), nil
	case wharf.TypeDecimal:
		return t.toDecimal(d), nil
	case wharf.TypeString:
		return stringDatum(cutRunes(d.text(), t.precision)), nil
	case wharf.TypeBytes:
		s := d.text()
		if t.precision >= 0 {
			s = s[:min(len(s), t.precision)]
		}
		return bytesDatum(s), nil
	}
	return castTime(d.text(), t.typ, max(t.precision, 0)), nil
}

// toDecimal rounds to the scale, and gives the largest number of the type
// for one that is larger.
func (t castTarget) toDecimal(d datum) datum {
	dec := d.toDecimal().round(t.scale)
	dec = &decimal{unscaled: dec.at(t.scale), scale: t.scale}
	limit := pow10(t.precision)
	if dec.unscaled.CmpAbs(limit) >= 0 {
		nines := &decimal{unscaled: limit.Sub(limit, decimalFromInt(1).unscaled), scale: t.scale}
		if dec.unscaled.Sign() < 0 {
			nines = nines.negate()
		}
		dec = nines
	}
	return decDatum(dec)
}

// cutRunes gives the first n characters of s, or all of them for n < 0.
func cutRunes(s string, n int) string {
	if n < 0 {
		return s
	}
	at := 0
	for ; n > 0 && at < len(s); n-- {
		_, size := utf8.DecodeRuneInString(s[at:])
		at += size
	}
	return s[:at]
}
