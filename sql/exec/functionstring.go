package exec

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"wharf"
)

// moreTextFunctions work on text too: they make it longer, take it apart, or
// write it in another way.
func moreTextFunctions() map[string]function {
	text := always(wharf.TypeString)
	return map[string]function{
		"LPAD":            {bytewise: true, min: 3, max: 3, typ: textOrBytes, strict: true, run: pad("LPAD", func(s, fill string) string { return fill + s })},
		"RPAD":            {bytewise: true, min: 3, max: 3, typ: textOrBytes, strict: true, run: pad("RPAD", func(s, fill string) string { return s + fill })},
		"REPEAT":          {bytewise: true, min: 2, max: 2, typ: textOrBytes, strict: true, run: repeat},
		"SPACE":           {min: 1, max: 1, typ: text, strict: true, run: func(ev *evaluation, a []datum) (datum, error) { return repeat(ev, []datum{stringDatum(" "), a[0]}) }},
		"SUBSTRING_INDEX": {bytewise: true, min: 3, max: 3, typ: textOrBytes, strict: true, run: substringIndex},
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
	s, n := a[0].text(), max(ev.integer(a[1]), 0)
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
		s, want, with := a[0].text(), ev.integer(a[1]), a[2].text()
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
func runField(ev *evaluation, a []datum) (datum, error) {
	for i, d := range a[1:] {
		if err := ev.step(a[0].length() + d.length()); err != nil {
			return nullDatum(), err
		}
		if ev.equal(a[0], d) {
			return intDatum(int64(i + 1)), nil
		}
	}
	return intDatum(0), nil
}

func findInSet(ev *evaluation, a []datum) (datum, error) {
	if a[1].text() == "" {
		return intDatum(0), nil
	}
	i := int64(0)
	for item := range strings.SplitSeq(a[1].text(), ",") {
		if err := ev.step(len(item) + 1); err != nil {
			return nullDatum(), err
		}
		if i++; a[0].coll.compare(a[0].text(), item) == 0 {
			return intDatum(i), nil
		}
	}
	return intDatum(0), nil
}

func sha2(ev *evaluation, a []datum) (datum, error) {
	hashes := map[int64]func() hash.Hash{0: sha256.New, 256: sha256.New, 224: sha256.New224, 384: sha512.New384, 512: sha512.New}
	if h := hashes[a[1].toInt()]; h != nil {
		return hashed(h(), a[0].text()), nil
	}
	ev.env.Warn(warnWrongParameters, "Incorrect parameters in the call to native function 'sha2'")
	return nullDatum(), nil
}

// hashed writes a text's hash in hexadecimal, without a copy of the text.
func hashed(h hash.Hash, text string) datum {
	io.Copy(h, strings.NewReader(text))
	return stringDatum(hex.EncodeToString(h.Sum(nil)))
}

func unhex(ev *evaluation, a []datum) (datum, error) {
	digits := a[0].text()
	if len(digits)/2 > maxText {
		return ev.tooLong("UNHEX"), nil
	}
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
	if base64.StdEncoding.EncodedLen(len(a[0].text())) > maxText {
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

func fromBase64(ev *evaluation, a []datum) (datum, error) {
	text := a[0].text()
	if base64.StdEncoding.DecodedLen(len(text)) > 2*maxText { // it has white space, but not that much
		return ev.tooLong("FROM_BASE64"), nil
	}
	b, err := base64.StdEncoding.DecodeString(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text))
	if err != nil {
		return nullDatum(), nil
	}
	return bytesDatum(string(b)), nil
}
