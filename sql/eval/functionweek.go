package eval

import (
	"fmt"
	"strings"
)

// How weeks are counted, as bits.
const (
	mondayFirst = 1 << iota
	weeksFromOne
	firstWeekdayFirst // else the first week has four days of the year
)

// weekMode is how weeks are counted by the mode of WEEK.
func weekMode(mode int) int {
	if mode &= 7; mode&mondayFirst == 0 {
		mode ^= firstWeekdayFirst
	}
	return mode
}

// yearWeek is a week, and the year that it is counted in.
type yearWeek struct{ year, week int }

// week is the week of a date. That of a date with zeros in it is MySQL's, which
// counts days by unsigned numbers of 32 bits.
func (m moment) week(mode int) yearWeek {
	year, fromOne := m.year, mode&weeksFromOne != 0
	first := dayNumber(year, 1, 1)
	offset := int(first+5) % 7 // of the year's first day in its week
	if mode&mondayFirst == 0 {
		offset = int(first+6) % 7
	}
	isLate := func() bool { // the first week of the year begins behind its first day
		if mode&firstWeekdayFirst != 0 {
			return offset != 0
		}
		return offset >= 4
	}
	if m.month == 1 && m.day <= 7-offset {
		if !fromOne && isLate() {
			return yearWeek{year, 0}
		}
		fromOne = true
		year--
		first -= uint32(daysIn(year))
		offset = (offset + 53*7 - daysIn(year)) % 7
	}
	days := dayNumber(m.year, m.month, m.day) - first + uint32(offset)
	if isLate() {
		days -= 7
	}
	if fromOne && days >= 52*7 {
		if offset = (offset + daysIn(year)) % 7; !isLate() {
			return yearWeek{year + 1, 1}
		}
	}
	return yearWeek{year, int(days/7 + 1)}
}

// dayNumber is TO_DAYS of a date, whose month and day may be zero.
func dayNumber(year, month, day int) uint32 {
	if year == 0 && month == 0 {
		return 0
	}
	days := 365*year + 31*(month-1) + day
	if month <= 2 {
		year--
	} else {
		days -= (month*4 + 23) / 10
	}
	return uint32(days + year/4 - (year/100+1)*3/4)
}

func daysIn(year int) int {
	if daysOf(year, 2) == 29 {
		return 366
	}
	return 365
}

// formatWeek writes a week of the year, or the year that the week belongs to, as
// DATE_FORMAT's letters U, u, V, v, X and x say. A capital letter has weeks that
// begin with Sunday, the first of which has the year's first Sunday; a small
// one has weeks that begin with Monday, the first of which has four days of the
// year at least.
func formatWeek(b *strings.Builder, m moment, letter byte) {
	mode := mondayFirst
	if letter < 'a' {
		mode = firstWeekdayFirst
	}
	switch letter {
	case 'U', 'u':
		fmt.Fprintf(b, "%02d", m.week(mode).week)
	case 'V', 'v':
		fmt.Fprintf(b, "%02d", m.week(mode|weeksFromOne).week)
	default:
		fmt.Fprintf(b, "%04d", m.week(mode|weeksFromOne).year)
	}
}
