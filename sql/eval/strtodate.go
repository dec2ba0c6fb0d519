package eval

import (
	"strconv"
	"strings"
	"time"
	"unicode"

	"wharf"
	"wharf/sql"
)

// strToDateType is what a constant format reads.
func strToDateType(args []Node) wharf.Type {
	if args[1].fixed == nil {
		return wharf.TypeDateTime
	}
	format := args[1].fixed.Text()
	hasPart := func(letters string) bool {
		for i := 0; i+1 < len(format); i++ {
			if format[i] == '%' {
				if i++; strings.IndexByte(letters, format[i]) >= 0 {
					return true
				}
			}
		}
		return false
	}
	dated, timed := hasPart("YymcdeDjMbWawUuVvXx"), hasPart("HhIiklrSsTfp")
	switch {
	case timed && !dated:
		return wharf.TypeTime
	case dated && !timed:
		return wharf.TypeDate
	}
	return wharf.TypeDateTime
}

func strToDateScale(_ []sql.Expr, args []Node) int {
	if args[1].fixed == nil || strings.Contains(args[1].fixed.Text(), "%f") {
		return maxPlaces
	}
	return 0
}

// runStrToDate reads a date by a format.
func runStrToDate(ev *Evaluation, a []Datum) (Datum, error) {
	text, format := a[0].Text(), a[1].Text()
	p := &dateReader{text: text}
	ok := p.read(format)
	var m moment
	if ok {
		m, ok = p.moment()
	}
	if !ok || !p.dated && !p.timed {
		ev.Env.Warn(warnWrongValue, "Incorrect datetime value: '%s' for function str_to_date", CutRunes(text, 128))
		return NullDatum(), nil
	}
	rest := strings.TrimLeft(p.text, " \t\n\v\f\r") != ""
	truncated := func(kind string) {
		if rest {
			ev.wrongValue("Truncated incorrect "+kind+" value", a[0])
		}
	}
	switch {
	case !p.dated:
		truncated("time")
		return durationDatum(m.clock(), p.places), nil
	case !p.timed:
		truncated("date")
		return dateDatum(m), nil
	}
	truncated("datetime")
	return momentDatum(m, p.places), nil
}

// dateReader reads a text as the format of STR_TO_DATE says.
type dateReader struct {
	text         string
	m            moment
	yearDay      int
	week         weekDate
	afternoon    bool
	half         bool // %p
	dated, timed bool
	places       int
}

func (p *dateReader) number(most int) (int, bool) {
	i := 0
	for i < len(p.text) && i < most && p.text[i] >= '0' && p.text[i] <= '9' {
		i++
	}
	n, err := strconv.Atoi(p.text[:i])
	p.text = p.text[i:]
	return n, err == nil
}

func (p *dateReader) read(format string) bool {
	for i := 0; i < len(format); i++ {
		p.text = strings.TrimLeft(p.text, " \t\n")
		switch {
		case format[i] == ' ':
		case format[i] == '%' && i+1 < len(format):
			i++
			if p.text == "" {
				return true // what is left out is zero
			}
			if !p.part(format[i]) {
				return false
			}
		default:
			if p.text == "" {
				return true
			}
			if p.text[0] != format[i] {
				return false
			}
			p.text = p.text[1:]
		}
	}
	return true
}

