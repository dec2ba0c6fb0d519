package sql

import "wharf"

// CopyInto is COPY INTO @location FROM (query) | FROM @location [options]: it
// writes the rows of a query as files.
type CopyInto struct {
	To         Location
	Query      *Query
	FileFormat []wharf.Option // FORMAT_NAME alone for FILE_FORMAT = 'name'
	Options    []wharf.Option // of COPY_OPTIONS: SINGLE, OVERWRITE, …
	plain
}

// copyInto reads COPY INTO from the target on.
func (p *parser) copyInto() (Statement, error) {
	if !p.is("@") && !p.isText() {
		return p.beyondHere(copyIntoTable), nil
	}
	s := &CopyInto{plain: p.src.plain()}
	var err error
	if s.To, err = p.location(); err != nil {
		return nil, err
	}
	if err := p.expect("FROM"); err != nil {
		return nil, err
	}
	if s.Query, err = p.copySource(); err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for p.tok.kind == kindWord {
		if p.is("FILE_FORMAT") {
			err = p.optionsClause(&s.FileFormat, "FILE_FORMAT", p.fileFormat)
		} else {
			var o wharf.Option
			o, err = p.pair(seen)
			s.Options = append(s.Options, o)
		}
		if err != nil {
			return nil, err
		}
		p.accept(",")
	}
	return s, nil
}

// beyondHere takes the rest of a statement that Wharf does not do.
func (p *parser) beyondHere(name string) Statement {
	p.tok = token{kind: kindEnd, start: len(p.src.clean), end: len(p.src.clean)}
	return unsupported(p.src, name)
}

// copySource reads what is copied: a query in parentheses, or a location,
// which stands for all of its columns.
func (p *parser) copySource() (*Query, error) {
	start := p.tok.start
	if p.accept("(") {
		start = p.tok.start
		for depth := 1; ; p.advance() {
			switch {
			case p.tok.kind == kindEnd || p.tok.kind == kindTorn:
				return nil, p.fail("expected ')'")
			case p.is("("):
				depth++
			case p.is(")"):
				depth--
			}
			if depth == 0 {
				break
			}
		}
		text := p.src.clean[start:p.tok.start]
		p.advance()
		return p.src.mode.readQuery(text)
	}
	if !p.is("@") && !p.isText() {
		return nil, p.fail("expected a query in parentheses, or a location such as @stage/path")
	}
	f := &fileTables{p: p}
	if err := f.location(); err != nil {
		return nil, err
	}
	return p.src.mode.readQuery("SELECT * FROM " + p.src.clean[start:p.tok.start])
}

// readQuery reads a SELECT by itself. Where it has a mistake is told from its
// beginning.
func (m Mode) readQuery(text string) (*Query, error) {
	src, _ := m.split(text)
	stmt, err := readPlain(src)
	if err != nil {
		return nil, err
	}
	switch q := stmt.(type) {
	case *Query:
		if NumParams(q) > 0 {
			return nil, wharf.Errorf(wharf.CodeUnsupported, "a placeholder in the query of COPY INTO is not supported by Wharf")
		}
		return q, nil
	case *Select:
		return q.Query("a query of files"), nil
	}
	return nil, wharf.Errorf(wharf.CodeInvalid, "COPY INTO takes a SELECT in its parentheses")
}
