// Package moreclients is the second matrix of clients: each connects, lists a
// stage, binds a LIMIT, has a nested transaction, gets an error and disconnects,
// as its users do, or does what it is for. Its tests have the build tag
// moreclients, because they need packages that `make test-clients` installs.
package moreclients
