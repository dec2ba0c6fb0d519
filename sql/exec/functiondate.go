package exec

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"wharf"
	"wharf/sql"
)

// dateFunctions work on dates and times. What is none gives NULL and a warning.
func dateFunctions() map[string]function {
	all := map[string]function{
		"CONVERT_TZ": {min: 3, max: 3, typ: always(wharf.TypeDateTime), strict: true, run: convertTZ,
			scale: func(_ []sql.Expr, args []node) int { return args[0].places() }},
		"DATE_FORMAT":   {min: 2, max: 2, typ: always(wharf.TypeString), strict: true, run: dateFormat},
		"DATEDIFF":      {min: 2, max: 2, typ: always(wharf.TypeInt), strict: true, run: dateDiff},
		"EXTRACT":       {min: 2, max: 2, typ: always(wharf.TypeInt), strict: true, run: extract},
		"FROM_UNIXTIME": {min: 1, max: 2, typ: fromUnixType, scale: fromUnixScale, strict: true, run: fromUnixTime},
		"LAST_DAY": {min: 1, max: 1, typ: always(wharf.TypeDate), strict: true, run: onMoment(noZeros, func(m moment) datum {
			m.day = daysOf(m.year, m.month)
			return dateDatum(m)
		})},
		"TIMESTAMPDIFF": {min: 3, max: 3, typ: always(wharf.TypeInt), strict: true, run: timestampDiff},
		"DAYNAME": {min: 1, max: 1, typ: always(wharf.TypeString), strict: true,
			run: onMoment(noZeros, func(m moment) datum { return stringDatum(m.time(time.UTC).Weekday().String()) })},
		"MONTHNAME": {min: 1, max: 1, typ: always(wharf.TypeString), strict: true, run: onMoment(anyZeros, func(m moment) datum {
			if m.month == 0 {
				return nullDatum()
			}
			return stringDatum(time.Month(m.month).String())
		})},
	}
	for name, part := range dateParts() {
		all[name] = function{min: 1, max: 1, typ: always(wharf.TypeInt), strict: true,
			run: onMoment(part.zeros, func(m moment) datum { return intDatum(int64(part.of(m))) })}
	}
	for name, part := range clockParts() {
		all[name] = function{min: 1, max: 1, typ: always(wharf.TypeInt), strict: true, run: onDuration(func(micros int64) datum {
			return intDatum(part(max(micros, -micros)))
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
		"DAYOFWEEK":  {noZeros, func(m moment) int { return int(m.time(time.UTC).Weekday()) + 1 }},
		"WEEKDAY":    {noZeros, func(m moment) int { return (int(m.time(time.UTC).Weekday()) + 6) % 7 }},
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

func onMoment(z zeros, f func(moment) datum) func(*evaluation, []datum) (datum, error) {
	return func(ev *evaluation, a []datum) (datum, error) {
		r, ok := ev.moment(a[0], z)
		if !ok {
			return nullDatum(), nil
		}
		return f(r.moment), nil
	}
}

func onDuration(f func(micros int64) datum) func(*evaluation, []datum) (datum, error) {
	return func(ev *evaluation, a []datum) (datum, error) {
		r, ok := ev.duration(a[0])
		if !ok {
			return nullDatum(), nil
		}
		return f(r.micros), nil
	}
}

// convertTZ gives a time of one zone in another; of an unknown zone, NULL, and
// of a time outside of the range of UNIX_TIMESTAMP, itself.
func convertTZ(ev *evaluation, a []datum) (datum, error) {
	from, err := parseZone(a[1].text())
	if err != nil {
		return nullDatum(), nil
	}
	to, err := parseZone(a[2].text())
	if err != nil {
		return nullDatum(), nil
	}
	r, ok := ev.moment(a[0], noZeros)
	if !ok {
		return nullDatum(), nil
	}
	if t := inZone(r.moment, from); isUnix(t) {
		r.moment = momentOf(t.In(to))
	}
	return momentDatum(r.moment, r.places), nil
}

func dateDiff(ev *evaluation, a []datum) (datum, error) {
	x, okX := ev.moment(a[0], noZeros)
	y, okY := ev.moment(a[1], noZeros)
	if !okX || !okY {
		return nullDatum(), nil
	}
	const day = 86400
	return intDatum((x.date().time(time.UTC).Unix() - y.date().time(time.UTC).Unix()) / day), nil
}

func extract(ev *evaluation, a []datum) (datum, error) {
	unit := strings.ToUpper(a[0].text())
	if part, ok := dateParts()[unit]; ok {
		return onMoment(part.zeros, func(m moment) datum { return intDatum(int64(part.of(m))) })(ev, a[1:])
	}
	if parts, ok := unitParts()[unit]; ok {
		return extractParts(ev, parts, a[1]), nil
	}
	part, ok := clockParts()[unit]
	if !ok {
		return nullDatum(), wharf.Errorf(wharf.CodeUnsupported, "EXTRACT(%s …) is not supported by Wharf", a[0].text())
	}
	return onDuration(func(micros int64) datum {
		if micros < 0 {
			return intDatum(-part(-micros))
		}
		return intDatum(part(micros))
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
func extractParts(ev *evaluation, parts []string, d datum) datum {
	if parts[0] == "YEAR" {
		r, ok := ev.moment(d, anyZeros)
		if !ok {
			return nullDatum()
		}
		return intDatum(int64(r.year*100 + r.month))
	}
	r, ok := ev.duration(d)
	if !ok {
		return nullDatum()
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
	return intDatum(n)
}

func fromUnixType(args []node) wharf.Type {
	if len(args) == 2 {
		return wharf.TypeString
	}
	return wharf.TypeDateTime
}

func fromUnixScale(_ []sql.Expr, args []node) int {
	if args[0].typ == wharf.TypeString {
		return maxPlaces
	}
	return args[0].places()
}

// fromUnixTime gives the time of so many seconds since 1970, in the session's
// zone, or that as DATE_FORMAT writes it.
func fromUnixTime(ev *evaluation, a []datum) (datum, error) {
	d := ev.float(a[0])
	seconds := d.toDecimal().round(maxPlaces)
	if seconds.unscaled.Sign() < 0 || seconds.compare(decimalFromInt(maxUnix+1)) >= 0 {
		return nullDatum(), nil
	}
	places := min(d.toDecimal().scale, maxPlaces)
	t := time.UnixMicro(seconds.at(maxPlaces).Int64()).In(ev.env.Location())
	at := momentDatum(momentOf(t), places)
	if len(a) == 2 {
		return dateFormat(ev, []datum{at, a[1]})
	}
	return at, nil
}

// timestampDiff counts the whole units from the second argument to the third.
func timestampDiff(ev *evaluation, a []datum) (datum, error) {
	x, okX := ev.moment(a[1], noZeros)
	y, okY := ev.moment(a[2], noZeros)
	if !okX || !okY {
		return nullDatum(), nil
	}
	from, to := x.moment.time(time.UTC), y.moment.time(time.UTC)
	unit := strings.ToUpper(a[0].text())
	micros := to.UnixMicro() - from.UnixMicro()
	if size, ok := unitMicros()[unit]; ok {
		return intDatum(micros / size), nil
	}
	months, ok := unitMonths()[unit]
	if !ok {
		return nullDatum(), wharf.Errorf(wharf.CodeUnsupported, "TIMESTAMPDIFF(%s, …) is not supported by Wharf", unit)
	}
	n := (to.Year()-from.Year())*12 + int(to.Month()) - int(from.Month())
	// The last month does not count where it is not over.
	switch rest := within(to) - within(from); {
	case n > 0 && rest < 0:
		n--
	case n < 0 && rest > 0:
		n++
	}
	return intDatum(int64(n / months)), nil
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
func dateFormat(ev *evaluation, a []datum) (datum, error) {
	r, ok := ev.moment(a[0], anyZeros)
	if !ok {
		return nullDatum(), nil
	}
	var b strings.Builder
	format := a[1].text()
	if format == "" {
		return nullDatum(), nil
	}
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			b.WriteByte(format[i])
			continue
		}
		i++
		if err := formatPart(&b, r.moment, format[i]); err != nil {
			return nullDatum(), err
		}
		if b.Len() > maxText {
			return ev.tooLong("DATE_FORMAT"), nil
		}
	}
	return stringDatum(b.String()), nil
}

// formatPart writes what a letter behind '%' stands for; of one that is
// unknown, itself.
func formatPart(b *strings.Builder, m moment, letter byte) error {
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
	return nil
}

func noon(hour int) string {
	if hour < 12 {
		return "AM"
	}
	return "PM"
}

// formatName writes what only a date of the calendar has.
func formatName(b *strings.Builder, m moment, letter byte) error {
	if !m.isWhole() {
		return wharf.Errorf(wharf.CodeUnsupported, "DATE_FORMAT with %%%c of a date with a month or a day of zero is not supported by Wharf", letter)
	}
	if strings.IndexByte("UuVvXx", letter) >= 0 {
		formatWeek(b, m, letter)
		return nil
	}
	layout := map[byte]string{'a': "Mon", 'W': "Monday", 'j': "002", 'b': "Jan", 'M': "January"}[letter]
	t := m.time(time.UTC)
	if layout == "" {
		b.WriteString(strconv.Itoa(int(t.Weekday())))
		return nil
	}
	b.WriteString(t.Format(layout))
	return nil
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
