// Package exec gives statements their meaning: it runs the statements of one
// session against the wharf.Service, and answers what clients ask of a MySQL
// server uninvited.
//
// A [Session] belongs to one connection and is used by one goroutine at a
// time. It keeps the connection's variables, its database and its transaction
// flags, none of which changes what a stage does: statements of stages take
// effect at once. The [Executor] makes sessions, and holds what they share.
//
// A statement becomes a plan first: its columns, and a function that runs it.
// [Session.Columns] shows the columns of a plan that is not run, so that what
// is announced at COM_STMT_PREPARE is what comes.
//
// Invariants:
//
//   - The columns that a result has are those that Columns told, and each value
//     is of its column's type: an expression's type is known before it runs.
//   - Long results stream: a LIST holds one row, whatever the stage holds. Rows
//     are read to their end, or given up, before the next statement.
//   - A statement that fails leaves no trace in the session but its
//     diagnostics: a SET takes effect as a whole or not at all.
//   - No answer, warning or error holds a secret of a connection, in whole or in
//     part.
//   - What a session can make the server hold or do is bounded: the texts that
//     functions make, user variables, diagnostics; and everything that may take
//     long ends soon after its context.
//
// Queries are answered by the two engines that it is given, one for tables that
// the server holds and one for files; it chooses, and says what the names in a
// query mean. Expressions are sql/eval's. Text is UTF-8 here: listeners convert latin1 and ascii,
// and the other character sets are refused.
//
// The package knows the numbers of MySQL of its warnings and causes; the others
// come from the listener by [Options]. It reads no file, opens no connection and
// starts no goroutine.
package exec
