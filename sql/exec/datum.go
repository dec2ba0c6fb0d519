package exec

import (
	"math"
	"strconv"
	"strings"

	"wharf"
)

// kind says what a datum holds.
type kind uint8

const (
	kNull kind = iota
	kInt
	kUint
	kDecimal
	kFloat
	kString
	kBytes
	kDate     // a date
	kDateTime // a date with its time of day
	kTime     // a time, of a day or between two moments
)

// datum is one value of an expression. Unlike a wharf.Value it tells text,
// bytes, decimals and dates apart, which arithmetic and comparison need.
type datum struct {
	kind kind
	coll collationID // of kString
	// literal is set for bytes that were written as a hexadecimal or bit
	// literal, which are a number beside numbers.
	literal bool
	places  uint8 // of kDateTime and kTime: digits after the point

	// num is a kInt or kUint, the bits of a kFloat, the microseconds of a
	// kTime, or a moment packed.
	num uint64
	str string   // kString, kBytes
	dec *decimal // kDecimal
}

func nullDatum() datum               { return datum{} }
func intDatum(v int64) datum         { return datum{kind: kInt, num: uint64(v)} }
func uintDatum(v uint64) datum       { return datum{kind: kUint, num: v} }
func floatDatum(v float64) datum     { return datum{kind: kFloat, num: math.Float64bits(v)} }
func decDatum(v *decimal) datum      { return datum{kind: kDecimal, dec: v} }
func stringDatum(v string) datum     { return datum{kind: kString, str: v} }
func bytesDatum(v string) datum      { return datum{kind: kBytes, str: v} }
func (d datum) isNull() bool         { return d.kind == kNull }
func (d datum) float64Bits() float64 { return math.Float64frombits(d.num) }

// size is the bytes that the datum takes.
func (d datum) size() int {
	if d.dec != nil {
		return valueBytes + decimalBytes
	}
	return valueBytes + len(d.str)
}

// length is the bytes of its text; of a number, next to nothing.
func (d datum) length() int { return len(d.str) + 1 }

// collated is the datum in a collation, where it is text.
func (d datum) collated(id collationID) datum {
	if d.kind == kString {
		d.coll = id
	}
	return d
}

func boolDatum(v bool) datum {
	if v {
		return intDatum(1)
	}
	return intDatum(0)
}

// datumOf takes over a value of a variable, an argument or a row.
func datumOf(v wharf.Value, typ wharf.Type) datum {
	switch v.Kind() {
	case wharf.IntValue:
		return intDatum(v.Int64())
	case wharf.UintValue:
		return uintDatum(v.Uint64())
	case wharf.FloatValue:
		return floatDatum(v.Float64())
	case wharf.TextValue:
		return textDatum(v.Str(), typ)
	}
	return nullDatum()
}

func textDatum(s string, typ wharf.Type) datum {
	switch typ {
	case wharf.TypeBytes:
		return bytesDatum(s)
	case wharf.TypeDate, wharf.TypeDateTime, wharf.TypeTime:
		if d, ok := temporalDatum(s, typ); ok {
			return d
		}
	case wharf.TypeDecimal:
		if d, ok := parseDecimal(s); ok {
			return decDatum(d)
		}
	}
	return stringDatum(s)
}

// value gives the datum as a column of type typ carries it.
func (d datum) value(typ wharf.Type) wharf.Value {
	if d.isNull() {
		return wharf.Null()
	}
	switch typ {
	case wharf.TypeInt, wharf.TypeBool:
		if d.kind == kInt {
			return wharf.Int(int64(d.num))
		}
		return wharf.Int(d.toInt())
	case wharf.TypeUint:
		if d.kind == kUint || d.kind == kInt {
			return wharf.Uint(d.num)
		}
		return wharf.Uint(uint64(d.toInt()))
	case wharf.TypeFloat:
		return wharf.Float(d.toFloat())
	}
	return wharf.Text(d.text())
}

// text gives the datum as MySQL writes it; NULL gives "".
func (d datum) text() string {
	switch d.kind {
	case kInt:
		return strconv.FormatInt(int64(d.num), 10)
	case kUint:
		return strconv.FormatUint(d.num, 10)
	case kFloat:
		return wharf.Float(d.float64Bits()).String()
	case kDecimal:
		return d.dec.String()
	case kDate, kDateTime, kTime:
		return d.temporalText()
	}
	return d.str
}

// toFloat gives the datum as a double; text by the number it starts with.
func (d datum) toFloat() float64 {
	switch d.kind {
	case kInt:
		return float64(int64(d.num))
	case kUint:
		return float64(d.num)
	case kFloat:
		return d.float64Bits()
	case kDecimal:
		return d.dec.float()
	case kDate, kDateTime, kTime:
		return d.temporalNumber().float()
	}
	if d.literal {
		return float64(d.literalNumber().num)
	}
	return leadingFloat(d.str)
}

// toDecimal gives the datum as an exact decimal.
func (d datum) toDecimal() *decimal {
	switch d.kind {
	case kInt:
		return decimalFromInt(int64(d.num))
	case kUint:
		return decimalFromUint(d.num)
	case kDecimal:
		return d.dec
	case kFloat:
		if dec, ok := parseDecimal(strconv.FormatFloat(d.float64Bits(), 'f', -1, 64)); ok {
			return dec
		}
		return decimalFromInt(0)
	case kDate, kDateTime, kTime:
		return d.temporalNumber()
	}
	if d.literal {
		return decimalFromUint(d.literalNumber().num)
	}
	prefix := numberPrefix(d.str, true)
	if dec, ok := parseDecimal(prefix); ok {
		return dec
	}
	return floatDatum(leadingFloat(prefix)).toDecimal() // it has an exponent, or is very long
}

// toInt gives the datum as a signed integer: rounded, text by the whole
// number it starts with, values out of range as the nearest one.
func (d datum) toInt() int64 {
	switch d.kind {
	case kInt:
		return int64(d.num)
	case kUint:
		return int64(min(d.num, math.MaxInt64))
	case kDecimal:
		return d.dec.int64()
	case kFloat:
		return clampInt(math.RoundToEven(d.float64Bits()))
	case kNull:
		return 0
	case kDate, kDateTime, kTime:
		return d.temporalNumber().int64()
	}
	if d.literal {
		return int64(d.literalNumber().num)
	}
	whole, ok := parseDecimal(numberPrefix(d.str, false))
	if !ok {
		return clampInt(d.toFloat())
	}
	return whole.truncate(0).int64()
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
func (d datum) truth() (isTrue, known bool) {
	switch d.kind {
	case kNull:
		return false, false
	case kInt, kUint:
		return d.num != 0, true
	case kDecimal:
		return !d.dec.isZero(), true
	}
	return d.toFloat() != 0, true
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
