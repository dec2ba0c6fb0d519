// Package moreclients is the second matrix of clients: each connects, lists a
// stage, binds a LIMIT, has a nested transaction, gets an error and disconnects,
// as its users do, or does what it is for. phpMyAdmin and Adminer run under
// php-cgi, on a copy of their packages' folders, and are used by a headless
// Chromium; -screenshots DIR keeps a picture of each page that it visits.
//
// The tests have the build tag moreclients, because they need packages that
// `make test-clients` installs.
package moreclients
