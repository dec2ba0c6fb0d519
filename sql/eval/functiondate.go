package eval

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"wharf"
	"wharf/sql"
)

// dateFunctions work on dates and times. What is none gives NULL and a warning.
func dateFunctions() map[string]Function {
	all := map[string]Function{
		"CONVERT_TZ": {Min: 3, Max: 3, Typ: Always(wharf.TypeDateTime), strict: true, Run: convertTZ,
			scale: func(_ []sql.Expr, args []Node) int { return args[0].places() }},
		"DATE_FORMAT":   {Min: 2, Max: 2, Typ: Always(wharf.TypeString), strict: true, Run: dateFormat},
		"DATEDIFF":      {Min: 2, Max: 2, Typ: Always(wharf.TypeInt), strict: true, Run: dateDiff},
		"EXTRACT":       {Min: 2, Max: 2, Typ: Always(wharf.TypeInt), strict: true, Run: extract},
		"FROM_UNIXTIME": {Min: 1, Max: 2, Typ: fromUnixType, scale: fromUnixScale, strict: true, Run: fromUnixTime},
		"LAST_DAY": {Min: 1, Max: 1, Typ: Always(wharf.TypeDate), strict: true, Run: onMoment(noZeros, func(m moment) Datum {
			m.day = daysOf(m.year, m.month)
			return dateDatum(m)
		})},
		"TIMESTAMPDIFF": {Min: 3, Max: 3, Typ: Always(wharf.TypeInt), strict: true, Run: timestampDiff},
		"DAYNAME": {Min: 1, Max: 1, Typ: Always(wharf.TypeString), strict: true,
			Run: onMoment(noZeros, func(m moment) Datum { return StringDatum(m.weekday().String()) })},
		"MONTHNAME": {Min: 1, Max: 1, Typ: Always(wharf.TypeString), strict: true, Run: onMoment(anyZeros, func(m moment) Datum {
			if m.month == 0 {
				return NullDatum()
			}
			return StringDatum(time.Month(m.month).String())
		})},
	}
	for name, part := range dateParts() {
		all[name] = Function{Min: 1, Max: 1, Typ: Always(wharf.TypeInt), strict: true,
			Run: onMoment(part.zeros, func(m moment) Datum { return IntDatum(int64(part.of(m))) })}
	}
	for name, part := range clockParts() {
		all[name] = Function{Min: 1, Max: 1, Typ: Always(wharf.TypeInt), strict: true, Run: onDuration(func(micros int64) Datum {
			return IntDatum(part(max(micros, -micros)))
		})}
	}
	return all
}

// datePart is one number of a date.
type datePart struct {
	zeros zeros // also of a date with parts that are zero
	of    func(moment) int
}

// dateParts are the functions that give one number of a date. EXTRACT has
// those that are units too.
func dateParts() map[string]datePart {
	day := datePart{anyZeros, func(m moment) int { return m.day }}
	return map[string]datePart{
		"YEAR":       {anyZeros, func(m moment) int { return m.year }},
		"QUARTER":    {anyZeros, func(m moment) int { return (m.month + 2) / 3 }},
		"MONTH":      {anyZeros, func(m moment) int { return m.month }},
		"DAY":        day,
		"DAYOFMONTH": day,
		"DAYOFWEEK":  {noZeros, func(m moment) int { return int(m.weekday()) + 1 }},
		"WEEKDAY":    {noZeros, func(m moment) int { return (int(m.weekday()) + 6) % 7 }},
		"DAYOFYEAR":  {noZeros, func(m moment) int { return m.time(time.UTC).YearDay() }},
	}
}

// clockParts are the functions that give one number of a time, which is not
// negative.
func clockParts() map[string]func(micros int64) int64 {
	return map[string]func(int64) int64{
		"HOUR":        func(n int64) int64 { return n / 3600e6 },
		"MINUTE":      func(n int64) int64 { return n / 60e6 % 60 },
		"SECOND":      func(n int64) int64 { return n / 1e6 % 60 },
		"MICROSECOND": func(n int64) int64 { return n % 1e6 },
	}
}

func onMoment(z zeros, f func(moment) Datum) func(*Evaluation, []Datum) (Datum, error) {
	return func(ev *Evaluation, a []Datum) (Datum, error) {
		r, ok := ev.moment(a[0], z)
		if !ok {
			return NullDatum(), nil
		}
		return f(r.moment), nil
	}
}

func onDuration(f func(micros int64) Datum) func(*Evaluation, []Datum) (Datum, error) {
	return func(ev *Evaluation, a []Datum) (Datum, error) {
		r, ok := ev.duration(a[0])
		if !ok {
			return NullDatum(), nil
		}
		return f(r.micros), nil
	}
}

