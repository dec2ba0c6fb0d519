package eval

import (
	"fmt"
	"strings"
	"time"
)

// formatWeek writes a week of the year, or the year that the week belongs to, as
// DATE_FORMAT's letters U, u, V, v, X and x say. A capital letter has weeks that
// begin with Sunday, the first of which has the year's first Sunday; a small
// one has weeks that begin with Monday, the first of which has four days of the
// year at least.
func formatWeek(b *strings.Builder, m moment, letter byte) {
	t := m.date().time(time.UTC)
	sundays := (t.YearDay() + 6 - int(t.Weekday())) / 7
	switch letter {
	case 'U':
		fmt.Fprintf(b, "%02d", sundays)
	case 'V', 'X':
		year := t.Year()
		if sundays == 0 { // it is the last week of the year before
			year--
			last := time.Date(year, time.December, 31, 0, 0, 0, 0, time.UTC)
			sundays = (last.YearDay() + 6 - int(last.Weekday())) / 7
		}
		writeWeek(b, letter == 'X', year, sundays)
	case 'u':
		fourth := time.Date(t.Year(), time.January, 4, 0, 0, 0, 0, time.UTC)
		first := fourth.YearDay() - (int(fourth.Weekday())+6)%7 // of the first week's Monday
		fmt.Fprintf(b, "%02d", (t.YearDay()-first+7)/7)
	default:
		year, week := t.ISOWeek()
		writeWeek(b, letter == 'x', year, week)
	}
}

func writeWeek(b *strings.Builder, isYear bool, year, week int) {
	if isYear {
		fmt.Fprintf(b, "%04d", year)
		return
	}
	fmt.Fprintf(b, "%02d", week)
}
