// Package textfile reads text files as people upload them: compressed, in any
// encoding of the Encoding Standard, with the delimiters, quotes and NULLs of a
// file format. It writes them as DuckDB reads them, and finds the place of a bad
// record.
//
// It runs in the confined worker of a query, so that what a hostile file makes
// it take is the worker's memory and time, and not the server's.
package textfile
