// Package server speaks the MySQL protocol: it accepts connections, logs
// them in, runs their commands on a session each, and writes results.
//
// All of it is its own. The server package of go-mysql, whose constants are
// used here, costs a login 16 KiB of buffer and has faults that cannot be
// cured from outside; each of these files holds what cures one:
//
//	greeting.go     status and capability flags that have no setter; the
//	                connection's ID, which is counted for the process
//	login.go        malformed packets before login, which panic; TLS below
//	                the buffers; ip:port in refusals; a database used before
//	                the login is checked
//	authenticate.go plain passwords at rest; 1449 for an unknown user
//	wire.go         packets without a limit, copied three times; a write for
//	                every packet; writes without a deadline; unbuffered reads
//	                under TLS
//	conn.go         panics; Close from another goroutine
//	disconnect.go   a client that leaves during a statement
//	prepared.go     NULLs from a second execute; SEND_LONG_DATA; statements
//	                without number
//	cursor.go       cursors, which it does not open
//	params.go       malformed executes, which panic
//	columns.go      blobs as text, no DATE, lost microseconds
//	packet.go       OK and EOF packets without the session's status
//	flush.go        rows that wait in a buffer for those after them
//	errors.go       numbers and SQLSTATEs that were lost
//	compress.go     compression, which cannot be switched on from outside
//
// Invariants:
//
//   - A connection is served by one goroutine. Others touch it through its
//     mutex or its socket's Close only.
//   - A panic ends one connection and is logged with its stack.
//   - What a stranger can make the server hold before login is bounded by
//     time and by size, and what all clients together make it hold after
//     login by memory.go.
//   - Nothing of a statement but its redacted form is logged or listed, and
//     errors reach clients by [wharf.MessageOf] only.
//
// It does not know what a statement means: that is the [Session]'s.
package server
