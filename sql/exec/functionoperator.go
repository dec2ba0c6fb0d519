package exec

import (
	"slices"
	"unicode/utf8"

	"wharf"
)

// operatorFunctions are the operators that the parser gives as calls.
func operatorFunctions() map[string]function {
	truth := func(want bool) function {
		return function{min: 1, max: 1, typ: always(wharf.TypeInt), run: func(ev *evaluation, a []datum) (datum, error) {
			isTrue, known := ev.truth(a[0])
			return boolDatum(known && isTrue == want), nil
		}}
	}
	return map[string]function{
		"IS NULL": {min: 1, max: 1, typ: always(wharf.TypeInt), run: func(_ *evaluation, a []datum) (datum, error) {
			return boolDatum(a[0].isNull()), nil
		}},
		"IS TRUE":  truth(true),
		"IS FALSE": truth(false),
		"LIKE":     {bytewise: true, text: true, min: 2, max: 3, typ: always(wharf.TypeInt), strict: true, run: runLike},
		"REGEXP":   {text: true, min: 2, max: 2, typ: always(wharf.TypeInt), strict: true, run: runRegexp},
		"IN":       {min: 2, max: -1, typ: always(wharf.TypeInt), run: runIn},
		"BETWEEN":  {min: 3, max: 3, typ: always(wharf.TypeInt), run: runBetween},
	}
}

func runLike(ev *evaluation, a []datum) (datum, error) {
	escape := '\\'
	if len(a) == 3 {
		switch text := a[2].text(); utf8.RuneCountInString(text) {
		case 0:
			escape = 0
		case 1:
			escape, _ = utf8.DecodeRuneInString(text)
		default:
			return nullDatum(), wharf.Errorf(wharf.CodeInvalid, "Incorrect arguments to ESCAPE")
		}
	}
	if err := ev.step(a[0].length() + a[1].length()); err != nil {
		return nullDatum(), err
	}
	matches, err := like(a[0].text(), a[1].text(), escape, sameIn(a[0], a[1]), ev.step)
	return boolDatum(matches), err
}

// sameIn tells whether characters are equal as two texts are compared.
func sameIn(a, b datum) func(x, y rune) bool {
	if a.kind == kBytes || b.kind == kBytes {
		return func(x, y rune) bool { return x == y }
	}
	return a.coll.same
}

func runRegexp(ev *evaluation, a []datum) (datum, error) {
	flags := "(?i)"
	if a[0].kind == kBytes || a[1].kind == kBytes || a[0].coll.knowsCase() {
		flags = ""
	}
	re, err := ev.work.pattern(flags + a[1].text())
	if err != nil {
		return nullDatum(), err
	}
	matches, err := re.match(a[0].text(), ev.step)
	return boolDatum(matches), err
}

func runIn(ev *evaluation, a []datum) (datum, error) {
	unknown := a[0].isNull()
	for _, candidate := range a[1:] {
		if err := ev.step(a[0].length() + candidate.length()); err != nil {
			return nullDatum(), err
		}
		if ev.equal(a[0], candidate) {
			return boolDatum(true), nil
		}
		unknown = unknown || candidate.isNull()
	}
	if unknown {
		return nullDatum(), nil
	}
	return boolDatum(false), nil
}

func runBetween(ev *evaluation, a []datum) (datum, error) {
	// One number among the three makes numbers of all, and not of each pair,
	// unless there is a date or a time.
	if slices.ContainsFunc(a, isNumberDatum) && !slices.ContainsFunc(a, datum.isTemporal) {
		for i, d := range a {
			a[i] = ev.float(d)
		}
	}
	low, lowKnown := ev.compare(a[0], a[1])
	high, highKnown := ev.compare(a[0], a[2])
	switch {
	case lowKnown && low < 0, highKnown && high > 0:
		return boolDatum(false), nil
	case !lowKnown || !highKnown:
		return nullDatum(), nil
	}
	return boolDatum(true), nil
}

func isNumberDatum(d datum) bool { return !d.isNull() && !d.isText() && !d.isTemporal() }
