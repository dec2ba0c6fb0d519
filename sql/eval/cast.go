package eval

import (
	"encoding/hex"
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
	year      bool   // YEAR, a whole number
	single    bool   // FLOAT, of 32 bits
	charset   string // that is said of CHAR; "" is the connection's
}

// cast compiles CAST(x AS type), whose type is the last argument.
func (c *Compiler) cast(e sql.Call) (Node, error) {
	if len(e.Args) != 2 {
		return Node{}, wrongCount(e.Name)
	}
	name, ok := e.Args[1].(sql.Literal)
	if !ok {
		return Node{}, wharf.Errorf(wharf.CodeUnsupported, "%s to a type that is no constant is not supported by Wharf", e.Name)
	}
	target, err := parseCastTarget(name.Text)
	if err != nil {
		return Node{}, err
	}
	x, err := c.Compile(e.Args[0])
	if err != nil {
		return Node{}, err
	}
	if target.typ == wharf.TypeJSON {
		return castJSON(x), nil
	}
	coll, err := c.castCollating(target)
	if err != nil {
		return Node{}, err
	}
	if target.charset != "" {
		target.charset = coll.Id.Collation().Charset
	}
	scale := target.scale
	if isTemporalType(target.typ) {
		scale = max(target.precision, 0)
	}
	n := Node{Typ: target.typ, Scale: scale, Coll: coll, single: target.single, width: target.width(x), charset: target.charset}
	n.Eval = func(ev *Evaluation) (Datum, error) {
		mark := ev.Held.Taken()
		d, err := x.Eval(ev)
		if target.typ == wharf.TypeString || target.typ == wharf.TypeBytes {
			d = x.Settle(d)
		}
		if err != nil || d.IsNull() {
			return NullDatum(), err
		}
		d = target.convert(ev, d)
		if target.charset != "" && d.Kind == KString {
			d.Str = encodable(target.charset, d.Str)
		}
		return ev.made(e.Name, d, mark)
	}
	return n, nil
}

// castCollating is the collation of what becomes a text: the connection's, or the
// default of the character set that is said.
func (c *Compiler) castCollating(t castTarget) (collating, error) {
	switch {
	case t.typ != wharf.TypeString:
		return collating{}, nil
	case t.charset == "":
		return collating{c.literalCollating().Id, ofColumn}, nil
	}
	set, ok := FindCharset(t.charset)
	if !ok {
		return collating{}, sql.NoCharset(t.charset)
	}
	id, _ := FindCollation(set.Collation)
	return collating{id, ofColumn}, nil
}

// castJSON is CAST(x AS JSON): a text is read as a document.
func castJSON(x Node) Node {
	return Node{Typ: wharf.TypeJSON, Coll: jsonCollating, Eval: func(ev *Evaluation) (Datum, error) {
		mark := ev.Held.Taken()
		d, err := x.Eval(ev)
		if err != nil || d.IsNull() {
			return NullDatum(), err
		}
		v := any(nil)
		if d = x.Settle(d); d.Kind == KString {
			v, _, err = documentOf(d, 1, "CAST_AS_JSON")
		} else {
			d.boolean = x.Logical
			v, err = jsonOf(d)
		}
		if err != nil {
			return NullDatum(), err
		}
		return ev.made("CAST", jsonDatum(v), mark)
	}}
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
		"DATE": wharf.TypeDate, "DATETIME": wharf.TypeDateTime, "JSON": wharf.TypeJSON,
		"TIME": wharf.TypeTime, "UTF8MB4": wharf.TypeString, "UTF8MB3": wharf.TypeString, "UTF8": wharf.TypeString,
	}
	if word == "YEAR" {
		t.typ, t.year = wharf.TypeInt, true
		return t, nil
	}
	typ, ok := types[word]
	if !ok {
		return t, wharf.Errorf(wharf.CodeUnsupported, "CAST to %s is not supported by Wharf", upper)
	}
	t.typ, t.charset = typ, charsetSaid(upper)
	t.single = word == "FLOAT" && t.precision <= maxSinglePrecision
	if typ == wharf.TypeDecimal && t.precision < 0 {
		t.precision = 10
	}
	return t, t.check()
}

// maxSinglePrecision is the most bits that FLOAT(p) may ask of a FLOAT. With more it
// is a DOUBLE.
const maxSinglePrecision = 24

// width is the most digits or characters of what x becomes.
func (t castTarget) width(x Node) int {
	switch {
	case t.typ == wharf.TypeDecimal, t.typ == wharf.TypeString && t.precision > 0:
		return t.precision
	case t.typ == wharf.TypeString:
		return x.textWidth()
	}
	return 0
}

// charsetSaid is the character set that a type says in capitals, or "".
func charsetSaid(typ string) string {
	for _, words := range []string{"CHARSET ", "CHARACTER SET "} {
		if _, name, ok := strings.Cut(typ, words); ok {
			name, _, _ = strings.Cut(strings.TrimSpace(name), " ")
			return strings.Trim(name, "`'\"")
		}
	}
	return ""
}

// check refuses more digits than there may be.
func (t castTarget) check() error {
	switch {
	case isTemporalType(t.typ) && t.precision > maxPlaces:
		return tooPrecise(int64(t.precision), "CAST")
	case t.typ != wharf.TypeDecimal:
	case t.precision > maxDecimalDigits:
		return Invalid(errPrecision, "DECIMAL(%d,%d): Too-big precision; it has at most %d digits", t.precision, t.scale, maxDecimalDigits)
	case t.scale > MaxDecimalScale:
		return Invalid(errScale, "DECIMAL(%d,%d): Too big scale; at most %d digits are after the point", t.precision, t.scale, MaxDecimalScale)
	case t.scale > t.precision:
		return Invalid(errScalePrecision, "DECIMAL(%d,%d): the first number must be at least as large as the second", t.precision, t.scale)
	}
	return nil
}

