package eval

import (
	"math"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf8"

	"wharf"
	"wharf/sql"
)

// regexpFunctions are REGEXP_LIKE and those that tell where a pattern matches,
// with what, and that replace it. Positions count characters from 1.
func regexpFunctions() map[string]Function {
	text, whole := Always(wharf.TypeString), Always(wharf.TypeInt)
	return map[string]Function{
		"REGEXP_LIKE":    {Min: 2, Max: 3, Typ: whole, strict: true, Run: runRegexp},
		"REGEXP_INSTR":   {Min: 2, Max: 6, Typ: whole, strict: true, Run: regexpInstr},
		"REGEXP_SUBSTR":  {Min: 2, Max: 5, Typ: text, strict: true, Run: regexpSubstr},
		"REGEXP_REPLACE": {Min: 3, Max: 6, Typ: text, strict: true, Run: regexpReplace},
	}
}

// argumentCollating is the collation in which the arguments of a call meet.
func argumentCollating(e sql.Call, args []Node) (collating, error) {
	if err := regexpCharsets(e, args); err != nil {
		return collating{}, err
	}
	return CollatingOf(args, e.Name)
}

// regexpCharsets wants the text, the pattern and the replacement of a regular expression to
// be all bytes or all text. NULL, placeholders and numbers go with both.
func regexpCharsets(e sql.Call, args []Node) error {
	name, compared := strings.ToLower(e.Name), 2
	switch e.Name {
	case "REGEXP":
		name = "regexp_like"
	case "REGEXP_REPLACE":
		compared = 3
	case "REGEXP_LIKE", "REGEXP_INSTR", "REGEXP_SUBSTR":
	default:
		return nil
	}
	for i := range compared {
		for j := range i {
			_, given := e.Args[j].(sql.Param)
			_, alsoGiven := e.Args[i].(sql.Param)
			a, b := args[j], args[i]
			text := a.Typ == wharf.TypeString && b.Typ == wharf.TypeBytes || a.Typ == wharf.TypeBytes && b.Typ == wharf.TypeString
			if text && !given && !alsoGiven {
				return Invalid(errCharsetMismatch, "Character set '%s' cannot be used in conjunction with '%s' in call to %s.", a.collationName(), b.collationName(), name)
			}
		}
	}
	return nil
}

// regexpSearch looks for a pattern in a text, match after match.
type regexpSearch struct {
	*pattern
	text string
	step func(int) error
}

// search compiles the pattern of a function whose arguments after the text are
// pattern, [replacement,] position, occurrence and so on; place is the index of
// the position and flags that of the match type. start is the offset in bytes
// where the search begins.
func (ev *Evaluation) search(a []Datum, place, flags int, name string) (s *regexpSearch, start int, err error) {
	usual := usualFlags(a)
	if len(a) > flags {
		var ok bool
		if usual, ok = regexpFlags(usual, a[flags].Text()); !ok {
			return nil, 0, Invalid(errWrongArguments, "Incorrect arguments to %s", name)
		}
	}
	p, err := ev.Work.pattern(usual, a[1].Text())
	if err != nil {
		return nil, 0, err
	}
	s = &regexpSearch{pattern: p, text: a[0].Text(), step: ev.step}
	at := int64(1)
	if len(a) > place {
		at = ev.integer(a[place])
	}
	start, ok := runeOffset(s.text, at-1)
	if !ok {
		return nil, 0, outOfText()
	}
	return s, start, nil
}

// looksBack reports whether a pattern tells places apart by what is before them.
func looksBack(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpBeginLine, syntax.OpBeginText, syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return true
	}
	for _, sub := range re.Sub {
		if looksBack(sub) {
			return true
		}
	}
	return false
}

// runeOffset is where character n begins, from 0; the end of the text counts.
func runeOffset(s string, n int64) (int, bool) {
	if n < 0 {
		return 0, false
	}
	at := 0
	for ; n > 0 && at < len(s); n-- {
		_, size := utf8.DecodeRuneInString(s[at:])
		at += size
	}
	return at, n == 0
}

// next finds the first match at or behind an offset: pairs of offsets, of all
// and of each group; nil is none.
func (s *regexpSearch) next(from int) ([]int, error) {
	if s.boundary != nil && !isASCII(s.text) {
		return s.boundary.find(s.text, from, s.step)
	}
	re, base := s.re, from
	if from > 0 && s.looksBack {
		if s.after == nil {
			var err error
			if s.after, err = regexp.Compile(`\A(?s:.)(?s:.*?)(` + s.re.String() + `)`); err != nil {
				return nil, sql.WrongPattern(s.re.String(), err)
			}
		}
		_, size := utf8.DecodeLastRuneInString(s.text[:from])
		re, base = s.after, from-size
	}
	found, err := s.find(re, s.text[base:])
	if err != nil || found == nil {
		return nil, err
	}
	if re == s.after {
		found = found[2:]
	}
	for i := range found {
		if found[i] >= 0 {
			found[i] += base
		}
	}
	return found, s.step((found[1] - base + 1) * s.size)
}

