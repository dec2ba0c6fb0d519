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
