package eval

import (
	"fmt"
	"math"
	"strings"
	"time"

	"wharf"
	"wharf/sql"
)

// clockFunctions work on times of a day, and between two moments.
func clockFunctions() map[string]Function {
	return map[string]Function{
		"TIME":        {Min: 1, Max: 1, Typ: Always(wharf.TypeTime), scale: mostPlaces, strict: true, Run: runTime},
		"TIME_TO_SEC": {Min: 1, Max: 1, Typ: Always(wharf.TypeInt), strict: true, Run: onDuration(func(micros int64) Datum { return IntDatum(micros / 1e6) })},
		"SEC_TO_TIME": {Min: 1, Max: 1, Typ: Always(wharf.TypeTime), scale: secondsScale(0), strict: true, Run: runSecToTime},
		"MAKETIME":    {Min: 3, Max: 3, Typ: Always(wharf.TypeTime), scale: secondsScale(2), strict: true, Run: runMakeTime},
		"ADDTIME":     {Min: 2, Max: 2, Typ: addTimeType, scale: mostPlaces, strict: true, Run: addTime(1)},
		"SUBTIME":     {Min: 2, Max: 2, Typ: addTimeType, scale: mostPlaces, strict: true, Run: addTime(-1)},
		"TIMESTAMP":   {Min: 1, Max: 2, Typ: Always(wharf.TypeDateTime), scale: mostPlaces, strict: true, Run: runTimestamp},
		"DATE": {Min: 1, Max: 1, Typ: Always(wharf.TypeDate), strict: true, Run: func(ev *Evaluation, a []Datum) (Datum, error) {
			return ev.asTemporal(a[0], wharf.TypeDate, 0), nil
		}},
		"TIME_FORMAT": {Min: 2, Max: 2, Typ: Always(wharf.TypeString), strict: true, Run: runTimeFormat},
	}
}

// secondsScale is the scale of the seconds that an argument gives.
func secondsScale(i int) func([]sql.Expr, []Node) int {
	return func(_ []sql.Expr, args []Node) int { return args[i].places() }
}

func runTime(ev *Evaluation, a []Datum) (Datum, error) {
	r, ok := ev.duration(a[0])
	if !ok {
		return NullDatum(), nil
	}
	return durationDatum(r.micros, r.places), nil
}

// nanoPlaces is how many digits MySQL's warnings show of the fraction of a second.
const nanoPlaces = 9

func runSecToTime(ev *Evaluation, a []Datum) (Datum, error) {
	d := ev.Number(a[0], wharf.TypeDecimal)
	seconds := d.ToDecimal()
	micros := maxDuration * float64(seconds.unscaled.Sign())
	switch {
	case math.Abs(seconds.float()) <= maxDuration/1e6:
		micros = float64(seconds.round(maxPlaces).at(maxPlaces).Int64())
	case math.Abs(seconds.float()) >= maxDuration/1e6+1:
		text := seconds.truncate(0).String()
		if seconds.compare(seconds.truncate(0)) != 0 {
			text = seconds.Fit(nanoPlaces).String()
		}
		ev.Env.Warn(warnTruncated, "Truncated incorrect time value: '%s'", text)
	}
	return durationDatum(int64(micros), min(seconds.Scale, maxPlaces)), nil
}

func runMakeTime(ev *Evaluation, a []Datum) (Datum, error) {
	hour, minute, seconds := a[0].ToInt(), a[1].ToInt(), ev.Number(a[2], wharf.TypeDecimal).ToDecimal()
	if minute < 0 || minute > 59 || seconds.unscaled.Sign() < 0 || seconds.float() >= 60 {
		return NullDatum(), nil
	}
	sign := int64(1)
	if hour < 0 {
		hour, sign = -hour, -1
	}
	places := min(seconds.Scale, maxPlaces)
	if unsigned := a[0].Kind == KUint && sign < 0; hour > 838 || hour < 0 || unsigned {
		ev.Env.Warn(warnTruncated, "Truncated incorrect time value: '%s:%02d:%02d'", a[0].Text(), minute, seconds.truncate(0).int64())
		return durationDatum(sign*maxDuration, places), nil
	}
	micros := (hour*60+minute)*60e6 + seconds.round(maxPlaces).at(maxPlaces).Int64()
	return durationDatum(sign*min(micros, maxDuration), places), nil
}

