package sql

import (
	"unicode/utf8"

	"wharf"
)

// Parse reads the first statement of text, up to its ';' or the end, and
// returns it with the text that follows. The Statement is nil where there are
// only blanks and comments.
//
// A mistake is [wharf.CodeSyntax], text that is not UTF-8
// [wharf.CodeInvalid], and a statement beyond what is sensible to read
// [wharf.CodeTooLarge]. What MySQL could do and Wharf does not is no error,
// but an [Unsupported]; a clause of a stage statement that others have is
// [wharf.CodeUnsupported]. Parse takes time in proportion to the statement, and
// a bounded amount of stack. It may be called from many goroutines.
func Parse(text string) (Statement, string, error) { return ParseIn(0, text) }

// ParseIn is [Parse] in modes of sql_mode.
func ParseIn(mode Mode, text string) (Statement, string, error) {
	src, rest := mode.split(text)
	stmt, err := parseSource(src)
	return stmt, rest, err
}

// Tokens returns about how many words and signs the first statement of text
// has.
func Tokens(mode Mode, text string) int {
	src, _ := mode.split(text)
	return src.tokens
}

func parseSource(src source) (Statement, error) {
	if !utf8.ValidString(src.orig) {
		return nil, notUTF8(src.orig)
	}
	p := newParser(src)
	if p.tok.kind == kindEnd && src.open == "" {
		return nil, nil
	}
	read := p.leadingWords()
	if read == nil {
		return readPlain(src)
	}
	if src.tokens > maxTokens {
		return nil, src.tooComplex()
	}
	stmt, err := p.statement(read)
	if err == nil && p.params > 0 {
		stmt = &Prepared{Form: stmt, plain: plain{text: src.plain().text, mode: src.mode, params: p.params}}
	}
	return stmt, err
}

// statement reads a stage statement to its end.
func (p *parser) statement(read func(*parser) (Statement, error)) (Statement, error) {
	stmt, err := read(p)
	if err == nil {
		err = p.finish()
	}
	if err != nil {
		return nil, err
	}
	return stmt, nil
}

func notUTF8(s string) error {
	at := 0
	for at < len(s) {
		r, size := utf8.DecodeRuneInString(s[at:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		at += size
	}
	return wharf.Errorf(wharf.CodeInvalid, "the statement is not valid UTF-8 at byte %d", at+1)
}

// form is how a statement begins, and what reads the rest of it.
type form struct {
	words []string
	read  func(*parser) (Statement, error)
}

// forms are the statements that are ours by their first words, without
// CREATE.
var forms = []form{
	{[]string{"LIST"}, (*parser).listFiles},
	{[]string{"LS"}, (*parser).listFiles},
	{[]string{"REMOVE"}, (*parser).removeFiles},
	{[]string{"RM"}, (*parser).removeFiles},
	{[]string{"PRESIGN"}, (*parser).presign},
	{[]string{"COPY", "FILES"}, (*parser).copyFiles},
	{[]string{"COPY", "INTO"}, (*parser).copyInto},
	{[]string{"DROP", "STAGE"}, (*parser).dropStage},
	{[]string{"DROP", "CONNECTION"}, (*parser).dropConnection},
	{[]string{"DROP", "FILE", "FORMAT"}, (*parser).dropFileFormat},
	{[]string{"DESC", "STAGE"}, (*parser).descStage},
	{[]string{"DESCRIBE", "STAGE"}, (*parser).descStage},
	{[]string{"DESC", "CONNECTION"}, (*parser).descConnection},
	{[]string{"DESCRIBE", "CONNECTION"}, (*parser).descConnection},
	{[]string{"DESC", "FILE", "FORMAT"}, (*parser).descFileFormat},
	{[]string{"DESCRIBE", "FILE", "FORMAT"}, (*parser).descFileFormat},
	{[]string{"SHOW", "STAGES"}, (*parser).showStages},
	{[]string{"SHOW", "CREATE", "STAGE"}, (*parser).showCreateStage},
	{[]string{"SHOW", "CONNECTIONS"}, (*parser).showConnections},
	{[]string{"SHOW", "FILE", "FORMATS"}, (*parser).showFileFormats},
	{[]string{"SHOW", "FILES"}, (*parser).showFiles},
	{[]string{"ALTER", "STAGE"}, (*parser).alterStage},
	{[]string{"GRANT"}, (*parser).grant},
	{[]string{"REVOKE"}, (*parser).revoke},
	{[]string{"SHOW", "USERS"}, (*parser).showUsers},
	{[]string{"SHOW", "ROLES"}, (*parser).showRoles},
	{[]string{"SHOW", "TOKENS"}, (*parser).showTokens},
	{[]string{"DROP", "TOKEN"}, (*parser).dropToken},
}

// leadingWords tells from a statement's first words whether it is one of
// ours, and how to read what follows them. The parser then stands behind
// them. nil leaves the statement to plain MySQL.
func (p *parser) leadingWords() func(*parser) (Statement, error) {
	for _, form := range forms {
		if p.acceptAll(form.words...) {
			return form.read
		}
	}
	return p.leadingCreate()
}

// leadingCreate does the same for CREATE [OR REPLACE].
func (p *parser) leadingCreate() func(*parser) (Statement, error) {
	if !p.accept("CREATE") {
		return nil
	}
	replace := p.acceptAll("OR", "REPLACE")
	switch {
	case p.accept("STAGE"):
		return func(p *parser) (Statement, error) { return p.createStage(replace) }
	case p.accept("CONNECTION"):
		return func(p *parser) (Statement, error) { return p.createConnection(replace) }
	case p.accept("TOKEN"):
		return func(p *parser) (Statement, error) { return p.createToken(replace) }
	case p.acceptAll("FILE", "FORMAT"):
		return func(p *parser) (Statement, error) { return p.createFileFormat(replace) }
	}
	return nil
}
