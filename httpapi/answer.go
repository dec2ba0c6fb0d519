package httpapi

import (
	"errors"
	"io"
	"net/http"
	"os"
	"time"

	"wharf"
)

const (
	// A client that is answered while it still sends is given this much time
	// and room to notice, or closing would cost it the answer.
	drainBytes = 1 << 20
	drainTime  = 5 * time.Second

	// retryAfter is when a busy server may be asked again, in seconds.
	retryAfter = "5"
)

// succeed tells the client which files landed.
func (x *exchange) succeed() error {
	return x.tell(http.StatusOK, "SUCCESS", nil)
}

// fail tells the client why not.
func (x *exchange) fail(err error) {
	x.err = err
	if x.status != 0 {
		// Too late for another answer; ending short of the announced length
		// is the only way left to say that it is not whole.
		panic(http.ErrAbortHandler)
	}
	status := statusOf(err)
	h := x.w.Header()
	switch status {
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", `Basic realm="wharf", charset="UTF-8"`)
		h.Add("WWW-Authenticate", `Bearer realm="wharf"`)
	case http.StatusServiceUnavailable:
		h.Set("Retry-After", retryAfter)
	}
	var special *statusError
	if errors.As(err, &special) {
		status = special.status
	}
	// A client that does not take the answer is told nothing more.
	_ = x.tell(status, "FAILED", err)
}

// tell answers about the files that landed.
func (x *exchange) tell(status int, state string, err error) error {
	o := outcome{id: x.id, stage: x.stage, state: state, files: x.files.names, err: err}
	return o.write(newJSONWriter(x, status))
}

// drain sends the answer off and reads some more of a body that was not read
// to its end: the request needs no body, or was refused. A socket that is
// closed with unread bytes sends a reset, and that overtakes the answer (RFC
// 9112, section 9.6).
func (x *exchange) drain() {
	if x.isHTTP2() || x.body.complete() || x.conn.Flush() != nil || x.body.failed() != nil {
		return
	}
	if x.conn.SetReadDeadline(time.Now().Add(drainTime)) != nil {
		return
	}
	io.CopyN(io.Discard, x.r.Body, drainBytes)
}

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
		if c := b.x.client; c != nil && !b.x.isHTTP2() && b.x.r.Method != http.MethodHead {
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

// disconnected says that the client did not take the answer. It is for the log: the
// client is gone.
func (b *answerBody) disconnected(op string) error {
	msg := "the client left"
	if errors.Is(b.err, os.ErrDeadlineExceeded) {
		msg = "the client stopped taking the answer"
	}
	return &wharf.Error{Code: wharf.CodeCanceled, Op: op, Msg: msg, Err: b.err}
}
