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
	return syntaxErrorf(s.near(at), s.position(at), expected)
}

// near gives what an error shows of the statement from offset at on, which
// must begin a token.
func (s source) near(at int) string {
	switch {
	case at == len(s.clean):
		return ""
	case s.hides():
		return "…"
	}
	return userInfo.ReplaceAllString(near(s.clean[at:]), "://…")
}

// hides tells that an error may show nothing of the statement. Behind a quote
// that was forgotten, what is a string and what is not have changed places,
// so that the place of a key does not tell whether it shows: it is enough that
// the statement may hold one, anywhere. Texts that are long are not searched.
func (s source) hides() bool {
	return s.open == "string" || s.open == "name" || s.mayHoldKey()
}

func (s source) mayHoldKey() bool {
	return len(s.orig) > maxSearched || mayHoldKey.MatchString(s.orig)
}

// maxSearched is the longest statement whose mistakes show its text, in bytes.
const maxSearched = 64 << 10

// mayHoldKey finds what comes with a key. More than one of these does, so
// that one may be mistyped. userInfo is what stands before the host of a URL,
// which may be cut off before its '@'.
var (
	mayHoldKey = regexp.MustCompile(`(?i)connection|credential|token|password|identified|external_id|key_id|_key\b|key\s*=`)
	userInfo   = regexp.MustCompile(`://(?:[^\s']*@|[^\s/'@]*:[^\s']*)`)
)

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
