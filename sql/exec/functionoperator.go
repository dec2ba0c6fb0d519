package exec

import (
	"regexp"
	"slices"
	"time"
	"unicode/utf8"

	"wharf"
)

// operatorFunctions are the operators that the parser gives as calls.
func operatorFunctions() map[string]function {
	truth := func(want bool) function {
		return function{min: 1, max: 1, typ: always(wharf.TypeInt), run: func(_ *evaluation, a []datum) (datum, error) {
			isTrue, known := a[0].truth()
			return boolDatum(known && isTrue == want), nil
		}}
	}
	literal := func(name string, t wharf.Type) function {
		return function{min: 1, max: 1, typ: always(t), run: func(_ *evaluation, a []datum) (datum, error) { return timeLiteral(name, t, a[0].text()) }}
	}
	return map[string]function{
		"DATE LITERAL":      literal("DATE", wharf.TypeDate),
		"TIMESTAMP LITERAL": literal("DATETIME", wharf.TypeDateTime),

		"IS NULL": {min: 1, max: 1, typ: always(wharf.TypeInt), run: func(_ *evaluation, a []datum) (datum, error) {
			return boolDatum(a[0].isNull()), nil
		}},
		"IS TRUE":  truth(true),
		"IS FALSE": truth(false),
		"LIKE":     {text: true, min: 2, max: 3, typ: always(wharf.TypeInt), strict: true, run: runLike},
		"REGEXP":   {text: true, min: 2, max: 2, typ: always(wharf.TypeInt), strict: true, run: runRegexp},
		"IN":       {min: 2, max: -1, typ: always(wharf.TypeInt), run: runIn},
		"BETWEEN":  {min: 3, max: 3, typ: always(wharf.TypeInt), run: runBetween},
	}
}

// maxLikeWork bounds what LIKE may take: the product of the lengths.
const maxLikeWork = 1 << 32

func runLike(_ *evaluation, a []datum) (datum, error) {
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
	s, pattern := a[0].text(), a[1].text()
	if len(s)*len(pattern) > maxLikeWork {
		return nullDatum(), wharf.Errorf(wharf.CodeTooLarge, "LIKE: a text of %d bytes and a pattern of %d are too much to compare", len(s), len(pattern))
	}
	s, pattern = folded(a[0], a[1])
	return boolDatum(like(s, pattern, escape)), nil
}

// timeLiteral reads what stands behind the word DATE or TIMESTAMP.
func timeLiteral(name string, t wharf.Type, text string) (datum, error) {
	_, places, _ := parseTime(text, time.UTC)
	d := castTime(text, t, places)
	if d.isNull() {
		return d, wharf.Errorf(wharf.CodeInvalid, "Incorrect %s value: '%s'", name, cutRunes(text, 64))
	}
	return d, nil
}

func runRegexp(_ *evaluation, a []datum) (datum, error) {
	flags := "(?is)"
	if a[0].exact || a[1].exact {
		flags = "(?s)"
	}
	re, err := regexp.Compile(flags + a[1].text())
	if err != nil {
		return nullDatum(), wharf.Errorf(wharf.CodeInvalid, "REGEXP: the pattern is no regular expression in RE2 syntax")
	}
	return boolDatum(re.MatchString(a[0].text())), nil
}

func runIn(_ *evaluation, a []datum) (datum, error) {
	unknown := a[0].isNull()
	for _, candidate := range a[1:] {
		if equal(a[0], candidate) {
			return boolDatum(true), nil
		}
		unknown = unknown || candidate.isNull()
	}
	if unknown {
		return nullDatum(), nil
	}
	return boolDatum(false), nil
}

func runBetween(_ *evaluation, a []datum) (datum, error) {
	// One number among the three makes numbers of all, and not of each pair.
	if slices.ContainsFunc(a, func(d datum) bool { return !d.isNull() && !d.isText() }) {
		for i, d := range a {
			if d.isText() {
				a[i] = floatDatum(d.toFloat())
			}
		}
	}
	low, lowKnown := compare(a[0], a[1])
	high, highKnown := compare(a[0], a[2])
	switch {
	case lowKnown && low < 0, highKnown && high > 0:
		return boolDatum(false), nil
	case !lowKnown || !highKnown:
		return nullDatum(), nil
	}
	return boolDatum(true), nil
}
