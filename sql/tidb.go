package sql

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	tidb "github.com/pingcap/tidb/pkg/parser"
	"github.com/pingcap/tidb/pkg/parser/ast"
	_ "github.com/pingcap/tidb/pkg/parser/test_driver" // the literals' values

	"wharf"
)

const (
	// maxTokens and maxDepth bound what is read. TiDB's parser walks its trees
	// by recursion, and "1+1+1+…" is a tree as deep as it is long. A tree takes
	// up to 100 times the memory of its text.
	maxTokens = 20_000
	maxDepth  = 500
	// maxJoined bounds the bytes that TiDB's parser copies to join strings that
	// follow each other: it copies all before for each that it adds.
	maxJoined = 256 << 20

	// maxPooled is the longest text after which a parser is kept, for it
	// keeps the text too.
	maxPooled = 16 << 10
)

// tidbParsers holds parsers that are not in use: they are expensive to make, and not
// safe for concurrent use.
var tidbParsers = sync.Pool{New: func() any { return tidb.New() }}

// readPlain reads a statement that is not of our own grammar.
func readPlain(src source) (Statement, error) {
	if src.open != "" && !src.transfers() {
		return nil, src.torn()
	}
	if name := src.refusedHint(); name != "" {
		return unsupported(src, name), nil
	}
	src.warnings = src.deprecatedWords()
	if stmt := readTiDBGaps(src); stmt != nil {
		return stmt, nil
	}
	if src.intoFile() {
		return unsupported(src, intoOutfile), nil
	}
	if src.tokens > maxTokens || src.depth > maxDepth || src.joined > maxJoined {
		return readHuge(src)
	}
	as, files, err := withFiles(src)
	if err != nil {
		return nil, err
	}
	if files != nil {
		node, err := guarded(callTiDB, as)
		if err != nil {
			if src.distinctWindow() {
				return unsupported(src, beyondTiDB(src)), nil
			}
			return nil, src.errorAt(err, as, files.original)
		}
		if err := refusedForm(node); err != nil {
			return nil, err
		}
		src.warnings = src.deprecated(node)
		st, err := translateFiles(src, as, files, node)
		if err != nil {
			return nil, err
		}
		return files.wrapped(src, st), nil
	}
	node, err := guarded(callTiDB, src)
	if err != nil {
		if named, ok := src.nameDefault(); ok {
			if node, err := guarded(callTiDB, named); err == nil {
				return translate(named, node)
			}
		}
		if name := beyondTiDB(src); name != "" {
			return unsupported(src, name), nil
		}
		return nil, src.tidbError(err)
	}
	if err := refusedForm(node); err != nil {
		return nil, err
	}
	src.warnings = src.deprecated(node)
	return translate(src, node)
}

// transfers tells of PUT and GET, where file:///tmp/*.csv looks like a comment
// without its end.
func (s source) transfers() bool {
	return s.open == "comment" && instead[ofStages(s)] != ""
}

// readHuge deals with a statement that is too large for TiDB's parser. Those
// that are long by right, such as INSERT, are none that Wharf does.
func readHuge(src source) (Statement, error) {
	if name := longByRight(src); name != "" {
		return unsupported(src, name), nil
	}
	return nil, src.tooComplex()
}

func (s source) tooComplex() error {
	if s.joined > maxJoined {
		return wharf.Errorf(wharf.CodeTooLarge, "the statement joins too many long strings that follow each other; write them as one")
	}
	return wharf.Errorf(wharf.CodeTooLarge, "the statement is too complex to read: about %d words and signs, nested %d deep; at most %d and %d are allowed",
		s.tokens, s.depth, maxTokens, maxDepth)
}

// guarded makes errors of panics: a client's text must not end a connection.
// What the panic says may hold that text, and is not passed on.
func guarded(parse func(Mode, string) (ast.StmtNode, error), src source) (node ast.StmtNode, err error) {
	defer func() {
		if r := recover(); r != nil {
			node, err = nil, fmt.Errorf("the parser panicked (%T)", r)
		}
	}()
	return parse(src.mode, src.clean)
}

