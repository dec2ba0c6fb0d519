// Package storage finds the store of a stage: [Opener] looks at the scheme of
// the stage's URL and asks the backend for the store, in one explicit switch.
// What one backend does belongs in that backend's package, the check of the
// rest of its URL included.
//
// Invariants:
//
//   - Check asks no network. A stage that it accepts gets a store from Open as
//     far as the stage's definition and the server's settings decide.
//   - An unchanged stage keeps its store while that is among the last used. A
//     store that was evicted stays valid for its users.
//   - No message repeats a URL, which may hold a secret.
package storage
