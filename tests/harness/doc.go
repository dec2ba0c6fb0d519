// Package harness starts the built binary for black box tests: it builds
// cmd/wharf once, starts `wharf serve` on free ports and a fresh data folder,
// stops it, and checks how it ended and what it logged.
//
// Invariants:
//
//   - Each server that [Start] returned is stopped by the end of the test,
//     must exit with status 0, and its log may hold no panic, no data race
//     and none of the secrets that the test named.
//   - The server sees no settings of the machine that the tests run on.
//
// It does not talk to the server beyond the line that says it is ready.
package harness
