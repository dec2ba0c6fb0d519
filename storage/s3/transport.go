package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/middleware"

	"wharf"
)

// newTransport makes the connections to S3 servers. The times that a request
// may take are watchedClient's affair.
func newTransport(o Options) *http.Transport {
	dialer := newDialer(o)
	return &http.Transport{
		Proxy:               dialer.proxy,
		DialContext:         dialer.DialContext,
		TLSHandshakeTimeout: o.ConnectTimeout,
		MaxIdleConnsPerHost: 64,
		IdleConnTimeout:     30 * time.Second,
		DisableCompression:  true, // objects are bytes as they are
		WriteBufferSize:     64 << 10,
		ReadBufferSize:      64 << 10,
		// Of all headers together, those of 1xx answers included.
		MaxResponseHeaderBytes: 64 << 10,
	}
}

// watchedClient sends requests and gives up those that see no progress for the
// time allowed, and answers that are no object's bytes and take longer than
// wholeWaits of it as a whole. It follows no redirect, so that a server cannot
// send signed requests elsewhere, and its errors hold no URL.
//
// A byte of a request has moved when the transport takes it from the body, and
// again when the server's side confirms it: the kernel takes megabytes at
// once, and they may be on their way for longer than the time allowed. Bytes
// are progress where they are minRate at least on average.
type watchedClient struct {
	next     http.RoundTripper
	wait     time.Duration
	tell     func(operation string, took time.Duration, status int)
	verified servers
}

const (
	// wholeWaits is how many times the time without progress a whole answer
	// may take.
	wholeWaits = 3
	// minRate is how many bytes a second are progress.
	minRate = 1 << 10
)

// stallError says that a server left a request without progress, or that its
// answer did not end.
type stallError struct {
	host  string
	wait  time.Duration
	whole bool
}

func (e *stallError) Error() string {
	if e.whole {
		return fmt.Sprintf("the answer of %s did not end in %v", e.host, e.wait)
	}
	return fmt.Sprintf("no byte moved to or from %s in %v, or too few", e.host, e.wait)
}

// waitKey is the context key of withWait.
type waitKey struct{}

// withWait allows the requests under ctx another time without progress.
func withWait(ctx context.Context, d time.Duration) context.Context {
	return context.WithValue(ctx, waitKey{}, d)
}

// Do sends the request and checks the answer.
func (c *watchedClient) Do(req *http.Request) (*http.Response, error) {
	wait := c.wait
	if d, ok := req.Context().Value(waitKey{}).(time.Duration); ok {
		wait = d
	}
	ctx, cancel := context.WithCancelCause(context.WithValue(req.Context(), notesKey{}, &notes{}))
	w := newWatch(ctx, cancel, req.URL.Host, wait)
	out := req.Clone(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: w.gotConn}))
	out.Header.Set(wharf.HopHeader, "s3")
	w.watchRequest(out)
	w.arm()
	begun := time.Now()
	resp, err := c.next.RoundTrip(out)
	w.sent()
	status := 0
	if err == nil {
		status = resp.StatusCode
	}
	c.tell(middleware.GetOperationName(ctx), time.Since(begun), status)
	if err != nil {
		return nil, w.giveUp(err)
	}
	resp.Request = out
	resp.Body = &receivedBody{w: w, body: resp.Body}
	w.bound(max(wait, wholeWaits*c.wait))
	if err := c.check(out, resp); err != nil {
		resp.Body.Close()
		return nil, w.giveUp(err)
	}
	if isObject(resp) {
		w.unbound()
	}
	return resp, nil
}

// isObject reports whether the answer's body is an object's bytes, whose
// reader takes its own time.
func isObject(resp *http.Response) bool {
	ok := resp.StatusCode >= 200 && resp.StatusCode < 300
	return ok && middleware.GetOperationName(resp.Request.Context()) == "GetObject"
}

// watch cancels a request when it stalls.
type watch struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	stall  *stallError
	whole  *time.Timer // ends an answer that does not end; nil before there is one

	mu      sync.Mutex // guards what follows
	timer   *time.Timer
	armed   bool
	moved   time.Time     // the last progress, without the time in which no reader waited
	waited  time.Duration // since the last progress, when the clock was stopped
	bytes   uint64        // that moved since
	sending bool
	conn    net.Conn // the request's; nil before it has one
	acked   uint64   // bytes that were confirmed on conn at the last look
}

