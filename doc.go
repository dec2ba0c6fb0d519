// Package wharf is the vocabulary of a stage server: the types, the contracts
// and the use cases that all other packages share. It imports no other package
// of this module.
//
// A stage is a named place for data files. Its definition is in a
// [Catalog]; its files are in a [Store], which an [Opener] finds for it. A
// [Service] joins the two into the use cases that both listeners, MySQL and
// HTTP, offer: create, list, upload, remove.
//
// Invariants:
//
//   - A [StageID] is never used twice, and files live under the ID, never
//     under the name.
//   - A non-zero [StageName], [Key], [Location], [Pattern] or [FileFormat] that
//     its Parse function made is valid: it is not checked again.
//   - Every use case takes the [Principal] that asks.
//   - Every error that leaves the package has a [Code] and a message that may
//     be shown to the client; causes stay in the log.
//   - A [Secret] cannot be printed, logged or marshalled by accident.
//
// The package does no I/O of its own and starts no goroutine that outlives
// the Service.
package wharf
