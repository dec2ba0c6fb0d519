package sql

import "strings"

// Filter is what of a SHOW is shown: what has a name LIKE a pattern, or the
// rows WHERE a condition on the result's columns holds. Neither is given where
// both are nil.
type Filter struct {
	Like  *string
	Where Expr

	text string // of Where, as it was written
	mode Mode   // by which it was read
}

// Condition is Where, for any statement that has one.
func (f *Filter) Condition() Expr { return f.Where }

// filter takes LIKE 'pattern', WHERE condition, or nothing.
func (p *parser) filter() (Filter, error) {
	switch {
	case p.accept("LIKE"):
		s, err := p.str("a pattern")
		return Filter{Like: &s}, err
	case p.accept("WHERE"):
		return p.where()
	}
	return Filter{}, nil
}

// where takes a condition, which is all of the rest, by plain MySQL's grammar.
func (p *parser) where() (Filter, error) {
	f := Filter{mode: p.src.mode, text: strings.Trim(p.src.clean[p.tok.start:], " \t\n\v\f\r")}
	stmt, err := f.mode.readDo(f.text)
	if u, ok := stmt.(*Unsupported); ok {
		return f, notDone(u.Name)
	}
	do, ok := stmt.(*Do)
	if err != nil || !ok || len(do.Exprs) != 1 {
		return f, p.fail("expected a condition")
	}
	f.Where = do.Exprs[0]
	p.params += do.params
	p.tok = token{kindEnd, len(p.src.clean), len(p.src.clean)}
	return f, nil
}

// filter writes LIKE 'pattern', WHERE condition, or nothing.
func (p *printer) filter(f *Filter) {
	switch {
	case f.Like != nil:
		p.put(" LIKE ")
		p.str(*f.Like)
	case f.Where != nil && p.redact:
		p.put(" WHERE ", f.mode.redact(f.text))
	case f.Where != nil:
		p.put(" WHERE ", f.text)
	}
}
