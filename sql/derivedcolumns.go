package sql

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// maySayMore finds what TiDB's parser does not know of MySQL's expressions and
// tables, and TiDB's ILIKE and FETCH FIRST, which MySQL has not.
var maySayMore = regexp.MustCompile("(?i)\\b(?:SOUNDS\\s+LIKE|ILIKE|NCHAR|NATIONAL|FETCH)\\b|\\)\\s*(?:AS\\s+)?[\\w$`\u0080-\U0010ffff]+\\s*\\(")

// gapStep takes what TiDB's parser does not know of expressions and tables: SOUNDS
// LIKE, which becomes the ILIKE that MySQL does not have, NCHAR, and the names of
// the columns of (SELECT …) AS t (a, b).
func (f *fileTables) gapStep() (done bool, err error) {
	p, at := f.p, f.level()
	start := p.tok.start
	switch {
	case p.acceptAll("SOUNDS", "LIKE"):
		f.places = append(f.places, Replacement{"ILIKE", strings.TrimSpace(p.src.clean[start:p.tok.start])})
		f.replace(start, "ILIKE")
		return true, nil
	case (p.is("ILIKE") || p.is("FETCH")) && !p.behind("."):
		return false, p.fail("")
	case !at.selects && (p.is("NCHAR") && (p.behindWord("AS") || p.behind(",")) || p.is("NATIONAL") && p.behindWord("AS")):
		national := p.accept("NATIONAL")
		if next := p.src.tokenAt(p.tok.end); (p.is("NCHAR") || national && p.is("CHAR")) && slices.Contains([]string{"(", ")"}, p.src.clean[next.start:next.end]) {
			p.advance()
			char := fmt.Sprintf("CHAR/*%d*/", len(f.places)) // told from others of the statement
			f.places = append(f.places, Replacement{char, strings.TrimSpace(p.src.clean[start:p.tok.start])})
			f.replace(start, char)
			return true, nil
		}
		return national, nil
	case p.is("(") && at.table:
		names := p.derivedColumns()
		if names == "" {
			return false, nil
		}
		p.advance()
		const head = "WITH `columns` "
		text := head + names + " AS ("
		f.places = append(f.places, Replacement{text, ""})
		f.write(p.tok.start, text, p.tok.start)
		at.table, f.derived = false, true
		f.levels = append(f.levels, fromLevel{selects: true, renamed: true})
		return true, nil
	case p.is(")") && at.renamed:
		f.write(p.tok.start, ") SELECT * FROM `columns`", p.tok.start)
		f.levels = f.levels[:len(f.levels)-1]
		p.advance()
		p.accept("AS")
		p.advance()
		start := p.tok.start
		for !p.is(")") {
			p.advance()
		}
		p.advance()
		f.write(start, " ", p.tok.start)
		return true, nil
	}
	return false, nil
}

// behind reports whether the next token follows that character.
func (p *parser) behind(sign string) bool {
	return strings.HasSuffix(strings.TrimRight(p.src.clean[:p.tok.start], " \t\n\v\f\r"), sign)
}

// behindWord reports whether the next token follows that key word.
func (p *parser) behindWord(word string) bool {
	before := strings.TrimRight(p.src.clean[:p.tok.start], " \t\n\v\f\r")
	at := len(before) - len(word)
	return at > 0 && strings.EqualFold(before[at:], word) && !isWordByte(before[at-1])
}

// derivedColumns returns the names of columns, in parentheses, that follow the
// query in parentheses that begins here, or "".
func (p *parser) derivedColumns() string {
	at := p.tok
	defer func() { p.tok = at }()
	p.advance()
	if !p.is("SELECT") && !p.is("WITH") && !p.is("VALUES") && !p.is("(") && !p.is("TABLE") {
		return ""
	}
	for depth := 1; depth > 0; p.advance() {
		switch {
		case p.is("("):
			depth++
		case p.is(")"):
			depth--
		case p.tok.kind == kindEnd, p.tok.kind == kindTorn:
			return ""
		}
	}
	p.accept("AS")
	if _, ok := p.identifier(); !ok || !p.is("(") {
		return ""
	}
	start := p.tok.start
	p.advance()
	for {
		if _, ok := p.identifier(); !ok {
			return ""
		}
		if p.accept(")") {
			return strings.TrimSpace(p.src.clean[start:p.tok.start])
		}
		if !p.accept(",") {
			return ""
		}
	}
}
