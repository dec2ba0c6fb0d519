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
// but an [Unsupported]. Parse takes time in proportion to the statement, and
// a bounded amount of stack. It may be called from many goroutines.
func Parse(text string) (Statement, string, error) {
	src, rest := split(text)
	stmt, err := parseSource(src)
	return stmt, rest, err
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
	stmt, err := read()
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

// leadingWords tells from a statement's first words whether it is one of
// ours, and how to read what follows them. The parser then stands behind
// them. nil leaves the statement to plain MySQL.
func (p *parser) leadingWords() func() (Statement, error) {
	start := p.tok
	for _, form := range []struct {
		words []string
		read  func() (Statement, error)
	}{
		{[]string{"LIST"}, p.listFiles},
		{[]string{"LS"}, p.listFiles},
		{[]string{"REMOVE"}, p.removeFiles},
		{[]string{"RM"}, p.removeFiles},
		{[]string{"PRESIGN"}, p.presign},
		{[]string{"COPY", "FILES"}, p.copyFiles},
		{[]string{"DROP", "STAGE"}, p.dropStage},
		{[]string{"DROP", "CONNECTION"}, p.dropConnection},
		{[]string{"DROP", "FILE", "FORMAT"}, p.dropFileFormat},
		{[]string{"DESC", "STAGE"}, p.descStage},
		{[]string{"DESCRIBE", "STAGE"}, p.descStage},
		{[]string{"DESC", "CONNECTION"}, p.descConnection},
		{[]string{"DESCRIBE", "CONNECTION"}, p.descConnection},
		{[]string{"DESC", "FILE", "FORMAT"}, p.descFileFormat},
		{[]string{"DESCRIBE", "FILE", "FORMAT"}, p.descFileFormat},
		{[]string{"SHOW", "STAGES"}, p.showStages},
		{[]string{"SHOW", "CREATE", "STAGE"}, p.showCreateStage},
		{[]string{"SHOW", "CONNECTIONS"}, p.showConnections},
		{[]string{"SHOW", "FILE", "FORMATS"}, p.showFileFormats},
		{[]string{"ALTER", "STAGE"}, p.alterStage},
	} {
		if p.acceptAll(form.words...) {
			return form.read
		}
	}
	if read := p.leadingCreate(); read != nil {
		return read
	}
	p.tok = start
	return nil
}

// leadingCreate does the same for CREATE [OR REPLACE].
func (p *parser) leadingCreate() func() (Statement, error) {
	if !p.accept("CREATE") {
		return nil
	}
	replace := p.acceptAll("OR", "REPLACE")
	switch {
	case p.accept("STAGE"):
		return func() (Statement, error) { return p.createStage(replace) }
	case p.accept("CONNECTION"):
		return func() (Statement, error) { return p.createConnection(replace) }
	case p.acceptAll("FILE", "FORMAT"):
		return func() (Statement, error) { return p.createFileFormat(replace) }
	}
	return nil
}
