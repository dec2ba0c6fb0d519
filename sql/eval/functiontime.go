package eval

import (
	"strings"
	"time"

	"wharf"
	"wharf/sql"
)

// timeFunctions tell the time. All of one statement tell the same time.
func timeFunctions() map[string]Function {
	at := func(now func(*Evaluation) time.Time) Function {
		return Function{Max: 1, Typ: Always(wharf.TypeDateTime), scale: nowScale, Run: func(ev *Evaluation, a []Datum) (Datum, error) {
			places, err := fraction(a)
			m := momentOf(now(ev))
			return momentDatum(m.truncated(places), places), err
		}}
	}
	stamp := func(local bool) Function { return at(func(ev *Evaluation) time.Time { return ev.clock(local) }) }
	day := func(local bool) Function {
		return Function{Max: 0, Typ: Always(wharf.TypeDate), Run: func(ev *Evaluation, _ []Datum) (Datum, error) {
			return dateDatum(momentOf(ev.clock(local))), nil
		}}
	}
	clock := func(local bool) Function {
		return Function{Max: 1, Typ: Always(wharf.TypeTime), scale: nowScale, Run: func(ev *Evaluation, a []Datum) (Datum, error) {
			places, err := fraction(a)
			return durationDatum(momentOf(ev.clock(local)).truncated(places).clock(), places), err
		}}
	}
	return map[string]Function{
		"NOW":               stamp(true),
		"CURRENT_TIMESTAMP": stamp(true),
		"LOCALTIME":         stamp(true),
		"LOCALTIMESTAMP":    stamp(true),
		"SYSDATE":           at(func(ev *Evaluation) time.Time { return time.Now().In(ev.Env.Location()) }), // of each call, and not of the statement
		"UTC_TIMESTAMP":     stamp(false),
		"CURDATE":           day(true),
		"CURRENT_DATE":      day(true),
		"UTC_DATE":          day(false),
		"CURTIME":           clock(true),
		"CURRENT_TIME":      clock(true),
		"UTC_TIME":          clock(false),
		"UNIX_TIMESTAMP":    {Max: 1, Typ: unixType, scale: unixScale, strict: true, Run: unixTimestamp},
		"TIMEDIFF":          {Min: 2, Max: 2, Typ: Always(wharf.TypeTime), scale: mostPlaces, strict: true, Run: timeDiff},
	}
}

// clock is the statement's time, in the session's time zone or in UTC.
func (ev *Evaluation) clock(local bool) time.Time {
	if local {
		return ev.now.In(ev.Env.Location())
	}
	return ev.now.UTC()
}

// truncated is the moment without the digits behind so many after the point.
func (m moment) truncated(places int) moment {
	unit := 1
	for range maxPlaces - places {
		unit *= 10
	}
	m.micro -= m.micro % unit
	return m
}

// fraction is how many digits after the point the argument asks for.
func fraction(a []Datum) (int, error) {
	if len(a) == 0 || a[0].IsNull() {
		return 0, nil
	}
	n := a[0].ToInt()
	if n < 0 || n > maxPlaces {
		return 0, tooPrecise(n, "now")
	}
	return int(n), nil
}

func tooPrecise(n int64, what string) error {
	return Invalid(errPrecision, "Too-big precision %d specified for '%s'. Maximum is 6.", n, what)
}

func nowScale(_ []sql.Expr, args []Node) int {
	if len(args) == 0 || args[0].fixed == nil {
		return 0
	}
	return int(max(min(args[0].fixed.ToInt(), maxPlaces), 0))
}

// places is the digits after the point that a date or a time has which is made
// of the node's value: as many as a constant text is written with.
func (n Node) places() int {
	switch {
	case n.Typ == wharf.TypeDecimal && n.Scale != AsItComes:
		return min(n.Scale, maxPlaces)
	case isTemporalType(n.Typ) && n.Scale != AsItComes:
		return n.Scale
	case n.Typ == wharf.TypeInt || n.Typ == wharf.TypeUint || n.Typ == wharf.TypeDate || n.Typ == wharf.TypeNull:
		return 0
	case n.Typ == wharf.TypeFloat:
		if digits, known := n.shownDigits(); known {
			return min(digits, maxPlaces)
		}
	case n.Typ == wharf.TypeString && n.fixed != nil:
		date, isDate := readMoment(n.fixed.Str)
		clock, isClock := readDuration(n.fixed.Str)
		if isDate || isClock {
			return max(date.places, clock.places)
		}
	}
	return maxPlaces
}

// mostPlaces is the scale of a date or time that comes of all arguments.
func mostPlaces(_ []sql.Expr, args []Node) int {
	most := 0
	for _, a := range args {
		most = max(most, a.places())
	}
	return most
}

func unixType(args []Node) wharf.Type {
	if len(args) == 0 || args[0].places() == 0 {
		return wharf.TypeInt
	}
	return wharf.TypeDecimal
}

func unixScale(exprs []sql.Expr, args []Node) int { return mostPlaces(exprs, args) }

