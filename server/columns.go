package server

import (
	"encoding/binary"
	"strconv"
	"strings"

	"github.com/go-mysql-org/go-mysql/mysql"

	"wharf"
)

const binaryCharset = 63 // of numbers, dates and bytes

// wireType is how a column of a type is described to clients.
type wireType struct {
	typ      byte
	charset  uint16
	length   uint32 // the most bytes that a value is shown with
	flags    uint16
	decimals byte
}

// describe returns the description of a type. The lengths are MySQL's own for
// the widest column of each.
func describe(t wharf.Type) wireType {
	const bin = mysql.BINARY_FLAG
	switch t {
	case wharf.TypeBytes:
		return wireType{mysql.MYSQL_TYPE_BLOB, binaryCharset, 1<<32 - 1, bin | mysql.BLOB_FLAG, 0}
	case wharf.TypeInt:
		return wireType{mysql.MYSQL_TYPE_LONGLONG, binaryCharset, 20, bin, 0}
	case wharf.TypeUint:
		return wireType{mysql.MYSQL_TYPE_LONGLONG, binaryCharset, 20, bin | mysql.UNSIGNED_FLAG, 0}
	case wharf.TypeFloat:
		return wireType{mysql.MYSQL_TYPE_DOUBLE, binaryCharset, 22, bin, 31}
	case wharf.TypeDecimal:
		return wireType{mysql.MYSQL_TYPE_NEWDECIMAL, binaryCharset, 67, bin, 30}
	case wharf.TypeBool:
		return wireType{mysql.MYSQL_TYPE_TINY, binaryCharset, 1, bin, 0}
	case wharf.TypeDate:
		return wireType{mysql.MYSQL_TYPE_DATE, binaryCharset, 10, bin, 0}
	case wharf.TypeDateTime:
		return wireType{mysql.MYSQL_TYPE_DATETIME, binaryCharset, 26, bin, 6}
	case wharf.TypeTime:
		return wireType{mysql.MYSQL_TYPE_TIME, binaryCharset, 17, bin, 6}
	case wharf.TypeJSON:
		return wireType{mysql.MYSQL_TYPE_JSON, binaryCharset, 1<<32 - 1, bin | mysql.BLOB_FLAG, 0}
	case wharf.TypeNull:
		return wireType{mysql.MYSQL_TYPE_NULL, binaryCharset, 0, bin, 0}
	}
	// The widest VARCHAR of utf8mb4: 16,383 characters of four bytes.
	return wireType{mysql.MYSQL_TYPE_VAR_STRING, collation, 4 * 16383, 0, 0}
}

// describeColumn returns the description of a column: of its type in full where
// that is known.
func describeColumn(c wharf.Column) wireType {
	d := describe(c.Type)
	name, digits, _ := strings.Cut(c.SQLType, "(")
	if name == "" {
		return d
	}
	first, second, _ := strings.Cut(strings.TrimSuffix(digits, ")"), ",")
	n, _ := strconv.ParseUint(first, 10, 24) // 0 where there is none
	scale, _ := strconv.ParseUint(second, 10, 8)
	point := func(digits uint64) uint32 { // and the fraction behind it
		if digits == 0 {
			return 0
		}
		return uint32(digits) + 1
	}
	switch {
	case c.Type == wharf.TypeDecimal && n > 0:
		d.length, d.decimals = uint32(n)+1, byte(scale)
		if scale > 0 {
			d.length++
		}
	case c.Type == wharf.TypeDateTime:
		d.length, d.decimals = 19+point(n), byte(n)
	case c.Type == wharf.TypeTime:
		d.length, d.decimals = 10+point(n), byte(n)
	case c.Type == wharf.TypeFloat && n > 0:
		d.length, d.decimals = uint32(n), byte(scale)
	case c.Type == wharf.TypeFloat && name == "float":
		d.typ, d.length = mysql.MYSQL_TYPE_FLOAT, 12
	case c.Type == wharf.TypeString && name == "varchar":
		d.length = 4 * uint32(n)
	}
	return d
}

// column writes the definition of a column. Our results have no table behind
// them, so its names are empty.
func (p *packets) column(c wharf.Column) {
	p.begin()
	p.columnBody(c)
	p.end()
}

func (p *packets) columnBody(c wharf.Column) {
	d := describeColumn(c)
	if !c.Nullable && c.Type != wharf.TypeNull {
		d.flags |= mysql.NOT_NULL_FLAG
	}
	if d.charset != binaryCharset && p.encoding.collation != 0 {
		d.charset = p.encoding.collation
	}
	b := append(p.buf, 3, 'd', 'e', 'f', 0, 0, 0)           // catalog, schema, table, its alias
	b = append(appendString(b, p.encoding.text(c.Name)), 0) // the column's name, and in its table
	b = append(b, 12)                                       // length of what follows
	b = binary.LittleEndian.AppendUint16(b, d.charset)
	b = binary.LittleEndian.AppendUint32(b, d.length)
	b = append(b, d.typ)
	b = binary.LittleEndian.AppendUint16(b, d.flags)
	p.buf = append(b, d.decimals, 0, 0)
}

// columns writes the definitions, without the count before them.
func (p *packets) columns(cols []wharf.Column, status uint16) {
	if len(cols) == 0 {
		return
	}
	for _, c := range cols {
		p.column(c)
	}
	p.endColumns(status)
}
