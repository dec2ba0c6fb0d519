package eval

import (
	"strings"
	"time"
	"unicode"
)

// reading is a text or a number read as a date or a time.
type reading struct {
	moment
	micros  int64 // of a TIME
	isDate  bool  // it has no time of day
	places  int   // digits after the point, as written, at most maxPlaces
	garbage bool  // something follows that was not read
	clipped bool  // a TIME beyond maxDuration
	offset  int   // of a zone behind it, in seconds
	zoned   bool
}

// scanner reads digits.
type scanner struct {
	s string
	i int
}

func (p *scanner) more() bool { return p.i < len(p.s) }

func (p *scanner) isDigit() bool { return p.more() && p.s[p.i] >= '0' && p.s[p.i] <= '9' }

func (p *scanner) skipSpaces() {
	for p.more() && unicode.IsSpace(rune(p.s[p.i])) {
		p.i++
	}
}

// digits is how many digits follow.
func (p *scanner) digits() int {
	n := p.i
	for n < len(p.s) && p.s[n] >= '0' && p.s[n] <= '9' {
		n++
	}
	return n - p.i
}

// number reads at most so many digits.
func (p *scanner) number(most int) (n, digits int) {
	for p.isDigit() && digits < most {
		if n < 1e9 {
			n = n*10 + int(p.s[p.i]-'0')
		}
		p.i++
		digits++
	}
	return n, digits
}

// fraction reads what stands behind the point of a second; carry reports that
// its seventh digit rounds up.
func (p *scanner) fraction() (micro, places int, carry bool) {
	micro, places = p.number(maxPlaces)
	for range maxPlaces - places {
		micro *= 10
	}
	carry = p.isDigit() && p.s[p.i] >= '5'
	p.number(len(p.s))
	return micro, places, carry
}

func (p *scanner) end() bool {
	p.skipSpaces()
	return !p.more()
}

// readMoment reads a date, alone or with its time of day, as MySQL does: with
// any punctuation between the parts, or as one number.
func readMoment(text string) (reading, bool) {
	p := &scanner{s: text}
	p.skipSpaces()
	n := p.digits()
	if n == 0 {
		return reading{}, false
	}
	if at := p.i + n; at == len(text) || text[at] == '.' && (n == 12 || n >= 14) || text[at] == 'T' || unicode.IsSpace(rune(text[at])) && strings.TrimSpace(text[at:]) == "" {
		return p.joined(n)
	}
	return p.parted()
}

// joined reads YYYYMMDDhhmmss or YYMMDDhhmmss, or less of it.
func (p *scanner) joined(n int) (reading, bool) {
	var r reading
	yearDigits := 2
	if n == 4 || n == 8 || n >= 14 {
		yearDigits = 4
	}
	var parts [6]int
	count := 0
	for i := range parts {
		most := 2
		if i == 0 {
			most = yearDigits
		}
		if i == 3 && p.more() && p.s[p.i] == 'T' {
			p.i++
		}
		if !p.isDigit() {
			break
		}
		parts[i], _ = p.number(most)
		count++
	}
	return p.finish(r, parts, count, yearDigits)
}

// parted reads parts with something between them.
func (p *scanner) parted() (reading, bool) {
	var parts [6]int
	count, yearDigits := 0, 0
	for i := range parts {
		if !p.isDigit() {
			break
		}
		var digits int
		parts[i], digits = p.number(len(p.s))
		if count++; i == 0 {
			yearDigits = digits
		}
		if i == 5 || !p.between(i) {
			break
		}
	}
	return p.finish(reading{}, parts, count, yearDigits)
}

// between skips what stands behind the part i: punctuation, and behind the day
// also spaces or a T. A point behind the second begins the fraction, which is
// left.
func (p *scanner) between(i int) bool {
	start := p.i
	if i == 2 && p.more() && p.s[p.i] == 'T' {
		p.i++
		return p.isDigit()
	}
	for p.more() && (isPunct(p.s[p.i]) || i == 2 && unicode.IsSpace(rune(p.s[p.i]))) {
		p.i++
	}
	if p.i > start && p.isDigit() {
		return true
	}
	p.i = start
	return false
}

