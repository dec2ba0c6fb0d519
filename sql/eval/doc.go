// Package eval evaluates MySQL's scalar expressions: values and their types,
// collations, operators and functions, and the one budget of memory and steps
// that bounds them.
//
// A [Compiler] turns an expression of the language into a [Node], whose type is
// known before it runs; an [Evaluation] is one run of a statement. What they
// ask of the session, they ask an [Env]; what a column, an aggregate or a query
// in an expression means, the [Names] of the one who compiles it say.
//
// Invariants:
//
//   - A value that a Node gives is of its type.
//   - A function makes no text over 1 MiB. Everything that a value is made of is
//     counted by an [Account] while it is held, and what was taken of a
//     [Memory] is returned once.
//   - Everything that loops counts its steps, and ends soon after its context.
//   - A session waits for memory only while it holds none, so that two never
//     wait for each other.
//
// Expressions follow MySQL 8.0: three-valued logic, integers with their range,
// exact decimals, dates and times of their own, text compared by its
// collation. What is not done is refused by its name.
//
// It is pure: it does no I/O, and starts no goroutine. It knows no session, no
// statement and no table.
package eval
