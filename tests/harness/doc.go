// Package harness starts the built binary for black box tests: it builds
// cmd/wharf, starts `wharf serve` on free ports and a fresh data folder, stops
// or kills it, and checks how it ended and what it logged. It starts a real S3
// server beside it.
//
// Invariants:
//
//   - Each server that [Start] returned is stopped by the end of the test,
//     must exit with status 0 unless the test ended it in another way, and its
//     log may hold no panic, no data race and none of the secrets that the
//     test named.
//   - The server sees no settings of the machine that the tests run on.
//
// It does not talk to the server beyond the line that says it is ready.
package harness
