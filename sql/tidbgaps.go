package sql

import (
	"slices"
	"strconv"
	"strings"
)

// readTiDBGaps reads the few forms of plain MySQL that TiDB's parser
// refuses or gets wrong. It gives nil for everything else, mistakes too.
func readTiDBGaps(src source) Statement {
	p := newParser(src)
	var stmt Statement
	switch {
	case p.accept("SET"):
		stmt = p.setNames()
	case p.accept("SHOW"):
		stmt = p.showTiDBGaps()
	case p.accept("KILL"):
		stmt = p.kill()
	case p.accept("SAVEPOINT"):
		stmt = p.savepoint("SAVEPOINT")
	case p.acceptAll("RELEASE", "SAVEPOINT"):
		stmt = p.savepoint("RELEASE SAVEPOINT")
	case p.accept("LOCK"):
		stmt = p.lock()
	case p.accept("UNLOCK"):
		stmt = p.unlock()
	case p.accept("FLUSH"):
		stmt = p.flush()
	case p.accept("CREATE"):
		stmt = p.createDatabase()
	case p.accept("DESC"), p.accept("DESCRIBE"), p.accept("EXPLAIN"):
		if explained := p.explain(); explained != nil {
			return explained
		}
		stmt = p.describeLike()
	case p.is("ANALYZE"), p.is("CHECK"), p.is("CHECKSUM"), p.is("OPTIMIZE"), p.is("REPAIR"):
		stmt = p.maintenance()
	case p.is("PREPARE"), p.is("EXECUTE"), p.is("DEALLOCATE"), p.is("DROP"):
		stmt = p.preparedForm()
	case p.is("BEGIN"), p.is("START"), p.is("COMMIT"), p.is("ROLLBACK"):
		stmt = p.transaction()
	}
	if p.tok.kind != kindEnd {
		return nil
	}
	return stmt
}

// setNames reads SET NAMES and SET CHARACTER SET alone, for TiDB's
// parser refuses character sets that it does not have. It gives nil for
// anything else.
func (p *parser) setNames() Statement {
	a := Assignment{Name: "names"}
	switch {
	case p.accept("NAMES"):
	case p.acceptAll("CHARACTER", "SET"), p.accept("CHARSET"):
		a.Name = "character set"
	default:
		return nil
	}
	value, ok := p.charset()
	if !ok {
		return nil
	}
	a.Value = value
	if a.Name == "names" && value != nil && p.accept("COLLATE") {
		collation, ok := p.charset()
		if !ok {
			return nil
		}
		if collation != nil {
			a.Collation = collation.(Literal).Text
		}
	}
	return &Set{Assign: []Assignment{a}, plain: p.src.plain()}
}

// charset takes the name of a character set, nil for DEFAULT.
func (p *parser) charset() (Expr, bool) {
	switch p.tok.kind {
	case kindWord:
		if p.accept("DEFAULT") {
			return nil, true
		}
		return stringLiteral(strings.ToLower(p.advance())), true
	case kindString, kindName:
		return stringLiteral(strings.ToLower(p.src.mode.unquote(p.advance()))), true
	}
	return nil, false
}

// showTiDBGaps reads SHOW WARNINGS and SHOW ERRORS with a LIMIT, SHOW STORAGE
// ENGINES, and SHOW FULL TRIGGERS.
func (p *parser) showTiDBGaps() Statement {
	s := &Show{plain: p.src.plain()}
	switch {
	case p.showLogs(s):
		return s
	case p.acceptAll("STORAGE", "ENGINES"):
		s.What = "ENGINES"
		return s
	case p.acceptAll("FULL", "TRIGGERS"):
		return p.showTriggers(s)
	case p.acceptAll("WARNINGS", "LIMIT"):
		s.What = "WARNINGS"
	case p.acceptAll("ERRORS", "LIMIT"):
		s.What = "ERRORS"
	default:
		return nil
	}
	s.Limit = &Limit{}
	ok := p.uint(&s.Limit.Count)
	switch {
	case ok && p.accept(","):
		s.Limit.Offset = s.Limit.Count
		ok = p.uint(&s.Limit.Count)
	case ok && p.accept("OFFSET"):
		ok = p.uint(&s.Limit.Offset)
	}
	if !ok {
		return nil
	}
	return s
}