// callTiDB runs TiDB's parser.
func callTiDB(mode Mode, text string) (ast.StmtNode, error) {
	if err := mode.bareNull(text); err != nil {
		return nil, err
	}
	p := tidbParsers.Get().(*tidb.Parser)
	p.SetSQLMode(mode.tidb())
	nodes, _, err := p.ParseSQL(text)
	if err == nil && len(nodes) != 1 {
		err = errors.New("not one statement")
	}
	var node ast.StmtNode
	if err == nil {
		node = nodes[0]
	}
	// Not deferred: a parser that panicked is not used again.
	if len(text) <= maxPooled {
		tidbParsers.Put(p)
	}
	return node, err
}

// bareNull finds \N outside of strings, which MySQL 8.0 does not take for NULL any
// more. TiDB's parser does; the error is as its own are.
func (m Mode) bareNull(text string) error {
	if !strings.Contains(text, `\N`) {
		return nil
	}
	for t := m.tokenAt(text, 0); t.kind != kindEnd; t = m.tokenAt(text, t.end) {
		if t.kind != kindMark || !strings.HasPrefix(text[t.start:], `\N`) {
			continue
		}
		line := strings.Count(text[:t.start], "\n") + 1
		column := t.end - (strings.LastIndexByte(text[:t.start], '\n') + 1)
		if line > 1 {
			column++ // see offset
		}
		return fmt.Errorf(`line %d column %d near "\N"`, line, column)
	}
	return nil
}

// tidbError tells of a mistake that TiDB's parser found. Its message holds
// the client's text, so that only the place is taken from it.
func (s source) tidbError(cause error) error {
	return s.errorAt(cause, s, func(at int) int { return at })
}

// errorAt is [source.tidbError] of a text that was written anew: original
// returns where an offset of it is in s.
func (s source) errorAt(cause error, as source, original func(at int) int) error {
	for _, known := range []struct {
		says, state, msg string
		number           uint16
		named            func(name string) error
	}{
		{"[parser:1115]", "42000", "Unknown character set", 1115, NoCharset},
		{"[ddl:1115]", "42000", "Unknown character set", 1115, NoCharset},
		{"[parser:1210]Incorrect arguments to ESCAPE", "HY000", "Incorrect arguments to ESCAPE", 1210, nil},
		{"[ddl:1273]", "HY000", "Unknown collation", 1273, NoCollation},
	} {
		rest, is := strings.CutPrefix(cause.Error(), known.says)
		switch {
		case is && (s.mayHoldKey() || known.named == nil):
			return invalid(known.number, known.state, known.msg)
		case is:
			_, name, _ := strings.Cut(rest, "'")
			return known.named(strings.TrimSuffix(name, "'"))
		}
	}
	var line, column int
	if _, err := fmt.Sscanf(cause.Error(), "line %d column %d near", &line, &column); err != nil {
		return s.syntaxError(s.tokenAt(0).start, "")
	}
	if cause.Error() == fmt.Sprintf(`line %d column %d near "" `, line, column) {
		return s.syntaxError(len(s.clean), "")
	}
	at := original(as.tokenBefore(as.offset(line, column)))
	expected := ""
	if at == s.tokenAt(0).start {
		expected = "expected a statement"
	}
	return s.syntaxError(at, expected)
}

// offset converts TiDB's line and column, which point behind the token and
// count bytes: from 0 in the first line, from 1 in all others.
func (s source) offset(line, column int) int {
	at := 0
	for ; line > 1; line-- {
		n := strings.IndexByte(s.clean[at:], '\n')
		if n < 0 {
			break
		}
		at += n + 1
		if line == 2 {
			column--
		}
	}
	return min(at+column, len(s.clean))
}

// tokenBefore gives the beginning of the last token that begins before at,
// with the '@' of a variable.
func (s source) tokenBefore(at int) int {
	t := s.tokenAt(0)
	for t.kind != kindEnd && t.end < at {
		t = s.tokenAt(t.end)
	}
	for t.start > 0 && s.clean[t.start-1] == '@' {
		t.start--
	}
	return t.start
}

func unsupported(src source, name string) *Unsupported {
	return &Unsupported{Name: name, Instead: instead[name], plain: src.plain()}
}

// plain gives the statement without comments and the blanks around it.
func (s source) plain() plain {
	return plain{text: strings.Trim(s.clean, " \t\n\v\f\r"), mode: s.mode, warnings: s.warnings}
}