// addTimeType is what ADDTIME gives: of a text, a text.
func addTimeType(args []Node) wharf.Type {
	switch args[0].Typ {
	case wharf.TypeDate, wharf.TypeDateTime:
		return wharf.TypeDateTime
	case wharf.TypeTime:
		return wharf.TypeTime
	}
	return wharf.TypeString
}

// addTime is ADDTIME and SUBTIME: to a moment or a time, a time is added.
func addTime(sign int64) func(*Evaluation, []Datum) (Datum, error) {
	return func(ev *Evaluation, a []Datum) (Datum, error) {
		if a[1].isDated() {
			return NullDatum(), nil
		}
		by, ok := ev.duration(a[1])
		if !ok {
			return NullDatum(), nil
		}
		to, ok := ev.operand(a[0])
		if !ok {
			return NullDatum(), nil
		}
		places := max(to.places, by.places)
		var sum Datum
		if to.typ == wharf.TypeDateTime {
			t, ok := addMicros(time.UnixMicro(to.micros).UTC(), sign*by.micros)
			if !ok {
				return NullDatum(), nil
			}
			sum = momentDatum(momentOf(t), places)
		} else {
			sum = durationDatum(min(max(to.micros+sign*by.micros, -maxDuration), maxDuration), places)
		}
		if a[0].IsTemporal() {
			return sum, nil
		}
		if micros := int64(sum.Num); sum.Kind == kTime && micros%1e6 != 0 || sum.Kind == kDateTime && unpack(sum.Num).micro != 0 {
			return StringDatum(sum.withPlaces(maxPlaces).Text()), nil
		}
		return StringDatum(sum.withPlaces(0).Text()), nil
	}
}

// runTimestamp is TIMESTAMP: a date and a time, to which another is added.
func runTimestamp(ev *Evaluation, a []Datum) (Datum, error) {
	r, ok := ev.moment(a[0], noZeros)
	if !ok {
		return NullDatum(), nil
	}
	at := momentDatum(r.moment, r.places)
	if len(a) == 1 {
		return at, nil
	}
	return addTime(1)(ev, []Datum{at, a[1]})
}

// runTimeFormat is DATE_FORMAT of a time, whose hours may be more than a day.
func runTimeFormat(ev *Evaluation, a []Datum) (Datum, error) {
	r, ok := ev.duration(a[0])
	if !ok {
		return NullDatum(), nil
	}
	return formatClock(r.micros, a[1].Text())
}

// formatClock writes a time as the format says. Letters that are about dates
// are zeros.
func formatClock(micros int64, format string) (Datum, error) {
	sign := ""
	if micros < 0 {
		micros, sign = -micros, "-"
	}
	hours := micros / 3600e6
	m := moment{hour: int(hours % 24), minute: int(micros / 60e6 % 60), second: int(micros / 1e6 % 60), micro: int(micros % 1e6)}
	var b strings.Builder
	b.WriteString(sign)
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			b.WriteByte(format[i])
			continue
		}
		i++
		switch letter := format[i]; letter {
		case 'H':
			fmt.Fprintf(&b, "%02d", hours)
		case 'k':
			fmt.Fprintf(&b, "%d", hours)
		case 'T':
			fmt.Fprintf(&b, "%02d:%02d:%02d", hours, m.minute, m.second)
		case 'a', 'b', 'D', 'j', 'M', 'U', 'u', 'V', 'v', 'W', 'w', 'X', 'x':
			return NullDatum(), nil
		default:
			if !formatPart(&b, m, letter) {
				return NullDatum(), nil
			}
		}
	}
	return StringDatum(b.String()), nil
}
