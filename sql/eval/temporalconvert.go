package eval

import (
	"math"
	"math/big"
	"slices"
	"time"

	"wharf"
	"wharf/sql"
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
func (ev *Evaluation) moment(d Datum, z zeros) (reading, bool) {
	if d.IsNull() {
		return reading{}, false
	}
	r, ok := ev.momentOf(d)
	if ok && !r.isWhole() && (z == noZeros || r.isZero() && !d.IsTemporal() && ev.refusesZeros(r.moment)) {
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

func (ev *Evaluation) momentOf(d Datum) (reading, bool) {
	switch d = d.unboxed(); d.Kind {
	case kDate:
		return reading{moment: unpack(d.Num), isDate: true}, true
	case kDateTime:
		return reading{moment: unpack(d.Num), places: int(d.places)}, true
	case kTime:
		y, m, day := ev.clock(true).Date()
		at := time.Date(y, m, day, 0, 0, 0, 0, time.UTC).Add(time.Duration(int64(d.Num)) * time.Microsecond)
		return reading{moment: momentOf(at), places: int(d.places)}, true
	case KString, kBytes:
		r, ok := readMoment(d.Str)
		if ok {
			r.toZone(ev.Env.Location())
		}
		return r, ok
	}
	whole, micro, places := d.wholeAndMicros()
	r, ok := momentOfNumber(whole)
	r.micro, r.places = micro, places
	return r, ok
}

// toZone makes a moment with an offset the one that a clock of that zone shows.
func (r *reading) toZone(zone *time.Location) {
	if r.zoned {
		at := r.moment.time(time.UTC).Add(-time.Duration(r.offset) * time.Second)
		r.moment, r.zoned = momentOf(at.In(zone)), false
	}
}

// wholeAndMicros is a number cut into its whole part and millionths.
func (d Datum) wholeAndMicros() (whole int64, micro, places int) {
	n := d.ToDecimal()
	low := n.truncate(0)
	if !low.unscaled.IsInt64() {
		return math.MaxInt64, 0, 0
	}
	rest := n.Add(low.negate()).round(maxPlaces)
	return low.unscaled.Int64(), int(new(big.Int).Abs(rest.at(maxPlaces)).Int64() % 1e6), min(n.Scale, maxPlaces)
}

// duration is a value as a TIME.
func (ev *Evaluation) duration(d Datum) (reading, bool) {
	var r reading
	ok := true
	switch d = d.unboxed(); d.Kind {
	case kNull:
		return r, false
	case kTime:
		return reading{micros: int64(d.Num), places: int(d.places)}, true
	case kDate, kDateTime:
		r, ok = ev.momentOf(d)
		r.micros = r.clock()
	case KString, kBytes:
		r, ok = readDuration(d.Str)
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
func (ev *Evaluation) wrongValue(what string, d Datum) {
	ev.Env.Warn(warnTruncated, "%s: '%s'", what, CutRunes(d.Text(), 128))
}

// refusesZeros reports whether sql_mode refuses a date with a month or a day of zero.
func (ev *Evaluation) refusesZeros(m moment) bool {
	mode := "NO_ZERO_IN_DATE"
	if m.isZero() {
		mode = "NO_ZERO_DATE"
	}
	return HasMode(ev.Env, mode)
}

// asTemporal is a value in a type of dates or times; what is none is NULL.
func (ev *Evaluation) asTemporal(d Datum, typ wharf.Type, places int) Datum {
	if typ == wharf.TypeTime {
		r, ok := ev.duration(d)
		if !ok {
			return NullDatum()
		}
		return durationDatum(min(max(roundDuration(r.micros, places), -maxDuration), maxDuration), places)
	}
	r, ok := ev.momentOf(d)
	taken := anyZeros
	if ok && !r.isWhole() && ev.refusesZeros(r.moment) {
		taken = noZeros
	}
	if r, ok = ev.moment(d, taken); !ok {
		return NullDatum()
	}
	if typ == wharf.TypeDate {
		return dateDatum(r.moment)
	}
	if !r.isWhole() {
		return momentDatum(r.moment, places)
	}
	m, ok := r.moment.rounded(places)
	if !ok {
		ev.wrongValue("Incorrect datetime value", d)
		return NullDatum()
	}
	return momentDatum(m, places)
}

// compare orders two values as [compare] does, of which one may be a date or a
// time and the other is to become one.
func (ev *Evaluation) compare(a, b Datum) (order int, known bool) {
	switch {
	case a.IsNull() || b.IsNull():
		return 0, false
	case a.json || b.json:
	case a.IsTemporal() && (b.IsText() || b.IsTemporal()), b.IsTemporal() && a.IsText():
		return ev.compareTemporal(a, b)
	}
	return Compare(ev.besideNumber(a, b), ev.besideNumber(b, a))
}

// besideMoment gives a number that is the same for all rows, beside a column of dates
// with their times, as the date that it is; one that is none stays a number. e is what n
// was compiled of.
func (n Node) besideMoment(other Node, e sql.Expr) Node {
	_, isVariable := e.(sql.UserVar)
	if !other.column || other.Typ != wharf.TypeDateTime || n.fixed == nil && !isVariable {
		return n
	}
	was := n.Eval
	n.Eval = func(ev *Evaluation) (Datum, error) {
		d, err := was(ev)
		if err != nil || !isNumberDatum(d) || d.isJSON() {
			return d, err
		}
		if r, ok := ev.momentOf(d); ok && r.isWhole() {
			return momentDatum(r.moment, maxPlaces), nil
		}
		return d, nil
	}
	return n
}

// besideMoments does so for the arguments of the functions that compare the first with
// the others.
func besideMoments(e sql.Call, args []Node) {
	if slices.Contains([]string{"IN", "BETWEEN", "NULLIF"}, e.Name) {
		for i := range args {
			args[i] = args[i].besideMoment(args[0], e.Args[i])
		}
	}
}

// besideNumber is a text beside a number as a number.
func (ev *Evaluation) besideNumber(d, other Datum) Datum {
	if !d.json && !other.json && d.IsText() && !other.IsText() {
		return ev.float(d)
	}
	return d
}

func (ev *Evaluation) compareTemporal(a, b Datum) (order int, known bool) {
	if isTimeOrText(a) && isTimeOrText(b) {
		x, okX := ev.duration(a)
		y, okY := ev.duration(b)
		if okX && okY {
			return compareInts(x.micros, y.micros), true
		}
		return compareTexts(StringDatum(a.Text()), StringDatum(b.Text())), true
	}
	x, okX := ev.moment(a, anyZeros)
	y, okY := ev.moment(b, anyZeros)
	if okX && okY {
		return compareInts(int64(x.packed()), int64(y.packed())), true
	}
	return compareTexts(StringDatum(a.Text()), StringDatum(b.Text())), true
}

func isTimeOrText(d Datum) bool { return d.Kind == kTime || d.IsText() }

// equal reports whether two values are equal; NULL is equal to nothing.
func (ev *Evaluation) equal(a, b Datum) bool {
	order, known := ev.compare(a, b)
	return known && order == 0
}
