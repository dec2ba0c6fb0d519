// Package tests drives Wharf from outside: the built binary, real clients
// (the mariadb command line, go-sql-driver, curl), a real S3 server
// (versitygw), real signals, a real full disk. It imports nothing of the
// module but its own harness, so that what it knows of Wharf is what a user
// knows. The files of testdata/statements and the examples of README.md are run
// by it.
//
// It also holds the architecture test, which reads the module's source.
//
// Invariants:
//
//   - No test is skipped. Where a tool or a right is missing, the test fails
//     and says which.
//   - Every server that a test starts is stopped by it, exits with status 0,
//     and is checked at its end for panics, data races and secrets in its log.
//   - Random moments and choices come from a seed that the test prints.
//
// It does not test the inside of a package; each package's own tests do.
package tests
