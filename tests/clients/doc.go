// Package clients runs MySQL clients, each from its own package, against the
// built binary. Every client makes the same tour and prints what it saw, one
// line a row, each value with its kind in the client's language; the tour is
// testdata/tour.txt, and what a client cannot do or shows otherwise is in the
// table in matrix_test.go, with the reason.
//
// Steps of the tour: the walk-through of the File Upload API page, values of
// every type, errors with number and SQLSTATE, bound and prepared values,
// transactions, databases, change of user, reset, several statements at once,
// compression, a timeout, a KILL. JDBC's DatabaseMetaData has a test of its own.
//
// Invariants:
//
//   - No client is left out. Where one is missing the test fails, and `make
//     tools` installs it.
//   - No connection is left open by a client that has ended.
//
// It does not test what statements mean beyond the tour.
package clients
