package eval

import (
	"encoding/binary"
	"math"
	"math/big"
	"strconv"
	"strings"

	"wharf"
)

// JSON beside other values, as MySQL's manual has it in "Comparison and Ordering
// of JSON Values" and "Converting between JSON and non-JSON values": a document
// counts as the scalar that it is, and is compared as a document.

// document is a datum as a document; ok is false where its text is none.
func (d Datum) document() (v any, ok bool) {
	if d.typed != nil {
		return cloneJSON(d.typed.value), true
	}
	return parseJSON(d.Text())
}

// scalar is a document as the value of SQL that it holds. An array, an object and
// null hold none, which is NULL.
func (d Datum) scalar() Datum {
	v, ok := d.document()
	if !ok {
		return StringDatum(d.Str)
	}
	switch v := v.(type) {
	case bool:
		return BoolDatum(v)
	case string:
		return StringDatum(v)
	case jsonExact:
		if dec, ok := parseDecimal(string(v)); ok {
			return DecDatum(dec)
		}
	case jsonNumber:
		return v.number()
	case jsonUnsigned:
		return jsonNumber(v).number()
	case jsonTemporal:
		return StringDatum(v.text)
	}
	return NullDatum()
}

// plain is a document as the text that it is written as, and any other value as it
// is.
func (d Datum) plain() Datum {
	d.json, d.typed = false, nil
	return d
}

// number is an integer of 64 bits, and any other number as a double.
func (n jsonNumber) number() Datum {
	s := string(n)
	if i, err := strconv.ParseInt(s, 10, 64); err == nil {
		return IntDatum(i)
	}
	if u, err := strconv.ParseUint(s, 10, 64); err == nil {
		return UintDatum(u)
	}
	return FloatDatum(leadingFloat(s))
}

// counted is a document as the number that it counts as in type to, and any other
// value as it is. What holds no number is a warning, and what its text begins with.
func (ev *Evaluation) counted(d Datum, to string) Datum {
	if !d.json {
		return d
	}
	fraction := to != "INTEGER"
	v := d.scalar()
	switch {
	case v.IsNull():
		v = IntDatum(0)
	case !v.IsText() || isNumeral(v.Str, fraction):
		return v
	default:
		v.Str = numberPrefix(v.Str, fraction)
		if !fraction {
			v.Str, _, _ = strings.Cut(v.Str, ".")
		}
		if !isNumeral(v.Str, fraction) { // ".5" has no whole part
			v = IntDatum(0)
		}
	}
	ev.Env.Warn(warnInvalidJSONCast, "Invalid JSON value for CAST to %s: '%s'", to, CutRunes(d.Str, 128))
	return v
}

// unboxed is a document as the text or number that a date is read from.
func (d Datum) unboxed() Datum {
	if !d.json {
		return d
	}
	if v := d.scalar(); !v.IsNull() {
		return v
	}
	return StringDatum(d.Str)
}

// jsonTruth is a document as a condition: it is compared with the number 0, as
// MySQL does, which says so in a warning.
func (ev *Evaluation) jsonTruth(d Datum) bool {
	if !ev.Work.implicit {
		ev.Work.implicit = true
		ev.Env.Warn(warnImplicitJSON, "Evaluating a JSON value in SQL boolean context does an implicit comparison against JSON integer 0; "+
			"if this is not what you want, consider converting JSON to a SQL numeric type with JSON_VALUE RETURNING")
	}
	return compareDocuments(d, IntDatum(0)) != 0
}

// The ranks of types, by which documents of different types are ordered.
const (
	rankNull byte = iota + 1
	rankNumber
	rankString
	rankObject
	rankArray
	rankBoolean
	rankDate
	rankTime
	rankDateTime
	rankBytes
)

var temporalRanks = map[wharf.Type]byte{wharf.TypeDate: rankDate, wharf.TypeTime: rankTime, wharf.TypeDateTime: rankDateTime}

// compareDocuments orders two values of which at least one is a document.
func compareDocuments(a, b Datum) int { return strings.Compare(a.documentKey(), b.documentKey()) }

// documentKey is bytes that compare as the datum does as a document.
func (d Datum) documentKey() string {
	if d.Kind == kBytes {
		return string(rankBytes) + d.Str
	}
	v := any(d.Str)
	if d.json {
		if doc, ok := d.document(); ok {
			v = doc
		}
	} else if doc, err := jsonOf(d); err == nil {
		v = doc
	}
	return string(appendDocumentKey(nil, v))
}

// appendDocumentKey appends the key of a document. No key begins another.
func appendDocumentKey(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, rankNull)
	case bool:
		if v {
			return append(b, rankBoolean, 1)
		}
		return append(b, rankBoolean, 0)
	case string:
		return appendStringKey(append(b, rankString), v)
	case jsonNumber:
		return appendNumberKey(append(b, rankNumber), v.number())
	case jsonUnsigned:
		return appendNumberKey(append(b, rankNumber), jsonNumber(v).number())
	case jsonTemporal:
		return appendTemporalKey(append(b, temporalRanks[v.typ]), v)
	case jsonExact:
		dec, _ := parseDecimal(string(v))
		return appendNumberKey(append(b, rankNumber), DecDatum(dec))
	case []any:
		b = append(b, rankArray)
		for _, item := range v {
			b = appendDocumentKey(append(b, 1), item)
		}
		return append(b, 0)
	case map[string]any:
		b = append(b, rankObject)
		for _, key := range jsonKeys(v) {
			b = appendDocumentKey(appendStringKey(append(b, 1), key), v[key])
		}
		return append(b, 0)
	}
	return b
}

// appendTemporalKey appends a date or time by its order. The text of a time begins with a
// sign, and may have three digits before its first colon.
func appendTemporalKey(b []byte, v jsonTemporal) []byte {
	if d, ok := temporalDatum(v.text, v.typ); ok && v.typ == wharf.TypeTime {
		return binary.BigEndian.AppendUint64(b, d.Num^1<<63)
	}
	return appendStringKey(b, v.text)
}

// appendStringKey appends a text so that it ends before any that begins with it.
func appendStringKey(b []byte, s string) []byte {
	return append(append(b, strings.ReplaceAll(s, "\x00", "\x00\xff")...), 0, 0)
}

// appendNumberKey appends a number as the nearest double and the rest that an
// exact number has beyond it.
func appendNumberKey(b []byte, d Datum) []byte {
	f, rest := d.ToFloat(), 0.0
	const exactly = 1 << 53 // below it, a double is every integer
	if d.Kind == KDecimal || d.IsExact() && math.Abs(f) >= exactly {
		dec := d.ToDecimal()
		exact := new(big.Rat).SetFrac(dec.unscaled, pow10(dec.Scale))
		near, _ := exact.Float64()
		f = near
		if nearest := new(big.Rat).SetFloat64(near); nearest != nil {
			rest, _ = exact.Sub(exact, nearest).Float64()
		}
	}
	return appendFloatKey(appendFloatKey(b, f), rest)
}

func appendFloatKey(b []byte, f float64) []byte {
	bits := math.Float64bits(f)
	if f == 0 {
		bits = 0 // also of -0
	}
	if bits>>63 == 1 {
		bits = ^bits
	} else {
		bits |= 1 << 63
	}
	return binary.BigEndian.AppendUint64(b, bits)
}
