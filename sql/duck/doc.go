// Package duck is the engine for queries of files: a pool of worker processes,
// each with DuckDB in it, and the translation of MySQL's SELECT into DuckDB's.
//
// What belongs here: workers, their confinement, the translation, and how
// files of each format are read. What does not: which files a name means and
// who may read them, which is sql/exec's; statements other than SELECT.
//
// Invariants:
//
//   - DuckDB never runs in the server's process. A worker reads the files of
//     one statement, writes to one folder, and can do nothing else; a worker
//     never serves two users.
//   - A statement ends within a second after its context, whatever it computes:
//     its worker is killed.
//   - What MySQL and DuckDB answer differently is written so that the answer is
//     MySQL's, or refused by name.
package duck
