package sql

import (
	"strings"

	"wharf"
)

// options takes NAME = value pairs in parentheses, with or without commas
// between them. The result is not nil, also when there are none.
func (p *parser) options() ([]wharf.Option, error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	opts, err := p.pairs()
	if err != nil {
		return nil, err
	}
	if p.tok.kind != kindMark || !p.is(")") {
		return nil, p.fail("expected NAME = value or ')'")
	}
	p.advance()
	return opts, nil
}

// pairs takes NAME = value pairs as long as there are any.
func (p *parser) pairs() ([]wharf.Option, error) {
	opts := []wharf.Option{}
	seen := map[string]bool{}
	for p.tok.kind == kindWord {
		o, err := p.pair(seen)
		if err != nil {
			return nil, err
		}
		opts = append(opts, o)
		if p.accept(",") && p.tok.kind != kindWord {
			return nil, p.fail("expected NAME = value after ','")
		}
	}
	return opts, nil
}

func (p *parser) pair(seen map[string]bool) (wharf.Option, error) {
	o := wharf.Option{Name: strings.ToUpper(p.text())}
	for _, r := range o.Name {
		if r >= 0x80 {
			return o, p.fail("expected the name of an option")
		}
	}
	if err := p.once(seen[o.Name], o.Name); err != nil {
		return o, err
	}
	seen[o.Name] = true
	p.advance()
	if err := p.expect("="); err != nil {
		return o, err
	}
	err := p.value(&o)
	return o, err
}

// value takes the value of o: a word, a number, a string, a placeholder for
// one of these, or a list of strings.
func (p *parser) value(o *wharf.Option) error {
	switch {
	case p.tok.kind == kindWord:
		o.Kind, o.Value = wharf.OptionWord, p.advance()
		return nil
	case p.tok.kind == kindNumber:
		o.Kind, o.Value = wharf.OptionNumber, p.advance()
		return nil
	case p.isText():
		o.Kind, o.Value = wharf.OptionString, p.textHere()
		if p.is("?") && p.param().Kind() != wharf.TextValue {
			o.Kind = wharf.OptionNumber
		}
		p.advance()
		return nil
	case p.is("-"):
		if next := p.src.tokenAt(p.tok.end); next.kind == kindNumber {
			p.advance()
			o.Kind, o.Value = wharf.OptionNumber, "-"+p.advance()
			return nil
		}
	case p.is("("):
		return p.list(o)
	}
	return p.fail("expected a value: a word, a number, a string in quotes, or a list of strings in parentheses")
}

func (p *parser) list(o *wharf.Option) error {
	o.Kind = wharf.OptionList
	p.advance()
	for !p.accept(")") {
		if len(o.List) > 0 {
			if err := p.expect(","); err != nil {
				return err
			}
		}
		s, err := p.str("an item of the list")
		if err != nil {
			return err
		}
		o.List = append(o.List, s)
	}
	return nil
}
