// Package memory is a [wharf.Catalog] that keeps its definitions in memory.
// It is the reference: the shortest thing that keeps every word of the
// contract, for the tests of the packages that need a Catalog, and to show that
// the conformance suite asks for nothing but the contract.
//
// Invariants: what goes in and what comes out are copies, and every method
// holds the one mutex from its start to its end, so that each is a
// transaction.
//
// It does not survive its process and seals nothing: it is no catalog for a
// server.
package memory
