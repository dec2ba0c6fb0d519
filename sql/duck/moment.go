//go:build linux && !noduck

package duck

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var momentShape = regexp.MustCompile(`^\s*(\d{1,4})[-/.:](\d{1,2})[-/.:](\d{1,2})(?:[T\s]+(\d{1,2})(?:[:.](\d{1,2})(?:[:.](\d{1,2})(?:\.(\d{1,9}))?)?)?)?\s*$`)

var momentDigits = regexp.MustCompile(`^\s*(\d{4}|\d{2})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)(?:\.(\d{1,9}))?)?\s*$`)

// parseMoment reads a date or a date and time as MySQL writes and accepts them
// and gives it in DuckDB's form, to the microsecond.
func parseMoment(text string) (string, bool) {
	m := momentShape.FindStringSubmatch(text)
	if m == nil {
		m = momentDigits.FindStringSubmatch(text)
	}
	if m == nil {
		return "", false
	}
	n := make([]int, 7)
	for i := 1; i <= 6; i++ {
		n[i], _ = strconv.Atoi("0" + m[i])
	}
	if len(m[1]) <= 2 {
		n[1] += 1900
		if n[1] < 1970 {
			n[1] += 100
		}
	}
	micros := (m[7] + "000000")[:6]
	at := time.Date(n[1], time.Month(n[2]), n[3], n[4], n[5], n[6], 0, time.UTC)
	want := fmt.Sprintf("%04d-%02d-%02d %02d:%02d:%02d", n[1], n[2], n[3], n[4], n[5], n[6])
	if at.Format("2006-01-02 15:04:05") != want {
		return "", false
	}
	return strings.TrimSuffix(want+"."+micros, ".000000"), true
}

// besideMoment gives a number that is the same for all rows, beside a column of dates
// with their times, as the date that it is; one that is none stays a number.
func (e expr) besideMoment(other expr) expr {
	if !other.column || other.kind != kindMoment || !e.constant || !e.numeric() {
		return e
	}
	moment, ok := momentOfNumber(strings.TrimPrefix(strings.Trim(e.sql, "()"), "CAST("))
	if !ok {
		return e
	}
	return expr{sql: "TIMESTAMP '" + moment + "'", kind: kindMoment, constant: true, scale: 6}
}

// momentOfNumber reads a number as a date, or as a date and its time, of which the zeros
// at the beginning may be left out.
func momentOfNumber(text string) (string, bool) {
	text, _, _ = strings.Cut(strings.TrimPrefix(text, "'"), "'")
	if f, err := strconv.ParseFloat(text, 64); err == nil && strings.ContainsAny(text, "eE") {
		text = strconv.FormatFloat(f, 'f', -1, 64)
	}
	whole, behind, _ := strings.Cut(text, ".")
	n, err := strconv.ParseUint(whole, 10, 64)
	switch {
	case err != nil || n < 101 || n > 99991231235959:
		return "", false
	case n <= 991231:
		return parseMoment(fmt.Sprintf("%06d", n))
	case n >= 10000101 && n <= 99991231:
		return parseMoment(fmt.Sprintf("%08d", n))
	case n >= 101000000 && n <= 991231235959:
		return parseMoment(strings.TrimSuffix(fmt.Sprintf("%012d.%s", n, behind), "."))
	case n >= 10000101000000:
		return parseMoment(strings.TrimSuffix(fmt.Sprintf("%014d.%s", n, behind), "."))
	}
	return "", false
}

// parseZoned reads a date and time with an offset behind it, 2026-01-31 10:00:00+02:00, and
// gives it as the session's clock shows it.
func (t *translator) parseZoned(text string) (string, bool) {
	text = strings.TrimSpace(text)
	at := len(text) - len("+00:00")
	if at < len("2026-1-1 0:0") || text[at:] == "-00:00" {
		return "", false
	}
	ahead, ok := offset(text[at:])
	moment, read := parseMoment(text[:at])
	if !ok || !read || ahead < -14*60 || ahead > 14*60 || ahead == -14*60 {
		return "", false
	}
	zone := time.UTC
	if minutes, ok := offset(t.zone); ok {
		zone = time.FixedZone(t.zone, minutes*60)
	} else if named, err := time.LoadLocation(t.zone); err == nil {
		zone = named
	}
	const layout = "2006-01-02 15:04:05.999999"
	instant, err := time.ParseInLocation(layout, moment, time.FixedZone("", ahead*60))
	if err != nil {
		return "", false
	}
	return instant.In(zone).Format(layout), true
}

// local gives a TIMESTAMP WITH TIME ZONE as the session's clock shows it.
func (t *translator) local(instant string) string {
	if minutes, ok := offset(t.zone); ok {
		return fmt.Sprintf("(timezone('UTC', %s) + to_minutes(%d))", instant, minutes)
	}
	return "timezone(" + quoteString(t.zone) + ", " + instant + ")"
}

// offset reads a time zone that is written as an offset, in minutes.
func offset(zone string) (int, bool) {
	at, err := time.Parse("-07:00", zone)
	if err != nil {
		return 0, false
	}
	_, seconds := at.Zone()
	return seconds / 60, true
}
