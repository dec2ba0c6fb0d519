// Package metatest is the conformance suite that every [wharf.Catalog] must
// pass: each sentence of the contract has at least one case, and each case
// starts with a catalog of its own. A test of this package runs the suite
// against catalogs that are broken on purpose, and demands that each break is
// found and that each case finds one.
//
// A catalog's test calls [Run] with a function that makes an empty one.
//
// It knows no catalog, and it does not ask what survives a crash: that is the
// catalog's own test, with the catalog's own seams.
package metatest
