package sql

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"wharf"
)

// maxNear is how much of the statement an error shows, in characters.
const maxNear = 64

// syntaxError tells of a mistake at the token that begins at offset at, in
// MySQL's manner. What was expected may be "".
func (s source) syntaxError(at int, expected string) error {
	pos := s.position(at)
	return syntaxErrorf(withoutKeys(withoutConnection(near(s.clean[at:]))), pos, expected)
}

// unquotedKey is the value of a setting that is a secret, and userInfo what
// stands before the host of a URL, both where their quotes were forgotten. A
// URL may be cut off before its '@'.
var (
	unquotedKey = regexp.MustCompile(`(?i)((?:key|key_id|token|external_id|password)\s*=\s*)[^\s'(),;]+`)
	userInfo    = regexp.MustCompile(`://(?:[^\s']*@|[^\s/'@]*:[^\s']*)`)
)

// withoutKeys cuts what withoutConnection cannot know: keys outside of a
// clause, because its name or its parenthesis was mistyped.
func withoutKeys(near string) string {
	return userInfo.ReplaceAllString(unquotedKey.ReplaceAllString(near, "${1}…"), "://…")
}

// withoutConnection cuts what CONNECTION = (…) or CREDENTIALS = (…) hold: a
// key may stand there without quotes.
func withoutConnection(near string) string {
	upper := strings.ToUpper(near)
	for _, clause := range []string{"CONNECTION", "CREDENTIALS"} {
		at := strings.Index(upper, clause)
		if at < 0 || len(upper) != len(near) {
			continue
		}
		if paren := strings.IndexByte(near[at:], '('); paren >= 0 {
			near = near[:at+paren+1] + "…"
			upper = upper[:at+paren+1]
		}
	}
	return near
}

func syntaxErrorf(near string, pos Pos, expected string) error {
	if expected != "" {
		expected = ": " + expected
	}
	return wharf.Errorf(wharf.CodeSyntax, "You have an error in your SQL syntax near '%s' at line %d, column %d%s",
		near, pos.Line, pos.Column, expected)
}

// position gives the place of an offset.
func (s source) position(at int) Pos {
	before := s.orig[:at]
	line := strings.LastIndexByte(before, '\n') + 1
	return Pos{
		Line:   strings.Count(before, "\n") + 1,
		Column: utf8.RuneCountInString(before[line:]) + 1,
	}
}

// near gives the beginning of s on one line, strings as '…'. s must begin
// where a token does, so that what is a string in it can be told.
func near(s string) string {
	var b strings.Builder
	for i, n := 0, 0; i < len(s) && n < maxNear; n++ {
		switch c := s[i]; {
		case c == '\'' || c == '"':
			b.WriteString("'…'")
			i, _ = quotedEnd(s, i)
			n += 2
		case isSpace(c):
			b.WriteByte(' ')
			i = len(s) - len(strings.TrimLeft(s[i:], " \t\n\v\f\r"))
		case c == '`':
			stop, _ := quotedEnd(s, i)
			shown := firstRunes(s[i:stop], maxNear-n)
			b.WriteString(shown)
			n += utf8.RuneCountInString(shown) - 1
			i = stop
		default:
			_, size := utf8.DecodeRuneInString(s[i:])
			b.WriteString(s[i : i+size])
			i += size
		}
	}
	return strings.TrimRight(b.String(), " ")
}

// firstRunes cuts s after n characters.
func firstRunes(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

// redact gives a statement's text with every string as '…'.
func redact(s string) string {
	if !strings.ContainsAny(s, `'"`) {
		return s
	}
	var b strings.Builder
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c != '\'' && c != '"' && c != '`' {
			i++
			continue
		}
		stop, _ := quotedEnd(s, i)
		if c != '`' {
			b.WriteString(s[from:i])
			b.WriteString("'…'")
			from = stop
		}
		i = stop
	}
	b.WriteString(s[from:])
	return b.String()
}
