// Package storage finds the store of a stage: [Opener] looks at the scheme of
// the stage's URL and asks the backend for it, in one explicit switch.
//
// Invariants:
//
//   - Check asks no network, and whatever passes it gets a store from Open as
//     far as the stage's definition and the server's settings decide.
//   - A stage that did not change keeps its store while that is among the
//     last used; a store that was let go stays valid for whoever has it.
//   - No message repeats a URL: it may hold a secret where it is wrong.
//
// It holds no files and knows nothing of how a backend works; the backends
// validate the rest of their URLs themselves.
package storage
