package eval

import "time"

// weekDate is a date by its week: %U, %u, %V or %v with a day of the week, and the
// year of %X or %x.
type weekDate struct {
	year, number    int
	day             int  // from Monday, which is 1
	hasYear         bool // of %X or %x
	sundayYear      bool // it is of %X
	sunday          bool // weeks begin with Sunday: %U and %V
	ofYear          bool // weeks belong to one year as a whole: %V and %v
	numbered, named bool // the week and its day were read
}

// date returns the day. ok is false where the week is not of the year that goes
// with it.
func (w weekDate) date(year int) (at time.Time, ok bool) {
	if w.ofYear != w.hasYear || w.hasYear && w.sundayYear != w.sunday {
		return at, false
	}
	if w.ofYear {
		year = w.year
	}
	first := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
	weekday := (int(first.Weekday()) + 6) % 7 // from Monday, which is 0
	days := (w.number - 1) * 7
	switch {
	case w.sunday:
		days += (6-weekday)%7 + w.day%7
	case weekday > 3:
		days += 7 - weekday + w.day - 1
	default:
		days += -weekday + w.day - 1
	}
	at = first.AddDate(0, 0, days)
	return at, at.Year() >= 1 && at.Year() <= 9999
}

// weekPart reads what STR_TO_DATE's letters of weeks stand for.
func (p *dateReader) weekPart(letter byte) bool {
	w := &p.week
	most := 2
	switch letter {
	case 'w':
		most = 1
	case 'X', 'x':
		most = 4
	}
	n, ok := p.number(most)
	switch letter {
	case 'w':
		ok = ok && n < 7
		if w.day, w.named = n, ok; n == 0 {
			w.day = 7
		}
	case 'X', 'x':
		w.year, w.sundayYear, w.hasYear = n, letter == 'X', ok
	default:
		w.sunday, w.ofYear = letter == 'U' || letter == 'V', letter == 'V' || letter == 'v'
		ok = ok && n <= 53 && (n > 0 || !w.ofYear)
		w.number, w.numbered = n, ok
	}
	return ok
}
