//go:build linux && !noduck

package duck

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"unsafe"

	duckdb "github.com/duckdb/duckdb-go-bindings"

	"wharf"
)

// vectorType is how the values of a column are read and shown.
type vectorType struct {
	column   wharf.Type
	decimals uint8
	scale    uint8 // of an exact decimal
	storage  duckdb.Type
	name     string   // DuckDB's
	cast     string   // what turns a value $ into one that can be shown; "" where it can
	fields   []column // of a nested type
}

// vectorTypeOf describes a logical type, which it destroys.
func vectorTypeOf(logical duckdb.LogicalType) vectorType {
	defer duckdb.DestroyLogicalType(&logical)
	id := duckdb.GetTypeId(logical)
	t := vectorType{storage: id, name: typeNames[id]}
	switch id {
	case duckdb.TypeBoolean:
		t.column = wharf.TypeBool
	case duckdb.TypeTinyInt, duckdb.TypeSmallInt, duckdb.TypeInteger, duckdb.TypeBigInt:
		t.column = wharf.TypeInt
	case duckdb.TypeUTinyInt, duckdb.TypeUSmallInt, duckdb.TypeUInteger, duckdb.TypeUBigInt:
		t.column = wharf.TypeUint
	case duckdb.TypeFloat, duckdb.TypeDouble:
		t.column, t.decimals = wharf.TypeFloat, allDecimals
	case duckdb.TypeHugeInt:
		t.column = wharf.TypeDecimal
	case duckdb.TypeDecimal:
		t.column, t.scale, t.storage = wharf.TypeDecimal, duckdb.DecimalScale(logical), duckdb.DecimalInternalType(logical)
		t.decimals = t.scale
		t.name = fmt.Sprintf("DECIMAL(%d,%d)", duckdb.DecimalWidth(logical), t.scale)
	case duckdb.TypeDate:
		t.column = wharf.TypeDate
	case duckdb.TypeTimestampS:
		t.column = wharf.TypeDateTime
	case duckdb.TypeTimestampMS:
		t.column, t.decimals = wharf.TypeDateTime, 3
	case duckdb.TypeTimestamp, duckdb.TypeTimestampNS, duckdb.TypeTimestampTZ:
		t.column, t.decimals = wharf.TypeDateTime, 6
	case duckdb.TypeTime:
		t.column, t.decimals = wharf.TypeString, 6
	case duckdb.TypeVarchar:
		t.column = wharf.TypeString
		if duckdb.LogicalTypeGetAlias(logical) == "JSON" {
			t.column, t.name = wharf.TypeJSON, "JSON"
		}
	case duckdb.TypeBlob:
		t.column = wharf.TypeBytes
	case duckdb.TypeSQLNull:
		t.column = wharf.TypeNull
	case duckdb.TypeList, duckdb.TypeStruct, duckdb.TypeMap, duckdb.TypeArray, duckdb.TypeUnion:
		t.column, t.cast, t.fields = wharf.TypeJSON, "CAST(to_json($) AS VARCHAR)", fieldsOf(id, logical)
	case duckdb.TypeVariant:
		t.column, t.cast = wharf.TypeJSON, "CAST("+ofVariant("$")+" AS VARCHAR)"
	case duckdb.TypeGeometry:
		t.column, t.cast = wharf.TypeBytes, "ST_AsWKB($)"
	default:
		t.column, t.cast = wharf.TypeString, "CAST($ AS VARCHAR)"
	}
	return t
}

// fieldsOf describes what a value of a nested type has: the element of a list, the fields
// of a struct, the key and the value of a map.
func fieldsOf(id duckdb.Type, logical duckdb.LogicalType) []column {
	field := func(name string, of duckdb.LogicalType) column {
		t := vectorTypeOf(of)
		return column{Name: name, Type: t.column, Duck: t.name, Fields: t.fields}
	}
	switch id {
	case duckdb.TypeList:
		return []column{field("", duckdb.ListTypeChildType(logical))}
	case duckdb.TypeMap:
		return []column{field("key", duckdb.MapTypeKeyType(logical)), field("value", duckdb.MapTypeValueType(logical))}
	case duckdb.TypeStruct:
		fields := make([]column, duckdb.StructTypeChildCount(logical))
		for i := range fields {
			at := duckdb.IdxT(i)
			fields[i] = field(duckdb.StructTypeChildName(logical, at), duckdb.StructTypeChildType(logical, at))
		}
		return fields
	}
	return nil // Parquet has no others
}