// convertTZ gives a time of one zone in another; of an unknown zone, NULL, and
// of a time outside of the range of UNIX_TIMESTAMP, itself.
func convertTZ(ev *Evaluation, a []Datum) (Datum, error) {
	from, err := ParseZone(a[1].Text())
	if err != nil {
		return NullDatum(), nil
	}
	to, err := ParseZone(a[2].Text())
	if err != nil {
		return NullDatum(), nil
	}
	r, ok := ev.moment(a[0], noZeros)
	if !ok {
		return NullDatum(), nil
	}
	if t := inZone(r.moment, from); isUnix(t) {
		r.moment = momentOf(t.In(to))
	}
	return momentDatum(r.moment, r.places), nil
}

func dateDiff(ev *Evaluation, a []Datum) (Datum, error) {
	x, okX := ev.moment(a[0], noZeros)
	y, okY := ev.moment(a[1], noZeros)
	if !okX || !okY {
		return NullDatum(), nil
	}
	const day = 86400
	return IntDatum((x.date().time(time.UTC).Unix() - y.date().time(time.UTC).Unix()) / day), nil
}

func extract(ev *Evaluation, a []Datum) (Datum, error) {
	unit := strings.ToUpper(a[0].Text())
	if part, ok := dateParts()[unit]; ok {
		return onMoment(part.zeros, func(m moment) Datum { return IntDatum(int64(part.of(m))) })(ev, a[1:])
	}
	if parts, ok := unitParts()[unit]; ok {
		return extractParts(ev, parts, a[1]), nil
	}
	if unit == "WEEK" {
		return runWeek(ev, a[1:])
	}
	part, ok := clockParts()[unit]
	if !ok {
		return NullDatum(), wharf.Errorf(wharf.CodeUnsupported, "EXTRACT(%s …) is not supported by Wharf", a[0].Text())
	}
	return onDuration(func(micros int64) Datum {
		if micros < 0 {
			return IntDatum(-part(-micros))
		}
		return IntDatum(part(micros))
	})(ev, a[1:])
}

// unitParts are the units that have several parts, the largest first.
func unitParts() map[string][]string {
	all := map[string][]string{"YEAR_MONTH": {"YEAR", "MONTH"}}
	parts := []string{"DAY", "HOUR", "MINUTE", "SECOND", "MICROSECOND"}
	for i := range parts {
		for j := i + 1; j < len(parts); j++ {
			all[parts[i]+"_"+parts[j]] = parts[i : j+1]
		}
	}
	return all
}

// extractParts is EXTRACT of a unit of several parts, one behind the other.
func extractParts(ev *Evaluation, parts []string, d Datum) Datum {
	if parts[0] == "YEAR" {
		r, ok := ev.moment(d, anyZeros)
		if !ok {
			return NullDatum()
		}
		return IntDatum(int64(r.year*100 + r.month))
	}
	r, ok := ev.duration(d)
	if !ok {
		return NullDatum()
	}
	n, micros := int64(0), max(r.micros, -r.micros)
	for _, name := range parts {
		switch name {
		case "DAY":
			n = int64(r.day)
		case "MICROSECOND":
			n = n*1e6 + clockParts()[name](micros)
		default:
			n = n*100 + clockParts()[name](micros)
		}
	}
	if r.micros < 0 {
		n = -n
	}
	return IntDatum(n)
}

func fromUnixType(args []Node) wharf.Type {
	if len(args) == 2 {
		return wharf.TypeString
	}
	return wharf.TypeDateTime
}

func fromUnixScale(_ []sql.Expr, args []Node) int {
	if args[0].Typ == wharf.TypeString {
		return maxPlaces
	}
	return args[0].places()
}

// fromUnixTime gives the time of so many seconds since 1970, in the session's
// zone, or that as DATE_FORMAT writes it.
func fromUnixTime(ev *Evaluation, a []Datum) (Datum, error) {
	d := ev.float(a[0])
	seconds := d.ToDecimal().round(maxPlaces)
	if seconds.unscaled.Sign() < 0 || seconds.compare(DecimalFromInt(maxUnix+1)) >= 0 {
		return NullDatum(), nil
	}
	places := min(d.ToDecimal().Scale, maxPlaces)
	t := time.UnixMicro(seconds.at(maxPlaces).Int64()).In(ev.Env.Location())
	at := momentDatum(momentOf(t), places)
	if len(a) == 2 {
		return dateFormat(ev, []Datum{at, a[1]})
	}
	return at, nil
}

// timestampDiff counts the whole units from the second argument to the third.
func timestampDiff(ev *Evaluation, a []Datum) (Datum, error) {
	x, okX := ev.moment(a[1], noZeros)
	y, okY := ev.moment(a[2], noZeros)
	if !okX || !okY {
		return NullDatum(), nil
	}
	from, to := x.moment.time(time.UTC), y.moment.time(time.UTC)
	unit := strings.ToUpper(a[0].Text())
	micros := to.UnixMicro() - from.UnixMicro()
	if size, ok := unitMicros()[unit]; ok {
		return IntDatum(micros / size), nil
	}
	months, ok := unitMonths()[unit]
	if !ok {
		return NullDatum(), wharf.Errorf(wharf.CodeUnsupported, "TIMESTAMPDIFF(%s, …) is not supported by Wharf", unit)
	}
	n := (to.Year()-from.Year())*12 + int(to.Month()) - int(from.Month())
	// The last month does not count where it is not over.
	switch rest := within(to) - within(from); {
	case n > 0 && rest < 0:
		n--
	case n < 0 && rest > 0:
		n++
	}
	return IntDatum(int64(n / months)), nil
}

