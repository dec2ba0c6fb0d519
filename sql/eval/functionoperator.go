package eval

import (
	"slices"
	"unicode/utf8"

	"wharf"
)

// operatorFunctions are the operators that the parser gives as calls.
func operatorFunctions() map[string]Function {
	truth := func(want bool) Function {
		return Function{Min: 1, Max: 1, Typ: Always(wharf.TypeInt), Run: func(ev *Evaluation, a []Datum) (Datum, error) {
			isTrue, known := ev.float(a[0]).truth() // of a document, the number that it is
			return BoolDatum(known && isTrue == want), nil
		}}
	}
	return map[string]Function{
		"IS NULL": {Min: 1, Max: 1, Typ: Always(wharf.TypeInt), Run: func(_ *Evaluation, a []Datum) (Datum, error) {
			return BoolDatum(a[0].IsNull()), nil
		}},
		"IS TRUE":  truth(true),
		"IS FALSE": truth(false),
		"LIKE":     {bytewise: true, text: true, Min: 2, Max: 3, Typ: Always(wharf.TypeInt), strict: true, Run: runLike},
		"REGEXP":   {text: true, Min: 2, Max: 2, Typ: Always(wharf.TypeInt), strict: true, Run: runRegexp},
		"IN":       {Min: 2, Max: -1, Typ: Always(wharf.TypeInt), Run: RunIn},
		"BETWEEN":  {Min: 3, Max: 3, Typ: Always(wharf.TypeInt), Run: runBetween},
	}
}

func runLike(ev *Evaluation, a []Datum) (Datum, error) {
	escape := '\\'
	if len(a) == 3 {
		switch text := a[2].Text(); utf8.RuneCountInString(text) {
		case 0:
			escape = 0
		case 1:
			escape, _ = utf8.DecodeRuneInString(text)
		default:
			return NullDatum(), wharf.Errorf(wharf.CodeInvalid, "Incorrect arguments to ESCAPE")
		}
	}
	if err := ev.step(a[0].length() + a[1].length()); err != nil {
		return NullDatum(), err
	}
	matches, err := like(a[0].Text(), a[1].Text(), escape, sameIn(a[0], a[1]), ev.step)
	return BoolDatum(matches), err
}

// sameIn tells whether characters are equal as two texts are compared.
func sameIn(a, b Datum) func(x, y rune) bool {
	if a.Kind == kBytes || b.Kind == kBytes {
		return func(x, y rune) bool { return x == y }
	}
	return a.coll.same
}

// equalsIn tells whether texts are equal, with the spaces at their ends, as two texts
// are compared.
func equalsIn(a, b Datum) func(x, y string) bool {
	if a.Kind == kBytes || b.Kind == kBytes {
		return func(x, y string) bool { return x == y }
	}
	return a.coll.equals
}

// regexpFlags gives the flags of a match_type: the last of c and i decides about
// case, m is for lines, n lets '.' match line breaks, and u is for line breaks of
// Unix alone.
func regexpFlags(usual patternFlags, matchType string) (flags patternFlags, ok bool) {
	flags = usual
	for _, r := range matchType {
		switch r {
		case 'c':
			flags.fold = false
		case 'i':
			flags.fold = true
		case 'm':
			flags.Lines = true
		case 'n':
			flags.DotAll = true
		case 'u':
		default:
			return patternFlags{}, false
		}
	}
	return flags, true
}

// usualFlags are those of a text and a pattern without a match_type.
func usualFlags(a []Datum) patternFlags {
	return patternFlags{fold: a[0].Kind != kBytes && a[1].Kind != kBytes && !a[0].coll.knowsCase()}
}

func runRegexp(ev *Evaluation, a []Datum) (Datum, error) {
	flags := usualFlags(a)
	if len(a) > 2 {
		var ok bool
		if flags, ok = regexpFlags(flags, a[2].Text()); !ok {
			return NullDatum(), Invalid(errWrongArguments, "Incorrect arguments to regexp_like")
		}
	}
	flags.Matches = true
	re, err := ev.Work.pattern(flags, a[1].Text())
	if err != nil {
		return NullDatum(), err
	}
	matches, err := re.match(a[0].Text(), ev.step)
	return BoolDatum(matches), err
}

// RunIn evaluates IN: the first value among the others.
func RunIn(ev *Evaluation, a []Datum) (Datum, error) {
	unknown := a[0].IsNull()
	var number *Datum // that the first value is beside numbers, read once
	for _, candidate := range a[1:] {
		if err := ev.step(a[0].length() + candidate.length()); err != nil {
			return NullDatum(), err
		}
		x := a[0]
		if x.IsText() && !x.json && !candidate.json && isNumberDatum(candidate) {
			if number == nil {
				number = new(ev.float(x))
			}
			x = *number
		}
		if ev.equal(x, candidate) {
			return BoolDatum(true), nil
		}
		unknown = unknown || candidate.IsNull()
	}
	if unknown {
		return NullDatum(), nil
	}
	return BoolDatum(false), nil
}

func runBetween(ev *Evaluation, a []Datum) (Datum, error) {
	// One number among the three makes numbers of all, and not of each pair,
	// unless there is a date or a time.
	if slices.ContainsFunc(a, isNumberDatum) && !slices.ContainsFunc(a, Datum.isJSON) && !slices.ContainsFunc(a, Datum.IsTemporal) {
		for i, d := range a {
			a[i] = ev.float(d)
		}
	}
	low, lowKnown := ev.compare(a[0], a[1])
	high, highKnown := ev.compare(a[0], a[2])
	switch {
	case lowKnown && low < 0, highKnown && high > 0:
		return BoolDatum(false), nil
	case !lowKnown || !highKnown:
		return NullDatum(), nil
	}
	return BoolDatum(true), nil
}

func isNumberDatum(d Datum) bool { return !d.IsNull() && !d.IsText() && !d.IsTemporal() }
