package exec

import (
	"math"
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
	scale := target.scale
	if isTemporalType(target.typ) {
		scale = max(target.precision, 0)
	}
	return node{typ: target.typ, scale: scale, eval: func(ev *evaluation) (datum, error) {
		mark := ev.held.Taken()
		d, err := x.eval(ev)
		if target.typ == wharf.TypeString || target.typ == wharf.TypeBytes {
			d = x.settle(d)
		}
		if err != nil || d.isNull() {
			return nullDatum(), err
		}
		return ev.made(e.Name, target.convert(ev, d), mark)
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
		"TIME": wharf.TypeTime, "UTF8MB4": wharf.TypeString, "UTF8MB3": wharf.TypeString, "UTF8": wharf.TypeString,
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

// check refuses more digits than there may be.
func (t castTarget) check() error {
	switch {
	case isTemporalType(t.typ) && t.precision > maxPlaces:
		return tooPrecise(int64(t.precision), "CAST")
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

func (t castTarget) convert(ev *evaluation, d datum) datum {
	switch t.typ {
	case wharf.TypeInt, wharf.TypeUint:
		return t.toInteger(ev, d)
	case wharf.TypeFloat:
		return floatDatum(ev.float(d).toFloat())
	case wharf.TypeDecimal:
		if d.isText() && !d.literal && !isNumeral(d.str, true) {
			ev.wrongValue("Truncated incorrect DECIMAL value", d)
		}
		return t.toDecimal(ev, d)
	case wharf.TypeString:
		return stringDatum(t.cut(ev, d, cutRunes(d.text(), t.precision), "CHAR"))
	case wharf.TypeBytes:
		return bytesDatum(t.toBytes(ev, d))
	}
	return ev.asTemporal(d, t.typ, max(t.precision, 0))
}

func (t castTarget) toInteger(ev *evaluation, d datum) datum {
	text := d.isText() && !d.literal
	if text && !isNumeral(d.str, false) {
		ev.wrongValue("Truncated incorrect INTEGER value", d)
	}
	switch {
	case text:
		n := d.toDecimal().truncate(0).unscaled
		if low, _, ok := strings.Cut(numberPrefix(d.str, false), "."); ok {
			whole, _ := parseDecimal(low)
			n = whole.unscaled
		}
		switch {
		case n.IsUint64() && (t.typ == wharf.TypeUint || !n.IsInt64()):
			return t.signed(uintDatum(n.Uint64()))
		case n.IsInt64():
			return t.signed(intDatum(n.Int64()))
		}
		ev.wrongValue("Truncated incorrect INTEGER value", d)
		if n.Sign() < 0 {
			return t.signed(intDatum(math.MinInt64))
		}
		return t.signed(uintDatum(math.MaxUint64))
	case t.typ == wharf.TypeUint && d.kind == kDecimal && d.dec.unscaled.Sign() < 0:
		if !d.dec.round(0).isZero() {
			ev.wrongValue("Truncated incorrect DECIMAL value", d)
		}
		return uintDatum(0)
	case t.typ == wharf.TypeUint || d.kind == kUint || d.literal:
		return t.signed(uintDatum(bits(d)))
	}
	return intDatum(d.toInt())
}

// signed gives the 64 bits of an integer as the type has them.
func (t castTarget) signed(d datum) datum {
	d.kind = kInt
	if t.typ == wharf.TypeUint {
		d.kind = kUint
	}
	return d
}

// cut warns of a text that the type is too short for.
func (t castTarget) cut(ev *evaluation, d datum, text, name string) string {
	if t.precision >= 0 && len(text) < len(d.text()) {
		ev.env.Warn(warnTruncated, "Truncated incorrect %s(%d) value: '%s'", name, t.precision, cutRunes(d.text(), 128))
	}
	return text
}

// toBytes cuts bytes to the length of the type, or fills them up to it.
func (t castTarget) toBytes(ev *evaluation, d datum) string {
	s := d.text()
	if t.precision < 0 {
		return s
	}
	if missing := min(t.precision, maxText+1) - len(s); missing > 0 {
		return s + strings.Repeat("\x00", missing)
	}
	return t.cut(ev, d, s[:t.precision], "BINARY")
}

// toDecimal rounds to the scale, and gives the largest number of the type
// for one that is larger.
func (t castTarget) toDecimal(ev *evaluation, d datum) datum {
	dec := d.toDecimal().round(t.scale)
	dec = &decimal{unscaled: dec.at(t.scale), scale: t.scale}
	limit := pow10(t.precision)
	if dec.unscaled.CmpAbs(limit) >= 0 {
		ev.env.Warn(warnDataOutOfRange, "Out of range value for column 'CAST' at row 1")
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
