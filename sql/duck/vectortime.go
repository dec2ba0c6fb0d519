//go:build linux && !noduck

package duck

import (
	"unsafe"

	duckdb "github.com/duckdb/duckdb-go-bindings"
)

// Dates and times are written digit by digit: package time's formatting by
// layouts took a quarter of a worker's time for rows that have both.

// moments reads dates and times.
func (t vectorType) moments(data unsafe.Pointer, size int) func([]byte, int) []byte {
	if t.storage == duckdb.TypeDate {
		days := elements[int32](data, size)
		return func(b []byte, row int) []byte {
			day := int64(days[row])
			if !isMySQLDay(day) {
				return append(b, null)
			}
			return appendDate(append(b, dateLength), day)
		}
	}
	perSecond := int64(1e6)
	switch t.storage {
	case duckdb.TypeTimestampS:
		perSecond = 1
	case duckdb.TypeTimestampMS:
		perSecond = 1e3
	case duckdb.TypeTimestampNS:
		perSecond = 1e9
	}
	ticks := elements[int64](data, size)
	decimals, isTime := t.decimals, t.storage == duckdb.TypeTime
	return func(b []byte, row int) []byte {
		second, tick := floorDivide(ticks[row], perSecond)
		micros := uint32(tick * 1e6 / perSecond)
		at := len(b)
		b = append(b, 0)
		if !isTime {
			var day int64
			if day, second = floorDivide(second, secondsPerDay); !isMySQLDay(day) {
				b[at] = null
				return b
			}
			b = append(appendDate(b, day), ' ')
		}
		b = appendClock(b, uint32(second), micros, decimals)
		b[at] = byte(len(b) - at - 1)
		return b
	}
}

const (
	secondsPerDay = 24 * 60 * 60
	dateLength    = byte(len("2006-01-02"))
)

// isMySQLDay reports whether a day, counted from 1970-01-01, is in the years 0
// to 9999. MySQL writes no other.
func isMySQLDay(day int64) bool { return -719528 <= day && day <= 2932896 }

// floorDivide returns the quotient, rounded down, and the remainder, which is
// not negative.
func floorDivide(n, by int64) (quotient, rest int64) {
	quotient, rest = n/by, n%by
	if rest < 0 {
		quotient, rest = quotient-1, rest+by
	}
	return quotient, rest
}

// appendDate writes a day of MySQL's years, counted from 1970-01-01. Years are
// taken to begin in March, so that the leap day is a year's last one, in eras of
// 400 years, which have equally many days.
func appendDate(b []byte, day int64) []byte {
	const era, beforeEpoch = 146097, 719468 // days of 400 years; from 0000-03-01 to 1970-01-01
	d := uint32(day + beforeEpoch + era)    // one era more, so that it is not negative
	eras := d / era
	d %= era
	year := (d - d/1460 + d/36524 - d/146096) / 365
	d -= 365*year + year/4 - year/100
	month := (5*d + 2) / 153 // from March
	d -= (153*month+2)/5 - 1
	year += 400 * eras
	if month += 3; month > 12 {
		month, year = month-12, year+1
	}
	year -= 400
	at := len(b)
	b = append(b, "0000-00-00"...)
	text := b[at : at+10]
	putTwo(text, year/100)
	putTwo(text[2:], year%100)
	putTwo(text[5:], month)
	putTwo(text[8:], d)
	return b
}

// appendClock writes a second of a day and, with as many digits as decimals
// says, its microseconds.
func appendClock(b []byte, second, micros uint32, decimals uint8) []byte {
	at := len(b)
	b = append(b, "00:00:00.000000"...)
	text := b[at : at+15]
	putTwo(text, second/3600)
	putTwo(text[3:], second/60%60)
	putTwo(text[6:], second%60)
	if decimals == 0 {
		return b[:at+8]
	}
	putTwo(text[9:], micros/1e4)
	putTwo(text[11:], micros/100%100)
	putTwo(text[13:], micros%100)
	return b[:at+9+int(decimals)]
}

// putTwo writes a number below 100 as two digits.
func putTwo(b []byte, n uint32) { b[0], b[1] = '0'+byte(n/10), '0'+byte(n%10) }
