package exec

import (
	"math"
	"strconv"
	"strings"
	"time"

	"wharf"
	"wharf/sql"
)

// dateFunctions work on dates and times. What is none gives NULL.
func dateFunctions() map[string]function {
	all := map[string]function{
		"CONVERT_TZ":    {min: 3, max: 3, typ: always(wharf.TypeDateTime), strict: true, run: convertTZ},
		"DATE_FORMAT":   {min: 2, max: 2, typ: always(wharf.TypeString), strict: true, run: dateFormat},
		"DATEDIFF":      {min: 2, max: 2, typ: always(wharf.TypeInt), strict: true, run: dateDiff},
		"EXTRACT":       {min: 2, max: 2, typ: always(wharf.TypeInt), strict: true, run: extract},
		"FROM_UNIXTIME": {min: 1, max: 1, typ: always(wharf.TypeDateTime), strict: true, run: fromUnixTime},
		"LAST_DAY": {min: 1, max: 1, typ: always(wharf.TypeDate), strict: true, run: onTime(func(t time.Time) datum {
			return timeDatum(time.Date(t.Year(), t.Month()+1, 0, 0, 0, 0, 0, time.UTC).Format(time.DateOnly))
		})},
		"TIMESTAMPDIFF": {min: 3, max: 3, typ: always(wharf.TypeInt), strict: true, run: timestampDiff},
		"DAYNAME": {min: 1, max: 1, typ: always(wharf.TypeString), strict: true,
			run: onTime(func(t time.Time) datum { return stringDatum(t.Weekday().String()) })},
		"MONTHNAME": {min: 1, max: 1, typ: always(wharf.TypeString), strict: true,
			run: onTime(func(t time.Time) datum { return stringDatum(t.Month().String()) })},
	}
	for name, part := range timeParts() {
		all[name] = function{min: 1, max: 1, typ: always(wharf.TypeInt), strict: true,
			run: onTime(func(t time.Time) datum { return intDatum(int64(part(t))) })}
	}
	return all
}

// timeParts are the functions that give one number of a time. EXTRACT has
// those that are units too.
func timeParts() map[string]func(time.Time) int {
	return map[string]func(time.Time) int{
		"YEAR":        time.Time.Year,
		"QUARTER":     func(t time.Time) int { return (int(t.Month()) + 2) / 3 },
		"MONTH":       func(t time.Time) int { return int(t.Month()) },
		"DAY":         time.Time.Day,
		"DAYOFMONTH":  time.Time.Day,
		"DAYOFWEEK":   func(t time.Time) int { return int(t.Weekday()) + 1 },
		"WEEKDAY":     func(t time.Time) int { return (int(t.Weekday()) + 6) % 7 },
		"DAYOFYEAR":   time.Time.YearDay,
		"HOUR":        time.Time.Hour,
		"MINUTE":      time.Time.Minute,
		"SECOND":      time.Time.Second,
		"MICROSECOND": func(t time.Time) int { return t.Nanosecond() / 1000 },
	}
}

func onTime(f func(time.Time) datum) func(*evaluation, []datum) (datum, error) {
	return func(_ *evaluation, a []datum) (datum, error) {
		t, _, ok := parseTime(a[0].text(), time.UTC)
		if !ok {
			return nullDatum(), nil
		}
		return f(t), nil
	}
}

// timeText writes a time, with microseconds where it has some.
func timeText(t time.Time) datum {
	if t.Nanosecond() != 0 {
		return timeDatum(t.Format("2006-01-02 15:04:05.000000"))
	}
	return timeDatum(t.Format(time.DateTime))
}

// convertTZ gives a time of one zone in another; of an unknown zone, NULL.
func convertTZ(_ *evaluation, a []datum) (datum, error) {
	from, err := parseZone(a[1].text())
	if err != nil {
		return nullDatum(), nil
	}
	to, err := parseZone(a[2].text())
	if err != nil {
		return nullDatum(), nil
	}
	t, _, ok := parseTime(a[0].text(), from)
	if !ok {
		return nullDatum(), nil
	}
	return timeText(t.In(to)), nil
}

func dateDiff(_ *evaluation, a []datum) (datum, error) {
	x, _, xOK := parseTime(a[0].text(), time.UTC)
	y, _, yOK := parseTime(a[1].text(), time.UTC)
	if !xOK || !yOK {
		return nullDatum(), nil
	}
	const day = 24 * time.Hour
	return intDatum((x.Truncate(day).Unix() - y.Truncate(day).Unix()) / int64(day/time.Second)), nil
}

func extract(_ *evaluation, a []datum) (datum, error) {
	part, ok := timeParts()[strings.ToUpper(a[0].text())]
	if !ok {
		return nullDatum(), wharf.Errorf(wharf.CodeUnsupported, "EXTRACT(%s …) is not supported by Wharf", a[0].text())
	}
	return onTime(func(t time.Time) datum { return intDatum(int64(part(t))) })(nil, a[1:])
}

// fromUnixTime gives the time of so many seconds since 1970, in the session's
// zone.
func fromUnixTime(ev *evaluation, a []datum) (datum, error) {
	const most = 32536771199 // MySQL's
	seconds := a[0].toFloat()
	if seconds < 0 || seconds > most {
		return nullDatum(), nil
	}
	zone := ev.s.zone
	if zone == nil {
		zone = time.UTC
	}
	return timeText(time.UnixMicro(int64(math.Round(seconds * 1e6))).In(zone)), nil
}