// typeNames are the names of types as DuckDB writes them. Nested ones are
// called by their kind alone.
var typeNames = map[duckdb.Type]string{
	duckdb.TypeBoolean: "BOOLEAN", duckdb.TypeTinyInt: "TINYINT", duckdb.TypeSmallInt: "SMALLINT", duckdb.TypeInteger: "INTEGER",
	duckdb.TypeBigInt: "BIGINT", duckdb.TypeUTinyInt: "UTINYINT", duckdb.TypeUSmallInt: "USMALLINT", duckdb.TypeUInteger: "UINTEGER",
	duckdb.TypeUBigInt: "UBIGINT", duckdb.TypeHugeInt: "HUGEINT", duckdb.TypeUHugeInt: "UHUGEINT", duckdb.TypeFloat: "FLOAT",
	duckdb.TypeDouble: "DOUBLE", duckdb.TypeVarchar: "VARCHAR", duckdb.TypeBlob: "BLOB", duckdb.TypeDate: "DATE", duckdb.TypeTime: "TIME",
	duckdb.TypeTimeNS: "TIME_NS", duckdb.TypeTimestamp: "TIMESTAMP", duckdb.TypeTimestampS: "TIMESTAMP_S", duckdb.TypeTimestampMS: "TIMESTAMP_MS",
	duckdb.TypeTimestampNS: "TIMESTAMP_NS", duckdb.TypeTimestampTZ: "TIMESTAMP WITH TIME ZONE", duckdb.TypeInterval: "INTERVAL",
	duckdb.TypeUUID: "UUID", duckdb.TypeEnum: "ENUM", duckdb.TypeBit: "BIT", duckdb.TypeTimeTZ: "TIME WITH TIME ZONE",
	duckdb.TypeList: "LIST[]", duckdb.TypeArray: "ARRAY[]", duckdb.TypeStruct: "STRUCT", duckdb.TypeMap: "MAP", duckdb.TypeUnion: "UNION",
	duckdb.TypeVariant: "VARIANT", duckdb.TypeSQLNull: "NULL",
}

// vectorReader appends the values of one vector, each with its length before
// it, as MySQL's text protocol has them.
type vectorReader struct {
	valid []uint64 // one bit for each value, nil where all are there
	value func(b []byte, row int) []byte
}

func (r *vectorReader) append(b []byte, row int) []byte {
	if r.isNull(row) {
		return append(b, null)
	}
	return r.value(b, row)
}

func (r *vectorReader) isNull(row int) bool {
	return r.valid != nil && r.valid[row>>6]&(1<<(row&63)) == 0
}

// null is what stands for NULL where a length would.
const null = 0xfb

func (t vectorType) reader(v duckdb.Vector) vectorReader {
	r := vectorReader{}
	size := int(duckdb.VectorSize())
	if mask := duckdb.VectorGetValidity(v); mask != nil {
		r.valid = unsafe.Slice((*uint64)(mask), (size+63)/64)
	}
	data := duckdb.VectorGetData(v)
	switch t.storage {
	case duckdb.TypeBoolean:
		r.value = signed(elements[int8](data, size))
	case duckdb.TypeTinyInt:
		r.value = signed(elements[int8](data, size))
	case duckdb.TypeSmallInt:
		r.value = decimal(elements[int16](data, size), t.scale)
	case duckdb.TypeInteger:
		r.value = decimal(elements[int32](data, size), t.scale)
	case duckdb.TypeBigInt:
		r.value = decimal(elements[int64](data, size), t.scale)
	case duckdb.TypeUTinyInt:
		r.value = unsigned(elements[uint8](data, size))
	case duckdb.TypeUSmallInt:
		r.value = unsigned(elements[uint16](data, size))
	case duckdb.TypeUInteger:
		r.value = unsigned(elements[uint32](data, size))
	case duckdb.TypeUBigInt:
		r.value = unsigned(elements[uint64](data, size))
	case duckdb.TypeHugeInt:
		r.value = huge(elements[[2]uint64](data, size), t.scale)
	case duckdb.TypeFloat:
		values := elements[float32](data, size)
		r.value = func(b []byte, row int) []byte { return appendFloat(b, float64(values[row]), 32) }
	case duckdb.TypeDouble:
		values := elements[float64](data, size)
		r.value = func(b []byte, row int) []byte { return appendFloat(b, values[row], 64) }
		if t.decimals < allDecimals {
			r.value = func(b []byte, row int) []byte { return appendFixed(b, values[row], int(t.decimals)) }
		}
	case duckdb.TypeVarchar, duckdb.TypeBlob:
		values := elements[stringT](data, size)
		r.value = func(b []byte, row int) []byte { return appendText(b, values[row].bytes()) }
	default:
		r.value = t.moments(data, size)
	}
	return r
}

