// Package rowexec answers queries over tables that the server itself holds,
// row by row in memory: SELECT with joins, subqueries, UNION, groups and order.
// It is an engine that sql/exec is given.
//
// Invariants:
//
//   - A query's columns are known before it runs.
//   - What a query looks at and what it holds is bounded, by the evaluation that
//     it runs in, and it ends soon after its context.
//
// Queries of files are not its business, and neither is what a table holds: it
// is given the tables by name.
package rowexec
