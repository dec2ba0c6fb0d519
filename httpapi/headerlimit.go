package httpapi

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// The defaults for the header of one request. net/http takes 4 KiB more than
// it is told and any number of lines, each of which costs it a hundred bytes
// and more: a header of 6,000 short lines took half a MiB before its end came.
const (
	defaultMaxHeaderBytes = 16 << 10
	maxHeaderLines        = 200
)

// headerLimit bounds the headers of the requests on one connection before
// net/http parses them. To know where a header begins it hands out no byte
// beyond the header's end, or the body's, together with those before.
//
// Reads of one connection never overlap, which net/http sees to; beginBody and
// beginHeader are called between reads.
type headerLimit struct {
	most int // bytes of one header

	inBody bool
	left   int64 // of the body; less than 0 if it comes in chunks
	chunks chunkScan

	bytes, lines int  // of the header so far, its request line among them
	length       int  // of the line so far
	last         byte // of the line so far

	framing   framing     // of the header so far
	headers   int         // that were read whole
	ambiguous atomic.Bool // one of them was; the connection's requests are refused from then on
	// http2 is set once the connection began as one of HTTP/2, which this is
	// not for: all passes.
	http2 bool

	ahead  []byte       // was read and not handed out yet
	buffer *[ahead]byte // where it is; nil while there is none
}

// ahead is the most bytes that are read beyond an end: net/http reads a header
// in pieces of this size.
const ahead = 4 << 10

var aheadBuffers = sync.Pool{New: func() any { return new([ahead]byte) }}

var errHeaderTooLarge = errors.New("the request's header is over its limit")

// beginBody says that the header is followed by a body of that length, less
// than 0 if it comes in chunks.
func (h *headerLimit) beginBody(length int64) {
	h.inBody, h.left, h.chunks = true, length, chunkScan{}
}

// beginHeader says that the next bytes are a request's first.
func (h *headerLimit) beginHeader() {
	h.inBody, h.bytes, h.lines, h.length = false, 0, 0, 0
	h.framing = framing{}
}

// between reports whether a request was read to its end, and nothing of the next one.
// A read of one byte is then net/http's look at whether the client is there: its
// others are as long as its buffer.
func (h *headerLimit) between() bool {
	switch {
	case h.http2 || h.headers == 0 || h.buffer != nil:
		return false
	case h.inBody:
		return h.left == 0
	}
	return h.bytes == 0 && h.length == 0
}

// read reads from src by the rules of the limit.
func (h *headerLimit) read(src io.Reader, p []byte) (int, error) {
	if h.http2 {
		return h.fetch(src, p)
	}
	if h.inBody && h.left == 0 {
		h.beginHeader()
	}
	if h.inBody && h.left > 0 {
		p = p[:min(int64(len(p)), h.left)]
	}
	n, err := h.fetch(src, p)
	end := n
	switch {
	case !h.inBody:
		within := true
		if end, within = h.scan(p[:n]); !within {
			return 0, errHeaderTooLarge
		}
	case h.left > 0:
		h.left -= int64(n)
	default:
		var done bool
		if end, done = h.chunks.scan(p[:n]); done {
			h.beginHeader()
		}
	}
	h.putBack(p[end:n])
	return end, err
}

// fetch reads what was put back, or else from src. Where an end may come, it
// reads no more than can be put back.
func (h *headerLimit) fetch(src io.Reader, p []byte) (int, error) {
	if h.buffer == nil {
		switch {
		case h.http2:
		case !h.inBody:
			p = p[:min(len(p), ahead)]
		case h.left < 0: // no end is within a chunk
			p = p[:min(int64(len(p)), max(ahead, h.chunks.within()))]
		}
		return src.Read(p)
	}
	n := copy(p, h.ahead)
	if h.ahead = h.ahead[n:]; len(h.ahead) == 0 {
		h.release()
	}
	return n, nil
}

func (h *headerLimit) putBack(p []byte) {
	switch {
	case len(p) == 0:
	case h.buffer != nil: // from where p came
		h.ahead = h.buffer[ahead-len(p)-len(h.ahead):]
		copy(h.ahead, p)
	default:
		h.buffer = aheadBuffers.Get().(*[ahead]byte)
		// At the end, so that more can be put before it.
		h.ahead = h.buffer[ahead-len(p):]
		copy(h.ahead, p)
	}
}

