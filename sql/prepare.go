package sql

// Prepare is PREPARE name FROM 'text', or FROM @variable.
type Prepare struct {
	Name     string
	Text     string // "" of a variable's
	Variable string // whose text it is; "" if Text was given
	plain
}

// Execute is EXECUTE name [USING @a, @b].
type Execute struct {
	Name  string
	Using []string // variables
	plain
}

// Deallocate is DEALLOCATE PREPARE name, and DROP PREPARE name.
type Deallocate struct {
	Name string
	plain
}

// SelectInto is SELECT … INTO @a, @b.
type SelectInto struct {
	Of        Statement // a Select or a Query
	Variables []string
	plain
}

// preparedForm reads the statements about prepared statements. It returns nil for
// anything else.
func (p *parser) preparedForm() Statement {
	switch {
	case p.accept("PREPARE"):
		return p.prepare()
	case p.accept("EXECUTE"):
		s := &Execute{plain: p.src.plain()}
		name, ok := p.identifier()
		s.Name = name
		if ok && p.accept("USING") {
			s.Using, ok = p.userVariables()
		}
		if ok {
			return s
		}
	case p.acceptAll("DEALLOCATE", "PREPARE"), p.acceptAll("DROP", "PREPARE"):
		if name, ok := p.identifier(); ok {
			return &Deallocate{Name: name, plain: p.src.plain()}
		}
	}
	return nil
}

func (p *parser) prepare() Statement {
	s := &Prepare{plain: p.src.plain()}
	name, ok := p.identifier()
	s.Name = name
	if !ok || !p.accept("FROM") {
		return nil
	}
	if p.tok.kind == kindString {
		s.Text = p.src.mode.unquote(p.advance())
		return s
	}
	if s.Variable, ok = p.userVariable(); !ok {
		return nil
	}
	return s
}

// identifier takes a name of plain MySQL.
func (p *parser) identifier() (string, bool) {
	switch p.tok.kind {
	case kindWord:
		return p.advance(), true
	case kindName:
		return p.src.mode.unquote(p.advance()), true
	}
	return "", false
}

// userVariable takes @name.
func (p *parser) userVariable() (string, bool) {
	at := p.tok
	if !p.accept("@") || p.tok.start != at.end {
		p.tok = at
		return "", false
	}
	switch p.tok.kind {
	case kindWord, kindNumber:
		end := p.tok.end
		for end < len(p.src.clean) && (p.src.clean[end] == '.' || wordLen(p.src.clean[end:]) > 0) {
			end += max(1, wordLen(p.src.clean[end:]))
		}
		name := p.src.clean[p.tok.start:end]
		p.tok = p.src.tokenAt(end)
		return name, true
	case kindName, kindString:
		return p.src.mode.unquote(p.advance()), true
	}
	p.tok = at
	return "", false
}

// userVariables takes @a, @b.
func (p *parser) userVariables() ([]string, bool) {
	var names []string
	for {
		name, ok := p.userVariable()
		if !ok {
			return nil, false
		}
		names = append(names, name)
		if !p.accept(",") {
			return names, true
		}
	}
}

// into takes INTO @a, @b of a SELECT, which TiDB's parser does not know.
func (f *fileTables) intoVariables() bool {
	p, start := f.p, f.p.tok
	if len(f.levels) != 1 || len(f.into) > 0 || !p.accept("INTO") {
		return false
	}
	names, ok := p.userVariables()
	if !ok {
		p.tok = start
		return false
	}
	f.into = names
	f.replace(start.start, "")
	return true
}

// wrapped gives the statement as what its INTO makes of it.
func (f *fileTables) wrapped(src source, st Statement) Statement {
	if len(f.into) == 0 {
		return st
	}
	switch st.(type) {
	case *Select, *Query:
	default:
		return st
	}
	s := &SelectInto{Of: st, Variables: f.into, plain: src.plain()}
	s.params = NumParams(st)
	return s
}
