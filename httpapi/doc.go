// Package httpapi is Wharf's HTTP side: uploads, downloads, health. It turns
// requests into the use cases of [wharf.Service] and their errors into status
// codes and JSON; what a stage or a file is, it does not know.
//
// The addresses:
//
//	PUT, POST   /v1/upload_to_stage          the files of a form into a stage
//	GET, HEAD   /v1/stage/<stage>/<path>     one file, or ranges of it
//	PUT         /v1/stage/<stage>/<path>     one file; the body is its bytes
//	DELETE      /v1/stage/<stage>/<path>     one file
//	GET         /v1/stage/<stage>/           a list: prefix, pattern, after, limit
//	GET         /v1/health                   200, or 503 when stopping
//	GET         /, /README.md                pages for people
//
// A [Signer] makes presigned URLs of the form
//
//	/v1/stage/<stage>/<path>?X-Wharf-…&X-Wharf-Signature=…
//
// which need no password, and are good for what was signed alone:
// user, method, stage ID, path, content type, until it expires.
//
// Invariants:
//
//   - Method, origin, password, stage, form and declared length are checked
//     before the first byte of a body is read.
//   - A body is streamed: no upload holds more than one buffer of this
//     package, whatever its length, and that buffer is taken only once the
//     Service has admitted the upload.
//   - A form within a form is read through a smaller buffer more, which counts
//     as names of files do.
//   - A part of a form is stored, or it cannot be a file, or the form is
//     refused: none is lost in silence.
//   - A file is stored only if all of it came: its end is the next boundary
//     of the form, never the end of the connection.
//   - Every answer that this package writes has an id, a JSON body of one
//     shape, and one line in the log that names the same id. (What net/http
//     refuses by itself, such as a header that is too large, it answers in
//     plain text; so are the pages for people.)
//   - A request whose body ends in two ways, by its header, is refused and its
//     connection closed: proxies and this server see the same requests.
//   - HTTP/2 is bounded as HTTP/1.1 is, by means of its own (see http2.go).
//   - The log holds no query of a URL: those of presigned URLs are secrets.
//   - Bytes that go out are verified, or the connection ends short of its
//     Content-Length.
//
// The package does not keep passwords (see [Authenticator]), does not listen
// (Serve takes a listener) and holds no state about stages between requests.
package httpapi
