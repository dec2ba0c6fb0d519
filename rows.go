package wharf

import (
	"bytes"
	"iter"
	"math"
	"strconv"
	"strings"
	"time"
)

// Rows is a result that streams: its columns first, then its rows.
type Rows struct {
	Columns []Column
	// All yields the rows, each with one Value a column. The slice is valid
	// until the next row only. An error is yielded once, last, with a nil
	// row. It may be ranged over once.
	All iter.Seq2[[]Value, error]
}

// Column describes one column of a result.
type Column struct {
	Name     string
	Type     Type
	Nullable bool
	// SQLType is the type in full as MySQL writes it, such as decimal(10,2);
	// "" where only Type is known.
	SQLType string
}

// Type is the type of a column.
type Type uint8

// The types of columns.
const (
	TypeString   Type = iota // text, UTF-8
	TypeBytes                // bytes without a character set
	TypeInt                  // 64-bit signed
	TypeUint                 // 64-bit unsigned
	TypeFloat                // 64-bit floating point
	TypeDecimal              // exact decimal, carried as text
	TypeBool                 // carried as the integers 0 and 1
	TypeDate                 // YYYY-MM-DD, carried as text
	TypeDateTime             // YYYY-MM-DD hh:mm:ss[.ffffff] in UTC, carried as text
	TypeTime                 // [-]hhh:mm:ss[.ffffff], carried as text
	TypeJSON                 // JSON, carried as text
	TypeNull                 // the type of a bare NULL
)

// Value is one field of a row. The zero Value is NULL. It is small and holds
// no pointer but its text, so that rows can be made without allocating.
type Value struct {
	kind ValueKind
	num  uint64
	str  string
}

// ValueKind says what a Value holds.
type ValueKind uint8

// The kinds of a Value.
const (
	NullValue ValueKind = iota
	IntValue
	UintValue
	FloatValue
	TextValue // also decimals, dates, JSON and bytes: see the column's Type
)

// Null is SQL's NULL.
func Null() Value { return Value{} }

// Int holds a signed integer.
func Int(v int64) Value { return Value{kind: IntValue, num: uint64(v)} }

// Uint holds an unsigned integer.
func Uint(v uint64) Value { return Value{kind: UintValue, num: v} }

// Float holds a floating point number.
func Float(v float64) Value { return Value{kind: FloatValue, num: math.Float64bits(v)} }

// Text holds text, or the text form of a decimal, a date or a JSON document,
// or bytes.
func Text(s string) Value { return Value{kind: TextValue, str: s} }

// Bool holds 1 or 0.
func Bool(b bool) Value {
	if b {
		return Int(1)
	}
	return Int(0)
}

// DateTime holds t in UTC to the microsecond, as MySQL writes it.
func DateTime(t time.Time) Value {
	return Text(t.UTC().Format("2006-01-02 15:04:05.000000"))
}

// Kind returns what v holds.
func (v Value) Kind() ValueKind { return v.kind }

// IsNull reports whether v is NULL.
func (v Value) IsNull() bool { return v.kind == NullValue }

// Int64 returns the number of an IntValue, or of a UintValue that fits.
func (v Value) Int64() int64 { return int64(v.num) }

// Uint64 returns the number of a UintValue, or of an IntValue that is not
// negative.
func (v Value) Uint64() uint64 { return v.num }

// Float64 returns the number of a FloatValue.
func (v Value) Float64() float64 { return math.Float64frombits(v.num) }

// Str returns the text of a TextValue, without a copy.
func (v Value) Str() string { return v.str }

// AppendText appends v as MySQL's text protocol writes it. NULL appends
// nothing: the caller asks Kind.
func (v Value) AppendText(b []byte) []byte {
	switch v.kind {
	case IntValue:
		return strconv.AppendInt(b, int64(v.num), 10)
	case UintValue:
		return strconv.AppendUint(b, v.num, 10)
	case FloatValue:
		return appendFloat(b, v.Float64())
	case TextValue:
		return append(b, v.str...)
	}
	return b
}

// appendFloat writes a double as MySQL does: in plain digits from 1e-15 up to
// 1e15, and beyond that where its digits reach the point without zeros between;
// else with an exponent without '+' and without padding.
func appendFloat(b []byte, f float64) []byte {
	a := math.Abs(f)
	if a == 0 {
		return append(b, '0')
	}
	if a >= 1e-15 && a < 1e15 {
		return strconv.AppendFloat(b, f, 'f', -1, 64)
	}
	start := len(b)
	b = strconv.AppendFloat(b, f, 'e', -1, 64)
	e := start + bytes.IndexByte(b[start:], 'e')
	if e < start {
		return b // NaN and the infinities, which no expression has
	}
	exponent, _ := strconv.Atoi(string(b[e+1:])) // AppendFloat wrote it
	if digits := e - start - bytes.Count(b[start:e], []byte("-")) - bytes.Count(b[start:e], []byte(".")); exponent > 0 && digits > exponent {
		return strconv.AppendFloat(b[:start], f, 'f', -1, 64)
	}
	return strconv.AppendInt(b[:e+1], int64(exponent), 10)
}

// AppendFixed appends f with so many digits after the point as MySQL writes a double of
// fixed decimals: the shortest digits that mean f, and zeros behind them. A zero has no sign.
func AppendFixed(b []byte, f float64, places int) []byte {
	start := len(b)
	b = strconv.AppendFloat(b, f+0, 'f', -1, 64)
	behind := 0
	if point := bytes.IndexByte(b[start:], '.'); point >= 0 {
		behind = len(b) - start - point - 1
	} else if places > 0 {
		b = append(b, '.')
	}
	if behind > places {
		return strconv.AppendFloat(b[:start], f, 'f', places, 64)
	}
	return append(b, strings.Repeat("0", places-behind)...)
}

// String returns v as text, NULL as "NULL".
func (v Value) String() string {
	if v.kind == NullValue {
		return "NULL"
	}
	return string(v.AppendText(nil))
}
