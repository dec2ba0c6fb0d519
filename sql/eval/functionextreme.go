package eval

import (
	"cmp"
	"slices"

	"wharf"
)

// extremes are the signs of the comparison by which GREATEST and LEAST choose.
var extremes = map[string]int{"GREATEST": 1, "LEAST": -1}

// extreme is GREATEST or LEAST. Text among the arguments makes text of numbers and
// times, and so does a number beside a time.
func extreme(sign int) func(*Evaluation, []Datum) (Datum, error) {
	return func(ev *Evaluation, args []Datum) (Datum, error) {
		has := func(is func(Datum) bool) bool { return slices.ContainsFunc(args, is) }
		if has(Datum.IsText) || has(Datum.IsTemporal) && has(isNumberDatum) || has(Datum.isJSON) && has(func(d Datum) bool { return !d.json }) {
			asTexts(args)
		}
		best := args[0]
		for _, a := range args[1:] {
			if err := ev.step(best.length() + a.length()); err != nil {
				return NullDatum(), err
			}
			if order, _ := ev.compare(a, best); order*sign > 0 {
				best = a
			}
		}
		return best, nil
	}
}

// asTexts makes text of what is none, in the collation of the others. That of documents
// has the quotes of strings.
func asTexts(args []Datum) {
	var coll collationID
	for _, a := range args {
		if a.Kind == KString {
			coll = a.coll
		}
	}
	for i, a := range args {
		if a.json || !a.IsText() {
			args[i] = StringDatum(a.Text()).Collated(coll)
		}
	}
}

// comparesDates reports whether GREATEST and LEAST compare their arguments as dates
// and give a text: one is a DATE or a DATETIME, and another is none.
func comparesDates(args []Node) bool {
	return common(args) == wharf.TypeString && slices.ContainsFunc(args, Node.hasDate)
}

func (n Node) hasDate() bool { return n.Typ == wharf.TypeDate || n.Typ == wharf.TypeDateTime }

// extremeDate is GREATEST or LEAST of a date and of values of other types. What is no
// date is less than all that are, with a warning. The result is written as the DATETIME,
// or else the DATE, among the arguments would be. Where it is no date, the arguments are
// compared by asText.
func extremeDate(sign int, args []Node, asText func(*Evaluation, []Datum) (Datum, error)) func(*Evaluation, []Datum) (Datum, error) {
	hasTime := slices.ContainsFunc(args, func(n Node) bool { return n.Typ == wharf.TypeDateTime })
	places := 0
	for _, a := range args {
		places = max(places, a.momentPlaces())
	}
	what := "Incorrect date value"
	if hasTime {
		what = "Incorrect datetime value"
	}
	return func(ev *Evaluation, args []Datum) (Datum, error) {
		var best moment
		for i, a := range args {
			if err := ev.step(a.length()); err != nil {
				return NullDatum(), err
			}
			var at moment
			if r, ok := ev.momentOf(a); ok && r.isWhole() {
				at = r.moment
			} else {
				ev.wrongValue(what, a)
			}
			if order := cmp.Compare(at.packed(), best.packed()); i == 0 || order*sign > 0 {
				best = at
			}
		}
		switch {
		case best.isZero():
			asTexts(args)
			return asText(ev, args)
		case hasTime:
			return StringDatum(momentDatum(best, places).Text()), nil
		}
		return StringDatum(dateDatum(best).Text()), nil
	}
}

// momentPlaces is how many digits the seconds of a node's value have as a DATETIME.
func (n Node) momentPlaces() int {
	switch {
	case n.Typ == wharf.TypeDateTime || n.Typ == wharf.TypeTime || n.Typ == wharf.TypeDecimal:
		return min(n.Scale, maxPlaces)
	case n.Typ == wharf.TypeFloat:
		return maxPlaces
	case n.Typ != wharf.TypeString:
		return 0
	case n.fixed != nil:
		r, _ := readMoment(n.fixed.Text())
		return r.places
	}
	return maxPlaces
}
