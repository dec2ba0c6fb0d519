// Package memory is a [wharf.Store] that keeps its objects in memory. It is the
// reference: the shortest implementation of the whole contract, for the tests
// of packages that need a Store, and to show that the conformance suite can be
// passed. A store for a server does not belong here.
//
// Invariants:
//
//   - The bytes of a version never change. Overwriting and deleting replace
//     the pointer to it, so that an open File keeps its version.
//   - The keys are one sorted slice. List copies a page of it under the lock
//     and yields without the lock, so that the caller may change the store
//     meanwhile.
//
// It does not outlive its process, and does not bound how much it holds.
package memory
