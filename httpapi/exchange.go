package httpapi

import (
	"encoding/binary"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/google/uuid"

	"wharf"
)

// exchange is one request and its answer. It stands in for the
// ResponseWriter, so that it sees what is answered.
type exchange struct {
	w      http.ResponseWriter
	r      *http.Request
	client *clientConn // nil where it is of another kind
	conn   http.ResponseController
	body   body
	stream streamPace // of the answer, by HTTP/2
	id     string     // shown to the client and in the log
	start  time.Time

	principal wharf.Principal
	stage     string // as it was sent, for the answer
	files     landedFiles
	names     answerNames
	mixed     bool // there is room for the buffer of a form within the form
	unfilled  bool // the form has a file field that was left empty
	// contentType is what a presigned URL has the file answered as; "" is by
	// its name.
	contentType string

	status int   // 0 while nothing was answered
	sent   int64 // bytes of the answer's body
	err    error // what the client was told, with its cause

	values [8]string // of header fields that were set
	used   int       // of values
}

func newExchange(w http.ResponseWriter, r *http.Request, stall time.Duration) *exchange {
	x := &exchange{
		w: w, r: r, client: connOf(r.Context()), conn: *http.NewResponseController(w),
		body:  body{src: r.Body, r: r, stall: stall},
		id:    newRequestID(),
		start: time.Now(),
	}
	x.body.conn = &x.conn
	return x
}

// newRequestID returns a random UUID. It is no secret, so that the generator of the
// runtime, which asks the system seldom, is enough.
func newRequestID() string {
	var id uuid.UUID
	binary.LittleEndian.PutUint64(id[:8], rand.Uint64())
	binary.LittleEndian.PutUint64(id[8:], rand.Uint64())
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80 // version 4, RFC 9562
	return id.String()
}

// Header implements [http.ResponseWriter].
func (x *exchange) Header() http.Header { return x.w.Header() }

// set is Header().Set for a name in its canonical spelling, without an
// allocation for each value.
func (x *exchange) set(name, value string) {
	if x.used == len(x.values) {
		x.w.Header()[name] = []string{value}
		return
	}
	x.values[x.used] = value
	x.used++
	x.w.Header()[name] = x.values[x.used-1 : x.used : x.used]
}

// WriteHeader implements [http.ResponseWriter]. An answer before the end of the
// body is the connection's last: net/http would first wait for the rest.
func (x *exchange) WriteHeader(status int) {
	if x.status == 0 {
		x.status = status
		if !x.isHTTP2() && !x.body.complete() {
			x.w.Header()["Connection"] = closing
		}
	}
	x.w.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (x *exchange) Write(p []byte) (int, error) {
	if x.status == 0 {
		x.WriteHeader(http.StatusOK)
	}
	write := x.w.Write
	if x.isHTTP2() {
		write = x.writeStream
	}
	n, err := write(p)
	x.sent += int64(n)
	return n, err
}

// Unwrap returns the writer to [http.ResponseController].
func (x *exchange) Unwrap() http.ResponseWriter { return x.w }

// setSecurityHeaders keeps browsers from making anything of an answer but
// what its Content-Type says: files that landed are other people's.
func (x *exchange) setSecurityHeaders() {
	h := x.w.Header()
	h["X-Content-Type-Options"] = nosniff
	h["Content-Security-Policy"] = sandboxed
	h["Cross-Origin-Resource-Policy"] = sameOrigin
	h["Referrer-Policy"] = noReferrer
	x.set("X-Request-Id", x.id)
}

var (
	nosniff    = []string{"nosniff"}
	sandboxed  = []string{"default-src 'none'; frame-ancestors 'none'; sandbox"}
	sameOrigin = []string{"same-origin"}
	noReferrer = []string{"no-referrer"}
	closing    = []string{"close"}
)
