package httpapi

import (
	"errors"
	"net/http"
	"os"

	"wharf"
)

// answerBody writes an answer's body. The answer's header goes out with the
// first bytes.
type answerBody struct {
	x      *exchange
	status int   // of the answer
	err    error // of the connection, to tell it from the source's
}

// Write implements io.Writer.
func (b *answerBody) Write(p []byte) (int, error) {
	if b.x.status == 0 {
		// net/http drops what is written to the answer of a HEAD.
		if c := connOf(b.x.r.Context()); c != nil && !b.x.isHTTP2() && b.x.r.Method != http.MethodHead {
			c.expect(len(p))
		}
		b.x.WriteHeader(b.status)
	}
	n, err := b.x.Write(p)
	if err != nil {
		b.err = err
	}
	return n, err
}

// left says that the client did not take the answer. It is for the log: there
// is nobody to be told.
func (b *answerBody) left(op string) error {
	msg := "the client left"
	if errors.Is(b.err, os.ErrDeadlineExceeded) {
		msg = "the client stopped taking the answer"
	}
	return &wharf.Error{Code: wharf.CodeCanceled, Op: op, Msg: msg, Err: b.err}
}