// within is how far into its month a time is.
func within(t time.Time) time.Duration {
	return t.Sub(time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC))
}

// unitMicros are the units of one length, in microseconds; unitMonths are
// the others, in months.
func unitMicros() map[string]int64 {
	return map[string]int64{
		"MICROSECOND": 1, "SECOND": 1e6, "MINUTE": 60e6, "HOUR": 3600e6, "DAY": 86400e6, "WEEK": 7 * 86400e6,
	}
}

func unitMonths() map[string]int { return map[string]int{"MONTH": 1, "QUARTER": 3, "YEAR": 12} }

// dateFormat writes a date as the format says.
func dateFormat(ev *Evaluation, a []Datum) (Datum, error) {
	r, ok := ev.moment(a[0], anyZeros)
	if !ok {
		return NullDatum(), nil
	}
	var b strings.Builder
	format := a[1].Text()
	if format == "" {
		return NullDatum(), nil
	}
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			b.WriteByte(format[i])
			continue
		}
		i++
		if !formatPart(&b, r.moment, format[i]) {
			return NullDatum(), nil
		}
		if b.Len() > MaxText {
			return ev.tooLong("DATE_FORMAT"), nil
		}
	}
	return StringDatum(b.String()), nil
}

// formatPart writes what a letter behind '%' stands for; of one that is
// unknown, itself. It reports whether the date has that part.
func formatPart(b *strings.Builder, m moment, letter byte) bool {
	half := (m.hour+11)%12 + 1
	number := func(n, digits int) { fmt.Fprintf(b, "%0*d", digits, n) }
	switch letter {
	case 'a', 'W', 'w', 'j', 'b', 'M', 'U', 'u', 'V', 'v', 'X', 'x':
		return formatName(b, m, letter)
	case 'Y':
		number(m.year, 4)
	case 'y':
		number(m.year%100, 2)
	case 'm':
		number(m.month, 2)
	case 'c':
		number(m.month, 1)
	case 'd':
		number(m.day, 2)
	case 'e':
		number(m.day, 1)
	case 'D':
		b.WriteString(ordinal(m.day))
	case 'H':
		number(m.hour, 2)
	case 'k':
		number(m.hour, 1)
	case 'h', 'I':
		number(half, 2)
	case 'l':
		number(half, 1)
	case 'i':
		number(m.minute, 2)
	case 'S', 's':
		number(m.second, 2)
	case 'f':
		number(m.micro, 6)
	case 'p':
		b.WriteString(noon(m.hour))
	case 'r':
		fmt.Fprintf(b, "%02d:%02d:%02d %s", half, m.minute, m.second, noon(m.hour))
	case 'T':
		fmt.Fprintf(b, "%02d:%02d:%02d", m.hour, m.minute, m.second)
	default:
		b.WriteByte(letter)
	}
	return true
}

func noon(hour int) string {
	if hour < 12 {
		return "AM"
	}
	return "PM"
}

// formatName writes what a date with its month has. One without a month has no name of
// it, and without a year too no day of the week.
func formatName(b *strings.Builder, m moment, letter byte) bool {
	switch {
	case strings.IndexByte("bM", letter) >= 0 && m.month == 0, strings.IndexByte("aWw", letter) >= 0 && m.month == 0 && m.year == 0:
		return false
	case strings.IndexByte("UuVvXx", letter) >= 0:
		formatWeek(b, m, letter)
		return true
	}
	t := time.Date(m.year, time.Month(m.month), m.day, 0, 0, 0, 0, time.UTC) // a day of zero is the one before the first
	switch letter {
	case 'b':
		b.WriteString(time.Month(m.month).String()[:3])
	case 'M':
		b.WriteString(time.Month(m.month).String())
	case 'a':
		b.WriteString(t.Weekday().String()[:3])
	case 'W':
		b.WriteString(t.Weekday().String())
	case 'w':
		b.WriteString(strconv.Itoa(int(t.Weekday())))
	default:
		text := strconv.Itoa(int(int32(dayNumber(m.year, m.month, m.day) - dayNumber(m.year, 1, 1) + 1)))
		b.WriteString(strings.Repeat("0", max(0, 3-len(text))) + text)
	}
	return true
}

// ordinal is a day with its English ending: 1st, 2nd, 11th.
func ordinal(n int) string {
	ending := "th"
	if n < 11 || n > 13 {
		switch n % 10 {
		case 1:
			ending = "st"
		case 2:
			ending = "nd"
		case 3:
			ending = "rd"
		}
	}
	return strconv.Itoa(n) + ending
}
