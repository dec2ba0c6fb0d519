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
)

// newTransport makes the connections to S3 servers. The times that a request
// may take are watchedClient's affair.
func newTransport(o Options) *http.Transport {
	dialer := &net.Dialer{Timeout: o.ConnectTimeout, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         dialer.DialContext,
		TLSHandshakeTimeout: o.ConnectTimeout,
		MaxIdleConnsPerHost: 64,
		IdleConnTimeout:     30 * time.Second,
		DisableCompression:  true, // objects are bytes as they are
		WriteBufferSize:     64 << 10,
		ReadBufferSize:      64 << 10,
	}
}

// watchedClient sends requests and gives up those that see no byte move for
// the time allowed. It follows no redirect, so that a server cannot send
// signed requests elsewhere, and its errors hold no URL.
//
// A byte of a request has moved when the transport takes it from the body, and
// again when the server's side confirms it: the kernel takes megabytes at
// once, and they may be on their way for longer than the time allowed.
type watchedClient struct {
	next http.RoundTripper
	wait time.Duration
}

// stallError says that a server left a request without progress.
type stallError struct {
	host string
	wait time.Duration
}

func (e *stallError) Error() string {
	return fmt.Sprintf("no byte moved to or from %s in %v", e.host, e.wait)
}

// waitKey is the context key of withWait.
type waitKey struct{}

// withWait allows the requests under ctx another time without progress.
func withWait(ctx context.Context, d time.Duration) context.Context {
	return context.WithValue(ctx, waitKey{}, d)
}

// Do sends the request.
func (c *watchedClient) Do(req *http.Request) (*http.Response, error) {
	wait := c.wait
	if d, ok := req.Context().Value(waitKey{}).(time.Duration); ok {
		wait = d
	}
	ctx, cancel := context.WithCancelCause(req.Context())
	w := newWatch(ctx, cancel, &stallError{host: req.URL.Host, wait: wait})
	out := req.Clone(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: w.gotConn}))
	w.watchRequest(out)
	w.arm()
	resp, err := c.next.RoundTrip(out)
	w.sent()
	if err != nil {
		err = w.explain(err)
		cancel(nil)
		return nil, err
	}
	resp.Body = &receivedBody{w: w, body: resp.Body}
	return resp, nil
}

// watch cancels a request when it stalls.
type watch struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	stall  *stallError

	mu      sync.Mutex // guards what follows
	timer   *time.Timer
	armed   bool
	moved   time.Time // when a byte moved, or the clock was armed
	sending bool
	conn    net.Conn // the request's; nil before it has one
	acked   uint64   // bytes that were confirmed on conn at the last look
}

func newWatch(ctx context.Context, cancel context.CancelCauseFunc, stall *stallError) *watch {
	w := &watch{ctx: ctx, cancel: cancel, stall: stall, sending: true}
	w.timer = time.AfterFunc(stall.wait, w.look) // does nothing until arm
	return w
}

// looks is how often within the time allowed the watch looks for progress: a
// stall is found late by that part of it at most.
const looks = 8

func (w *watch) arm() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.armed, w.moved = true, time.Now()
	w.timer.Reset(w.stall.wait / looks)
}

func (w *watch) disarm() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.armed = false
	w.timer.Stop()
}

// look is the timer's: it gives the request up or sets the timer again.
func (w *watch) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.armed {
		return
	}
	if w.sending && w.conn != nil {
		if n := ackedBytes(w.conn); n != w.acked {
			w.acked, w.moved = n, time.Now()
		}
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
}

// progress is a byte of the request that moved. The transport may still read
// the body when an early answer is there already: that counts no more.
func (w *watch) progress() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.sending {
		w.moved = time.Now()
	}
}

func (w *watch) sent() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sending, w.armed, w.conn = false, false, nil
	w.timer.Stop()
}

// explain replaces the bare cancellation that a stall looks like.
func (w *watch) explain(err error) error {
	if err != nil && err != io.EOF && errors.Is(context.Cause(w.ctx), error(w.stall)) {
		return w.stall
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
	b.w.progress()
	return b.ReadCloser.Read(p)
}

// receivedBody is a response's body. The clock runs only while somebody waits
// in Read: a slow consumer is not a slow server.
type receivedBody struct {
	w    *watch
	body io.ReadCloser
}

func (b *receivedBody) Read(p []byte) (int, error) {
	b.w.arm()
	n, err := b.body.Read(p)
	b.w.disarm()
	return n, b.w.explain(err)
}

func (b *receivedBody) Close() error {
	err := b.body.Close()
	b.w.disarm()
	b.w.cancel(nil)
	return err
}
