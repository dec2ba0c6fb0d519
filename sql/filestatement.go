package sql

import "strconv"

// listFiles reads LIST from FULL on.
func (p *parser) listFiles() (Statement, error) {
	s := &ListFiles{Full: p.accept("FULL")}
	var err error
	if s.Location, err = p.location(); err != nil {
		return nil, err
	}
	s.Pattern, err = p.pattern()
	return s, err
}

// showFiles reads SHOW FILES from [FULL] FROM on: it is LIST for clients that tell
// from its first word whether a statement has rows.
func (p *parser) showFiles() (Statement, error) {
	s := &ListFiles{Full: p.accept("FULL")}
	err := p.expect("FROM")
	if err == nil {
		s.Location, err = p.location()
	}
	if err == nil {
		s.Pattern, err = p.pattern()
	}
	return s, err
}

func (p *parser) removeFiles() (Statement, error) {
	s := &RemoveFiles{}
	var err error
	if s.Location, err = p.location(); err != nil {
		return nil, err
	}
	s.Pattern, err = p.pattern()
	return s, err
}

// copyFiles reads COPY FILES from INTO on.
func (p *parser) copyFiles() (Statement, error) {
	s := &CopyFiles{}
	err := p.expect("INTO")
	if err == nil {
		s.To, err = p.location()
	}
	if err == nil {
		err = p.expect("FROM")
	}
	if err == nil {
		s.From, err = p.location()
	}
	if err == nil {
		s.Pattern, err = p.pattern()
	}
	return s, err
}

// pattern takes PATTERN = '…', or nothing. An empty pattern is none.
func (p *parser) pattern() (string, error) {
	if p.tok.kind == kindEnd {
		return "", p.finish()
	}
	if !p.accept("PATTERN") {
		return "", p.fail("expected PATTERN or the end of the statement")
	}
	if err := p.expect("="); err != nil {
		return "", err
	}
	return p.str("the pattern")
}

func (p *parser) presign() (Statement, error) {
	s := &Presign{Upload: p.accept("UPLOAD")}
	if !s.Upload {
		p.accept("DOWNLOAD")
	}
	var err error
	if s.Location, err = p.location(); err != nil {
		return nil, err
	}
	var expire, contentType bool
	for p.tok.kind != kindEnd {
		switch {
		case p.is("EXPIRE"):
			if err = p.once(expire, "EXPIRE"); err == nil {
				p.advance()
				s.Expire, err = p.atLeastOne("seconds", 64)
			}
			expire = true
		case p.is("CONTENT_TYPE"):
			if err = p.once(contentType, "CONTENT_TYPE"); err == nil {
				s.ContentType, err = p.contentType()
			}
			contentType = true
		default:
			err = p.fail("expected EXPIRE, CONTENT_TYPE or the end of the statement")
		}
		if err == nil && p.accept(",") && p.tok.kind == kindEnd {
			err = p.fail("expected EXPIRE or CONTENT_TYPE")
		}
		if err != nil {
			return nil, err
		}
	}
	return s, p.finish()
}

// atLeastOne takes = n, which may be a placeholder, for a clause that counts unit,
// as a number of so many bits. Zero is refused: it would mean that none was given.
func (p *parser) atLeastOne(unit string, bits int) (uint64, error) {
	if err := p.expect("="); err != nil {
		return 0, err
	}
	text := p.text()
	if p.is("?") {
		text = p.param().String()
	}
	n, err := strconv.ParseUint(text, 10, bits)
	unknown := p.is("?") && p.args == nil
	if !unknown && (p.tok.kind != kindNumber && !p.is("?") || err != nil || n == 0) {
		return 0, p.fail("expected a number of " + unit + ", at least 1")
	}
	p.advance()
	return n, nil
}

func (p *parser) contentType() (string, error) {
	p.advance()
	if err := p.expect("="); err != nil {
		return "", err
	}
	start := p.tok
	s, err := p.str("the content type")
	if err == nil && s == "" {
		p.tok = start
		err = p.fail("expected a content type such as 'text/csv'")
	}
	return s, err
}
