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
		"WEEKOFYEAR": {Min: 1, Max: 1, Typ: whole, strict: true, Run: onMoment(noZeros, func(m moment) Datum { return IntDatum(int64(m.week(weekMode(3)).week)) })},
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

// runWeek gives the week by the mode of the call, or by default_week_format.
func runWeek(ev *Evaluation, a []Datum) (Datum, error) {
	var mode int64
	if len(a) == 2 {
		mode = a[1].ToInt()
	} else {
		mode = ev.Env.Value("default_week_format").Int64()
	}
	return onMoment(noZeros, func(m moment) Datum { return IntDatum(int64(m.week(weekMode(int(mode))).week)) })(ev, a)
}

func runYearWeek(ev *Evaluation, a []Datum) (Datum, error) {
	mode := weeksFromOne
	if len(a) == 2 {
		mode |= int(a[1].ToInt())
	}
	return onMoment(noZeros, func(m moment) Datum {
		w := m.week(weekMode(mode))
		return IntDatum(int64(w.year*100 + w.week))
	})(ev, a)
}

// daysBefore1970 is TO_DAYS of 1970-01-01.
const daysBefore1970 = 719528

// MySQL's year 0 has no 29 February: its days before March have the number that
// the day behind them would have.
func (m moment) days() int64 {
	days := m.date().time(time.UTC).Unix()/86400 + daysBefore1970
	if m.year == 0 && m.month < 3 {
		days++
	}
	return days
}

// weekday is the day of the week, from Sunday.
func (m moment) weekday() time.Weekday { return time.Weekday((m.days() + 6) % 7) }

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
