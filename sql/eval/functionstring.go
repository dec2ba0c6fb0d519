package eval

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
func moreTextFunctions() map[string]Function {
	text := Always(wharf.TypeString)
	return map[string]Function{
		"LPAD":            {bytewise: true, Min: 3, Max: 3, Typ: func(a []Node) wharf.Type { return textOrBytes([]Node{a[0], a[2]}) }, strict: true, Run: pad("LPAD", func(s, fill string) string { return fill + s })},
		"RPAD":            {bytewise: true, Min: 3, Max: 3, Typ: func(a []Node) wharf.Type { return textOrBytes([]Node{a[0], a[2]}) }, strict: true, Run: pad("RPAD", func(s, fill string) string { return s + fill })},
		"REPEAT":          {bytewise: true, Min: 2, Max: 2, Typ: likeFirst, strict: true, Run: repeat},
		"SPACE":           {Min: 1, Max: 1, Typ: text, strict: true, Run: func(ev *Evaluation, a []Datum) (Datum, error) { return repeat(ev, []Datum{StringDatum(" "), a[0]}) }},
		"SUBSTRING_INDEX": {bytewise: true, Min: 3, Max: 3, Typ: func(a []Node) wharf.Type { return textOrBytes(a[:2]) }, strict: true, Run: substringIndex},
		"FIELD":           {Min: 2, Max: -1, Typ: Always(wharf.TypeInt), Run: runField},
		"FIND_IN_SET":     {Min: 2, Max: 2, Typ: Always(wharf.TypeInt), strict: true, Run: findInSet},
		"SHA2":            {Min: 2, Max: 2, Typ: text, strict: true, Run: sha2},
		"UNHEX":           {Min: 1, Max: 1, Typ: Always(wharf.TypeBytes), strict: true, Run: unhex},
		"TO_BASE64":       {Min: 1, Max: 1, Typ: text, strict: true, Run: toBase64},
		"FROM_BASE64":     {Min: 1, Max: 1, Typ: Always(wharf.TypeBytes), strict: true, Run: fromBase64},
	}
}

// repeat is bounded by maxText before anything is made.
func repeat(ev *Evaluation, a []Datum) (Datum, error) {
	s, n := a[0].Text(), max(ev.integer(a[1]), 0)
	if len(s) > 0 && n > int64(MaxText/len(s)) {
		return ev.tooLong("REPEAT"), nil
	}
	if s == "" {
		n = 0
	}
	return StringDatum(strings.Repeat(s, int(n))), nil
}

// pad makes a text as many characters long as the second argument says.
func pad(name string, put func(s, fill string) string) func(*Evaluation, []Datum) (Datum, error) {
	return func(ev *Evaluation, a []Datum) (Datum, error) {
		s, want, with := a[0].Text(), ev.integer(a[1]), a[2].Text()
		missing := want - int64(utf8.RuneCountInString(s))
		switch {
		case want < 0:
			return NullDatum(), nil
		case missing <= 0:
			return StringDatum(CutRunes(s, int(want))), nil
		case with == "":
			return StringDatum(""), nil
		case missing > MaxText:
			return ev.tooLong(name), nil
		}
		times := missing/int64(utf8.RuneCountInString(with)) + 1
		if times*int64(len(with)) > 2*MaxText {
			return ev.tooLong(name), nil
		}
		return StringDatum(put(s, CutRunes(strings.Repeat(with, int(times)), int(missing)))), nil
	}
}

// substringIndex gives what is before the nth delimiter, or for a negative n
// what is behind it, counted from the end.
func substringIndex(_ *Evaluation, a []Datum) (Datum, error) {
	s, delimiter, n := a[0].Text(), a[1].Text(), a[2].ToInt()
	if delimiter == "" || n == 0 {
		return StringDatum(""), nil
	}
	if n < 0 {
		end := len(s)
		for ; n < 0; n++ {
			if end = strings.LastIndex(s[:end], delimiter); end < 0 {
				return StringDatum(s), nil
			}
		}
		return StringDatum(s[end+len(delimiter):]), nil
	}
	at := 0
	for ; n > 0; n-- {
		next := strings.Index(s[at:], delimiter)
		if next < 0 {
			return StringDatum(s), nil
		}
		at += next + len(delimiter)
	}
	return StringDatum(s[:at-len(delimiter)]), nil
}

// runField gives the place of the first argument among the others, or 0.
func runField(ev *Evaluation, a []Datum) (Datum, error) {
	for i, d := range a[1:] {
		if err := ev.step(a[0].length() + d.length()); err != nil {
			return NullDatum(), err
		}
		if ev.equal(a[0], d) {
			return IntDatum(int64(i + 1)), nil
		}
	}
	return IntDatum(0), nil
}

func findInSet(ev *Evaluation, a []Datum) (Datum, error) {
	if a[1].Text() == "" {
		return IntDatum(0), nil
	}
	want, i := StringDatum(a[0].Text()).Collated(a[0].coll), int64(0)
	if a[0].Kind == kBytes || a[1].Kind == kBytes {
		want.Kind = kBytes
	}
	for item := range strings.SplitSeq(a[1].Text(), ",") {
		if err := ev.step(len(item) + 1); err != nil {
			return NullDatum(), err
		}
		if i++; compareTexts(want, Datum{Kind: want.Kind, coll: want.coll, Str: item}) == 0 {
			return IntDatum(i), nil
		}
	}
	return IntDatum(0), nil
}

func sha2(ev *Evaluation, a []Datum) (Datum, error) {
	hashes := map[int64]func() hash.Hash{0: sha256.New, 256: sha256.New, 224: sha256.New224, 384: sha512.New384, 512: sha512.New}
	if h := hashes[a[1].ToInt()]; h != nil {
		return hashed(h(), a[0].Text()), nil
	}
	ev.Env.Warn(warnWrongParameters, "Incorrect parameters in the call to native function 'sha2'")
	return NullDatum(), nil
}

// hashed writes a text's hash in hexadecimal, without a copy of the text.
func hashed(h hash.Hash, text string) Datum {
	io.Copy(h, strings.NewReader(text))
	return StringDatum(hex.EncodeToString(h.Sum(nil)))
}

func unhex(ev *Evaluation, a []Datum) (Datum, error) {
	digits := a[0].Text()
	if len(digits)/2 > MaxText {
		return ev.tooLong("UNHEX"), nil
	}
	if len(digits)%2 == 1 {
		digits = "0" + digits
	}
	b, err := hex.DecodeString(digits)
	if err != nil {
		return NullDatum(), nil
	}
	return bytesDatum(string(b)), nil
}

// toBase64 breaks lines after 76 signs, as MySQL does.
func toBase64(ev *Evaluation, a []Datum) (Datum, error) {
	if base64.StdEncoding.EncodedLen(len(a[0].Text())) > MaxText {
		return ev.tooLong("TO_BASE64"), nil
	}
	const width = 76
	text := base64.StdEncoding.EncodeToString([]byte(a[0].Text()))
	var lines []string
	for ; len(text) > width; text = text[width:] {
		lines = append(lines, text[:width])
	}
	return StringDatum(strings.Join(append(lines, text), "\n")), nil
}

func fromBase64(ev *Evaluation, a []Datum) (Datum, error) {
	text := a[0].Text()
	if base64.StdEncoding.DecodedLen(len(text)) > 2*MaxText { // it has white space, but not that much
		return ev.tooLong("FROM_BASE64"), nil
	}
	b, err := base64.StdEncoding.DecodeString(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text))
	if err != nil {
		return NullDatum(), nil
	}
	return bytesDatum(string(b)), nil
}