func isPunct(c byte) bool { return c > ' ' && c < 0x7f && !isAlnum(c) }

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func (p *scanner) finish(r reading, parts [6]int, count, yearDigits int) (reading, bool) {
	if count < 3 {
		return r, false
	}
	r.moment = moment{parts[0], parts[1], parts[2], parts[3], parts[4], parts[5], 0}
	if yearDigits <= 2 && !(r.isZero() && parts[3]+parts[4]+parts[5] == 0) {
		r.year = fullYear(r.year)
	}
	r.isDate = count == 3
	carry := false
	if p.more() && p.s[p.i] == '.' && count == 6 {
		p.i++
		r.micro, r.places, carry = p.fraction()
	}
	if r.hour > 23 || r.minute > 59 || r.second > 59 || !r.moment.isDate() {
		return r, false
	}
	if count > 3 {
		p.zone(&r)
	}
	r.garbage = !p.end()
	if carry {
		if r.micro++; r.micro == 1e6 {
			r.micro = 999999
			r.moment, _ = r.moment.rounded(0)
		}
	}
	return r, true
}

// fullYear is the year that two digits mean.
func fullYear(n int) int {
	switch {
	case n < 70:
		return n + 2000
	case n < 100:
		return n + 1900
	}
	return n
}

// zone reads an offset behind a time: +02:00.
func (p *scanner) zone(r *reading) {
	rest := p.s[p.i:]
	if len(rest) != len("+00:00") || rest[0] != '+' && rest[0] != '-' {
		return
	}
	zone, err := ParseZone(rest)
	if err != nil {
		return
	}
	_, r.offset = r.moment.time(zone).Zone()
	r.zoned = true
	p.i = len(p.s)
}

// readDuration reads a TIME: [days] hh:mm[:ss[.fraction]], or hhmmss. A date
// with its time of day is read as such.
func readDuration(text string) (reading, bool) {
	p := &scanner{s: text}
	p.skipSpaces()
	const shortest = len("260102030405")
	if rest := text[p.i:]; len(rest) >= shortest && (strings.ContainsAny(rest, " T") || p.digits() >= shortest) {
		if r, ok := readMoment(rest); ok && !r.isDate {
			r.micros = r.clock()
			return r, true
		}
	}
	negative := false
	if p.more() && (p.s[p.i] == '-' || p.s[p.i] == '+') {
		negative = p.s[p.i] == '-'
		p.i++
	}
	if !p.isDigit() {
		return reading{}, false
	}
	var r reading
	hours, minutes, seconds := p.clockParts()
	carry := false
	if p.more() && p.s[p.i] == '.' {
		p.i++
		r.micro, r.places, carry = p.fraction()
	}
	if minutes > 59 || seconds > 59 {
		return r, false
	}
	r.garbage = !p.end()
	r.micros = (int64(hours)*3600+int64(minutes)*60+int64(seconds))*1e6 + int64(r.micro)
	if carry {
		r.micros++
	}
	r.clip()
	if negative {
		r.micros = -r.micros
	}
	return r, true
}

// clip keeps a TIME within its range.
func (r *reading) clip() {
	if r.micros > maxDuration {
		r.micros, r.clipped = maxDuration, true
	}
}

// clockParts reads "D hh:mm:ss", "hh:mm:ss", "hh:mm", "D hh" or a number
// hhmmss.
func (p *scanner) clockParts() (hours, minutes, seconds int) {
	n, _ := p.number(len(p.s))
	at := p.i
	p.skipSpaces()
	if p.i > at && p.isDigit() {
		hours, _ = p.number(len(p.s))
		hours = min(hours, 1e6) + 24*min(n, 1e6)
	} else {
		p.i = at
		if !p.more() || p.s[p.i] != ':' {
			return n / 10000, n / 100 % 100, n % 100
		}
		hours = min(n, 1e6)
	}
	for _, part := range []*int{&minutes, &seconds} {
		if !p.more() || p.s[p.i] != ':' || p.i+1 >= len(p.s) || p.s[p.i+1] < '0' || p.s[p.i+1] > '9' {
			break
		}
		p.i++
		*part, _ = p.number(len(p.s))
	}
	return hours, minutes, seconds
}