// unixTimestamp is the seconds since 1970 of a date in the session's zone; of
// one before that, or of what is no date, 0.
func unixTimestamp(ev *Evaluation, a []Datum) (Datum, error) {
	if len(a) == 0 {
		return IntDatum(ev.now.Unix()), nil
	}
	r, ok := ev.moment(a[0], noZeros)
	if !ok {
		return DecDatum(DecimalFromInt(0)), nil
	}
	t := inZone(r.moment, ev.Env.Location())
	if !isUnix(t) {
		return DecDatum(DecimalFromInt(0)), nil
	}
	return DecDatum(&Decimal{unscaled: DecimalFromInt(t.UnixMicro()).unscaled, Scale: maxPlaces}), nil
}

// maxUnix is the last second that FROM_UNIXTIME and the like take.
const maxUnix = 32536771199

const unixDigits = 11 // of maxUnix

func isUnix(t time.Time) bool { return t.Unix() >= 0 && t.Unix() <= maxUnix }

// inZone is the instant of a moment in a zone: of one that comes twice the
// first, and of one that is left out the end of the gap.
func inZone(m moment, zone *time.Location) time.Time {
	const day = 24 * time.Hour
	local := m.time(time.UTC)
	at := func(near time.Time) (time.Time, bool) {
		_, offset := near.In(zone).Zone()
		t := local.Add(-time.Duration(offset) * time.Second)
		_, real := t.In(zone).Zone()
		return t, real == offset
	}
	first, ok := at(local.Add(-day))
	if ok {
		return first
	}
	second, ok := at(local.Add(day))
	if ok {
		return second
	}
	start, _ := first.In(zone).ZoneBounds()
	return start
}

// timeDiff gives the time from the second argument to the first, which are both
// times, both dates, or both dates with their times.
func timeDiff(ev *Evaluation, a []Datum) (Datum, error) {
	read := ev.operand
	if a[0].isDated() || a[1].isDated() {
		read = ev.datedOperand
	}
	x, okX := read(a[0])
	y, okY := read(a[1])
	if !okX || !okY || x.typ != y.typ {
		return NullDatum(), nil
	}
	d := durationDatum(x.micros-y.micros, max(x.places, y.places))
	if micros := int64(d.Num); micros > maxDuration || micros < -maxDuration {
		d.Num = uint64(max(min(micros, maxDuration), -maxDuration))
		ev.wrongValue("Truncated incorrect time value", durationDatum(micros, int(d.places)))
	}
	return d, nil
}

// timeOperand is a time, a date or a date with its time, as microseconds.
type timeOperand struct {
	micros int64
	places int
	typ    wharf.Type
}

// operand reads a time, or what has both a date and a time.
func (ev *Evaluation) operand(d Datum) (timeOperand, bool) {
	if d.Kind == kDateTime {
		r, _ := ev.momentOf(d)
		return r.operand(wharf.TypeDateTime), true
	}
	r, ok := ev.duration(d)
	if ok && r.year != 0 {
		return r.operand(wharf.TypeDateTime), true
	}
	return timeOperand{r.micros, r.places, wharf.TypeTime}, ok
}

// datedOperand reads an argument of TIMEDIFF where one of them is a date: then a text
// is one as well, with or without its time.
func (ev *Evaluation) datedOperand(d Datum) (timeOperand, bool) {
	if d.Kind == kTime {
		return timeOperand{}, false
	}
	r, ok := ev.moment(d, noZeros)
	if ok && r.isDate {
		return r.operand(wharf.TypeDate), true
	}
	return r.operand(wharf.TypeDateTime), ok
}

// operand gives the moment that was read as microseconds.
func (r reading) operand(typ wharf.Type) timeOperand {
	return timeOperand{r.moment.time(time.UTC).UnixMicro(), r.places, typ}
}

// temporalLiteral compiles DATE '…', TIME '…' and TIMESTAMP '…'. One with an offset,
// +02:00, is a moment, which the session's clock shows.
func (c *Compiler) temporalLiteral(e sql.Call) (Node, error) {
	l, _ := e.Args[0].(sql.Literal)
	name, _, _ := strings.Cut(e.Name, " ")
	var d Datum
	var r reading
	ok := false
	typ := map[string]wharf.Type{"DATE": wharf.TypeDate, "TIME": wharf.TypeTime, "TIMESTAMP": wharf.TypeDateTime}[name]
	switch typ {
	case wharf.TypeTime:
		r, ok = readDuration(l.Text)
		d = durationDatum(r.micros, r.places)
	case wharf.TypeDate:
		r, ok = readMoment(l.Text)
		ok = ok && r.isDate && r.isWhole()
		d = dateDatum(r.moment)
	default:
		name = "DATETIME"
		r, ok = readMoment(l.Text)
		ok = ok && r.isWhole()
		r.toZone(c.Env.Location())
		d = momentDatum(r.moment, r.places)
	}
	if !ok || r.garbage || r.clipped {
		return Node{}, Invalid(errWrongLiteral, "Incorrect %s value: '%s'", name, CutRunes(l.Text, 64))
	}
	return Constant(d, typ), nil
}