// part reads what a letter stands for.
func (p *dateReader) part(letter byte) bool {
	into := func(to *int, most int) bool {
		n, ok := p.number(most)
		*to = n
		return ok
	}
	switch letter {
	case 'Y', 'y', 'm', 'c', 'd', 'e', 'D', 'j', 'M', 'b', 'W', 'a', 'w', 'U', 'u', 'V', 'v', 'X', 'x':
		p.dated = true
	case '%':
		ok := strings.HasPrefix(p.text, "%")
		p.text = strings.TrimPrefix(p.text, "%")
		return ok
	default:
		p.timed = true
	}
	switch letter {
	case 'Y':
		before := len(p.text)
		ok := into(&p.m.year, 4)
		if before-len(p.text) <= 2 {
			p.m.year = fullYear(p.m.year)
		}
		return ok
	case 'y':
		ok := into(&p.m.year, 2)
		p.m.year = fullYear(p.m.year)
		return ok
	case 'm', 'c':
		return into(&p.m.month, 2)
	case 'd', 'e':
		return into(&p.m.day, 2)
	case 'D':
		ok := into(&p.m.day, 2) && len(p.text) >= 2
		if ok {
			p.text = p.text[2:]
		}
		return ok
	case 'j':
		return into(&p.yearDay, 3)
	case 'M', 'b':
		return p.month(letter == 'M')
	case 'W', 'a':
		return p.weekday(letter == 'W')
	case 'w', 'U', 'u', 'V', 'v', 'X', 'x':
		return p.weekPart(letter)
	case '.', '@', '#':
		return p.skip(letter)
	case 'H', 'k':
		return into(&p.m.hour, 2)
	case 'h', 'I', 'l':
		p.half = true
		return into(&p.m.hour, 2) && p.m.hour >= 1 && p.m.hour <= 12
	case 'i':
		return into(&p.m.minute, 2)
	case 'S', 's':
		return into(&p.m.second, 2)
	case 'f':
		return p.fraction()
	case 'p':
		return p.noon()
	case 'T':
		return p.read("%H:%i:%S")
	case 'r':
		return p.read("%I:%i:%S %p")
	}
	return false
}

func (p *dateReader) fraction() bool {
	before := p.text
	n, ok := p.number(maxPlaces)
	for range maxPlaces - (len(before) - len(p.text)) {
		n *= 10
	}
	p.m.micro, p.places = n, maxPlaces
	return ok
}

func (p *dateReader) noon() bool {
	if len(p.text) < 2 {
		return false
	}
	word := strings.ToUpper(p.text[:2])
	p.text = p.text[2:]
	p.half, p.afternoon = true, word == "PM"
	return word == "AM" || word == "PM"
}

func (p *dateReader) month(long bool) bool {
	for month := time.January; month <= time.December; month++ {
		if p.word(month.String(), long) {
			p.m.month = int(month)
			return true
		}
	}
	return false
}

func (p *dateReader) weekday(long bool) bool {
	for day := time.Sunday; day <= time.Saturday; day++ {
		if p.word(day.String(), long) {
			p.week.named = true
			if p.week.day = int(day); day == time.Sunday {
				p.week.day = 7
			}
			return true
		}
	}
	return false
}

func (p *dateReader) word(name string, long bool) bool {
	if !long {
		name = name[:3]
	}
	if len(p.text) < len(name) || !strings.EqualFold(p.text[:len(name)], name) {
		return false
	}
	p.text = p.text[len(name):]
	return true
}

// moment is what was read, where that is a date and a time.
func (p *dateReader) moment() (moment, bool) {
	m := p.m
	if p.half {
		m.hour %= 12
		if p.afternoon {
			m.hour += 12
		}
	}
	if p.week.numbered && p.week.named {
		at, ok := p.week.date(m.year)
		if !ok {
			return m, false
		}
		m.year, m.month, m.day = at.Year(), int(at.Month()), at.Day()
	}
	if p.yearDay > 0 {
		at := time.Date(m.year, 1, p.yearDay, 0, 0, 0, 0, time.UTC)
		m.year, m.month, m.day = at.Year(), int(at.Month()), at.Day()
	}
	if m.hour > 23 || m.minute > 59 || m.second > 59 {
		return m, false
	}
	return m, !p.dated || m.isDate() && m.isWhole()
}

// skip passes over what %., %@ and %# stand for: signs, letters and digits.
func (p *dateReader) skip(letter byte) bool {
	p.text = strings.TrimLeftFunc(p.text, func(r rune) bool {
		switch letter {
		case '.':
			return unicode.IsPunct(r) || unicode.IsSymbol(r)
		case '@':
			return unicode.IsLetter(r)
		}
		return unicode.IsDigit(r)
	})
	return true
}
