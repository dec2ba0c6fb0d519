package sql

import "strings"

// serverVersion decides which version comments count: /*!50110 … */ is code
// for a server of version 5.1.10 or later.
const serverVersion = 80036

// source is one statement of a text.
type source struct {
	mode  Mode
	orig  string // as it was sent, without its ';'
	clean string // the same length, with every comment as blanks
	open  string // what was opened and never closed: "comment", "string" or "name"; "" if nothing was
	start int    // where that was opened

	tokens int // about as many as a parser will see
	depth  int // the deepest nesting of parentheses
	joined int // bytes that joining strings which follow each other copies

	hints    []string  // what is in /*+ … */ behind SELECT
	leading  string    // that behind the SELECT that the statement begins with
	warnings []Warning // of what was read so far
}

// splitter finds the end of the first statement, and blanks comments on its
// way, so that neither parser has to know them. Offsets stay as they were.
type splitter struct {
	source
	text   string
	pos    int
	out    []byte // clean so far, once there was a comment
	copied int    // up to where text is in out
	bangs  []int  // where the version comments around pos begin
	parens int
	inWord bool
	run    int // bytes of the strings right before pos
}

// split cuts the first statement off text, at the first ';' that is not in a
// string, a name or a comment.
func (m Mode) split(text string) (source, string) {
	s := splitter{text: text, source: source{mode: m}}
	for s.pos < len(text) && text[s.pos] != ';' {
		s.step(text[s.pos])
	}
	end, rest := min(s.pos, len(text)), ""
	if end < len(text) {
		rest = text[end+1:]
	}
	if len(s.bangs) > 0 && s.open == "" {
		s.open, s.start = "comment", s.bangs[0]
	}
	s.orig, s.clean = text[:end], text[:end]
	if s.out != nil {
		s.clean = string(append(s.out, text[s.copied:end]...))
	}
	return s.source, rest
}

// step takes one byte, or all of a string or comment that begins with it.
func (s *splitter) step(c byte) {
	word := isWordByte(c)
	if !word && !isSpace(c) || word && !s.inWord {
		s.tokens++
	}
	s.inWord = word
	if word || c == '(' || c == ')' || c == ',' || c == '`' {
		s.run = 0
	}
	switch c {
	case '\'', '"', '`':
		s.quoted(c)
	case '#':
		s.blank(s.lineEnd())
	case '-':
		s.dash()
	case '/':
		s.slash()
	case '*':
		s.star()
	case '(':
		s.parens++
		s.depth = max(s.depth, s.parens)
		s.pos++
	case ')':
		s.parens--
		s.pos++
	default:
		s.pos++
	}
}

func (s *splitter) quoted(quote byte) {
	end, closed := s.mode.quotedEnd(s.text, s.pos)
	if !closed {
		s.open, s.start = "string", s.pos
		if s.mode.names(quote) {
			s.open = "name"
		}
	}
	if !s.mode.names(quote) {
		s.joined += s.run
		s.run += end - s.pos
	}
	if quote == '"' && closed && s.mode.names(quote) {
		s.backticks(end)
	}
	s.pos = end
}

// backticks quotes the name "…" that ends at end by backticks where it holds a
// backslash: TiDB's lexer takes that for an escape. Blanks keep the length; a
// name that holds a backtick too stays as it is.
func (s *splitter) backticks(end int) {
	body := s.text[s.pos+1 : end-1]
	if !strings.Contains(body, `\`) || strings.Contains(body, "`") {
		return
	}
	name := "`" + strings.ReplaceAll(body, `""`, `"`) + "`"
	s.out = append(s.out, s.text[s.copied:s.pos]...)
	s.out = append(s.out, name+strings.Repeat(" ", end-s.pos-len(name))...)
	s.copied = end
}

func (s *splitter) dash() {
	rest := s.text[s.pos:]
	if strings.HasPrefix(rest, "--") && (len(rest) == 2 || rest[2] <= ' ') {
		s.blank(s.lineEnd())
		return
	}
	s.pos++
}

func (s *splitter) slash() {
	switch {
	case !strings.HasPrefix(s.text[s.pos:], "/*"):
		s.pos++
	case strings.HasPrefix(s.text[s.pos:], "/*!"):
		s.bang()
	default:
		if strings.HasPrefix(s.text[s.pos:], "/*+") {
			s.hint()
		}
		s.comment(1)
	}
}

// bang takes the head of a version comment, or all of one that is meant for
// later versions.
func (s *splitter) bang() {
	digits := s.pos + len("/*!")
	n, version := 0, 0
	for n < 6 && digits+n < len(s.text) && isDigit(s.text[digits+n]) {
		version = version*10 + int(s.text[digits+n]-'0')
		n++
	}
	switch {
	case n < 5:
		n = 0
	case version > serverVersion:
		s.comment(2)
		return
	}
	s.bangs = append(s.bangs, s.pos)
	s.blank(digits + n)
}

// comment blanks a comment. Up to depth levels of comments may be nested in
// one another: MySQL allows that in version comments that it skips.
func (s *splitter) comment(depth int) {
	level := 1
	for i := s.pos + 2; ; {
		n := strings.IndexAny(s.text[i:], "*/")
		if n < 0 {
			break
		}
		i += n
		switch rest := s.text[i:]; {
		case strings.HasPrefix(rest, "*/"):
			level--
			i += 2
		case strings.HasPrefix(rest, "/*") && level < depth:
			level++
			i += 2
		default:
			i++
		}
		if level == 0 {
			s.blank(i)
			return
		}
	}
	s.open, s.start = "comment", s.pos
	s.blank(len(s.text))
}

// star closes a version comment.
func (s *splitter) star() {
	if len(s.bangs) > 0 && strings.HasPrefix(s.text[s.pos:], "*/") {
		s.bangs = s.bangs[:len(s.bangs)-1]
		s.blank(s.pos + 2)
		return
	}
	s.pos++
}

func (s *splitter) lineEnd() int {
	if n := strings.IndexByte(s.text[s.pos:], '\n'); n >= 0 {
		return s.pos + n
	}
	return len(s.text)
}

// blank moves to end, with everything in between as blanks. Line breaks
// stay, so that lines can be counted.
func (s *splitter) blank(end int) {
	s.out = append(s.out, s.text[s.copied:s.pos]...)
	from := len(s.out)
	s.out = append(s.out, s.text[s.pos:end]...)
	for i, c := range s.out[from:] {
		if c != '\n' {
			s.out[from+i] = ' '
		}
	}
	if strings.HasSuffix(string(s.out[max(0, from-2):from]), "--") {
		// With a blank behind them, two minus signs would begin a comment
		// that is not in the text: 1--/**/2 is 3. A plus sign in between is no
		// change.
		s.out[from] = '+'
	}
	s.pos, s.copied, s.inWord = end, end, false
	s.tokens-- // what began it was counted
}

// quotedEnd gives the end of the string or name that is quoted at i, and
// whether it has an end. Inside, the doubled quote stands for itself, and in
// strings a backslash takes the next character with it.
func (m Mode) quotedEnd(text string, i int) (int, bool) {
	quote := text[i]
	escapes := m.escapes(quote)
	for i++; i < len(text); i++ {
		switch text[i] {
		case quote:
			if i+1 == len(text) || text[i+1] != quote {
				return i + 1, true
			}
			i++
		case '\\':
			if escapes {
				i++
			}
		}
	}
	return len(text), false
}
