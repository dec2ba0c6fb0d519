package eval

import (
	"strings"
	"time"

	"wharf"
	"wharf/sql"
)

// interval is DATE_ADD, DATE_SUB or their like: x, a number, and a unit as a constant.
type interval struct {
	x, n   Node
	sign   int64
	unit   string
	micros int64    // of a unit of one length
	months int      // of another
	parts  []string // of one of several parts
	typ    wharf.Type
	scale  int
}

// interval compiles DATE_ADD, DATE_SUB, ADDDATE, SUBDATE, and TIMESTAMPADD, which
// has the unit first and x last.
func (c *Compiler) interval(e sql.Call) (Node, error) {
	if len(e.Args) != 3 {
		return Node{}, wrongCount(e.Name)
	}
	if e.Name == "TIMESTAMPADD" {
		e.Args = []sql.Expr{e.Args[2], e.Args[1], e.Args[0]}
	}
	l, ok := e.Args[2].(sql.Literal)
	in := interval{unit: strings.ToUpper(l.Text), sign: 1}
	in.micros, in.months, in.parts = unitMicros()[in.unit], unitMonths()[in.unit], unitParts()[in.unit]
	if in.unit == "YEAR_MONTH" {
		in.months = 1
	}
	if !ok || in.micros == 0 && in.months == 0 && in.parts == nil {
		return Node{}, wharf.Errorf(wharf.CodeUnsupported, "INTERVAL … %s is not supported by Wharf", in.unit)
	}
	args, err := c.CompileAll(e.Args[:2])
	if err != nil {
		return Node{}, err
	}
	in.x, in.n = args[0], args[1]
	if e.Name == "DATE_SUB" || e.Name == "SUBDATE" {
		in.sign = -1
	}
	in.settleType()
	return Node{Typ: in.typ, Scale: in.scale, Eval: in.eval}, nil
}

// isOfDays reports whether the unit leaves the time of day alone.
func (in *interval) isOfDays() bool { return in.months > 0 || in.micros >= unitMicros()["DAY"] }

// settleType finds the type of the result: a date stays one where the unit is
// of days, a time where it is not, and text stays text.
func (in *interval) settleType() {
	switch {
	case in.x.Typ == wharf.TypeDate && in.isOfDays(), in.x.Typ == wharf.TypeTime && !in.isOfDays():
		in.typ = in.x.Typ
	case isTemporalType(in.x.Typ):
		in.typ = wharf.TypeDateTime
	default:
		in.typ = wharf.TypeString
		return
	}
	in.scale = in.x.places()
	switch in.unit {
	case "MICROSECOND", "DAY_MICROSECOND", "HOUR_MICROSECOND", "MINUTE_MICROSECOND", "SECOND_MICROSECOND":
		in.scale = maxPlaces
	case "SECOND":
		if in.n.Typ == wharf.TypeString {
			in.scale = maxPlaces
		}
		in.scale = max(in.scale, in.n.places())
	}
}

func (in *interval) eval(ev *Evaluation) (Datum, error) {
	x, n, err := both(ev, in.x, in.n)
	if err != nil || x.IsNull() || n.IsNull() {
		return NullDatum(), err
	}
	if in.typ == wharf.TypeTime {
		return in.ofDuration(ev, x, n), nil
	}
	r, ok := ev.moment(x, noZeros)
	if !ok {
		return NullDatum(), nil
	}
	t := r.moment.time(time.UTC)
	if in.months > 0 {
		t, ok = addMonths(t, in.sign*in.count(ev, n), in.months)
	} else {
		var micros int64
		if micros, ok = in.length(ev, n); ok {
			t, ok = addMicros(t, micros)
		}
	}
	if !ok {
		return ev.overflow(), nil
	}
	return in.result(momentOf(t), r.isDate && in.isOfDays()), nil
}

func (ev *Evaluation) overflow() Datum {
	ev.Env.Warn(warnOverflow, "Datetime function: datetime field overflow")
	return NullDatum()
}

