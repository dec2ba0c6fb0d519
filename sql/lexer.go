package sql

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// kind is the kind of a token.
type kind uint8

const (
	kindEnd    kind = iota // of the statement
	kindWord               // an unquoted name or key word, also one that begins with a digit
	kindNumber             // 1, 0.5
	kindString             // '…' or "…"
	kindName               // `…`, or "…" with ANSIQuotes
	kindMark               // any other single character
	kindTorn               // a string or name without its end
)

// token is a piece of a statement. Its text is source.clean[start:end].
type token struct {
	kind       kind
	start, end int
}

// tokenAt gives the first token of the statement at or after offset i.
func (s source) tokenAt(i int) token { return s.mode.tokenAt(s.clean, i) }

func (m Mode) tokenAt(s string, i int) token {
	for i < len(s) && isSpace(s[i]) {
		i++
	}
	if i == len(s) {
		return token{kindEnd, i, i}
	}
	switch c := s[i]; {
	case c == '\'' || c == '"' || c == '`':
		return m.quotedToken(s, i)
	case isDigit(c):
		return numberToken(s, i)
	}
	if n := wordLen(s[i:]); n > 0 {
		return token{kindWord, i, i + n}
	}
	_, size := utf8.DecodeRuneInString(s[i:])
	return token{kindMark, i, i + size}
}

func (m Mode) quotedToken(s string, i int) token {
	stop, closed := m.quotedEnd(s, i)
	switch {
	case !closed:
		return token{kindTorn, i, stop}
	case m.names(s[i]):
		return token{kindName, i, stop}
	}
	return token{kindString, i, stop}
}

// numberToken reads digits with a fraction, or a word that begins with
// digits.
func numberToken(s string, i int) token {
	stop := i + digits(s[i:])
	if wordLen(s[stop:]) > 0 {
		return token{kindWord, i, i + wordLen(s[i:])}
	}
	if stop+1 < len(s) && s[stop] == '.' && isDigit(s[stop+1]) {
		stop += 1 + digits(s[stop+1:])
	}
	return token{kindNumber, i, stop}
}

func digits(s string) int {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	return n
}

// wordLen gives the length of the word that s begins with, in bytes.
func wordLen(s string) int {
	for i, r := range s {
		if r < utf8.RuneSelf && isWordByte(byte(r)) {
			continue
		}
		if r < utf8.RuneSelf || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) {
			return i
		}
	}
	return len(s)
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isWordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || isDigit(c) || c == '_' || c == '$'
}

// unquote gives what a closed string or name of plain MySQL stands for.
func (m Mode) unquote(s string) string { return m.unquoteBy(s, appendUnescaped) }

// unquoteOurs gives what a closed string or name of a stage statement stands
// for. An escape that MySQL does not know keeps its backslash there: a pattern
// that lost it would match more, and REMOVE with it would remove more.
func (m Mode) unquoteOurs(s string) string {
	return m.unquoteBy(s, func(b []byte, c byte) []byte {
		if strings.IndexByte(`0bnrtZ%_\'"`, c) < 0 {
			b = append(b, '\\')
		}
		return appendUnescaped(b, c)
	})
}

// unquoteBy takes off the quotes; unescape appends what a backslash and a
// byte stand for.
func (m Mode) unquoteBy(s string, unescape func([]byte, byte) []byte) string {
	quote, body := s[0], s[1:len(s)-1]
	escapes := m.escapes(quote)
	if strings.IndexByte(body, quote) < 0 && (!escapes || strings.IndexByte(body, '\\') < 0) {
		return body
	}
	b := make([]byte, 0, len(body))
	for i := 0; i < len(body); i++ {
		switch {
		case body[i] == quote:
			i++
			b = append(b, quote)
		case body[i] == '\\' && escapes:
			i++
			b = unescape(b, body[i])
		default:
			b = append(b, body[i])
		}
	}
	return string(b)
}

// appendUnescaped appends what a backslash and c stand for in MySQL. \% and
// \_ stay as they are: they mean something to LIKE.
func appendUnescaped(b []byte, c byte) []byte {
	switch c {
	case '0':
		c = 0
	case 'b':
		c = '\b'
	case 'n':
		c = '\n'
	case 'r':
		c = '\r'
	case 't':
		c = '\t'
	case 'Z':
		c = 26
	case '%', '_':
		b = append(b, '\\')
	}
	return append(b, c)
}
