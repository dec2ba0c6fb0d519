// Package memory is a [wharf.Store] that keeps its objects in memory. It is
// the reference: the shortest thing that keeps every word of the contract,
// for the tests of the rooms that need a Store, and to show that the
// conformance suite can be passed.
//
// Invariants:
//
//   - A version's bytes never change once it is stored. Overwriting and
//     deleting replace the pointer to it, so an open File keeps its version.
//   - The keys are one sorted slice. A List copies a page of it under the
//     lock and yields outside of it, so the caller may change the store
//     meanwhile.
//
// It does not survive its process and does not bound how much it holds: it is
// no backend for a server.
package memory
