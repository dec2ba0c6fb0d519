package sql

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// RegularExpression returns a pattern of REGEXP, as MySQL 8 and its ICU read it, in the
// syntax of RE2 and of Go's package regexp. There \w, \d, \s, '.' and the classes of
// POSIX know ASCII alone, and sets have no sets in them. What is the same in both, and
// what is wrong in both, stays as it is; err is MySQL's error of what is wrong in ICU alone.
// boundary reports whether the pattern has \b or \B, which RE2 tells by the letters of ASCII
// alone.
func RegularExpression(text string, use PatternUse) (translated string, boundary bool, err error) {
	if text == "" {
		return "", false, illegalPattern()
	}
	p := patternReader{PatternUse: use, text: text, rest: text}
	p.DotAll = p.DotAll || inlineDotAll.MatchString(text)
	p.Lines = p.Lines || inlineLines.MatchString(text)
	for p.rest != "" && p.wrong == nil {
		p.atom()
	}
	return p.out.String(), p.boundary, p.wrong
}

// PatternUse is how a pattern is used: what its match_type says, and whether it is asked
// only if it matches.
type PatternUse struct {
	Lines, DotAll bool // m and n
	// Matches is for a use in which nothing depends on where a match ends: there '$'
	// takes the end of a line that ends the text, before which it matches too.
	Matches bool
}

var (
	inlineDotAll = regexp.MustCompile(`\(\?[a-zA-Z]*s`)
	inlineLines  = regexp.MustCompile(`\(\?[a-zA-Z]*m`)
	repeatCount  = regexp.MustCompile(`^\{\d+(?:,\d*)?\}`)
)

// lineEnds are what '.' does not match and \v does, spaces what \s does. Both stand
// within brackets.
const (
	lineEnds = `\n\x0b\f\r\x{85}\x{2028}\x{2029}`
	spaces   = `\t-\r \x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}`
)

// patternClasses are the classes of POSIX and those that a letter behind a backslash
// means, by that letter, as ICU's properties have them.
var patternClasses = func() map[string]string {
	alpha := `\p{L}\p{Nl}` + rangesOf(unicode.Other_Alphabetic)
	graph := `\p{L}\p{M}\p{N}\p{P}\p{S}\p{Cf}\p{Co}`
	return map[string]string{
		"alpha": alpha, "digit": `\p{Nd}`, "alnum": alpha + `\p{Nd}`,
		"upper": `\p{Lu}` + rangesOf(unicode.Other_Uppercase), "lower": `\p{Ll}` + rangesOf(unicode.Other_Lowercase),
		"punct": `\p{P}`, "space": spaces, "blank": `\t\p{Zs}`, "cntrl": `\p{Cc}`, "graph": graph, "print": graph + `\p{Zs}`,
		"xdigit": `\p{Nd}A-Fa-f\x{ff21}-\x{ff26}\x{ff41}-\x{ff46}`,
		"word":   wordCharacters, "w": wordCharacters, "d": `\p{Nd}`, "s": spaces, "h": `\t\p{Zs}`, "v": lineEnds,
	}
}()

// wordCharacters are those of \w. The ranges are symbols that count as letters.
const wordCharacters = `\p{L}\p{M}\p{Nd}\p{Nl}\p{Pc}\x{200c}\x{200d}\x{24b6}-\x{24e9}\x{1f130}-\x{1f149}\x{1f150}-\x{1f169}\x{1f170}-\x{1f189}`

// rangesOf writes a table of characters as a set has them.
func rangesOf(t *unicode.RangeTable) string {
	var pairs []rune
	for _, r := range t.R16 {
		for c := rune(r.Lo); c <= rune(r.Hi); c += rune(r.Stride) {
			pairs = append(pairs, c, c)
		}
	}
	for _, r := range t.R32 {
		for c := rune(r.Lo); c <= rune(r.Hi); c += rune(r.Stride) {
			pairs = append(pairs, c, c)
		}
	}
	return writeSet(ranged(pairs))
}

// patternReader translates a pattern.
type patternReader struct {
	PatternUse
	text     string
	rest     string
	out      strings.Builder
	repeats  bool // what is before rest can be repeated
	boundary bool
	wrong    error
}

// take moves n bytes of the pattern.
func (p *patternReader) take(n int) string {
	taken := p.rest[:n]
	p.rest = p.rest[n:]
	return taken
}

// atom translates a character, an escape or a set.
func (p *patternReader) atom() {
	repeats := p.repeats
	p.repeats = true
	switch c := p.rest[0]; {
	case c == '{' && repeatCount.MatchString(p.rest):
		p.out.WriteString(p.take(len(repeatCount.FindString(p.rest))))
	case c == '{' && repeats:
		p.wrong = invalid(3692, "HY000", "Incorrect description of a {min,max} interval.")
	case c == '{' || c == '}':
		p.wrong = wrongSyntax(p.text[:len(p.text)-len(p.rest)])
	case c == '(' || c == '|':
		p.out.WriteString(p.take(1))
		p.repeats = false
	case c == '[':
		if set, n, ok := readSet(p.rest); ok {
			p.take(n)
			p.out.WriteString(set)
			return
		}
		p.out.WriteString(p.take(len(p.rest))) // the set is wrong, and so is the pattern
	case strings.HasPrefix(p.rest, `\Q`):
		end := strings.Index(p.rest, `\E`)
		if end < 0 {
			end = len(p.rest) - 2
		}
		p.out.WriteString(p.take(end + 2))
	case c == '\\' && len(p.rest) > 1:
		p.escape()
	case c == '.' && !p.DotAll:
		p.take(1)
		p.out.WriteString("[^" + lineEnds + "]")
	case c == '$' && p.Matches && !p.Lines:
		p.take(1)
		p.out.WriteString(`(?:\r\n|[` + lineEnds + `])?\z`)
	default:
		p.out.WriteString(p.take(1))
	}
}

func (p *patternReader) escape() {
	escape := p.take(2)
	letter := strings.ToLower(escape[1:])
	switch escape[1] {
	case 'w', 'd', 's', 'h', 'v':
		p.out.WriteString("[" + patternClasses[letter] + "]")
	case 'W', 'D', 'S', 'H', 'V':
		p.out.WriteString("[^" + patternClasses[letter] + "]")
	case 'R':
		p.out.WriteString(`(?:\r\n|[` + lineEnds + `])`)
	case 'x', 'p', 'P', 'N':
		if strings.HasPrefix(p.rest, "{") {
			escape += p.take(strings.IndexByte(p.rest, '}') + 1)
		}
		p.out.WriteString(escape)
	case 'b', 'B':
		p.boundary = true
		fallthrough
	default:
		if escape[1] >= utf8.RuneSelf { // the rest of the character is not read on its own
			_, n := utf8.DecodeRuneInString(escape[1:] + p.rest)
			escape += p.take(n - 1)
		}
		p.out.WriteString(escape)
	}
}
