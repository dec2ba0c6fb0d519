// Package storagetest is the conformance suite that every [wharf.Store] must
// pass, and [Faulty], a Store that fails on request.
//
// A backend's test calls [Run] with a function that returns an empty store.
// Each sentence of the contracts of wharf.Store, wharf.File and
// wharf.PutOptions has at least one case, and each case starts with a new
// store. What only one backend promises belongs in that backend's own tests.
//
// A backend that cannot keep a sentence names it as an [Exception], from a
// closed list. A case with an exception still runs, logs what it does not
// check, and checks the rest.
//
// Invariants:
//
//   - Every case can fail: a test of this package runs the suite against
//     stores that are broken on purpose, and requires that each break is
//     found and that each case finds one.
//   - The bytes of all bodies come from one seed, which is logged. The same
//     Options.Seed gives the same bodies again.
//
// It does not measure, and it does not simulate a power failure, which a
// backend's own tests do.
package storagetest
