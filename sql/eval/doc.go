// Package eval holds what bounds an evaluation: the one budget of memory that
// the sessions and the server share.
//
// Invariants:
//
//   - What was taken of a [Memory] is returned exactly once.
//   - Nobody waits for memory but who holds none of it, so that two cannot
//     wait for each other for longer than their time.
//
// It is pure: it does no I/O, and starts no goroutine.
package eval
