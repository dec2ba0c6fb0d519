package eval

import (
	"encoding/binary"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"wharf"
)

// textFunctions work on text.
func textFunctions() map[string]Function {
	one := func(t wharf.Type, f func(d Datum) Datum) Function {
		return Function{Min: 1, Max: 1, Typ: Always(t), strict: true, Run: func(_ *Evaluation, a []Datum) (Datum, error) { return f(a[0]), nil }}
	}
	onText := func(f func(string) string) Function {
		f1 := one(wharf.TypeString, func(d Datum) Datum { return StringDatum(f(d.Text())) })
		f1.Typ, f1.bytewise = textOrBytes, true
		return f1
	}
	length := one(wharf.TypeInt, func(d Datum) Datum { return IntDatum(int64(len(d.Text()))) })
	chars := one(wharf.TypeInt, func(d Datum) Datum { return IntDatum(int64(utf8.RuneCountInString(d.Text()))) })
	chars.bytewise = true
	substring := Function{bytewise: true, Min: 2, Max: 3, Typ: likeFirst, strict: true, Run: runSubstring}
	return map[string]Function{
		"CONCAT":           {Min: 1, Max: -1, Typ: textOrBytes, strict: true, Run: runConcat},
		"CONCAT_WS":        {Min: 2, Max: -1, Typ: textOrBytes, Run: runConcatWS},
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
		"TRIM":             {bytewise: true, Min: 1, Max: 3, Typ: textOrBytes, strict: true, Run: runTrim},
		"CHAR":             {Min: 1, Max: -1, Typ: Always(wharf.TypeBytes), Run: runChar},
		"REVERSE":          rewrite("REVERSE", 1, reverse),
		"REPLACE":          {bytewise: true, Min: 3, Max: 3, Typ: textOrBytes, strict: true, Run: runReplace},
		"SUBSTRING":        substring,
		"SUBSTR":           substring,
		"MID":              substring,
		"LEFT":             {bytewise: true, Min: 2, Max: 2, Typ: likeFirst, strict: true, Run: runLeft},
		"RIGHT":            {bytewise: true, Min: 2, Max: 2, Typ: likeFirst, strict: true, Run: runRight},
		"LOCATE":           {bytewise: true, Min: 2, Max: 3, Typ: Always(wharf.TypeInt), strict: true, Run: runLocate},
		"POSITION":         {bytewise: true, Min: 2, Max: 2, Typ: Always(wharf.TypeInt), strict: true, Run: runLocate},
		"INSTR":            {bytewise: true, Min: 2, Max: 2, Typ: Always(wharf.TypeInt), strict: true, Run: func(ev *Evaluation, a []Datum) (Datum, error) { return locate(ev, a[0], a[1], 1) }},
		"UUID":             {Max: 0, Typ: Always(wharf.TypeString), Run: func(*Evaluation, []Datum) (Datum, error) { return StringDatum(uuid.NewString()), nil }},
		"LPAD":             {bytewise: true, Min: 3, Max: 3, Typ: func(a []Node) wharf.Type { return textOrBytes([]Node{a[0], a[2]}) }, strict: true, Run: pad("LPAD", func(s, fill string) string { return fill + s })},
		"RPAD":             {bytewise: true, Min: 3, Max: 3, Typ: func(a []Node) wharf.Type { return textOrBytes([]Node{a[0], a[2]}) }, strict: true, Run: pad("RPAD", func(s, fill string) string { return s + fill })},
		"REPEAT":           {bytewise: true, Min: 2, Max: 2, Typ: likeFirst, strict: true, Run: repeat},
		"SPACE":            {Min: 1, Max: 1, Typ: Always(wharf.TypeString), strict: true, Run: func(ev *Evaluation, a []Datum) (Datum, error) { return repeat(ev, []Datum{StringDatum(" "), a[0]}) }},
		"SUBSTRING_INDEX":  {bytewise: true, Min: 3, Max: 3, Typ: func(a []Node) wharf.Type { return textOrBytes(a[:2]) }, strict: true, Run: substringIndex},
		"FIELD":            {Min: 2, Max: -1, Typ: Always(wharf.TypeInt), Run: runField},
		"FIND_IN_SET":      {Min: 2, Max: 2, Typ: Always(wharf.TypeInt), strict: true, Run: findInSet},
	}
}

// likeFirst is the typ of a function that gives a part or a multiple of its
// first argument.
func likeFirst(args []Node) wharf.Type { return textOrBytes(args[:1]) }

func textOrBytes(args []Node) wharf.Type {
	for _, a := range args {
		if a.Typ == wharf.TypeBytes {
			return wharf.TypeBytes
		}
	}
	return wharf.TypeString
}

func runConcat(ev *Evaluation, a []Datum) (Datum, error) {
	return join(ev, "CONCAT", a, ""), nil
}

func runConcatWS(ev *Evaluation, a []Datum) (Datum, error) {
	if a[0].IsNull() {
		return NullDatum(), nil
	}
	return join(ev, "CONCAT_WS", slices.DeleteFunc(slices.Clone(a[1:]), Datum.IsNull), a[0].Text()), nil
}

// join puts texts together, unless that would be too long.
func join(ev *Evaluation, name string, parts []Datum, separator string) Datum {
	texts, size := make([]string, len(parts)), len(separator)*len(parts)
	for i, d := range parts {
		texts[i] = d.Text()
		size += len(texts[i])
	}
	if size > MaxText {
		return ev.tooLong(name)
	}
	joined := strings.Join(texts, separator)
	if slices.ContainsFunc(parts, func(d Datum) bool { return d.Kind == kBytes }) {
		return bytesDatum(joined)
	}
	return StringDatum(joined)
}

