package exec

import (
	"math"
	"math/big"
	"time"

	"wharf"
)

// Dates and times of values of any kind. What cannot be read is not there, and
// the statement has a warning.

// zeros says whether a month or a day of zero is taken.
type zeros bool

const (
	noZeros  zeros = false
	anyZeros zeros = true
)

// moment is a value as a date with its time of day. It is not there for NULL.
func (ev *evaluation) moment(d datum, z zeros) (reading, bool) {
	if d.isNull() {
		return reading{}, false
	}
	r, ok := ev.momentOf(d)
	if ok && z == noZeros && !r.isWhole() {
		ok = false
	}
	switch {
	case !ok:
		ev.wrongValue("Incorrect datetime value", d)
	case r.garbage:
		ev.wrongValue("Truncated incorrect datetime value", d)
	}
	return r, ok
}

func (ev *evaluation) momentOf(d datum) (reading, bool) {
	switch d.kind {
	case kDate:
		return reading{moment: unpack(d.num), isDate: true}, true
	case kDateTime:
		return reading{moment: unpack(d.num), places: int(d.places)}, true
	case kTime:
		y, m, day := ev.clock(true).Date()
		at := time.Date(y, m, day, 0, 0, 0, 0, time.UTC).Add(time.Duration(int64(d.num)) * time.Microsecond)
		return reading{moment: momentOf(at), places: int(d.places)}, true
	case kString, kBytes:
		r, ok := readMoment(d.str)
		if ok && r.zoned {
			at := r.moment.time(time.UTC).Add(-time.Duration(r.offset) * time.Second)
			r.moment = momentOf(at.In(ev.env.Location()))
		}
		return r, ok
	}
	whole, micro, places := d.wholeAndMicros()
	r, ok := momentOfNumber(whole)
	r.micro, r.places = micro, places
	return r, ok
}

// wholeAndMicros is a number cut into its whole part and millionths.
func (d datum) wholeAndMicros() (whole int64, micro, places int) {
	n := d.toDecimal()
	low := n.truncate(0)
	if !low.unscaled.IsInt64() {
		return math.MaxInt64, 0, 0
	}
	rest := n.add(low.negate()).round(maxPlaces)
	return low.unscaled.Int64(), int(new(big.Int).Abs(rest.at(maxPlaces)).Int64() % 1e6), min(n.scale, maxPlaces)
}

// duration is a value as a TIME.
func (ev *evaluation) duration(d datum) (reading, bool) {
	var r reading
	ok := true
	switch d.kind {
	case kNull:
		return r, false
	case kTime:
		return reading{micros: int64(d.num), places: int(d.places)}, true
	case kDate, kDateTime:
		r, ok = ev.momentOf(d)
		r.micros = r.clock()
	case kString, kBytes:
		r, ok = readDuration(d.str)
	default:
		var micro int
		var whole int64
		whole, micro, r.places = d.wholeAndMicros()
		places := r.places
		r, ok = durationOfNumber(whole)
		if r.places = places; !r.clipped && whole < 0 {
			r.micros -= int64(micro)
		} else if !r.clipped {
			r.micros += int64(micro)
		}
	}
	if !ok || r.garbage || r.clipped {
		ev.wrongValue("Truncated incorrect time value", d)
	}
	return r, ok
}

// wrongValue warns of a value that is not, or not all, of the wanted type.
func (ev *evaluation) wrongValue(what string, d datum) {
	ev.env.Warn(warnTruncated, "%s: '%s'", what, cutRunes(d.text(), 128))
}

// asTemporal is a value in a type of dates or times; what is none is NULL.
func (ev *evaluation) asTemporal(d datum, typ wharf.Type, places int) datum {
	if typ == wharf.TypeTime {
		r, ok := ev.duration(d)
		if !ok {
			return nullDatum()
		}
		return durationDatum(min(max(roundDuration(r.micros, places), -maxDuration), maxDuration), places)
	}
	r, ok := ev.moment(d, noZeros)
	if !ok {
		return nullDatum()
	}
	if typ == wharf.TypeDate {
		return dateDatum(r.moment)
	}
	m, ok := r.moment.rounded(places)
	if !ok {
		ev.wrongValue("Incorrect datetime value", d)
		return nullDatum()
	}
	return momentDatum(m, places)
}

// compare orders two values as [compare] does, of which one may be a date or a
// time and the other is to become one.
func (ev *evaluation) compare(a, b datum) (order int, known bool) {
	switch {
	case a.isNull() || b.isNull():
		return 0, false
	case a.isTemporal() && (b.isText() || b.isTemporal()), b.isTemporal() && a.isText():
		return ev.compareTemporal(a, b)
	}
	return compare(ev.besideNumber(a, b), ev.besideNumber(b, a))
}

// besideNumber is a text beside a number as a number.
func (ev *evaluation) besideNumber(d, other datum) datum {
	if d.isText() && !other.isText() {
		return ev.float(d)
	}
	return d
}

func (ev *evaluation) compareTemporal(a, b datum) (order int, known bool) {
	if isTimeOrText(a) && isTimeOrText(b) {
		x, okX := ev.duration(a)
		y, okY := ev.duration(b)
		if okX && okY {
			return compareInts(x.micros, y.micros), true
		}
		return compareTexts(stringDatum(a.text()), stringDatum(b.text())), true
	}
	x, okX := ev.moment(a, anyZeros)
	y, okY := ev.moment(b, anyZeros)
	if okX && okY {
		return compareInts(int64(x.packed()), int64(y.packed())), true
	}
	return compareTexts(stringDatum(a.text()), stringDatum(b.text())), true
}

func isTimeOrText(d datum) bool { return d.kind == kTime || d.isText() }

// equal reports whether two values are equal; NULL is equal to nothing.
func (ev *evaluation) equal(a, b datum) bool {
	order, known := ev.compare(a, b)
	return known && order == 0
}
