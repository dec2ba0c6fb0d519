package exec

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
	"unicode/utf8"

	"wharf"
)

// moreTextFunctions work on text too: they make it longer, take it apart, or
// write it in another way.
func moreTextFunctions() map[string]function {
	text := always(wharf.TypeString)
	return map[string]function{
		"LPAD":            {min: 3, max: 3, typ: text, strict: true, run: pad("LPAD", func(s, fill string) string { return fill + s })},
		"RPAD":            {min: 3, max: 3, typ: text, strict: true, run: pad("RPAD", func(s, fill string) string { return s + fill })},
		"REPEAT":          {min: 2, max: 2, typ: text, strict: true, run: repeat},
		"SPACE":           {min: 1, max: 1, typ: text, strict: true, run: func(ev *evaluation, a []datum) (datum, error) { return repeat(ev, []datum{stringDatum(" "), a[0]}) }},
		"SUBSTRING_INDEX": {min: 3, max: 3, typ: text, strict: true, run: substringIndex},
		"FIELD":           {min: 2, max: -1, typ: always(wharf.TypeInt), run: runField},
		"FIND_IN_SET":     {min: 2, max: 2, typ: always(wharf.TypeInt), strict: true, run: findInSet},
		"SHA2":            {min: 2, max: 2, typ: text, strict: true, run: sha2},
		"UNHEX":           {min: 1, max: 1, typ: always(wharf.TypeBytes), strict: true, run: unhex},
		"TO_BASE64":       {min: 1, max: 1, typ: text, strict: true, run: toBase64},
		"FROM_BASE64":     {min: 1, max: 1, typ: always(wharf.TypeBytes), strict: true, run: fromBase64},
	}
}

// repeat is bounded by maxText before anything is made.
func repeat(ev *evaluation, a []datum) (datum, error) {
	s, n := a[0].text(), max(a[1].toInt(), 0)
	if len(s) > 0 && n > int64(maxText/len(s)) {
		return ev.tooLong("REPEAT"), nil
	}
	if s == "" {
		n = 0
	}
	return stringDatum(strings.Repeat(s, int(n))), nil
}

// pad makes a text as many characters long as the second argument says.
func pad(name string, put func(s, fill string) string) func(*evaluation, []datum) (datum, error) {
	return func(ev *evaluation, a []datum) (datum, error) {
		s, want, with := a[0].text(), a[1].toInt(), a[2].text()
		missing := want - int64(utf8.RuneCountInString(s))
		switch {
		case want < 0:
			return nullDatum(), nil
		case missing <= 0:
			return stringDatum(cutRunes(s, int(want))), nil
		case with == "":
			return stringDatum(""), nil
		case missing > maxText:
			return ev.tooLong(name), nil
		}
		times := missing/int64(utf8.RuneCountInString(with)) + 1
		if times*int64(len(with)) > 2*maxText {
			return ev.tooLong(name), nil
		}
		return stringDatum(put(s, cutRunes(strings.Repeat(with, int(times)), int(missing)))), nil
	}
}

// substringIndex gives what is before the nth delimiter, or for a negative n
// what is behind it, counted from the end.
func substringIndex(_ *evaluation, a []datum) (datum, error) {
	s, delimiter, n := a[0].text(), a[1].text(), a[2].toInt()
	if delimiter == "" || n == 0 {
		return stringDatum(""), nil
	}
	if n < 0 {
		end := len(s)
		for ; n < 0; n++ {
			if end = strings.LastIndex(s[:end], delimiter); end < 0 {
				return stringDatum(s), nil
			}
		}
		return stringDatum(s[end+len(delimiter):]), nil
	}
	at := 0
	for ; n > 0; n-- {
		next := strings.Index(s[at:], delimiter)
		if next < 0 {
			return stringDatum(s), nil
		}
		at += next + len(delimiter)
	}
	return stringDatum(s[:at-len(delimiter)]), nil
}

// runField gives the place of the first argument among the others, or 0.
func runField(_ *evaluation, a []datum) (datum, error) {
	i := slices.IndexFunc(a[1:], func(d datum) bool { return equal(a[0], d) })
	return intDatum(int64(i + 1)), nil
}

func findInSet(_ *evaluation, a []datum) (datum, error) {
	if a[1].text() == "" {
		return intDatum(0), nil
	}
	i := slices.Index(strings.Split(fold(a[1].text()), ","), fold(a[0].text()))
	return intDatum(int64(i + 1)), nil
}

func sha2(_ *evaluation, a []datum) (datum, error) {
	b := []byte(a[0].text())
	switch a[1].toInt() {
	case 0, 256:
		sum := sha256.Sum256(b)
		return stringDatum(hex.EncodeToString(sum[:])), nil
	case 224:
		sum := sha256.Sum224(b)
		return stringDatum(hex.EncodeToString(sum[:])), nil
	case 384:
		sum := sha512.Sum384(b)
		return stringDatum(hex.EncodeToString(sum[:])), nil
	case 512:
		sum := sha512.Sum512(b)
		return stringDatum(hex.EncodeToString(sum[:])), nil
	}
	return nullDatum(), nil
}

func unhex(_ *evaluation, a []datum) (datum, error) {
	digits := a[0].text()
	if len(digits)%2 == 1 {
		digits = "0" + digits
	}
	b, err := hex.DecodeString(digits)
	if err != nil {
		return nullDatum(), nil
	}
	return bytesDatum(string(b)), nil
}

// toBase64 breaks lines after 76 signs, as MySQL does.
func toBase64(ev *evaluation, a []datum) (datum, error) {
	if len(a[0].text()) > maxText/2 {
		return ev.tooLong("TO_BASE64"), nil
	}
	const width = 76
	text := base64.StdEncoding.EncodeToString([]byte(a[0].text()))
	var lines []string
	for ; len(text) > width; text = text[width:] {
		lines = append(lines, text[:width])
	}
	return stringDatum(strings.Join(append(lines, text), "\n")), nil
}

func fromBase64(_ *evaluation, a []datum) (datum, error) {
	b, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(a[0].text()), ""))
	if err != nil {
		return nullDatum(), nil
	}
	return bytesDatum(string(b)), nil
}
