package sql

import "strings"

// ExplainTree is EXPLAIN FORMAT = TREE of a SELECT: the steps by which it is
// answered.
type ExplainTree struct {
	Of      Statement // a Select or a Query
	Analyze bool      // EXPLAIN ANALYZE: it is run, and each step has its time
	plain
}

// readExplainTree reads EXPLAIN ANALYZE [FORMAT = TREE] or EXPLAIN FORMAT = TREE
// of a SELECT. It gives nil for another statement.
func readExplainTree(src source) (Statement, error) {
	p := newParser(src)
	if !p.accept("EXPLAIN") && !p.accept("DESCRIBE") && !p.accept("DESC") {
		return nil, nil
	}
	analyze, isTree := p.accept("ANALYZE"), p.acceptAll("FORMAT", "=")
	if !analyze && !isTree || isTree && !strings.EqualFold(strings.Trim(p.advance(), `'"`), "TREE") {
		return nil, nil
	}
	if !p.is("SELECT") && !p.is("WITH") && !p.is("(") {
		return nil, nil
	}
	// Blanks in the place of what is before it keep the places of mistakes.
	inner, _ := src.mode.split(strings.Repeat(" ", p.tok.start) + src.orig[p.tok.start:])
	of, err := readPlain(inner)
	if err != nil {
		return nil, err
	}
	switch of := of.(type) {
	case *Select, *Query:
		s := &ExplainTree{Of: of, Analyze: analyze, plain: src.plain()}
		s.params = NumParams(of)
		return s, nil
	}
	return of, nil // it is not supported
}
