package sql

import (
	"regexp"
	"strings"
	"unicode"
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
	case s.hides(at):
		return "…"
	case s.mayHoldKey():
		return firstWord(s.clean[at:]) + "…"
	}
	return userInfo.ReplaceAllString(s.mode.near(s.clean[at:]), "://…")
}

// hides tells that an error may show nothing of a mistake at offset at. Behind
// a quote that was forgotten, what is a string and what is not have changed
// places, so that the place of a key does not tell whether it shows: it is
// enough that one may stand before the mistake. Where one may stand behind it
// only, the word that is the mistake can show.
func (s source) hides(at int) bool {
	return s.open == "string" || s.open == "name" || len(s.orig) > maxSearched || mayHoldKey(s.orig[:at])
}

func (s source) mayHoldKey() bool {
	return len(s.orig) > maxSearched || mayHoldKey(s.orig)
}

// firstWord is the letters, digits and underscores that s begins with.
func firstWord(s string) string {
	end := strings.IndexFunc(s, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if end < 0 {
		end = len(s)
	}
	return firstRunes(s[:end], maxNear)
}

// maxSearched is the longest statement whose mistakes show its text, in bytes.
const maxSearched = 64 << 10

// besideKey finds what comes with a key. More than one of these does, so that
// one may be mistyped. harmless is what looks like that and is a variable, a
// function, or a column. userInfo is what stands before the host of a URL,
// which may be cut off before its '@'.
var (
	besideKey = regexp.MustCompile(`(?i)connection|credential|token|password|identified|external_id|key_id|_key\b|key\s*=`)
	harmless  = regexp.MustCompile(`(?i)\b(?:connection_id|\w+_connections?|connections|column_key)\b`)
	userInfo  = regexp.MustCompile(`://(?:[^\s']*@|[^\s/'@]*:[^\s']*)`)
)

func mayHoldKey(text string) bool {
	return besideKey.MatchString(text) && besideKey.MatchString(harmless.ReplaceAllString(text, ""))
}

func syntaxErrorf(near string, at place, expected string) error {
	if expected != "" {
		expected = ": " + expected
	}
	return wharf.Errorf(wharf.CodeSyntax, "You have an error in your SQL syntax near '%s' at line %d, column %d%s",
		near, at.line, at.column, expected)
}

// place is where something is in a statement's text, both counted from 1,
// columns in characters.
type place struct{ line, column int }

// position returns the place of an offset. It counts from the start, so that
// only an error asks for it: for every option of a long statement, it would
// take the square of its length.
func (s source) position(at int) place {
	before := s.orig[:at]
	line := strings.LastIndexByte(before, '\n') + 1
	return place{
		line:   strings.Count(before, "\n") + 1,
		column: utf8.RuneCountInString(before[line:]) + 1,
	}
}

// near gives the beginning of s on one line, strings as '…' and the digits of
// 0x and 0b as '…' too. s must begin where a token does, so that what is a string
// in it can be told.
func (m Mode) near(s string) string {
	var b strings.Builder
	for i, n := 0, 0; i < len(s) && n < maxNear; n++ {
		switch c := s[i]; {
		case c == '\'' || c == '"':
			b.WriteString("'…'")
			i, _ = m.quotedEnd(s, i)
			n += 2
		case isSpace(c):
			b.WriteByte(' ')
			i = len(s) - len(strings.TrimLeft(s[i:], " \t\n\v\f\r"))
		case c == '`':
			stop, _ := m.quotedEnd(s, i)
			shown := firstRunes(s[i:stop], maxNear-n)
			b.WriteString(shown)
			n += utf8.RuneCountInString(shown) - 1
			i = stop
		case binaryEnd(s, i) > i:
			b.WriteString(s[i:i+2] + "…")
			i = binaryEnd(s, i)
			n += 2
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

// maxRedacted is how much of a statement process lists and logs show, in
// bytes: printing all of a long one would cost its memory each time.
const maxRedacted = 64 << 10

// redact returns the beginning of a statement's text with every string as
// '…', 0x12 as 0x… and 0b01 as 0b…, which are strings as well. A string that is
// cut off is still one.
func (m Mode) redact(s string) string {
	if len(s) > maxRedacted {
		end := maxRedacted
		for !utf8.RuneStart(s[end]) {
			end--
		}
		return m.redact(s[:end]) + " …"
	}
	if !strings.ContainsAny(s, `'"0`) {
		return s
	}
	var b strings.Builder
	from := 0
	for i := 0; i < len(s); {
		switch stop, shown := m.redactedEnd(s, i); {
		case stop == i:
			i++
		case shown == "":
			i = stop
		default:
			b.WriteString(s[from:i])
			b.WriteString(shown)
			i, from = stop, stop
		}
	}
	b.WriteString(s[from:])
	return b.String()
}

// redactedEnd returns the end of the string or name that begins at s[i], and what
// is shown in its place: "" for a name, which is shown as it is. The end is i where
// none begins.
func (m Mode) redactedEnd(s string, i int) (stop int, shown string) {
	switch s[i] {
	case '\'', '"':
		stop, _ = m.quotedEnd(s, i)
		return stop, "'…'"
	case '`':
		stop, _ = m.quotedEnd(s, i)
		return stop, ""
	}
	if stop = binaryEnd(s, i); stop > i {
		shown = s[i:i+2] + "…"
	}
	return stop, shown
}

// binaryEnd returns the end of the word that begins with 0x and a hexadecimal digit,
// or with 0b and a bit, at s[i]; it is i where none begins there. All of the word
// counts, with digits that are wrong.
func binaryEnd(s string, i int) int {
	if s[i] != '0' || len(s) < i+3 || i > 0 && (s[i-1] >= utf8.RuneSelf || isWordByte(s[i-1])) {
		return i
	}
	digits := ""
	switch s[i+1] {
	case 'x', 'X':
		digits = "0123456789abcdefABCDEF"
	case 'b', 'B':
		digits = "01"
	}
	if strings.IndexByte(digits, s[i+2]) < 0 {
		return i
	}
	return i + wordLen(s[i:])
}
