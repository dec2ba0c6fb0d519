//go:build !noduck

// Command library runs DuckDB as a program would that has it as a library, so
// that bench can compare queries through Wharf with it. It reads statements
// from standard input, one a line, and answers each with a line: "ok", the
// rows and the nanoseconds that it took, or "error" and why.
package main
