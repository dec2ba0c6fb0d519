//go:build linux && !noduck

package duck

import (
	"strings"

	"wharf/sql"
)

// collate is x COLLATE collation.
func (t *translator) collate(e expr, collation string) expr {
	if t.expressions != nil { // which knows the collations
		asked := sql.Expression{Text: "i0 COLLATE `" + strings.ReplaceAll(collation, "`", "``") + "`", Inputs: []sql.Input{e.input("i0")}}
		compiled, err := t.expressions.Compile(t.ctx, asked)
		if err != nil {
			return t.fail(err)
		}
		if compiled.Collation != "" {
			collation = compiled.Collation
		}
	}
	e.collation, e.implied = strings.ToLower(collation), false
	e.binary = bytewise(e.collation)
	e.folded, e.uniform = !e.binary, false
	if e.kind != kindText {
		e.sql, e.kind = e.text(), kindText
	}
	return e
}

// connection is the collation of the connection, "" where that is not known.
func (t *translator) connection() string {
	if t.collation == "" && t.expressions != nil {
		if literal, err := t.expressions.Compile(t.ctx, sql.Expression{Text: "'a'"}); err == nil {
			t.collation = literal.Collation
		}
	}
	return t.collation
}

// collatedAs is a text with the collation that it has in the server. That of the
// connection, where a literal has it, and that of files are not noted.
func (t *translator) collatedAs(e expr, c *sql.Compiled) expr {
	if c.Collation == "" {
		return e
	}
	binary, isNoted := bytewise(c.Collation), c.Explicit || c.Collation != fileCollation && (c.Implicit || c.Collation != t.connection())
	if binary || isNoted || !e.constant {
		e.binary, e.folded = binary, !binary
	}
	if isNoted {
		e.collation, e.implied = c.Collation, !c.Explicit
	}
	return e
}

// bytewise reports whether a collation is by the bytes of a text. The others of them that are
// called bin pad it with spaces.
func bytewise(collation string) bool { return collation == "utf8mb4_0900_bin" || collation == "binary" }

// matchedByBytes reports whether a pattern matches a text by its bytes, because of the collation in
// which the two meet: spaces at the end are not padded there.
func (t *translator) matchedByBytes(text, pattern expr) bool {
	binary, _, collation := collated(text, pattern)
	if collation == "" && text.foldedText() && pattern.foldedText() {
		collation = t.connection()
	}
	return binary || strings.HasSuffix(collation, "_bin")
}
