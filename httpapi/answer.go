package httpapi

import (
	"errors"
	"io"
	"net/http"
	"time"
)

const (
	// A client that is answered while it still sends is given this much time
	// and room to notice, or closing would cost it the answer.
	drainBytes = 1 << 20
	drainTime  = 2 * time.Second

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
	o := outcome{id: x.id, stage: x.stage, state: state, files: x.files, err: err}
	return o.write(newJSONWriter(x, status))
}

// drain sends the answer off and reads some more of a body that was not read
// to its end: nobody asked for it, or its request was refused. A socket that is
// closed with unread bytes sends a reset, and that overtakes the answer (RFC
// 9112, section 9.6).
func (x *exchange) drain() {
	if x.isHTTP2() || x.body.complete() || x.conn.Flush() != nil || x.body.failed() != nil {
		return
	}
	if x.conn.SetReadDeadline(time.Now().Add(drainTime)) != nil {
		return
	}
	n, _ := io.CopyN(io.Discard, x.r.Body, drainBytes)
	x.body.n += n
}