// timestampDiff counts the whole units from the second argument to the third.
func timestampDiff(_ *evaluation, a []datum) (datum, error) {
	from, _, fromOK := parseTime(a[1].text(), time.UTC)
	to, _, toOK := parseTime(a[2].text(), time.UTC)
	if !fromOK || !toOK {
		return nullDatum(), nil
	}
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

// interval compiles DATE_ADD and DATE_SUB: x, a number, and a unit as a
// constant.
func (c *compiler) interval(e sql.Call) (node, error) {
	if len(e.Args) != 3 {
		return node{}, wrongCount(e.Name)
	}
	l, ok := e.Args[2].(sql.Literal)
	unit := strings.ToUpper(l.Text)
	micros, fixed := unitMicros()[unit]
	months, long := unitMonths()[unit]
	if !ok || !fixed && !long {
		return node{}, wharf.Errorf(wharf.CodeUnsupported, "INTERVAL … %s is not supported by Wharf", unit)
	}
	args, err := c.compileAll(e.Args[:2])
	if err != nil {
		return node{}, err
	}
	sign := int64(1)
	if e.Name == "DATE_SUB" {
		sign = -1
	}
	typ := intervalType(args[0].typ, long || micros >= unitMicros()["DAY"])
	return node{typ: typ, eval: func(ev *evaluation) (datum, error) {
		x, n, err := both(ev, args[0], args[1])
		if err != nil || x.isNull() || n.isNull() {
			return nullDatum(), err
		}
		t, _, ok := parseTime(x.text(), time.UTC)
		if ok && long {
			t, ok = addMonths(t, sign*n.toInt(), months)
		} else if ok {
			t, ok = addMicros(t, float64(sign)*n.toFloat(), micros)
		}
		if !ok {
			return nullDatum(), nil
		}
		return intervalDatum(t, typ, len(x.text()) <= len(time.DateOnly) && (long || micros >= unitMicros()["DAY"])), nil
	}}, nil
}

// intervalType is the type of a date plus an interval: a date stays one where
// the unit is of days, and text stays text.
func intervalType(x wharf.Type, days bool) wharf.Type {
	switch {
	case x == wharf.TypeDate && days:
		return wharf.TypeDate
	case x == wharf.TypeDate || x == wharf.TypeDateTime:
		return wharf.TypeDateTime
	}
	return wharf.TypeString
}

func intervalDatum(t time.Time, typ wharf.Type, dateOnly bool) datum {
	d := timeText(t)
	if typ == wharf.TypeDate || typ == wharf.TypeString && dateOnly {
		d = timeDatum(t.Format(time.DateOnly))
	}
	if typ == wharf.TypeString {
		return stringDatum(d.str)
	}
	return d
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

func addMicros(t time.Time, n float64, unit int64) (time.Time, bool) {
	micros := math.Round(n * float64(unit))
	if unit > unitMicros()["SECOND"] {
		micros = math.Round(n) * float64(unit)
	}
	const most = 10_000 * 366 * 86400e6
	if math.Abs(micros) > most {
		return t, false
	}
	// A Duration holds 292 years, so it goes by seconds.
	whole := int64(micros) / 1e6
	return inYears(time.Unix(t.Unix()+whole, int64(t.Nanosecond())+(int64(micros)-whole*1e6)*1000).UTC())
}

// inYears tells whether a time is one that MySQL can hold.
func inYears(t time.Time) (time.Time, bool) { return t, t.Year() >= 0 && t.Year() <= 9999 }

// dateFormat writes a date as the format says.
func dateFormat(ev *evaluation, a []datum) (datum, error) {
	t, _, ok := parseTime(a[0].text(), time.UTC)
	if !ok {
		return nullDatum(), nil
	}
	var b strings.Builder
	format := a[1].text()
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			b.WriteByte(format[i])
			continue
		}
		i++
		if err := formatPart(&b, t, format[i]); err != nil {
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
func formatPart(b *strings.Builder, t time.Time, letter byte) error {
	layouts := map[byte]string{
		'a': "Mon", 'b': "Jan", 'c': "1", 'd': "02", 'e': "2", 'H': "15", 'h': "03", 'I': "03", 'i': "04",
		'l': "3", 'M': "January", 'm': "01", 'p': "PM", 'r': "03:04:05 PM", 'S': "05", 's': "05", 'T': "15:04:05",
		'W': "Monday", 'Y': "2006", 'y': "06",
	}
	switch letter {
	case 'D':
		b.WriteString(ordinal(t.Day()))
	case 'f':
		b.WriteString(t.Format(".000000")[1:])
	case 'j':
		b.WriteString(t.Format("002"))
	case 'k':
		b.WriteString(strconv.Itoa(t.Hour()))
	case 'w':
		b.WriteString(strconv.Itoa(int(t.Weekday())))
	case 'U', 'u', 'V', 'v', 'X', 'x':
		return wharf.Errorf(wharf.CodeUnsupported, "DATE_FORMAT with %%%c, a week of the year, is not supported by Wharf", letter)
	default:
		if layout, ok := layouts[letter]; ok {
			b.WriteString(t.Format(layout))
		} else {
			b.WriteByte(letter)
		}
	}
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