func newWatch(ctx context.Context, cancel context.CancelCauseFunc, host string, wait time.Duration) *watch {
	w := &watch{ctx: ctx, cancel: cancel, stall: &stallError{host: host, wait: wait}, sending: true}
	w.timer = time.AfterFunc(wait, w.look) // does nothing until arm
	return w
}

// bound ends the request after a time, however well it goes.
func (w *watch) bound(d time.Duration) {
	w.whole = time.AfterFunc(d, func() { w.cancel(&stallError{host: w.stall.host, wait: d, whole: true}) })
}

func (w *watch) unbound() {
	if w.whole != nil {
		w.whole.Stop()
	}
}

// giveUp ends the request and returns why.
func (w *watch) giveUp(err error) error {
	err = w.explain(err)
	w.unbound()
	w.cancel(nil)
	return err
}

// looks is how often within the time allowed the watch looks for progress: a
// stall is found late by that part of it at most.
const looks = 8

func (w *watch) arm() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.armed, w.moved = true, time.Now().Add(-w.waited)
	w.timer.Reset(min(w.stall.wait/looks, w.stall.wait-w.waited))
}

// disarm stops the clock after n bytes of an answer came.
func (w *watch) disarm(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.progress(uint64(n))
	w.armed, w.waited = false, time.Since(w.moved)
	w.timer.Stop()
}

// progress counts bytes that moved, and starts the clock anew where they are
// enough for the time that they took. w.mu is held.
func (w *watch) progress(n uint64) {
	if n == 0 {
		return
	}
	w.bytes += n
	if now := time.Now(); float64(w.bytes) >= minRate*now.Sub(w.moved).Seconds() {
		w.moved, w.bytes = now, 0
	}
}

// look is the timer's: it gives the request up or sets the timer again.
func (w *watch) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.armed {
		return
	}
	if w.sending && w.conn != nil {
		n := ackedBytes(w.conn)
		w.progress(n - w.acked)
		w.acked = n
	}
	left := w.stall.wait - time.Since(w.moved)
	if left <= 0 {
		w.armed = false
		w.cancel(w.stall)
		return
	}
	w.timer.Reset(min(left, w.stall.wait/looks))
}

// gotConn is told the connection that the request goes over.
func (w *watch) gotConn(info httptrace.GotConnInfo) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.conn, w.acked = info.Conn, ackedBytes(info.Conn)
	w.moved, w.bytes = time.Now(), 0 // the making of a connection has its own time
}

// took counts bytes that the transport took from the request's body. It may
// still read the body when an early answer is there already: that counts no
// more.
func (w *watch) took(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.sending {
		w.progress(uint64(n))
	}
}

func (w *watch) sent() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sending, w.armed, w.conn, w.waited, w.bytes = false, false, nil, 0, 0
	w.timer.Stop()
}

// explain replaces the bare cancellation that a stall looks like.
func (w *watch) explain(err error) error {
	var stall *stallError
	if err != nil && err != io.EOF && errors.As(context.Cause(w.ctx), &stall) {
		return stall
	}
	return err
}

func (w *watch) watchRequest(req *http.Request) {
	if req.Body == nil || req.Body == http.NoBody {
		return
	}
	req.Body = &sentBody{ReadCloser: req.Body, w: w}
	if body := req.GetBody; body != nil {
		req.GetBody = func() (io.ReadCloser, error) {
			b, err := body()
			if err != nil {
				return nil, err
			}
			return &sentBody{ReadCloser: b, w: w}, nil
		}
	}
}

// sentBody is a request's body whose every read counts as progress.
type sentBody struct {
	io.ReadCloser
	w *watch
}

func (b *sentBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.w.took(n)
	return n, err
}

// receivedBody is a response's body. The clock runs only while somebody waits
// in Read: a slow consumer is not a slow server. It goes on where it stood,
// so that bytes that drip are no progress.
type receivedBody struct {
	w    *watch
	body io.ReadCloser
}

func (b *receivedBody) Read(p []byte) (int, error) {
	b.w.arm()
	n, err := b.body.Read(p)
	b.w.disarm(n)
	return n, b.w.explain(err)
}

func (b *receivedBody) Close() error {
	err := b.body.Close()
	b.w.disarm(0)
	b.w.unbound()
	b.w.cancel(nil)
	return err
}