// momentOfNumber reads YYMMDD, YYYYMMDD, YYMMDDhhmmss or YYYYMMDDhhmmss.
func momentOfNumber(n int64) (reading, bool) {
	r := reading{isDate: true}
	switch {
	case n == 0:
		return r, true
	case n >= 10000101000000:
		r.isDate = false
	case n < 101:
		return r, false
	case n <= 691231:
		n = (n + 20000000) * 1000000
	case n < 700101:
		return r, false
	case n <= 991231:
		n = (n + 19000000) * 1000000
	case n < 10000101:
		return r, false
	case n <= 99991231:
		n *= 1000000
	case n < 101000000:
		return r, false
	case n <= 691231235959:
		n, r.isDate = n+20000000000000, false
	case n < 700101000000:
		return r, false
	case n <= 991231235959:
		n, r.isDate = n+19000000000000, false
	}
	if n > 99991231235959 || n < 0 {
		return r, false
	}
	date, clock := int(n/1000000), int(n%1000000)
	r.moment = moment{date / 10000, date / 100 % 100, date % 100, clock / 10000, clock / 100 % 100, clock % 100, 0}
	return r, r.hour <= 23 && r.minute <= 59 && r.second <= 59 && r.moment.isDate()
}

// durationOfNumber reads hhmmss, or a date with its time of day.
func durationOfNumber(n int64) (reading, bool) {
	if n >= 10000000000 {
		if r, ok := momentOfNumber(n); ok {
			r.micros = r.clock()
			return r, true
		}
	}
	negative := n < 0
	if negative {
		n = -n
	}
	var r reading
	if n > 8385959 {
		r.micros, r.clipped = maxDuration, true
	} else {
		minutes, seconds := n/100%100, n%100
		if minutes > 59 || seconds > 59 {
			return r, false
		}
		r.micros = (n/10000*3600 + minutes*60 + seconds) * 1e6
	}
	if negative {
		r.micros = -r.micros
	}
	return r, true
}

// ParseZone reads a time zone: SYSTEM, which is UTC, an offset, or a name.
func ParseZone(name string) (*time.Location, error) {
	if strings.EqualFold(name, "SYSTEM") || strings.EqualFold(name, "UTC") {
		return time.UTC, nil
	}
	if t, err := time.Parse("-07:00", name); err == nil {
		_, offset := t.Zone()
		if offset >= -14*3600 && offset <= 14*3600 {
			return time.FixedZone(name, offset), nil
		}
	} else if zone := namedZone(name); zone != nil {
		return zone, nil
	}
	return nil, Invalid(errUnknownZone, "Unknown or incorrect time zone: '%s'", CutRunes(name, 64))
}

// namedZone is the time zone of a name, or nil. MySQL's names have no case: what
// is not found as it is written is looked for as most zones are, with each word
// capitalised, then in capitals, then as in US/Eastern.
func namedZone(name string) *time.Location {
	if name == "" || strings.EqualFold(name, "Local") { // which Go takes for the server's own
		return nil
	}
	area, place, _ := strings.Cut(name, "/")
	for _, spelled := range []string{name, capitalised(name), strings.ToUpper(name), strings.ToUpper(area) + "/" + capitalised(place)} {
		if zone, err := time.LoadLocation(spelled); err == nil {
			return zone
		}
	}
	return nil
}

// capitalised gives each word of a time zone's name a capital.
func capitalised(name string) string {
	b := []byte(strings.ToLower(name))
	for i := range b {
		if (i == 0 || strings.IndexByte("/_-", b[i-1]) >= 0) && 'a' <= b[i] && b[i] <= 'z' {
			b[i] -= 'a' - 'A'
		}
	}
	return string(b)
}
