//go:build noduck

package harness

// buildFlags build the server as the tests were built: without DuckDB.
var buildFlags = []string{"-tags", "noduck"}
