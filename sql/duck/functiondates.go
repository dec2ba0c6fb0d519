//go:build linux && !noduck

package duck

import (
	"fmt"
	"strings"
)

// dates are the functions that are about dates and times.
func dates() map[string]function {
	all := map[string]function{
		"date": {least: 1, most: 1, write: func(t *translator, a []expr) expr { return expr{sql: a[0].date(), kind: kindDate} }},
		"year": {least: 1, most: 1, write: part("year")}, "quarter": {least: 1, most: 1, write: part("quarter")}, "month": {least: 1, most: 1, write: part("month")},
		"day": {least: 1, most: 1, write: part("day")}, "dayofmonth": {least: 1, most: 1, write: part("day")}, "dayofyear": {least: 1, most: 1, write: part("doy")},
		"hour": {least: 1, most: 1, write: timePart("hour"), takes: isMoment}, "minute": {least: 1, most: 1, write: timePart("minute"), takes: isMoment}, "second": {least: 1, most: 1, write: timePart("second"), takes: isMoment},
		"dayofweek": {least: 1, most: 1, write: moments("(date_part('dow', %s) + 1)", kindInt)},
		"weekday":   {least: 1, most: 1, write: moments("(date_part('isodow', %s) - 1)", kindInt)},
		"dayname":   {least: 1, most: 1, write: moments("dayname(%s)", kindText)}, "monthname": {least: 1, most: 1, write: moments("monthname(%s)", kindText)},
		"last_day": {least: 1, most: 1, write: moments("last_day(%s)", kindDate)},
		"datediff": {least: 2, most: 2, write: func(t *translator, a []expr) expr {
			return integer("date_diff('day', " + a[1].date() + ", " + a[0].date() + ")")
		}},
		"date_format": {least: 2, most: 2, write: dateFormat, takes: hasLayout},
	}
	for name, f := range all {
		if f.takes == nil {
			f.takes = areMoments
			all[name] = f
		}
	}
	return all
}

func part(name string) func(*translator, []expr) expr {
	return moments("date_part('"+name+"', %s)", kindInt)
}

func timePart(name string) func(*translator, []expr) expr {
	return func(_ *translator, a []expr) expr {
		return integer("date_part('" + name + "', " + a[0].moment() + ")")
	}
}

func moments(format string, k kind) func(*translator, []expr) expr {
	return func(_ *translator, a []expr) expr {
		return expr{sql: fmt.Sprintf(format, a[0].moment()), kind: k}
	}
}

// formats are the letters of DATE_FORMAT and STR_TO_DATE that DuckDB has too,
// by their names there.
var formats = map[byte]string{
	'a': "%a", 'b': "%b", 'c': "%-m", 'd': "%d", 'e': "%-d", 'f': "%f", 'H': "%H", 'h': "%I", 'I': "%I", 'i': "%M", 'j': "%j", 'k': "%-H",
	'l': "%-I", 'M': "%B", 'm': "%m", 'p': "%p", 'r': "%I:%M:%S %p", 'S': "%S", 's': "%S", 'T': "%H:%M:%S", 'W': "%A", 'w': "%w", 'Y': "%Y", 'y': "%y",
	'%': "%%",
}

// layout translates the format of DATE_FORMAT, which must be a literal.
func layout(e expr) string {
	var b strings.Builder
	for text := *e.literal; text != ""; text = text[1:] {
		if text[0] != '%' || len(text) == 1 {
			b.WriteByte(text[0])
			continue
		}
		text = text[1:]
		if f, ok := formats[text[0]]; ok {
			b.WriteString(f)
		} else {
			b.WriteByte(text[0])
		}
	}
	return b.String()
}

func dateFormat(_ *translator, a []expr) expr {
	return text("strftime(" + a[0].moment() + ", " + quoteString(layout(a[1])) + ")")
}

// isMoment reports whether the first argument is a date, with a time or not.
func isMoment(a []expr) bool { return a[0].kind == kindMoment || a[0].kind == kindDate }

// hasLayout reports whether DuckDB knows all letters of a format that is a
// literal.
func hasLayout(a []expr) bool {
	if !isMoment(a) || a[1].literal == nil || *a[1].literal == "" {
		return false
	}
	for text := *a[1].literal; text != ""; text = text[1:] {
		if text[0] != '%' || len(text) == 1 {
			continue
		}
		text = text[1:]
		if _, known := formats[text[0]]; !known {
			return false
		}
	}
	return true
}

// areMoments reports whether all arguments are dates, with a time or not.
func areMoments(a []expr) bool {
	for i := range a {
		if !isMoment(a[i:]) {
			return false
		}
	}
	return true
}
