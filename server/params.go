package server

import (
	"fmt"
	"math"

	"github.com/go-mysql-org/go-mysql/mysql"

	"wharf"
)

// paramType is the type of a parameter as a client declares it.
type paramType struct {
	typ      byte
	unsigned bool
}

// arguments reads the parameters of an execute: which are NULL, their types
// if the client names them (again), and the values of those that did not come
// in pieces before.
func (p *prepared) arguments(f *fields) ([]wharf.Value, error) {
	if p.tooLong {
		return nil, packetTooLarge()
	}
	n := p.stmt.NumParams()
	if n == 0 {
		return nil, nil
	}
	nulls := f.bytes(uint64(n+7) / 8)
	if f.u8() != 0 {
		if types := f.bytes(2 * uint64(n)); types != nil {
			p.types = make([]paramType, n)
			for i := range p.types {
				p.types[i] = paramType{types[2*i], types[2*i+1]&0x80 != 0}
			}
		}
	}
	if f.bad || p.types == nil {
		return nil, wrongArguments("mysqld_stmt_execute")
	}
	args := make([]wharf.Value, n)
	for i := range args {
		if piece, ok := p.long[i]; ok {
			args[i] = wharf.Text(piece.String())
			continue
		}
		if nulls[i/8]&(1<<(i%8)) != 0 {
			continue
		}
		v, ok := f.value(p.types[i])
		if !ok || f.bad {
			return nil, wrongArguments("mysqld_stmt_execute")
		}
		args[i] = v
	}
	return args, nil
}

// value reads a value of the binary protocol.
func (f *fields) value(t paramType) (wharf.Value, bool) {
	switch t.typ {
	case mysql.MYSQL_TYPE_NULL:
		return wharf.Null(), true
	case mysql.MYSQL_TYPE_TINY:
		n := f.u8()
		return number64(t, uint64(n), int64(int8(n))), true
	case mysql.MYSQL_TYPE_SHORT, mysql.MYSQL_TYPE_YEAR:
		n := f.u16()
		return number64(t, uint64(n), int64(int16(n))), true
	case mysql.MYSQL_TYPE_LONG, mysql.MYSQL_TYPE_INT24:
		n := f.u32()
		return number64(t, uint64(n), int64(int32(n))), true
	case mysql.MYSQL_TYPE_LONGLONG:
		n := f.u64()
		return number64(t, n, int64(n)), true
	case mysql.MYSQL_TYPE_FLOAT:
		return wharf.Float(float64(math.Float32frombits(f.u32()))), true
	case mysql.MYSQL_TYPE_DOUBLE:
		return wharf.Float(math.Float64frombits(f.u64())), true
	case mysql.MYSQL_TYPE_DATE, mysql.MYSQL_TYPE_NEWDATE, mysql.MYSQL_TYPE_DATETIME, mysql.MYSQL_TYPE_TIMESTAMP,
		mysql.MYSQL_TYPE_DATETIME2, mysql.MYSQL_TYPE_TIMESTAMP2:
		return f.datetime(t.typ)
	case mysql.MYSQL_TYPE_TIME, mysql.MYSQL_TYPE_TIME2:
		return f.duration()
	case mysql.MYSQL_TYPE_DECIMAL, mysql.MYSQL_TYPE_NEWDECIMAL, mysql.MYSQL_TYPE_VARCHAR, mysql.MYSQL_TYPE_VAR_STRING,
		mysql.MYSQL_TYPE_STRING, mysql.MYSQL_TYPE_ENUM, mysql.MYSQL_TYPE_SET, mysql.MYSQL_TYPE_BIT, mysql.MYSQL_TYPE_JSON,
		mysql.MYSQL_TYPE_TINY_BLOB, mysql.MYSQL_TYPE_MEDIUM_BLOB, mysql.MYSQL_TYPE_LONG_BLOB, mysql.MYSQL_TYPE_BLOB,
		mysql.MYSQL_TYPE_GEOMETRY:
		return wharf.Text(string(f.lenencBytes())), true
	}
	return wharf.Null(), false
}

func number64(t paramType, u uint64, i int64) wharf.Value {
	if t.unsigned {
		return wharf.Uint(u)
	}
	return wharf.Int(i)
}

// datetime reads a date, with or without a time of day: as many of its parts
// as are not zero. 0000-00-00 is a value too.
func (f *fields) datetime(typ byte) (wharf.Value, bool) {
	n := f.u8()
	if n != 0 && n != 4 && n != 7 && n != 11 {
		return wharf.Null(), false
	}
	d := fields{b: f.bytes(uint64(n))}
	year, month, day := d.u16(), d.u8(), d.u8()
	hour, minute, second, micros := d.u8(), d.u8(), d.u8(), d.u32()
	ok := year <= 9999 && month <= 12 && day <= 31 && hour <= 23 && isClock(minute, second, micros)
	s := fmt.Sprintf("%04d-%02d-%02d", year, month, day)
	if typ == mysql.MYSQL_TYPE_DATE || typ == mysql.MYSQL_TYPE_NEWDATE {
		return wharf.Text(s), ok
	}
	s += fmt.Sprintf(" %02d:%02d:%02d", hour, minute, second)
	if n == 11 {
		s += fmt.Sprintf(".%06d", micros)
	}
	return wharf.Text(s), ok
}

// duration reads a TIME, which may be negative and longer than a day.
func (f *fields) duration() (wharf.Value, bool) {
	n := f.u8()
	if n != 0 && n != 8 && n != 12 {
		return wharf.Null(), false
	}
	d := fields{b: f.bytes(uint64(n))}
	sign := ""
	if d.u8() != 0 {
		sign = "-"
	}
	days, hour := d.u32(), d.u8()
	minute, second, micros := d.u8(), d.u8(), d.u32()
	hours := uint64(days)*24 + uint64(hour)
	const maxHours = 838 // of MySQL's TIME
	s := fmt.Sprintf("%s%02d:%02d:%02d", sign, hours, minute, second)
	if n == 12 {
		s += fmt.Sprintf(".%06d", micros)
	}
	return wharf.Text(s), hours <= maxHours && isClock(minute, second, micros)
}

func isClock(minute, second uint8, micros uint32) bool {
	return minute <= 59 && second <= 59 && micros <= 999_999
}

// isText reports whether the values are in the client's character set.
func (t paramType) isText() bool {
	return t.typ == mysql.MYSQL_TYPE_STRING || t.typ == mysql.MYSQL_TYPE_VAR_STRING || t.typ == mysql.MYSQL_TYPE_VARCHAR
}
