package eval

import (
	"math"
	"strconv"
	"strings"

	"wharf"
)

// kind says what a datum holds.
type kind uint8

// The kinds of a Datum.
const (
	kNull kind = iota
	KInt
	KUint
	KDecimal
	KFloat
	KString
	kBytes
	kDate     // a date
	kDateTime // a date with its time of day
	kTime     // a time, of a day or between two moments
)

// Datum is one value of an expression. Unlike a wharf.Value it tells text,
// bytes, decimals and dates apart, which arithmetic and comparison need.
type Datum struct {
	Kind kind
	coll collationID // of kString
	// Literal is set for bytes that were written as a hexadecimal or bit
	// literal, which are a number beside numbers.
	Literal bool
	boolean bool // a number that JSON has as true or false
	json    bool // text that is a document of JSON, not a string
	places  int8 // digits after the point of kDateTime and kTime, and of KFloat as in Node.shown

	// Num is a kInt or kUint, the bits of a kFloat, the microseconds of a
	// kTime, or a moment packed.
	Num uint64
	Str string   // kString, kBytes
	Dec *Decimal // kDecimal

	typed *typedDocument // a document whose text does not tell the types of its values
}

// NullDatum returns NULL; IntDatum, UintDatum, FloatDatum, DecDatum and
// StringDatum return a datum of their kind.
func NullDatum() Datum           { return Datum{} }
func IntDatum(v int64) Datum     { return Datum{Kind: KInt, Num: uint64(v)} }
func UintDatum(v uint64) Datum   { return Datum{Kind: KUint, Num: v} }
func FloatDatum(v float64) Datum { return Datum{Kind: KFloat, Num: math.Float64bits(v)} }
func DecDatum(v *Decimal) Datum  { return Datum{Kind: KDecimal, Dec: v} }
func StringDatum(v string) Datum { return Datum{Kind: KString, Str: v} }
func bytesDatum(v string) Datum  { return Datum{Kind: kBytes, Str: v} }

// IsNull reports whether the datum is NULL.
func (d Datum) IsNull() bool { return d.Kind == kNull }

// Float64Bits returns the number of a datum that is a double.
func (d Datum) Float64Bits() float64 { return math.Float64frombits(d.Num) }

// Size is the bytes that the datum takes.
func (d Datum) Size() int {
	if d.Dec != nil {
		return ValueBytes + decimalBytes
	}
	if d.typed != nil {
		return ValueBytes + typedBytes*len(d.Str)
	}
	return ValueBytes + len(d.Str)
}

// typedBytes is what a character of a typed document takes at most, nearly, with its values
// beside the text.
const typedBytes = 16

// length is the bytes of its text; of a number, next to nothing.
func (d Datum) length() int { return len(d.Str) + 1 }

// Collated is the datum in a collation, where it is text.
func (d Datum) Collated(id collationID) Datum {
	if d.Kind == KString {
		d.coll = id
	}
	return d
}

// BoolDatum returns a truth value as MySQL has it: 1 or 0.
func BoolDatum(v bool) Datum {
	if v {
		return IntDatum(1)
	}
	return IntDatum(0)
}

// DatumOf takes over a value of a variable, an argument or a row.
func DatumOf(v wharf.Value, typ wharf.Type) Datum {
	switch v.Kind() {
	case wharf.IntValue:
		return IntDatum(v.Int64())
	case wharf.UintValue:
		return UintDatum(v.Uint64())
	case wharf.FloatValue:
		return FloatDatum(v.Float64())
	case wharf.TextValue:
		return textDatum(v.Str(), typ)
	}
	return NullDatum()
}

func textDatum(s string, typ wharf.Type) Datum {
	switch typ {
	case wharf.TypeJSON:
		return markedDatum(s)
	case wharf.TypeBytes:
		return bytesDatum(s)
	case wharf.TypeDate, wharf.TypeDateTime, wharf.TypeTime:
		if d, ok := temporalDatum(s, typ); ok {
			return d
		}
	case wharf.TypeDecimal:
		if d, ok := parseDecimal(s); ok {
			return DecDatum(d)
		}
	}
	return StringDatum(s)
}

// Value gives the datum as a column of type typ carries it.
func (d Datum) Value(typ wharf.Type) wharf.Value {
	if d.IsNull() {
		return wharf.Null()
	}
	switch typ {
	case wharf.TypeInt, wharf.TypeBool:
		if d.Kind == KInt {
			return wharf.Int(int64(d.Num))
		}
		return wharf.Int(d.ToInt())
	case wharf.TypeUint:
		if d.Kind == KUint || d.Kind == KInt {
			return wharf.Uint(d.Num)
		}
		return wharf.Uint(uint64(d.ToInt()))
	case wharf.TypeFloat:
		return wharf.Float(d.ToFloat())
	}
	return wharf.Text(d.Text())
}

// Own gives the datum as a value of its own type.
func (d Datum) Own() wharf.Value { return d.Value(typeOfDatum(d)) }

