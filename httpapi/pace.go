package httpapi

import (
	"net/http"
	"time"

	"wharf"
)

// pacedWriter writes an answer's body, and holds the client to taking
// something at least every stall.
type pacedWriter struct {
	x      *exchange
	status int       // of the answer
	armed  time.Time // when the write deadline was last set
	err    error     // of the connection, to tell it from the source's
}

// Write implements io.Writer.
func (w *pacedWriter) Write(p []byte) (int, error) {
	// As for body.arm, not at each call.
	stall := w.x.body.stall
	if now := time.Now(); now.Sub(w.armed) > stall/4 {
		w.x.conn.SetWriteDeadline(now.Add(stall + stall/4))
		w.armed = now
	}
	if w.x.status == 0 {
		// net/http drops what is written to the answer of a HEAD.
		if c := wholeConnOf(w.x.r.Context()); c != nil && w.x.r.Method != http.MethodHead {
			c.expect(len(p))
		}
		w.x.WriteHeader(w.status)
	}
	n, err := w.x.Write(p)
	if err != nil {
		w.err = err
	}
	return n, err
}

// left says that the client did not take the answer. It is for the log: there
// is nobody to be told.
func (w *pacedWriter) left(op string) error {
	return &wharf.Error{Code: wharf.CodeCanceled, Op: op, Msg: "the client left", Err: w.err}
}