// find runs a pattern. A long text is read character by character, so that the
// statement can end meanwhile.
func (s *regexpSearch) find(re *regexp.Regexp, text string) ([]int, error) {
	const quick = 1 << 20 // steps that are over before a KILL could end them
	if len(text)*s.size <= quick {
		return re.FindStringSubmatchIndex(text), nil
	}
	r := &steppedReader{text: text, cost: s.size, step: s.step}
	found := re.FindReaderSubmatchIndex(r)
	return found, r.err
}

// nth finds a match by its number, from 1.
func (s *regexpSearch) nth(from int, n int64) ([]int, error) {
	for {
		found, err := s.next(from)
		if n--; err != nil || found == nil || n < 1 {
			return found, err
		}
		if from = s.behind(found); from < 0 {
			return nil, nil
		}
	}
}

// behind is where the search goes on behind a match: an empty one moves it on by
// a character. It is negative at the end of the text.
func (s *regexpSearch) behind(found []int) int {
	if found[1] > found[0] {
		return found[1]
	}
	if found[1] == len(s.text) {
		return -1
	}
	_, size := utf8.DecodeRuneInString(s.text[found[1]:])
	return found[1] + size
}

func outOfText() error {
	return Invalid(errRegexpIndex, "Index out of bounds in regular expression search.")
}

// occurrence is the argument of that name, 1 where it is left out.
func (ev *Evaluation) occurrence(a []Datum, i int) int64 {
	if len(a) <= i {
		return 1
	}
	return ev.integer(a[i])
}

func regexpInstr(ev *Evaluation, a []Datum) (Datum, error) {
	end := 0
	if len(a) > 4 {
		option := ev.integer(a[4])
		if option != 0 && option != 1 {
			return NullDatum(), Invalid(errWrongArguments, "Incorrect arguments to regexp_instr: return_option must be 1 or 0.")
		}
		end = int(option)
	}
	s, start, err := ev.search(a, 2, 5, "regexp_instr")
	if err != nil {
		return NullDatum(), err
	}
	found, err := s.nth(start, ev.occurrence(a, 3))
	if found == nil || err != nil {
		return IntDatum(0), err
	}
	return IntDatum(int64(utf8.RuneCountInString(s.text[:found[end]])) + 1), nil
}

func regexpSubstr(ev *Evaluation, a []Datum) (Datum, error) {
	s, start, err := ev.search(a, 2, 4, "regexp_substr")
	if err != nil {
		return NullDatum(), err
	}
	found, err := s.nth(start, ev.occurrence(a, 3))
	if found == nil || err != nil {
		return NullDatum(), err
	}
	return StringDatum(s.text[found[0]:found[1]]), nil
}

// regexpReplace replaces one match, or with occurrence 0 all.
func regexpReplace(ev *Evaluation, a []Datum) (Datum, error) {
	s, at, err := ev.search(a, 3, 5, "regexp_replace")
	if err != nil {
		return NullDatum(), err
	}
	with, wanted := a[2].Text(), int64(0)
	if len(a) > 4 {
		wanted = max(ev.integer(a[4]), 0)
	}
	var b strings.Builder
	copied := 0
	for n := int64(1); at >= 0 && n < math.MaxInt64; n++ {
		found, err := s.next(at)
		if err != nil {
			return NullDatum(), err
		}
		if found == nil {
			break
		}
		if wanted == 0 || n == wanted {
			b.WriteString(s.text[copied:found[0]])
			if err := expand(&b, with, s.text, found); err != nil {
				return NullDatum(), err
			}
			copied = found[1]
		}
		if n == wanted {
			break
		}
		if b.Len() > MaxText {
			return ev.tooLong("REGEXP_REPLACE"), nil
		}
		at = s.behind(found)
	}
	b.WriteString(s.text[copied:])
	return StringDatum(b.String()), nil
}

// expand writes the replacement of a match: $1 is a group, and a backslash takes
// the character behind it as it is.
func expand(b *strings.Builder, with, text string, found []int) error {
	for i := 0; i < len(with); i++ {
		switch c := with[i]; {
		case c == '\\' && i+1 < len(with):
			i++
			b.WriteByte(with[i])
		case c == '$':
			group, digits := 0, 0
			for i+1 < len(with) && with[i+1] >= '0' && with[i+1] <= '9' && (digits == 0 || 2*(group*10+int(with[i+1]-'0')) < len(found)) {
				group = group*10 + int(with[i+1]-'0')
				digits++
				i++
			}
			switch {
			case digits == 0:
				return Invalid(errRegexpGroup, "A capture group has an invalid name.")
			case 2*group >= len(found):
				return outOfText()
			}
			if found[2*group] >= 0 {
				b.WriteString(text[found[2*group]:found[2*group+1]])
			}
		default:
			b.WriteByte(c)
		}
	}
	return nil
}
