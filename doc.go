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
//   - Every use case takes the [Principal] that asks, and asks its [Access] as of
//     that moment. What the principal may not see is answered as what is not there.
//   - A [UserID] is never used twice: what a user owns and was granted is the ID's,
//     never the name's.
//   - Every error that leaves the package has a [Code] and a message that may
//     be shown to the client; causes stay in the log.
//   - A [Secret] cannot be printed, logged or marshalled by accident.
//
// The package does no I/O of its own and starts no goroutine that outlives
// the Service.
//
// # Two requests, file by file
//
// An upload by a form into an internal stage:
//
//	httpapi        server.go, cors.go, authenticate.go, upload.go,
//	               requestheader.go: no byte of the body is read yet
//	wharf          upload.go, authorize.go, transferlimit.go: BeginUpload
//	meta           stages.go, stagecache.go: which stage it is
//	storage        opener.go: which store it has
//	httpapi        form.go, formpart.go, formdisposition.go: the next file
//	wharf          upload.go: Put
//	storage/local  put.go, which reads the form as an io.Reader; commit.go,
//	               apply.go, segment.go, index.go
//	wharf          upload.go: is the stage still there
//	httpapi        outcome.go, json.go, accesslog.go
//
// A LIST of that stage:
//
//	server         conn.go, wire.go, command.go, query.go
//	sql            parse.go, filestatement.go
//	sql/exec       session.go, run.go, files.go
//	wharf          listing.go, service.go: ListKeys, which finds stage and
//	               store as above
//	storage/local  list.go: it yields the objects, page by page, to
//	sql/exec       files.go, which makes a row, and run.go, which counts it
//	server         rows.go, packet.go, flush.go, wire.go
package wharf