func (t castTarget) convert(ev *Evaluation, d Datum) Datum {
	if t.year {
		return ev.toYear(ev.counted(d, "YEAR"))
	}
	switch t.typ {
	case wharf.TypeInt, wharf.TypeUint:
		return t.toInteger(ev, ev.counted(d, "INTEGER"))
	case wharf.TypeFloat:
		f := ev.float(d).ToFloat()
		if t.single {
			f = float64(float32(f))
		}
		return FloatDatum(f)
	case wharf.TypeDecimal:
		if d = ev.counted(d, "DECIMAL"); d.IsText() && !d.Literal && !isNumeral(d.Str, true) {
			ev.wrongValue("Truncated incorrect DECIMAL value", d)
		}
		return t.toDecimal(ev, d)
	case wharf.TypeString:
		if d.Kind == kBytes && !utf8.ValidString(d.Str) {
			ev.Env.Warn(warnInvalidText, "Invalid utf8mb4 character string: '%s'", CutRunes(strings.ToUpper(hex.EncodeToString([]byte(d.Str))), 12))
			return NullDatum()
		}
		return StringDatum(t.cut(ev, d, CutRunes(d.Text(), t.precision), "CHAR"))
	case wharf.TypeBytes:
		return bytesDatum(t.toBytes(ev, d))
	}
	return ev.asTemporal(d, t.typ, max(t.precision, 0))
}

func (t castTarget) toInteger(ev *Evaluation, d Datum) Datum {
	switch {
	case d.IsText() && !d.Literal:
		return t.signed(UintDatum(ev.textBits(d)))
	case t.typ == wharf.TypeUint && d.Kind == KDecimal && d.Dec.unscaled.Sign() < 0:
		if !d.Dec.round(0).isZero() {
			ev.wrongValue("Truncated incorrect DECIMAL value", d)
		}
		return UintDatum(0)
	case t.typ == wharf.TypeUint || d.Kind == KUint || d.Literal:
		return t.signed(UintDatum(Bits(d)))
	}
	return IntDatum(d.ToInt())
}

// toYear is CAST(… AS YEAR): of one or two digits, a year from 1970 to 2069.
func (ev *Evaluation) toYear(d Datum) Datum {
	n, short := int64(0), false
	switch {
	case d.Kind == kTime:
		n = int64(ev.now.In(ev.Env.Location()).Year())
	case d.isDated():
		n = castTarget{typ: wharf.TypeInt}.toInteger(ev, ev.asTemporal(d, wharf.TypeDate, 0)).ToInt() / 10000
	case d.IsText() && !d.Literal:
		if !isNumeral(d.Str, true) {
			ev.wrongValue("Truncated incorrect YEAR value", d)
		}
		digits := strings.TrimSpace(d.Str)
		n = d.ToDecimal().round(0).int64()
		short = n < 100 && n >= 0 && len(digits) < 4 && len(digits) > 0 && isNumeral(digits, false)
	default:
		n = d.ToDecimal().round(0).int64()
		short = n > 0 && n < 100
	}
	if short {
		n = int64(fullYear(int(n)))
	}
	if n != 0 && (n < 1901 || n > 2155) {
		ev.wrongValue("Truncated incorrect YEAR value", d)
		return NullDatum()
	}
	return IntDatum(n)
}

// signed gives the 64 bits of an integer as the type has them.
func (t castTarget) signed(d Datum) Datum {
	d.Kind = KInt
	if t.typ == wharf.TypeUint {
		d.Kind = KUint
	}
	return d
}

// cut warns of a text that the type is too short for.
func (t castTarget) cut(ev *Evaluation, d Datum, text, name string) string {
	if t.precision >= 0 && len(text) < len(d.Text()) {
		ev.Env.Warn(warnTruncated, "Truncated incorrect %s(%d) value: '%s'", name, t.precision, CutRunes(d.Text(), 128))
	}
	return text
}

// toBytes cuts bytes to the length of the type, or fills them up to it.
func (t castTarget) toBytes(ev *Evaluation, d Datum) string {
	s := d.Text()
	if t.precision < 0 {
		return s
	}
	if missing := min(t.precision, MaxText+1) - len(s); missing > 0 {
		return s + strings.Repeat("\x00", missing)
	}
	return t.cut(ev, d, s[:t.precision], "BINARY")
}

// toDecimal rounds to the scale, and gives the largest number of the type
// for one that is larger.
func (t castTarget) toDecimal(ev *Evaluation, d Datum) Datum {
	dec := d.ToDecimal().round(t.scale)
	dec = &Decimal{unscaled: dec.at(t.scale), Scale: t.scale}
	limit := pow10(t.precision)
	if dec.unscaled.CmpAbs(limit) >= 0 {
		ev.Env.Warn(warnDataOutOfRange, "Out of range value for column 'CAST' at row 1")
		nines := &Decimal{unscaled: limit.Sub(limit, DecimalFromInt(1).unscaled), Scale: t.scale}
		if dec.unscaled.Sign() < 0 {
			nines = nines.negate()
		}
		dec = nines
	}
	return DecDatum(dec)
}

// CutRunes gives the first n characters of s, or all of them for n < 0.
func CutRunes(s string, n int) string {
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
