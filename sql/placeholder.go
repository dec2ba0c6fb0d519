package sql

import (
	"unicode/utf8"

	"wharf"
)

// Prepared is a statement of stages with placeholders, '?', that stand for
// values still to come. It prints as it was written, without comments.
type Prepared struct {
	Form Statement // with something in the place of each value; not to be run
	plain
}

// Redacted prints its form with every string and every placeholder as '…'.
func (s *Prepared) Redacted() string { return s.Form.Redacted() }

// Bind reads the statement with values for all of its placeholders: text
// stands for a string, a number for a number. NULL and text that is not UTF-8
// are [wharf.CodeInvalid]; a value that cannot stand where it would fails as in
// [Parse]. No error holds a value.
func (s *Prepared) Bind(args []wharf.Value) (Statement, error) {
	if len(args) != s.params {
		return nil, wharf.Errorf(wharf.CodeInvalid, "%d values for %d placeholders", len(args), s.params)
	}
	for i, v := range args {
		switch {
		case v.IsNull():
			return nil, wharf.Errorf(wharf.CodeInvalid, "the value for placeholder %d is NULL; it takes a text or a number", i+1)
		case !utf8.ValidString(v.Str()):
			return nil, wharf.Errorf(wharf.CodeInvalid, "the value for placeholder %d is not valid UTF-8", i+1)
		}
	}
	src, _ := s.mode.split(s.text)
	p := newParser(src)
	p.args = args
	return p.statement(p.leadingWords())
}

// param gives the value of the placeholder that is the next token. Where it
// is not known yet, something stands for it that passes for any string.
func (p *parser) param() wharf.Value {
	if p.args == nil {
		return wharf.Text("?")
	}
	return p.args[p.params]
}

// isText tells whether the next token is a string, or stands for one.
func (p *parser) isText() bool { return p.tok.kind == kindString || p.is("?") }

// textHere gives the string that the next token is or stands for.
func (p *parser) textHere() string {
	if p.is("?") {
		return p.param().String()
	}
	return p.src.mode.unquoteOurs(p.text())
}

// NumParams gives the number of parameters, '?', of a statement.
func NumParams(stmt Statement) int {
	if s, ok := stmt.(interface{ numParams() int }); ok {
		return s.numParams()
	}
	return 0
}

func (p plain) numParams() int { return p.params }
