// Package enginetest is the suite that every engine for queries passes: the
// same queries over the same tables give the same rows.
//
// It holds what MySQL says of a query, and nothing of how an engine works; what
// expressions give is sql/eval's, and tests/oracle's.
package enginetest
