// Package sql reads Wharf's language: the stage statements in a grammar of
// its own, and the rest of MySQL through TiDB's parser.
//
// [Parse] takes the first statement of a text. A stage statement becomes one
// of the types of this package; of plain MySQL, what clients ask of a server
// (SELECT without a table, SET, SHOW, USE, transactions) becomes a type of
// this package too, and every other valid statement an [Unsupported] with its
// name. A mistake is an error of code syntax in MySQL's manner: the text near
// it, the line and column, and what was expected there. String values in that
// text show as '…', and of a statement that may hold a key nothing shows, so
// that none leaks into an error or a log.
//
// Every Statement prints itself in canonical form, and parsing that form
// gives the same Statement again.
//
// The grammar is written down in GRAMMAR.md. A statement that would be too
// deep or too long for TiDB's parser, which walks its trees by recursion, is
// refused before it gets there; the expressions of what Parse returns are at
// most 200 levels deep.
//
// The package is pure: no I/O, no context, no goroutines, no state but a pool of
// parsers. It knows
// the shape of a statement, not its meaning: whether an option exists or a
// stage is there is for sql/exec and the Service to say.
package sql