func elements[T any](data unsafe.Pointer, n int) []T { return unsafe.Slice((*T)(data), n) }

// stringT is DuckDB's string: up to 12 bytes in place, else a pointer behind
// the first four of them.
type stringT struct {
	length uint32
	prefix [4]byte
	rest   [8]byte
}

const inlined = 12

func (s *stringT) bytes() []byte {
	if s.length <= inlined {
		return unsafe.Slice(&s.prefix[0], s.length)
	}
	return unsafe.Slice(*(**byte)(unsafe.Pointer(&s.rest)), s.length)
}

// short appends a text of fewer than 251 bytes that add makes.
func short(b []byte, add func([]byte) []byte) []byte {
	at := len(b)
	b = add(append(b, 0))
	b[at] = byte(len(b) - at - 1)
	return b
}

func appendText(b, text []byte) []byte {
	switch n := len(text); {
	case n < 251:
		b = append(b, byte(n))
	case n < 1<<16:
		b = append(b, 0xfc, byte(n), byte(n>>8))
	case n < 1<<24:
		b = append(b, 0xfd, byte(n), byte(n>>8), byte(n>>16))
	default:
		b = binary.LittleEndian.AppendUint64(append(b, 0xfe), uint64(n))
	}
	return append(b, text...)
}

func signed[T int8](values []T) func([]byte, int) []byte {
	return func(b []byte, row int) []byte {
		at := len(b)
		b = strconv.AppendInt(append(b, 0), int64(values[row]), 10)
		b[at] = byte(len(b) - at - 1)
		return b
	}
}

func unsigned[T uint8 | uint16 | uint32 | uint64](values []T) func([]byte, int) []byte {
	return func(b []byte, row int) []byte {
		at := len(b)
		b = strconv.AppendUint(append(b, 0), uint64(values[row]), 10)
		b[at] = byte(len(b) - at - 1)
		return b
	}
}

// decimal reads integers that stand for a number with scale digits behind the
// point; integers themselves have none.
func decimal[T int16 | int32 | int64](values []T, scale uint8) func([]byte, int) []byte {
	return func(b []byte, row int) []byte {
		at := len(b)
		b = strconv.AppendInt(append(b, 0), int64(values[row]), 10)
		if scale > 0 {
			b = point(b, at+1, int(scale))
		}
		b[at] = byte(len(b) - at - 1)
		return b
	}
}

func huge(values [][2]uint64, scale uint8) func([]byte, int) []byte {
	return func(b []byte, row int) []byte {
		lower, upper := values[row][0], int64(values[row][1])
		n := new(big.Int).Lsh(big.NewInt(upper), 64)
		n.Add(n, new(big.Int).SetUint64(lower))
		at := len(b)
		b = n.Append(append(b, 0), 10)
		if scale > 0 {
			b = point(b, at+1, int(scale))
		}
		b[at] = byte(len(b) - at - 1)
		return b
	}
}

// point puts the point into the digits that start at b[at], before the last
// scale of them.
func point(b []byte, at, scale int) []byte {
	if b[at] == '-' {
		at++
	}
	for digits := len(b) - at; digits <= scale; digits++ {
		b = append(b, 0)
		copy(b[at+1:], b[at:])
		b[at] = '0'
	}
	b = append(b, 0)
	dot := len(b) - 1 - scale
	copy(b[dot+1:], b[dot:])
	b[dot] = '.'
	return b
}

// allDecimals is of a double that is shown with all digits that it has.
const allDecimals = 31

// appendFixed writes a number with so many digits behind the point.
func appendFixed(b []byte, f float64, decimals int) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(b, null)
	}
	var digits [64]byte
	return appendText(b, wharf.AppendFixed(digits[:0], f, decimals))
}

// appendFloat writes a number as MySQL does. MySQL has neither NaN nor
// infinities: they are NULL.
func appendFloat(b []byte, f float64, bits int) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(b, null)
	}
	if bits == 32 {
		// The shortest digits that mean this float, not those of the double.
		f, _ = strconv.ParseFloat(strconv.FormatFloat(f, 'g', -1, 32), 64)
	}
	return short(b, wharf.Float(f).AppendText)
}