// Text gives the datum as MySQL writes it; NULL gives "".
func (d Datum) Text() string {
	switch d.Kind {
	case KInt:
		return strconv.FormatInt(int64(d.Num), 10)
	case KUint:
		return strconv.FormatUint(d.Num, 10)
	case KFloat:
		if d.places != 0 {
			return string(wharf.AppendFixed(nil, d.Float64Bits(), max(0, int(d.places))))
		}
		return wharf.Float(d.Float64Bits()).String()
	case KDecimal:
		return d.Dec.String()
	case kDate, kDateTime, kTime:
		return d.temporalText()
	}
	return d.Str
}

// ToFloat gives the datum as a double; text by the number it starts with.
func (d Datum) ToFloat() float64 {
	switch d.Kind {
	case KInt:
		return float64(int64(d.Num))
	case KUint:
		return float64(d.Num)
	case KFloat:
		return d.Float64Bits()
	case KDecimal:
		return d.Dec.float()
	case kDate, kDateTime, kTime:
		return d.temporalNumber().float()
	}
	if d.json {
		return d.scalar().ToFloat()
	}
	if d.Literal {
		return float64(d.literalNumber().Num)
	}
	return leadingFloat(d.Str)
}

// ToDecimal gives the datum as an exact decimal.
func (d Datum) ToDecimal() *Decimal {
	switch d.Kind {
	case KInt:
		return DecimalFromInt(int64(d.Num))
	case KUint:
		return decimalFromUint(d.Num)
	case KDecimal:
		return d.Dec
	case KFloat:
		if dec, ok := parseDecimal(strconv.FormatFloat(d.Float64Bits(), 'f', -1, 64)); ok {
			return dec
		}
		return DecimalFromInt(0)
	case kDate, kDateTime, kTime:
		return d.temporalNumber()
	}
	if d.json {
		return d.scalar().ToDecimal()
	}
	if d.Literal {
		return decimalFromUint(d.literalNumber().Num)
	}
	prefix := numberPrefix(d.Str, true)
	if dec, ok := parseDecimal(prefix); ok {
		return dec
	}
	return FloatDatum(leadingFloat(prefix)).ToDecimal() // it has an exponent, or is very long
}

// ToInt gives the datum as a signed integer: rounded, text by the whole
// number it starts with, values out of range as the nearest one.
func (d Datum) ToInt() int64 {
	switch d.Kind {
	case KInt:
		return int64(d.Num)
	case KUint:
		return int64(min(d.Num, math.MaxInt64))
	case KDecimal:
		return d.Dec.int64()
	case KFloat:
		return clampInt(math.RoundToEven(d.Float64Bits()))
	case kNull:
		return 0
	case kDate, kDateTime, kTime:
		return d.withPlaces(0).temporalNumber().int64()
	}
	if d.json {
		return d.scalar().ToInt()
	}
	if d.Literal {
		return int64(d.literalNumber().Num)
	}
	return d.wholeOfText().int64()
}

// wholeOfText is the whole number that a text starts with. An exponent is none of it.
func (d Datum) wholeOfText() *Decimal {
	prefix := numberPrefix(d.Str, false)
	dec, ok := parseDecimal(prefix)
	if !ok { // it is very long
		dec = FloatDatum(leadingFloat(prefix)).ToDecimal()
	}
	return dec.truncate(0)
}

func clampInt(f float64) int64 {
	switch {
	case f >= math.MaxInt64:
		return math.MaxInt64
	case f <= math.MinInt64:
		return math.MinInt64
	case f != f:
		return 0
	}
	return int64(f)
}

// truth gives the datum as a condition; known is false for NULL.
func (d Datum) truth() (isTrue, known bool) {
	switch d.Kind {
	case kNull:
		return false, false
	case KInt, KUint:
		return d.Num != 0, true
	case KDecimal:
		return !d.Dec.isZero(), true
	}
	return d.ToFloat() != 0, true
}

func leadingFloat(s string) float64 {
	f, err := strconv.ParseFloat(numberPrefix(s, true), 64)
	if err != nil && !math.IsInf(f, 0) {
		return 0
	}
	return max(min(f, math.MaxFloat64), -math.MaxFloat64)
}

// numberPrefix gives the number that s starts with, or "0".
func numberPrefix(s string, exponent bool) string {
	s = strings.TrimLeft(s, " \t\n\r\v\f")
	i, digits, point := 0, 0, false
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		i++
	}
	for ; i < len(s); i++ {
		if s[i] == '.' && !point {
			point = true
		} else if s[i] >= '0' && s[i] <= '9' {
			digits++
		} else {
			break
		}
	}
	if digits == 0 {
		return "0"
	}
	if exponent && i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		i = exponentEnd(s, i)
	}
	return s[:i]
}

func exponentEnd(s string, at int) int {
	i := at + 1
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		i++
	}
	start := i
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	if i == start {
		return at
	}
	return i
}