// result is a moment in the type of the node. A text shows a time of day where
// there was one, and a fraction where it is not zero.
func (in *interval) result(m moment, dateOnly bool) Datum {
	switch {
	case in.typ == wharf.TypeDate:
		return dateDatum(m)
	case in.typ == wharf.TypeDateTime:
		return momentDatum(m, in.scale)
	case dateOnly:
		return StringDatum(dateDatum(m).Text())
	case m.micro != 0:
		return StringDatum(momentDatum(m, maxPlaces).Text())
	}
	return StringDatum(momentDatum(m, 0).Text())
}

// length is the length of the interval in microseconds. Only seconds may have a
// fraction.
func (in *interval) length(ev *Evaluation, n Datum) (int64, bool) {
	const most = 10_000 * 366 * 86400e6
	if in.parts != nil {
		micros := in.count(ev, n) * in.sign
		return micros, micros <= most && micros >= -most
	}
	var count *Decimal
	if in.unit == "SECOND" {
		count = ev.float(n).ToDecimal()
	} else {
		count = DecimalFromInt(ev.integer(n))
		if n.Kind == KUint {
			count = n.ToDecimal()
		}
	}
	micros := count.multiply(DecimalFromInt(in.micros * in.sign)).round(0)
	if v := micros.int64(); v <= most && v >= -most {
		return v, true
	}
	return 0, false
}

// count is how many of the unit a value is: of a unit of several parts, months
// or microseconds.
func (in *interval) count(ev *Evaluation, n Datum) int64 {
	if in.parts == nil {
		return ev.integer(n)
	}
	text := n.Text()
	numbers := readNumbers(text, len(in.parts), in.parts[len(in.parts)-1] == "MICROSECOND")
	total := int64(0)
	for i, number := range numbers {
		// Where there are fewer numbers than parts, the first parts are left out.
		name := in.parts[len(in.parts)-len(numbers)+i]
		if unit := unitMonths()[name]; unit > 0 {
			total += number * int64(unit)
		} else {
			total += number * unitMicros()[name]
		}
	}
	if strings.HasPrefix(strings.TrimSpace(text), "-") {
		return -total
	}
	return total
}

// readNumbers reads at most so many numbers that have other characters between
// them. The last of all, where it is a fraction, is in millionths.
func readNumbers(text string, most int, fraction bool) []int64 {
	var numbers []int64
	for p := (&scanner{s: text}); p.more() && len(numbers) < most; {
		if !p.isDigit() {
			p.i++
			continue
		}
		n, digits := p.number(len(text))
		if fraction && len(numbers) == most-1 {
			for ; digits < maxPlaces; digits++ {
				n *= 10
			}
		}
		numbers = append(numbers, int64(n))
	}
	return numbers
}

// ofDuration adds to a time.
func (in *interval) ofDuration(ev *Evaluation, x, n Datum) Datum {
	r, ok := ev.duration(x)
	if !ok {
		return NullDatum()
	}
	micros, ok := in.length(ev, n)
	if micros += r.micros; !ok || micros > maxDuration || micros < -maxDuration {
		return ev.overflow()
	}
	return durationDatum(micros, in.scale)
}

// addMonths goes by months, to the end of a month that is too short.
func addMonths(t time.Time, n int64, months int) (time.Time, bool) {
	const most = 10_000 * 12
	if n > most || n < -most {
		return t, false
	}
	first := time.Date(t.Year(), t.Month()+time.Month(int(n)*months), 1, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
	last := time.Date(first.Year(), first.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
	return inYears(first.AddDate(0, 0, min(t.Day(), last)-1))
}

func addMicros(t time.Time, micros int64) (time.Time, bool) {
	// A Duration holds 292 years, so it goes by seconds.
	whole := micros / 1e6
	return inYears(time.Unix(t.Unix()+whole, int64(t.Nanosecond())+(micros-whole*1e6)*1000).UTC())
}

// inYears reports whether a time is one that MySQL can hold.
func inYears(t time.Time) (time.Time, bool) { return t, t.Year() >= 1 && t.Year() <= 9999 }
