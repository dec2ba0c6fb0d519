// Package storagetest is the conformance suite that every [wharf.Store] must
// pass, and [Faulty], a Store that fails on request.
//
// A backend's test calls [Run] with a function that makes an empty store. Each
// sentence of the contracts of wharf.Store, wharf.File and wharf.PutOptions
// has at least one case, and each case starts with a store of its own.
//
// A backend that cannot keep a sentence names it as an [Exception], from a
// list that is closed. A case that an exception touches still runs, logs what
// it does not ask, and asserts all the rest.
//
// Invariants:
//
//   - Every case can fail: a test of this package runs the suite against
//     stores that are broken on purpose, and demands that each break is
//     found and that each case finds one.
//   - The bytes of all bodies come from one seed, which is printed; give it
//     back in Options.Seed to see the same bodies again.
//
// It does not measure, and it does not cut the power: what a crash leaves
// behind is the backend's own test, with the backend's own seams.
package storagetest
