package sql

import "strings"

// location takes a location: @name, @name/path, @"name"/path, or all of it
// as a string or a placeholder for one.
func (p *parser) location() (Location, error) {
	if p.isText() {
		s := p.textHere()
		if p.args == nil && p.is("?") {
			s = "@?"
		}
		if len(s) < 2 || s[0] != '@' || s[1] == '/' {
			return "", p.fail("expected a location such as '@stage/path'")
		}
		loc, ok := quotedIn(s[1:])
		if !ok {
			return "", p.fail(`expected '/' or the end after the name of the stage, as in '@"stage"/path'`)
		}
		p.advance()
		return loc, nil
	}
	if !p.is("@") {
		return "", p.fail("expected a location such as @stage/path")
	}
	if q := p.tok.end; q < len(p.src.clean) && (p.src.clean[q] == '"' || p.src.clean[q] == '`') {
		return p.quotedStage(q)
	}
	path, err := p.bareLocation(p.tok.end)
	if err == nil && (path == "" || path[0] == '/') {
		return "", p.fail("expected the name of a stage after '@'")
	}
	return Location(path), err
}

// quotedIn gives the location in a string whose stage's name may be quoted, as
// Snowflake writes it: "stage"/path.
func quotedIn(s string) (Location, bool) {
	if s[0] != '"' && s[0] != '`' {
		return Location(s), true
	}
	end, closed := NoBackslashEscapes.quotedEnd(s, 0)
	if !closed || end == 2 || end < len(s) && s[end] != '/' {
		return "", false
	}
	return Location(NoBackslashEscapes.unquote(s[:end]) + s[end:]), true
}

// quotedStage takes a location whose stage's name is quoted at offset q.
func (p *parser) quotedStage(q int) (Location, error) {
	t := p.src.tokenAt(q)
	if t.kind == kindTorn {
		return "", p.src.torn()
	}
	stage := p.src.mode.unquoteOurs(p.src.clean[t.start:t.end])
	if stage == "" || strings.Contains(stage, "/") {
		return "", p.fail("expected the name of a stage after '@', without a '/' in it")
	}
	path, err := p.bareLocation(t.end)
	if err == nil && path != "" && path[0] != '/' {
		return "", p.fail("expected '/' or a blank after the name of the stage")
	}
	return Location(stage + path), err
}

// bareLocation takes what stands unquoted at offset at: up to white space,
// ')', ',', ';' or the end. It reads what was sent, not what is left without
// comments: part of a path may look like one, and a path that silently lost
// its end would name something else.
func (p *parser) bareLocation(at int) (string, error) {
	raw := p.src.orig[at:]
	if i := strings.IndexAny(raw, " \t\n\v\f\r),;"+p.stops); i >= 0 {
		raw = raw[:i]
	}
	for _, odd := range []string{"'", `"`, "`", `\`, "#", "/*", "*/", "--"} {
		if strings.Contains(raw, odd) {
			return "", p.quoteIt(at+len(raw), odd)
		}
	}
	p.tok = p.src.tokenAt(at + len(raw))
	return raw, nil
}

// quoteIt shows the location up to what it cannot hold unquoted: what comes
// after a quote may be a value that must not be seen.
func (p *parser) quoteIt(end int, odd string) error {
	shown := p.src.orig[p.tok.start:end]
	if p.src.mayHoldKey() {
		shown = "…"
	}
	if i := strings.IndexAny(shown, `'"`); i >= 0 {
		shown = shown[:i] + "'…'"
	}
	return syntaxErrorf(firstRunes(shown, maxNear), p.src.position(p.tok.start),
		"quote a location that holds "+odd+" as in '@stage/path'")
}
