package exec

import (
	"strconv"
	"strings"
	"time"

	"wharf"
	"wharf/sql"
)

// timeFunctions tell the time. All of one statement tell the same time.
func timeFunctions() map[string]function {
	stamp := func(local bool) function {
		return function{max: 1, typ: always(wharf.TypeDateTime), run: func(ev *evaluation, a []datum) (datum, error) {
			places, err := fraction(a)
			return timeDatum(ev.clock(local).Format("2006-01-02 15:04:05" + places)), err
		}}
	}
	day := func(local bool) function {
		return function{max: 0, typ: always(wharf.TypeDate), run: func(ev *evaluation, _ []datum) (datum, error) {
			return timeDatum(ev.clock(local).Format(time.DateOnly)), nil
		}}
	}
	clock := func(local bool) function {
		return function{max: 1, typ: always(wharf.TypeString), run: func(ev *evaluation, a []datum) (datum, error) {
			places, err := fraction(a)
			return stringDatum(ev.clock(local).Format(time.TimeOnly + places)), err
		}}
	}
	return map[string]function{
		"NOW":               stamp(true),
		"CURRENT_TIMESTAMP": stamp(true),
		"LOCALTIME":         stamp(true),
		"LOCALTIMESTAMP":    stamp(true),
		"SYSDATE":           stamp(true),
		"UTC_TIMESTAMP":     stamp(false),
		"CURDATE":           day(true),
		"CURRENT_DATE":      day(true),
		"UTC_DATE":          day(false),
		"CURTIME":           clock(true),
		"CURRENT_TIME":      clock(true),
		"UTC_TIME":          clock(false),
		"UNIX_TIMESTAMP":    {max: 1, typ: unixType, scale: func([]sql.Expr, []node) int { return asItComes }, strict: true, run: unixTimestamp},
		"TIMEDIFF":          {min: 2, max: 2, typ: always(wharf.TypeString), strict: true, run: timeDiff},
	}
}

// clock is the statement's time, in the session's time zone or in UTC.
func (ev *evaluation) clock(local bool) time.Time {
	if local && ev.s.zone != nil {
		return ev.now.In(ev.s.zone)
	}
	return ev.now.UTC()
}

// fraction gives the layout of as many decimal places as the argument says.
func fraction(a []datum) (string, error) {
	if len(a) == 0 || a[0].isNull() {
		return "", nil
	}
	n := a[0].toInt()
	if n < 0 || n > 6 {
		return "", invalid(errPrecision, "Too-big precision %d specified for 'now'. Maximum is 6.", n)
	}
	if n == 0 {
		return "", nil
	}
	return "." + strings.Repeat("0", int(n)), nil
}

func unixType(args []node) wharf.Type {
	if len(args) == 0 {
		return wharf.TypeInt
	}
	return wharf.TypeDecimal
}

func unixTimestamp(ev *evaluation, a []datum) (datum, error) {
	if len(a) == 0 {
		return intDatum(ev.now.Unix()), nil
	}
	zone := ev.s.zone
	if zone == nil {
		zone = time.UTC
	}
	t, places, ok := parseTime(a[0].text(), zone)
	if !ok || t.Unix() < 0 {
		return decDatum(decimalFromInt(0)), nil
	}
	micros := &decimal{unscaled: decimalFromInt(t.UnixMicro()).unscaled, scale: 6}
	return decDatum(micros.truncate(places)), nil
}

// timeDiff gives the time from the second to the first, as [-]HH:MM:SS.
func timeDiff(_ *evaluation, a []datum) (datum, error) {
	x, _, xOK := parseTime(a[0].text(), time.UTC)
	y, _, yOK := parseTime(a[1].text(), time.UTC)
	if !xOK || !yOK {
		return nullDatum(), nil
	}
	d, sign := x.Sub(y), ""
	if d < 0 {
		d, sign = -d, "-"
	}
	n := int64(d / time.Second)
	two := func(v int64) string {
		if v < 10 {
			return "0" + strconv.FormatInt(v, 10)
		}
		return strconv.FormatInt(v, 10)
	}
	return stringDatum(sign + two(n/3600) + ":" + two(n/60%60) + ":" + two(n%60)), nil
}

// parseTime reads a date with or without its time, and tells how many
// decimal places its seconds have.
func parseTime(s string, zone *time.Location) (time.Time, int, bool) {
	s = strings.Replace(strings.TrimSpace(s), "T", " ", 1)
	places := 0
	if _, after, found := strings.Cut(s, "."); found {
		places = min(len(after), 6)
	}
	for _, layout := range []string{time.DateTime, "2006-01-02 15:04", time.DateOnly, "20060102150405", "20060102"} {
		if t, err := time.ParseInLocation(layout, s, zone); err == nil {
			return t, places, true
		}
	}
	return time.Time{}, 0, false
}

// castTime reads a date or a date with its time; what is none is NULL.
func castTime(s string, typ wharf.Type, places int) datum {
	t, _, ok := parseTime(s, time.UTC)
	if !ok {
		return nullDatum()
	}
	if typ == wharf.TypeDate {
		return timeDatum(t.Format(time.DateOnly))
	}
	layout := time.DateTime
	if places > 0 {
		layout += "." + strings.Repeat("0", min(places, 6))
	}
	return timeDatum(t.Round(time.Second / time.Duration(pow10(min(places, 6)).Int64())).Format(layout))
}
