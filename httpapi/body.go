package httpapi

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"wharf"
)

// minRate is how many bytes a second an upload must send for its place to be
// kept while others wait for it.
const minRate = 1 << 10

// body reads a request's body. It counts the bytes, gives every failure a
// code, and holds the client to sending something at least every stall.
type body struct {
	src   io.Reader
	r     *http.Request // whose Trailer net/http sets at the body's end
	conn  *http.ResponseController
	stall time.Duration
	// pressed is set once the body is that of an upload that holds memory. It
	// reports whether others wait for that.
	pressed func() bool

	armed time.Time // when the read deadline was last set
	n     int64     // bytes read
	err   error     // what ended the body; io.EOF if all of it came

	waited time.Duration // for the client, since judge last let it pass
	came   int64         // bytes meanwhile
}

// Read implements io.Reader. Its errors stay.
func (b *body) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	start := b.arm()
	n, err := b.src.Read(p)
	b.n += int64(n)
	if err != nil {
		b.err = b.translate(err)
	} else {
		b.judge(int64(n), start)
	}
	return n, b.err
}

// judge ends an upload that trickles, if others wait for memory: a few clients
// that send a byte now and then would keep them out for ever. Only the time
// counts that the client was waited for, not what a store took.
func (b *body) judge(n int64, start time.Time) {
	b.came += n
	if float64(b.came) < minRate*b.stall.Seconds() {
		if b.waited += time.Since(start); b.waited < b.stall {
			return
		}
		if b.pressed != nil && b.pressed() {
			b.err = &wharf.Error{Code: wharf.CodeTimeout, Op: "httpapi.body",
				Msg: "the body came too slowly to keep other uploads waiting for its sake; try again"}
		}
	}
	b.waited, b.came = 0, 0
}

// arm moves the read deadline, and tells the time. Not at each read, because
// every move wakes the runtime's timers; and never after the end of the body,
// because net/http then reads in the background, and a deadline would look like
// a client that left.
func (b *body) arm() (now time.Time) {
	now = time.Now()
	if now.Sub(b.armed) > b.stall/4 {
		b.conn.SetReadDeadline(now.Add(b.stall + b.stall/4))
		b.armed = now
	}
	return now
}

// complete reports whether nothing of the body is left on the connection.
func (b *body) complete() bool {
	return b.src == nil || b.src == http.NoBody || b.err == io.EOF
}

// failed returns what cut the body off, or nil.
func (b *body) failed() error {
	if b.err == io.EOF {
		return nil
	}
	return b.err
}

// blame returns the reason why an upload failed. When a body breaks, net/http
// also cancels the request's context, and a store may notice that first: what
// broke is the better answer.
func (b *body) blame(err error) error {
	if broken := b.failed(); broken != nil && err != nil {
		return broken
	}
	return err
}

func (b *body) translate(err error) error {
	switch {
	case err == io.EOF:
		if err := noTrailedChecksum(b.r); err != nil {
			return err
		}
		return io.EOF
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &wharf.Error{Code: wharf.CodeInvalid, Op: "httpapi.body", Err: err,
			Msg: "the body stopped coming: nothing arrived for " + b.stall.String()}
	case errors.Is(err, net.ErrClosed):
		// Only Shutdown closes a connection during its request. This is for
		// the log: the client is gone.
		return &wharf.Error{Code: wharf.CodeUnavailable, Op: "httpapi.body", Err: err,
			Msg: "the server is stopping"}
	case errors.Is(err, io.ErrUnexpectedEOF):
		return &wharf.Error{Code: wharf.CodeInvalid, Op: "httpapi.body", Err: err,
			Msg: "the body was cut off before its end"}
	}
	return &wharf.Error{Code: wharf.CodeInvalid, Op: "httpapi.body", Err: err,
		Msg: "the body could not be read to its end"}
}
