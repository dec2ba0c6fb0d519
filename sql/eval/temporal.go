package eval

import (
	"fmt"
	"strconv"
	"time"

	"wharf"
)

// moment is a date and a time of day as MySQL has them. Unlike a [time.Time] it
// may have a month or a day of zero, and it has no zone.
type moment struct {
	year, month, day            int
	hour, minute, second, micro int
}

// maxPlaces is the most digits after the point of a second.
const maxPlaces = 6

// The largest TIME, in microseconds: 838:59:59.
const maxDuration = (838*3600 + 59*60 + 59) * 1e6

// packed is the moment as one number, in the order of time.
func (m moment) packed() uint64 {
	date := (m.year*13+m.month)<<5 | m.day
	clock := (m.hour<<6|m.minute)<<6 | m.second
	return (uint64(date)<<17|uint64(clock))<<20 | uint64(m.micro)
}

func unpack(n uint64) moment {
	clock, date := int(n>>20&(1<<17-1)), int(n>>37)
	return moment{
		year: date >> 5 / 13, month: date >> 5 % 13, day: date & 31,
		hour: clock >> 12, minute: clock >> 6 & 63, second: clock & 63, micro: int(n & (1<<20 - 1)),
	}
}

func momentOf(t time.Time) moment {
	return moment{t.Year(), int(t.Month()), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond() / 1000}
}

// time is the moment in a zone. It must be a date of the calendar.
func (m moment) time(zone *time.Location) time.Time {
	return time.Date(m.year, time.Month(m.month), m.day, m.hour, m.minute, m.second, m.micro*1000, zone)
}

func (m moment) date() moment { return moment{year: m.year, month: m.month, day: m.day} }

// isZero reports whether the date is 0000-00-00.
func (m moment) isZero() bool { return m.year == 0 && m.month == 0 && m.day == 0 }

// isWhole reports whether no part of the date is zero but the year.
func (m moment) isWhole() bool { return m.month != 0 && m.day != 0 }

// isDate reports whether the calendar has the date. Parts that are zero are no
// reason that it has not.
func (m moment) isDate() bool {
	return m.year <= 9999 && m.month <= 12 && (m.day <= 28 || m.month == 0 && m.day <= 31 || m.day <= daysOf(m.year, m.month))
}

func daysOf(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// clock is the time of day in microseconds.
func (m moment) clock() int64 {
	return int64((m.hour*60+m.minute)*60+m.second)*1e6 + int64(m.micro)
}

// rounded is the moment with so many digits after the point.
func (m moment) rounded(places int) (moment, bool) {
	unit := 1
	for range maxPlaces - places {
		unit *= 10
	}
	if m.micro%unit == 0 {
		return m, true
	}
	if m.micro = (m.micro + unit/2) / unit * unit; m.micro < 1e6 {
		return m, true
	}
	m.micro = 0
	if !m.isWhole() {
		m.second = min(m.second+1, 59)
		return m, true
	}
	t := m.time(time.UTC).Add(time.Second)
	return momentOf(t), t.Year() <= 9999
}

func dateDatum(m moment) Datum { return Datum{Kind: kDate, Num: m.date().packed()} }

// momentDatum is a DATETIME that is shown with so many digits after the point.
func momentDatum(m moment, places int) Datum {
	return Datum{Kind: kDateTime, Num: m.packed(), places: int8(places)}
}

// durationDatum is a TIME of so many microseconds, which are at most
// maxDuration.
func durationDatum(micros int64, places int) Datum {
	return Datum{Kind: kTime, Num: uint64(micros), places: int8(places)}
}

// IsTemporal reports whether the datum is a date, a time, or both.
func (d Datum) IsTemporal() bool { return d.isDated() || d.Kind == kTime }

// isDated tells a date, with or without its time of day.
func (d Datum) isDated() bool { return d.Kind == kDate || d.Kind == kDateTime }

// temporalText writes a date or a time as MySQL does.
func (d Datum) temporalText() string {
	if d.Kind == kTime {
		micros, sign := int64(d.Num), ""
		if micros < 0 {
			micros, sign = -micros, "-"
		}
		seconds := micros / 1e6
		return fmt.Sprintf("%s%02d:%02d:%02d", sign, seconds/3600, seconds/60%60, seconds%60) + fractionText(int(micros%1e6), int(d.places))
	}
	m := unpack(d.Num)
	text := fmt.Sprintf("%04d-%02d-%02d", m.year, m.month, m.day)
	if d.Kind == kDateTime {
		text += fmt.Sprintf(" %02d:%02d:%02d", m.hour, m.minute, m.second) + fractionText(m.micro, int(d.places))
	}
	return text
}

func fractionText(micro, places int) string {
	if places == 0 {
		return ""
	}
	return fmt.Sprintf(".%06d", micro)[:places+1]
}

// temporalNumber is the number that a date or a time counts as: 20260102, or
// 20260102030405.5.
func (d Datum) temporalNumber() *Decimal {
	text := make([]byte, 0, 24)
	if d.Kind == kTime {
		micros := int64(d.Num)
		if micros < 0 {
			micros = -micros
			text = append(text, '-')
		}
		seconds := micros / 1e6
		text = strconv.AppendInt(text, seconds/3600*10000+seconds/60%60*100+seconds%60, 10)
		text = append(text, fractionText(int(micros%1e6), int(d.places))...)
	} else {
		m := unpack(d.Num)
		n := int64(m.year*10000 + m.month*100 + m.day)
		if d.Kind == kDateTime {
			n = n*1000000 + int64(m.hour*10000+m.minute*100+m.second)
		}
		text = append(strconv.AppendInt(text, n, 10), fractionText(m.micro, int(d.places))...)
	}
	n, _ := parseDecimal(string(text)) // it was written two lines above
	return n
}

// withPlaces is a date or a time with so many digits after the point, rounded.
func (d Datum) withPlaces(places int) Datum {
	switch d.Kind {
	case kDateTime:
		m, _ := unpack(d.Num).rounded(places)
		return momentDatum(m, places)
	case kTime:
		return durationDatum(roundDuration(int64(d.Num), places), places)
	}
	return d
}

func roundDuration(micros int64, places int) int64 {
	unit := int64(1)
	for range maxPlaces - places {
		unit *= 10
	}
	half := unit / 2
	if micros < 0 {
		half = -half
	}
	return (micros + half) / unit * unit
}

// placesOf is the digits after the point of a value in a node of that scale.
func placesOf(scale int, d Datum) int {
	switch {
	case scale != AsItComes:
		return scale
	case d.IsTemporal():
		return int(d.places)
	}
	return maxPlaces
}

// temporalDatum takes over a date or a time from a column of that type.
func temporalDatum(text string, typ wharf.Type) (Datum, bool) {
	if typ == wharf.TypeTime {
		r, ok := readDuration(text)
		return durationDatum(r.micros, r.places), ok
	}
	r, ok := readMoment(text)
	if typ == wharf.TypeDate {
		return dateDatum(r.moment), ok
	}
	return momentDatum(r.moment, r.places), ok
}

// isTemporalType reports whether a column of the type holds dates or times.
func isTemporalType(t wharf.Type) bool {
	return t == wharf.TypeDate || t == wharf.TypeDateTime || t == wharf.TypeTime
}