// release returns the buffer to its pool.
func (h *headerLimit) release() {
	if h.buffer != nil {
		aheadBuffers.Put(h.buffer)
		h.buffer, h.ahead = nil, nil
	}
}

// scan counts a header's bytes and lines. It returns how many bytes of p
// belong to it, and false if it is over its limit.
func (h *headerLimit) scan(p []byte) (end int, within bool) {
	for end < len(p) {
		i := bytes.IndexByte(p[end:], '\n')
		if i < 0 {
			h.framing.take(p[end:])
			h.length += len(p) - end
			h.last = p[len(p)-1]
			end = len(p)
			break
		}
		if i > 0 {
			h.last = p[end+i-1]
		}
		h.framing.take(p[end : end+i])
		h.length += i
		end += i + 1
		if h.length == 0 || h.length == 1 && h.last == '\r' {
			within = h.bytes+end <= h.most && h.lines <= 1+maxHeaderLines
			h.endHeader()
			return end, within
		}
		h.framing.endLine()
		h.length = 0
		h.lines++
	}
	h.bytes += end
	return end, h.bytes <= h.most && h.lines <= 1+maxHeaderLines
}

// endHeader is called when a header was read whole.
func (h *headerLimit) endHeader() {
	h.http2 = h.headers == 0 && h.framing.isHTTP2
	h.headers++
	if h.framing.ambiguous() {
		h.ambiguous.Store(true)
	}
	h.beginHeader()
}

// chunkScan finds the end of a body in chunks (RFC 9112, section 7.1). What is no
// chunk net/http refuses: then it does not matter where the end is.
type chunkScan struct {
	part    chunkPart
	size    int64 // of the chunk, as far as it was read; then what is left of it
	trailer int   // bytes of the trailer's line so far
}

type chunkPart uint8

const (
	chunkSize chunkPart = iota
	chunkExtension
	chunkData
	chunkEnd
	chunkTrailer
)

// within is how many of the next bytes are a chunk's own, at least.
func (c *chunkScan) within() int64 {
	if c.part == chunkData {
		return c.size
	}
	return 0
}

// scan follows the chunks. It returns how many bytes of p belong to them, and
// whether their end is among these.
func (c *chunkScan) scan(p []byte) (end int, done bool) {
	for i := 0; i < len(p); i++ {
		b := p[i]
		switch {
		case c.part == chunkData:
			n := min(c.size, int64(len(p)-i))
			i += int(n) - 1
			if c.size -= n; c.size == 0 {
				c.part = chunkEnd
			}
		case c.part == chunkEnd && b == '\n':
			c.part = chunkSize
		case c.part <= chunkExtension && b == '\n':
			if c.part = chunkData; c.size == 0 {
				c.part = chunkTrailer
			}
		case c.part == chunkSize:
			if digit := strings.IndexByte("0123456789abcdef", b|0x20); digit >= 0 && c.size < 1<<58 {
				c.size = c.size<<4 | int64(digit)
			} else {
				c.part = chunkExtension
			}
		case c.part == chunkTrailer && b == '\n':
			if c.trailer == 0 {
				return i + 1, true
			}
			c.trailer = 0
		case c.part == chunkTrailer && b != '\r':
			c.trailer++
		}
	}
	return len(p), false
}

// refuseHeader answers a header that is over its limit, waits a little for the
// client to read the answer, and returns what makes net/http close the
// connection without an answer of its own.
func (c *clientConn) refuseHeader() error {
	c.limit.release()
	c.tcp.SetWriteDeadline(time.Now().Add(drainTime))
	io.WriteString(c.tcp, headerRefused)
	c.tcp.CloseWrite()
	c.tcp.SetReadDeadline(time.Now().Add(drainTime))
	io.CopyN(io.Discard, c.tcp, drainBytes)
	return &net.OpError{Op: "read", Net: "tcp", Err: errHeaderTooLarge}
}

const headerRefused = "HTTP/1.1 431 Request Header Fields Too Large\r\n" +
	"Content-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n" +
	"431 Request Header Fields Too Large: a request's header has at most 16 KiB and 200 lines\n"
