// Package oracle compares Wharf's expressions and queries with those of a
// real MariaDB: each statement of testdata, and of the data files of sql that
// record functions and queries, runs on both servers, and values, types,
// warnings and errors must be the same.
//
// The rules that Wharf follows are those of MySQL 8.0's manual. MariaDB is the
// nearest server that Debian has, so where the two differ the manual decides,
// and testdata/differences.txt has the statement, both answers, and the reason.
// Both answers are compared too: a listed difference that is gone, or is
// another than the listed one, fails.
//
// The test starts its own mariadbd on a temporary folder and a free port of
// this machine, as user nobody where the test itself runs as root, and ends
// it. `make packages` installs it.
package oracle
