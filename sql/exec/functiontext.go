package exec

import (
	"crypto/md5"
	"crypto/sha1"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"wharf"
)

// textFunctions work on text.
func textFunctions() map[string]function {
	one := func(t wharf.Type, f func(d datum) datum) function {
		return function{min: 1, max: 1, typ: always(t), strict: true, run: func(_ *evaluation, a []datum) (datum, error) { return f(a[0]), nil }}
	}
	onText := func(f func(string) string) function {
		f1 := one(wharf.TypeString, func(d datum) datum { return stringDatum(f(d.text())) })
		f1.typ, f1.bytewise = textOrBytes, true
		return f1
	}
	length := one(wharf.TypeInt, func(d datum) datum { return intDatum(int64(len(d.text()))) })
	chars := one(wharf.TypeInt, func(d datum) datum { return intDatum(int64(utf8.RuneCountInString(d.text()))) })
	chars.bytewise = true
	substring := function{bytewise: true, min: 2, max: 3, typ: textOrBytes, strict: true, run: runSubstring}
	return map[string]function{
		"CONCAT":           {min: 1, max: -1, typ: textOrBytes, strict: true, run: runConcat},
		"CONCAT_WS":        {min: 2, max: -1, typ: textOrBytes, run: runConcatWS},
		"LENGTH":           length,
		"OCTET_LENGTH":     length,
		"CHAR_LENGTH":      chars,
		"CHARACTER_LENGTH": chars,
		"UPPER":            recase("UPPER", strings.ToUpper),
		"UCASE":            recase("UCASE", strings.ToUpper),
		"LOWER":            recase("LOWER", strings.ToLower),
		"LCASE":            recase("LCASE", strings.ToLower),
		"LTRIM":            onText(func(s string) string { return strings.TrimLeft(s, " ") }),
		"RTRIM":            onText(func(s string) string { return strings.TrimRight(s, " ") }),
		"TRIM":             {bytewise: true, min: 1, max: 3, typ: textOrBytes, strict: true, run: runTrim},
		"CHAR":             {min: 1, max: -1, typ: always(wharf.TypeBytes), run: runChar},
		"REVERSE":          rewrite("REVERSE", 1, reverse),
		"HEX":              {min: 1, max: 1, typ: always(wharf.TypeString), strict: true, run: runHex},
		"MD5":              one(wharf.TypeString, func(d datum) datum { return hashed(md5.New(), d.text()) }),
		"SHA":              one(wharf.TypeString, sha1Of),
		"SHA1":             one(wharf.TypeString, sha1Of),
		"REPLACE":          {bytewise: true, min: 3, max: 3, typ: textOrBytes, strict: true, run: runReplace},
		"SUBSTRING":        substring,
		"SUBSTR":           substring,
		"MID":              substring,
		"LEFT":             {bytewise: true, min: 2, max: 2, typ: textOrBytes, strict: true, run: runLeft},
		"RIGHT":            {bytewise: true, min: 2, max: 2, typ: textOrBytes, strict: true, run: runRight},
		"LOCATE":           {bytewise: true, min: 2, max: 3, typ: always(wharf.TypeInt), strict: true, run: runLocate},
		"POSITION":         {bytewise: true, min: 2, max: 2, typ: always(wharf.TypeInt), strict: true, run: runLocate},
		"INSTR":            {bytewise: true, min: 2, max: 2, typ: always(wharf.TypeInt), strict: true, run: func(ev *evaluation, a []datum) (datum, error) { return locate(ev, a[0], a[1], 1) }},
		"UUID":             {max: 0, typ: always(wharf.TypeString), run: func(*evaluation, []datum) (datum, error) { return stringDatum(uuid.NewString()), nil }},
	}
}

func textOrBytes(args []node) wharf.Type {
	for _, a := range args {
		if a.typ == wharf.TypeBytes {
			return wharf.TypeBytes
		}
	}
	return wharf.TypeString
}

func runConcat(ev *evaluation, a []datum) (datum, error) {
	return join(ev, "CONCAT", a, ""), nil
}

func runConcatWS(ev *evaluation, a []datum) (datum, error) {
	if a[0].isNull() {
		return nullDatum(), nil
	}
	return join(ev, "CONCAT_WS", slices.DeleteFunc(slices.Clone(a[1:]), datum.isNull), a[0].text()), nil
}

// join puts texts together, unless that would be too long.
func join(ev *evaluation, name string, parts []datum, separator string) datum {
	texts, size := make([]string, len(parts)), len(separator)*len(parts)
	for i, d := range parts {
		texts[i] = d.text()
		size += len(texts[i])
	}
	if size > maxText {
		return ev.tooLong(name)
	}
	joined := strings.Join(texts, separator)
	if slices.ContainsFunc(parts, func(d datum) bool { return d.kind == kBytes }) {
		return bytesDatum(joined)
	}
	return stringDatum(joined)
}