// showTriggers reads the rest of SHOW FULL TRIGGERS, but for LIKE and WHERE.
func (p *parser) showTriggers(s *Show) Statement {
	s.What, s.Full = "TRIGGERS", true
	if p.accept("FROM") || p.accept("IN") {
		switch p.tok.kind {
		case kindWord:
			s.On = p.advance()
		case kindName:
			s.On = p.src.mode.unquote(p.advance())
		default:
			return nil
		}
	}
	return s
}

func (p *parser) uint(to *uint64) bool {
	if p.tok.kind != kindNumber {
		return false
	}
	n, err := strconv.ParseUint(p.advance(), 10, 64)
	*to = n
	return err == nil
}

// kill reads KILL. TiDB's parser knows it with a number or a function only,
// and so is given the expression in another statement.
func (p *parser) kill() Statement {
	k := &Kill{Query: p.accept("QUERY"), plain: p.src.plain()}
	if !k.Query {
		p.accept("CONNECTION")
	}
	start := p.tok
	if p.uint(&k.ID) && p.tok.kind == kindEnd {
		return k
	}
	k.ID = 0
	stmt, err := p.src.mode.readDo(p.src.clean[start.start:])
	do, ok := stmt.(*Do)
	if err != nil || !ok || len(do.Exprs) != 1 {
		return nil
	}
	k.Expr, k.params = do.Exprs[0], do.params
	p.tok = token{kind: kindEnd}
	return k
}

// readDo reads expressions of plain MySQL, by way of a statement that holds
// nothing else.
func (m Mode) readDo(expressions string) (Statement, error) {
	src, _ := m.split("DO " + expressions)
	return readPlain(src)
}

// transaction reads the statements of transactions, all their noise words
// included.
func (p *parser) transaction() Statement {
	s := &Transaction{plain: p.src.plain()}
	switch {
	case p.accept("BEGIN"):
		p.accept("WORK")
		s.Verb = "BEGIN"
		return s
	case p.acceptAll("START", "TRANSACTION"):
		s.Verb = "BEGIN"
		s.Access = p.characteristics()
		return s
	case p.accept("COMMIT"):
		s.Verb = "COMMIT"
	case p.accept("ROLLBACK"):
		s.Verb = "ROLLBACK"
	default:
		return nil
	}
	p.accept("WORK")
	if s.Verb == "ROLLBACK" && p.accept("TO") {
		p.accept("SAVEPOINT")
		return p.savepoint("ROLLBACK TO SAVEPOINT")
	}
	switch {
	case p.acceptAll("AND", "CHAIN"):
		s.Chain = Yes
	case p.acceptAll("AND", "NO", "CHAIN"):
		s.Chain = No
	}
	switch {
	case p.acceptAll("NO", "RELEASE"):
		s.Release = No
	case s.Chain != Yes && p.accept("RELEASE"): // there is no next one without a connection
		s.Release = Yes
	}
	return s
}

// characteristics takes what may follow START TRANSACTION, and gives the
// access that was asked for, or "".
func (p *parser) characteristics() (access string) {
	for {
		switch {
		case p.acceptAll("WITH", "CONSISTENT", "SNAPSHOT"):
		case p.acceptAll("READ", "ONLY"):
			access = "READ ONLY"
		case p.acceptAll("READ", "WRITE"):
			access = "READ WRITE"
		default:
			return access
		}
		if !p.accept(",") {
			return access
		}
	}
}

// nameDefault quotes the bare word DEFAULT where it can only be the name of
// the one database: behind USE, FROM, IN and JOIN, and before a '.'. To MySQL it is
// a reserved word. ok is false where there is none.
func (s source) nameDefault() (named source, ok bool) {
	var b strings.Builder
	copied, database := 0, false
	for t := s.tokenAt(0); t.kind != kindEnd && t.end > t.start; t = s.tokenAt(t.end) {
		word := s.clean[t.start:t.end]
		qualifies := strings.HasPrefix(s.clean[t.end:], ".")
		if t.kind == kindWord && strings.EqualFold(word, "DEFAULT") && (database || qualifies) {
			b.WriteString(s.clean[copied:t.start] + "`" + strings.ToLower(word) + "`")
			copied = t.end
		}
		database = t.kind == kindWord && slices.ContainsFunc([]string{"USE", "FROM", "IN", "JOIN"},
			func(before string) bool { return strings.EqualFold(word, before) })
	}
	named = s
	named.clean = b.String() + s.clean[copied:]
	return named, copied > 0
}
