package sql

import "strings"

// explain reads what follows EXPLAIN, or DESC, where that is a SELECT. It gives
// nil for anything else, and for a mistake.
func (p *parser) explain() Statement {
	s := &Explain{Format: "TRADITIONAL", plain: p.src.plain()}
	start := p.tok
	if s.Analyze = p.accept("ANALYZE"); s.Analyze {
		s.Format = "TREE"
	}
	if !p.accept("EXTENDED") && !p.accept("PARTITIONS") && p.acceptAll("FORMAT", "=") {
		s.Format = strings.ToUpper(strings.Trim(p.advance(), `'"`))
	}
	known := s.Format == "TREE" || !s.Analyze && (s.Format == "TRADITIONAL" || s.Format == "JSON")
	if !known || !p.is("SELECT") && !p.is("WITH") && !p.is("(") {
		p.tok = start
		return nil
	}
	// Blanks in place of what is before it keep the places of mistakes.
	src, _ := p.src.mode.split(strings.Repeat(" ", p.tok.start) + p.src.orig[p.tok.start:])
	of, err := readPlain(src)
	if err != nil {
		return nil
	}
	switch of := of.(type) {
	case *Unsupported:
		return of
	case *Select, *Query:
		s.Of, s.params = of, NumParams(of)
		return s
	}
	return nil
}