// runTrim is TRIM([what,] side); the side is LEADING, TRAILING or BOTH.
func runTrim(_ *evaluation, a []datum) (datum, error) {
	s, cut, side := a[0].text(), " ", "BOTH"
	if len(a) > 1 {
		cut = a[1].text()
	}
	if len(a) > 2 {
		side = strings.ToUpper(a[2].text())
	}
	for cut != "" && side != "TRAILING" && strings.HasPrefix(s, cut) {
		s = s[len(cut):]
	}
	for cut != "" && side != "LEADING" && strings.HasSuffix(s, cut) {
		s = s[:len(s)-len(cut)]
	}
	return stringDatum(s), nil
}

// runChar makes bytes of numbers: of each as many as it needs. NULL is left
// out.
func runChar(_ *evaluation, a []datum) (datum, error) {
	var b []byte
	for _, d := range a {
		if d.isNull() {
			continue
		}
		four := binary.BigEndian.AppendUint32(nil, uint32(bits(d)))
		for len(four) > 1 && four[0] == 0 {
			four = four[1:]
		}
		b = append(b, four...)
	}
	return bytesDatum(string(b)), nil
}

func reverse(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		_, size := utf8.DecodeLastRuneInString(s)
		b.WriteString(s[len(s)-size:])
		s = s[:len(s)-size]
	}
	return b.String()
}

// rewrite is a function that makes of a text one that is times as long.
func rewrite(name string, times int, f func(string) string) function {
	return function{bytewise: true, min: 1, max: 1, typ: textOrBytes, strict: true, run: func(ev *evaluation, a []datum) (datum, error) {
		text := a[0].text()
		if len(text)*times > maxText {
			return ev.tooLong(name), nil
		}
		return stringDatum(f(text)), nil
	}}
}

// recase is UPPER or LOWER, which leave bytes alone.
func recase(name string, f func(string) string) function {
	text := rewrite(name, 1, f)
	run := text.run
	text.run = func(ev *evaluation, a []datum) (datum, error) {
		if a[0].kind == kBytes {
			return bytesDatum(narrowed(a[0].str)), nil
		}
		return run(ev, a)
	}
	return text
}

func runHex(ev *evaluation, a []datum) (datum, error) {
	if !a[0].isText() && !a[0].isTemporal() {
		return stringDatum(formatHex(bits(a[0]))), nil
	}
	return rewrite("HEX", 2, func(s string) string { return strings.ToUpper(hex.EncodeToString([]byte(s))) }).run(ev, a)
}

func sha1Of(d datum) datum { return hashed(sha1.New(), d.text()) }

func runReplace(ev *evaluation, a []datum) (datum, error) {
	s, old, with := a[0].text(), a[1].text(), a[2].text()
	if old == "" {
		return stringDatum(s), nil
	}
	if n := strings.Count(s, old); len(s)+n*(len(with)-len(old)) > maxText {
		return ev.tooLong("REPLACE"), nil
	}
	return stringDatum(strings.ReplaceAll(s, old, with)), nil
}

// runSubstring counts characters from 1, or from the end for a negative
// start.
func runSubstring(_ *evaluation, a []datum) (datum, error) {
	text := a[0].text()
	start, n := a[1].toInt(), int64(utf8.RuneCountInString(text))
	if start < 0 {
		start += n + 1
	}
	if start < 1 || start > n {
		return stringDatum(""), nil
	}
	count := n
	if len(a) == 3 {
		count = a[2].toInt()
	}
	count = max(min(count, n-start+1), 0)
	text = text[len(cutRunes(text, int(start-1))):]
	return stringDatum(cutRunes(text, int(count))), nil
}

func runLeft(_ *evaluation, a []datum) (datum, error) {
	return stringDatum(cutRunes(a[0].text(), int(max(a[1].toInt(), 0)))), nil
}

func runRight(_ *evaluation, a []datum) (datum, error) {
	text := a[0].text()
	n := int64(utf8.RuneCountInString(text))
	return stringDatum(text[len(cutRunes(text, int(max(n-max(a[1].toInt(), 0), 0)))):]), nil
}

// runLocate is LOCATE(part, s [, from]).
func runLocate(ev *evaluation, a []datum) (datum, error) {
	from := int64(1)
	if len(a) == 3 {
		from = ev.integer(a[2])
	}
	return locate(ev, a[1], a[0], from)
}

// locate gives the place of part in s, counted in characters from 1, or 0. It
// looks from the place from on.
func locate(ev *evaluation, s, part datum, from int64) (datum, error) {
	text, want, same := s.text(), part.text(), sameIn(s, part)
	if n := int64(utf8.RuneCountInString(text)); from < 1 || from > n+1 {
		return intDatum(0), nil
	}
	for at := len(cutRunes(text, int(from-1))); ; from++ {
		n := matching(text[at:], want, same)
		if n == len(want) {
			return intDatum(from), nil
		}
		if at == len(text) {
			return intDatum(0), nil
		}
		if err := ev.step(n + 1); err != nil {
			return nullDatum(), err
		}
		_, size := utf8.DecodeRuneInString(text[at:])
		at += size
	}
}

// matching is how many bytes of want are at the start of s.
func matching(s, want string, same func(a, b rune) bool) int {
	at := 0
	for at < len(want) && s != "" {
		x, n := utf8.DecodeRuneInString(s)
		y, m := utf8.DecodeRuneInString(want[at:])
		if !same(x, y) {
			break
		}
		s, at = s[n:], at+m
	}
	return at
}
