package sql

import (
	"cmp"
	"fmt"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// readSet translates the set that a pattern begins with, and returns how long it is. ok
// is false for one that is wrong.
func readSet(text string) (set string, n int, ok bool) {
	r := setReader{rest: text}
	content, negated := r.set()
	if r.wrong {
		return "", 0, false
	}
	n = len(text) - len(r.rest)
	switch {
	case !r.changed:
		return text[:n], n, true
	case content == "" && negated:
		return `[\x00-\x{10ffff}]`, n, true
	case content == "":
		return `[^\x00-\x{10ffff}]`, n, true
	case negated:
		return "[^" + content + "]", n, true
	}
	return "[" + content + "]", n, true
}

// setReader translates a set of ICU: characters, ranges, classes, and further sets, all
// together, or less others (--), or those that are in both (&&).
type setReader struct {
	rest    string
	changed bool // RE2 reads it otherwise
	wrong   bool
	depth   int
}

// set reads a set, and returns its content as RE2 has it within brackets.
func (r *setReader) set() (content string, negated bool) {
	if r.depth++; r.depth > 50 {
		r.wrong = true
	}
	defer func() { r.depth-- }()
	r.rest = r.rest[1:]
	if strings.HasPrefix(r.rest, "^") {
		negated, r.rest = true, r.rest[1:]
	}
	content = r.union(true)
	for !r.wrong && len(r.rest) > 1 && r.rest[0] != ']' {
		op := r.rest[:2]
		r.rest, r.changed = r.rest[2:], true
		content = combined(op, content, r.union(false))
	}
	if !strings.HasPrefix(r.rest, "]") {
		r.wrong = true
		return "", false
	}
	r.rest = r.rest[1:]
	return content, negated
}

// union reads what stands side by side, up to the end of the set or an operator. A ]
// that is first in a set is a character.
func (r *setReader) union(first bool) string {
	content, last := "", ""
	for ; !r.wrong; first = false {
		switch {
		case r.rest == "" || r.rest[0] == ']' && !first, strings.HasPrefix(r.rest, "&&"), strings.HasPrefix(r.rest, "--"):
			return content
		case r.rest[0] == '[':
			content, last = content+r.inner(), "set"
		case last == "set" && (strings.HasPrefix(r.rest, "-[") || strings.HasPrefix(r.rest, "&[")):
			op := strings.Repeat(r.rest[:1], 2)
			r.rest = r.rest[1:]
			content = combined(op, content, r.inner())
		default:
			item, isClass := r.item()
			if content += item; isClass {
				last = "set"
			} else {
				last = "character"
			}
		}
	}
	return ""
}

// inner reads a set, or a class of POSIX, within a set.
func (r *setReader) inner() string {
	r.changed = true
	if name, found := strings.CutPrefix(r.rest, "[:"); found {
		name, behind, found := strings.Cut(name, ":]")
		name, negated := strings.CutPrefix(strings.ToLower(name), "^")
		class, known := patternClasses[name]
		if !found || !known || len(name) < 4 {
			r.wrong = true
			return ""
		}
		r.rest = behind
		if negated {
			class = combined("--", anyCharacter, class)
		}
		return class
	}
	content, negated := r.set()
	if negated {
		content = combined("--", anyCharacter, content)
	}
	return content
}

// item reads a character, a range, or what a backslash begins.
func (r *setReader) item() (text string, isClass bool) {
	if len(r.rest) > 1 && r.rest[0] == '\\' {
		class, known := patternClasses[strings.ToLower(r.rest[1:2])]
		if known {
			if r.changed = true; unicode.IsUpper(rune(r.rest[1])) {
				class = combined("--", anyCharacter, class)
			}
			r.rest = r.rest[2:]
			return class, true
		}
		if r.rest[1] == 'p' || r.rest[1] == 'P' {
			return r.character(), true
		}
	}
	text = r.character()
	if strings.HasPrefix(r.rest, "-") && len(r.rest) > 1 && !strings.ContainsAny(r.rest[1:2], "]-[") {
		r.rest = r.rest[1:]
		text += "-" + r.character()
	}
	return text, false
}

// character reads one, with its escape. A - that is no operator, as well as a bracket, is
// written with a backslash.
func (r *setReader) character() string {
	n := 1
	switch {
	case r.rest[0] != '\\' || len(r.rest) == 1:
		_, n = utf8.DecodeRuneInString(r.rest)
	case strings.HasPrefix(r.rest[2:], "{"):
		if n = strings.IndexByte(r.rest, '}') + 1; n == 0 {
			r.wrong = true
			n = len(r.rest)
		}
	case r.rest[1] == 'x':
		n = min(4, len(r.rest))
	case r.rest[1] == 'p' || r.rest[1] == 'P':
		n = min(3, len(r.rest))
	default:
		_, n = utf8.DecodeRuneInString(r.rest[1:])
		n++
	}
	c := r.rest[:n]
	r.rest = r.rest[n:]
	if c == "-" || c == "]" || c == "^" || c == "&" {
		return `\` + c
	}
	return c
}

const anyCharacter = `\x00-\x{10ffff}`

// combined returns the characters of a that are not in b (--), or that are (&&).
func combined(op, a, b string) string {
	left, right := charactersOf(a), charactersOf(b)
	if op == "--" {
		right = complement(right)
	}
	// What is in both is in neither's complement.
	return writeSet(complement(ranged(append(complement(left), complement(right)...))))
}

// charactersOf returns the pairs of the first and the last character of each range of a
// set's content. What is wrong has none.
func charactersOf(content string) []rune {
	if content == "" {
		return nil
	}
	re, err := syntax.Parse("["+content+"]", syntax.Perl|syntax.OneLine)
	if err != nil {
		return nil
	}
	switch re.Op {
	case syntax.OpLiteral:
		return []rune{re.Rune[0], re.Rune[0]}
	case syntax.OpAnyChar:
		return []rune{0, unicode.MaxRune}
	case syntax.OpAnyCharNotNL:
		return []rune{0, '\n' - 1, '\n' + 1, unicode.MaxRune}
	}
	return re.Rune
}

// ranged sorts pairs of characters, and joins those that touch.
func ranged(pairs []rune) []rune {
	type span struct{ from, to rune }
	var spans []span
	for i := 0; i+1 < len(pairs); i += 2 {
		spans = append(spans, span{pairs[i], pairs[i+1]})
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	var out []rune
	for _, s := range spans {
		if n := len(out); n > 0 && s.from <= out[n-1]+1 {
			out[n-1] = max(out[n-1], s.to)
			continue
		}
		out = append(out, s.from, s.to)
	}
	return out
}

// complement returns the ranges of all other characters.
func complement(pairs []rune) []rune {
	var out []rune
	next := rune(0)
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i] > next {
			out = append(out, next, pairs[i]-1)
		}
		next = pairs[i+1] + 1
	}
	if next <= unicode.MaxRune {
		out = append(out, next, unicode.MaxRune)
	}
	return out
}

// writeSet writes ranges as the content of a set.
func writeSet(pairs []rune) string {
	var b strings.Builder
	for i := 0; i+1 < len(pairs); i += 2 {
		fmt.Fprintf(&b, `\x{%x}`, pairs[i])
		if pairs[i+1] > pairs[i] {
			fmt.Fprintf(&b, `-\x{%x}`, pairs[i+1])
		}
	}
	return b.String()
}
