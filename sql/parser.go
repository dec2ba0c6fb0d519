package sql

import (
	"strings"

	"wharf"
)

// parser reads the stage statements by recursive descent, one token ahead.
type parser struct {
	src source
	tok token // the next one

	stops string // what ends a location beside blanks, ')', ',' and ';'

	params int           // placeholders that were taken
	args   []wharf.Value // what they stand for; nil where that is not known yet
}

func newParser(src source) *parser {
	return &parser{src: src, tok: src.tokenAt(0)}
}

// advance takes the next token and returns its text.
func (p *parser) advance() string {
	t := p.text()
	if t == "?" {
		p.params++
	}
	p.tok = p.src.tokenAt(p.tok.end)
	return t
}

// text gives the next token as it is written.
func (p *parser) text() string { return p.src.clean[p.tok.start:p.tok.end] }

// is tells whether the next token is that key word or character.
func (p *parser) is(s string) bool {
	return (p.tok.kind == kindWord || p.tok.kind == kindMark) && strings.EqualFold(p.text(), s)
}

// accept takes the next token if it is that key word or character.
func (p *parser) accept(s string) bool {
	if !p.is(s) {
		return false
	}
	p.advance()
	return true
}

// acceptAll takes all of these key words, or none.
func (p *parser) acceptAll(words ...string) bool {
	start := p.tok
	for _, w := range words {
		if !p.accept(w) {
			p.tok = start
			return false
		}
	}
	return true
}

// expect takes that key word or character, or fails.
func (p *parser) expect(s string) error {
	if !p.accept(s) {
		if !isWordByte(s[0]) {
			s = "'" + s + "'"
		}
		return p.fail("expected " + s)
	}
	return nil
}

// fail tells what was expected instead of the next token.
func (p *parser) fail(expected string) error {
	if p.tok.kind == kindTorn || p.tok.kind == kindEnd && p.src.open == "comment" {
		return p.src.torn()
	}
	return p.src.syntaxError(p.tok.start, expected)
}

// torn tells of the string, name or comment that has no end.
func (s source) torn() error {
	pos := s.position(s.start)
	switch s.open {
	case "comment":
		return syntaxErrorf("/*", pos, "expected '*/' at the end of the comment")
	case "name":
		return syntaxErrorf(s.near(s.start), pos, "expected '`' at the end of the name")
	}
	return syntaxErrorf("'…'", pos, "expected a closing quote at the end of the string")
}

// finish checks that the statement ends here.
func (p *parser) finish() error {
	if p.tok.kind != kindEnd || p.src.open != "" {
		return p.fail("expected the end of the statement")
	}
	return nil
}

// name takes an identifier, quoted or not. what says of what. Unquoted, it may
// hold single '-' signs, as in a location.
func (p *parser) name(what string) (string, error) {
	switch p.tok.kind {
	case kindWord:
		return p.dashed(), nil
	case kindName, kindString:
		if p.text()[0] == '\'' || p.tok.end-p.tok.start <= 2 {
			break
		}
		// A quote in the wrong place makes a name of what follows, which may be
		// a key. Errors and process lists show names.
		name := p.src.mode.unquoteOurs(p.text())
		if mayHoldKey(name) && strings.ContainsFunc(name, func(r rune) bool { return !wharf.StageNameRune(r) }) {
			break
		}
		p.advance()
		return name, nil
	}
	return "", p.fail("expected the name of a " + what)
}

// dashed takes a word with the '-' signs and the words that follow it without
// a blank.
func (p *parser) dashed() string {
	start, end := p.tok.start, p.tok.end
	for end < len(p.src.clean) && p.src.clean[end] == '-' {
		n := wordLen(p.src.clean[end+1:])
		if n == 0 {
			break
		}
		end += 1 + n
	}
	p.tok = p.src.tokenAt(end)
	return p.src.clean[start:end]
}

// stage takes the name of a stage; '~' is one.
func (p *parser) stage() (string, error) {
	if p.is("~") {
		return p.advance(), nil
	}
	return p.name("stage")
}

// str takes a string, or a placeholder for one.
func (p *parser) str(what string) (string, error) {
	if !p.isText() {
		return "", p.fail("expected " + what + " as a string in quotes")
	}
	s := p.textHere()
	p.advance()
	return s, nil
}

// ifExists takes IF EXISTS.
func (p *parser) ifExists() (bool, error) {
	if !p.accept("IF") {
		return false, nil
	}
	return true, p.expect("EXISTS")
}

// createMode takes IF NOT EXISTS, which cannot be with OR REPLACE.
func (p *parser) createMode(replace bool) (wharf.CreateMode, error) {
	start, mode := p.tok, wharf.CreateNew
	if replace {
		mode = wharf.CreateOrReplace
	}
	if !p.accept("IF") {
		return mode, nil
	}
	if err := p.expect("NOT"); err != nil {
		return mode, err
	}
	if err := p.expect("EXISTS"); err != nil {
		return mode, err
	}
	if replace {
		p.tok = start
		return mode, p.fail("OR REPLACE and IF NOT EXISTS exclude each other")
	}
	return wharf.CreateIfNotExists, nil
}

// once fails where a clause is given a second time.
func (p *parser) once(given bool, clause string) error {
	if given {
		return p.fail(firstRunes(clause, maxNear) + " is given twice")
	}
	return nil
}
