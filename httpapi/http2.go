package httpapi

import (
	"io"
	"net/http"
	"sync"
	"time"

	"wharf"
)

// HTTP/2 is served by prior knowledge: over TCP without TLS, to clients that
// begin with its preface (curl --http2-prior-knowledge). Its frames are not
// seen by headerLimit and pace, which count bytes of HTTP/1.1, so other bounds
// take their place:
//
//   - MaxHeaderBytes bounds a request's header, at 32 bytes more for each field.
//   - streamPace holds the client of each stream to taking its answer: flow
//     control can hold up a stream while its connection takes all that is
//     written.
//   - maxHTTP2 connections of maxStreams requests bound what frames, windows and
//     headers take, about 600 KiB for one connection at worst.
const (
	maxHTTP2   = 128
	maxStreams = 16
	// http2Window is how much of all bodies of a connection waits to be read,
	// the least that net/http has.
	http2Window = 64 << 10
	// http2Frame is the largest frame, the least that HTTP/2 allows. The buffer
	// for it stays with the connection.
	http2Frame = 16 << 10
)

// withHTTP2 makes a server take HTTP/2 without TLS besides HTTP/1.
func withHTTP2(s *http.Server) {
	s.Protocols = new(http.Protocols)
	s.Protocols.SetHTTP1(true)
	s.Protocols.SetUnencryptedHTTP2(true)
	s.HTTP2 = &http.HTTP2Config{
		MaxConcurrentStreams:          maxStreams,
		MaxReadFrameSize:              http2Frame,
		MaxReceiveBufferPerConnection: http2Window,
		MaxReceiveBufferPerStream:     http2Window,
	}
}

// isHTTP2 reports whether the exchange is a stream of an HTTP/2 connection.
func (x *exchange) isHTTP2() bool { return x.r.ProtoMajor == 2 }

// streamPace does for the answer of an HTTP/2 stream what pace does for a
// connection. How far a write that waits came cannot be asked, so what is
// written at once is what a client has to take between two looks at its rate.
type streamPace struct {
	armed time.Time // when the stream's write deadline was last set; zero if it has none
	// holds is set while the answer is a download that others may wait for.
	holds *wharf.Service
}

// holdStream gives the client of a stream stall to take what is written next, or
// what net/http has of the answer when its handler returns.
func (x *exchange) holdStream() {
	now, stall := time.Now(), x.body.stall
	if now.Sub(x.stream.armed) > stall/24 {
		x.conn.SetWriteDeadline(now.Add(stall))
		x.stream.armed = now
	}
}

// writeStream writes to an HTTP/2 stream.
func (x *exchange) writeStream(p []byte) (total int, err error) {
	between := x.body.stall / looksPerStall
	piece := max(1<<10, int(minRate*between.Seconds()))
	for len(p) > 0 && err == nil {
		var n int
		x.holdStream()
		end := x.watchStream(between)
		n, err = x.w.Write(p[:min(piece, len(p))])
		end()
		total += n
		p = p[n:]
	}
	x.conn.SetWriteDeadline(time.Time{}) // a store may take its time
	x.stream.armed = time.Time{}
	return total, err
}

// watchStream ends the stream when a write to it is under way for that long
// while others wait for a download. The function that it returns ends the watch,
// and must be called.
func (x *exchange) watchStream(between time.Duration) (end func()) {
	if x.stream.holds == nil {
		return func() {}
	}
	var mu sync.Mutex // guards ended and timer
	ended := false
	var timer *time.Timer
	mu.Lock()
	defer mu.Unlock()
	timer = time.AfterFunc(between, func() {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case ended:
		case x.stream.holds.DownloadsWait():
			x.conn.SetWriteDeadline(time.Now())
		default:
			timer.Reset(between)
		}
	})
	return func() {
		mu.Lock()
		defer mu.Unlock()
		ended = true
		timer.Stop()
	}
}

// tooManyHTTP2 is SETTINGS and GOAWAY with ENHANCE_YOUR_CALM (RFC 9113, sections
// 6.5, 6.8 and 7), with what is wrong as its debug data.
const tooManyHTTP2 = "\x00\x00\x00\x04\x00\x00\x00\x00\x00" +
	"\x00\x00\x2c\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x0b" + "too many HTTP/2 connections; try 1.1"

// beginHTTP2 counts the connection among those of HTTP/2. It returns false, and
// tells the client, if there are too many.
func (c *clientConn) beginHTTP2() bool {
	if c.http2.Add(1) <= maxHTTP2 {
		c.counted.Store(true)
		return true
	}
	c.http2.Add(-1)
	c.tcp.SetWriteDeadline(time.Now().Add(drainTime))
	io.WriteString(c.tcp, tooManyHTTP2)
	c.tcp.CloseWrite()
	return false
}

// endHTTP2 is beginHTTP2's counterpart. Further calls do nothing.
func (c *clientConn) endHTTP2() {
	if c.counted.Swap(false) {
		c.http2.Add(-1)
	}
}
