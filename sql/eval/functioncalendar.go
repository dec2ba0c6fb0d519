package eval

import (
	"time"

	"wharf"
)

// calendarFunctions count days, weeks and months.
func calendarFunctions() map[string]Function {
	whole := Always(wharf.TypeInt)
	return map[string]Function{
		"WEEK":       {Min: 1, Max: 2, Typ: whole, strict: true, Run: runWeek},
		"YEARWEEK":   {Min: 1, Max: 2, Typ: whole, strict: true, Run: runYearWeek},
		"WEEKOFYEAR": {Min: 1, Max: 1, Typ: whole, strict: true, Run: onMoment(noZeros, func(m moment) Datum { return IntDatum(int64(m.week(3).week)) })},
		"TO_DAYS":    {Min: 1, Max: 1, Typ: whole, strict: true, Run: onMoment(noZeros, func(m moment) Datum { return IntDatum(m.days()) })},
		"TO_SECONDS": {Min: 1, Max: 1, Typ: whole, strict: true, Run: onMoment(noZeros, func(m moment) Datum { return IntDatum(m.days()*86400 + m.clock()/1e6) })},
		"FROM_DAYS":  {Min: 1, Max: 1, Typ: Always(wharf.TypeDate), strict: true, Run: func(_ *Evaluation, a []Datum) (Datum, error) { return dayDatum(a[0].ToInt()), nil }},
		"MAKEDATE":   {Min: 2, Max: 2, Typ: Always(wharf.TypeDate), strict: true, Run: runMakeDate},
		"PERIOD_ADD": {Min: 2, Max: 2, Typ: whole, strict: true, Run: func(_ *Evaluation, a []Datum) (Datum, error) {
			n, err := periodMonths(a[0], "period_add")
			n += a[1].ToInt()
			return IntDatum(n/12*100 + n%12 + 1), err
		}},
		"PERIOD_DIFF": {Min: 2, Max: 2, Typ: whole, strict: true, Run: func(_ *Evaluation, a []Datum) (Datum, error) {
			x, err := periodMonths(a[0], "period_diff")
			if err != nil {
				return NullDatum(), err
			}
			y, err := periodMonths(a[1], "period_diff")
			return IntDatum(x - y), err
		}},
		"STR_TO_DATE": {decides: true, Min: 2, Max: 2, Typ: strToDateType, scale: strToDateScale, strict: true, Run: runStrToDate},
	}
}

// The modes of WEEK, as bits.
const (
	mondayFirst = 1 << iota
	weeksFromOne
	firstWeekdayFirst // else the first week has four days of the year
)

// yearWeek is a week, and the year that it is counted in.
type yearWeek struct{ year, week int }

// week is the week of a date, by the mode of WEEK.
func (m moment) week(mode int) yearWeek {
	mode &= 7
	if mode&mondayFirst == 0 {
		mode ^= firstWeekdayFirst
	}
	year := m.year
	fromOne := mode&weeksFromOne != 0
	first := m.firstDay(year)
	offset := weekdayOf(first, mode)
	day := m.time(time.UTC)
	if m.month == 1 && m.day <= 7-offset {
		if !fromOne && (mode&firstWeekdayFirst != 0 && offset != 0 || mode&firstWeekdayFirst == 0 && offset >= 4) {
			return yearWeek{year, 0}
		}
		if fromOne && (mode&firstWeekdayFirst != 0 && offset != 0 || mode&firstWeekdayFirst == 0 && offset >= 4) {
			year--
			first = m.firstDay(year)
			offset = weekdayOf(first, mode)
		}
	}
	days := int(day.Sub(first).Hours() / 24)
	begin := -offset
	if mode&firstWeekdayFirst != 0 && offset != 0 || mode&firstWeekdayFirst == 0 && offset >= 4 {
		begin += 7
	}
	days -= begin
	if fromOne && days >= 52*7 {
		next := m.firstDay(year + 1)
		offset = weekdayOf(next, mode)
		if mode&firstWeekdayFirst == 0 && offset < 4 || mode&firstWeekdayFirst != 0 && offset == 0 {
			if int(next.Sub(day).Hours()/24) <= offset {
				return yearWeek{year + 1, 1}
			}
		}
	}
	return yearWeek{year, days/7 + 1}
}

func (m moment) firstDay(year int) time.Time { return time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC) }

// weekdayOf counts from the first day of the week.
func weekdayOf(t time.Time, mode int) int {
	if mode&mondayFirst != 0 {
		return (int(t.Weekday()) + 6) % 7
	}
	return int(t.Weekday())
}

// runWeek gives the week by the mode of the call, or by default_week_format.
func runWeek(ev *Evaluation, a []Datum) (Datum, error) {
	var mode int64
	if len(a) == 2 {
		mode = a[1].ToInt()
	} else {
		mode = ev.Env.Value("default_week_format").Int64()
	}
	return onMoment(noZeros, func(m moment) Datum { return IntDatum(int64(m.week(int(mode & 7)).week)) })(ev, a)
}

func runYearWeek(ev *Evaluation, a []Datum) (Datum, error) {
	mode := weeksFromOne
	if len(a) == 2 {
		mode |= int(a[1].ToInt() & 7)
	}
	return onMoment(noZeros, func(m moment) Datum {
		w := m.week(mode)
		return IntDatum(int64(w.year*100 + w.week))
	})(ev, a)
}

// daysBefore1970 is TO_DAYS of 1970-01-01.
const daysBefore1970 = 719528

func (m moment) days() int64 { return m.date().time(time.UTC).Unix()/86400 + daysBefore1970 }

// dayDatum is the date of so many days since the year 0.
func dayDatum(days int64) Datum {
	const last = 3652424 // 9999-12-31
	if days <= 365 || days > last {
		return dateDatum(moment{})
	}
	return dateDatum(momentOf(time.Unix((days-daysBefore1970)*86400, 0).UTC()))
}

func runMakeDate(_ *Evaluation, a []Datum) (Datum, error) {
	year, day := a[0].ToInt(), a[1].ToInt()
	if year < 0 || year > 9999 || day < 1 || day > 9999*366 {
		return NullDatum(), nil
	}
	if year < 100 {
		year = int64(fullYear(int(year)))
	}
	at := time.Date(int(year), 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, int(day)-1)
	if at.Year() > 9999 {
		return NullDatum(), nil
	}
	return dateDatum(momentOf(at)), nil
}

// periodMonths reads a period, YYMM or YYYYMM, as months.
func periodMonths(d Datum, name string) (int64, error) {
	n := d.ToInt()
	year, month := n/100, n%100
	if n <= 0 || month < 1 || month > 12 {
		return 0, Invalid(errWrongArguments, "Incorrect arguments to %s", name)
	}
	if year < 100 {
		year = int64(fullYear(int(year)))
	}
	return year*12 + month - 1, nil
}