// runTrim is TRIM([what,] side); the side is LEADING, TRAILING or BOTH.
func runTrim(_ *Evaluation, a []Datum) (Datum, error) {
	s, cut, side := a[0].Text(), " ", "BOTH"
	if len(a) > 1 {
		cut = a[1].Text()
	}
	if len(a) > 2 {
		side = strings.ToUpper(a[2].Text())
	}
	for cut != "" && side != "TRAILING" && strings.HasPrefix(s, cut) {
		s = s[len(cut):]
	}
	for cut != "" && side != "LEADING" && strings.HasSuffix(s, cut) {
		s = s[:len(s)-len(cut)]
	}
	return StringDatum(s), nil
}

// runChar makes bytes of numbers: of each as many as it needs. NULL is left
// out.
func runChar(ev *Evaluation, a []Datum) (Datum, error) {
	var b []byte
	for _, d := range a {
		if d.IsNull() {
			continue
		}
		four := binary.BigEndian.AppendUint32(nil, uint32(ev.bits(d)))
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
func rewrite(name string, times int, f func(string) string) Function {
	return Function{bytewise: true, Min: 1, Max: 1, Typ: textOrBytes, strict: true, Run: func(ev *Evaluation, a []Datum) (Datum, error) {
		text := a[0].Text()
		if len(text)*times > MaxText {
			return ev.tooLong(name), nil
		}
		return StringDatum(f(text)), nil
	}}
}

// recase is UPPER or LOWER, which leave bytes alone.
func recase(name string, f func(string) string) Function {
	text := rewrite(name, 1, f)
	run := text.Run
	text.Run = func(ev *Evaluation, a []Datum) (Datum, error) {
		if a[0].Kind == kBytes {
			return bytesDatum(narrowed(a[0].Str)), nil
		}
		return run(ev, a)
	}
	return text
}

func runReplace(ev *Evaluation, a []Datum) (Datum, error) {
	s, old, with := a[0].Text(), a[1].Text(), a[2].Text()
	if old == "" {
		return StringDatum(s), nil
	}
	if n := strings.Count(s, old); len(s)+n*(len(with)-len(old)) > MaxText {
		return ev.tooLong("REPLACE"), nil
	}
	return StringDatum(strings.ReplaceAll(s, old, with)), nil
}

// runSubstring counts characters from 1, or from the end for a negative
// start.
func runSubstring(_ *Evaluation, a []Datum) (Datum, error) {
	text := a[0].Text()
	start, n := a[1].ToInt(), int64(utf8.RuneCountInString(text))
	if start < 0 {
		start += n + 1
	}
	if start < 1 || start > n {
		return StringDatum(""), nil
	}
	count := n
	if len(a) == 3 {
		count = a[2].ToInt()
	}
	count = max(min(count, n-start+1), 0)
	text = text[len(CutRunes(text, int(start-1))):]
	return StringDatum(CutRunes(text, int(count))), nil
}

func runLeft(_ *Evaluation, a []Datum) (Datum, error) {
	return StringDatum(CutRunes(a[0].Text(), int(max(a[1].ToInt(), 0)))), nil
}

func runRight(_ *Evaluation, a []Datum) (Datum, error) {
	text := a[0].Text()
	n := int64(utf8.RuneCountInString(text))
	return StringDatum(text[len(CutRunes(text, int(max(n-max(a[1].ToInt(), 0), 0)))):]), nil
}

// runLocate is LOCATE(part, s [, from]).
func runLocate(ev *Evaluation, a []Datum) (Datum, error) {
	from := int64(1)
	if len(a) == 3 {
		from = ev.integer(a[2])
	}
	return locate(ev, a[1], a[0], from)
}

// locate gives the place of part in s, counted in characters from 1, or 0. It
// looks from the place from on. As in MySQL, what it finds has as many bytes as part: an
// 'é' is no 'e', whatever the collation.
func locate(ev *Evaluation, s, part Datum, from int64) (Datum, error) {
	text, want, equals := s.Text(), part.Text(), equalsIn(s, part)
	if n := int64(utf8.RuneCountInString(text)); from < 1 || from > n+1 {
		return IntDatum(0), nil
	}
	for at := len(CutRunes(text, int(from-1))); ; from++ {
		end := at + len(want)
		if s.Kind == KString && s.coll.Collation().rule == byLatin1 { // which has characters of one byte
			end = at + len(CutRunes(text[at:], utf8.RuneCountInString(want)))
		}
		if end > len(text) {
			return IntDatum(0), nil
		}
		if (end == len(text) || utf8.RuneStart(text[end])) && equals(text[at:end], want) {
			return IntDatum(from), nil
		}
		if err := ev.step(len(want) + 1); err != nil {
			return NullDatum(), err
		}
		_, size := utf8.DecodeRuneInString(text[at:])
		at += size
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
	if n < 0 { // delimiters are counted from the left all the same
		if n += int64(strings.Count(s, delimiter)); n < 0 {
			return StringDatum(s), nil
		}
		for rest := s; ; n-- {
			_, rest, _ = strings.Cut(rest, delimiter)
			if n == 0 {
				return StringDatum(rest), nil
			}
		}
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
		if i++; want.Kind == kBytes && want.Str == item || want.Kind != kBytes && want.coll.equals(want.Str, item) {
			return IntDatum(i), nil
		}
	}
	return IntDatum(0), nil
}
