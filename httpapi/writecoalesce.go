package httpapi

import (
	"bytes"
	"net"
	"sync"
)

// net/http writes an answer through a buffer of 4 KiB, and what does not fit into
// it follows by itself: for a file of 4 KiB that is a second packet, which costs
// both sides as much as the first. wholeWrite holds the header back until the
// body's first bytes are there, and sends both in one system call. It takes a
// fifth off the processor time of such a download (BenchmarkDownloadSmall).
type wholeWrite struct {
	body   int             // bytes of the body that are to go out with the header; 0 for none
	buffer *[heldSize]byte // from heldBuffers while something is held back
	held   int             // bytes held back
	both   [2][]byte       // the room of a net.Buffers
}

// heldSize is as long as net/http's buffer of a connection: no write of an
// answer's beginning is longer, except one that includes the body.
const heldSize = 4 << 10

var heldBuffers = sync.Pool{New: func() any { return new([heldSize]byte) }}

// expect announces an answer whose header was not written yet: with it go the
// next n bytes of body, which the caller writes at once.
func (c *clientConn) expect(n int) { c.body = n }

// Write implements [net.Conn].
func (c *clientConn) Write(p []byte) (int, error) {
	if c.tls != nil {
		return c.tls.Write(p)
	}
	if c.buffer != nil {
		return c.writeBoth(p)
	}
	n := c.body
	c.body = 0
	if n == 0 || len(p) > heldSize {
		return c.writeOne(p)
	}
	header := bytes.Index(p, []byte("\r\n\r\n")) + 4
	if header < 4 || len(p) >= header+n {
		return c.writeOne(p)
	}
	c.buffer = heldBuffers.Get().(*[heldSize]byte)
	c.held = copy(c.buffer[:], p)
	return len(p), nil
}

// writeOne writes p.
func (c *clientConn) writeOne(p []byte) (int, error) {
	total := 0
	for patient := c.pace.begin(c.tcp); ; {
		n, err := c.tcp.Write(p[total:])
		total += n
		if !c.pace.goOn(c.tcp, &patient, int64(n), err) || c.ended.Load() {
			return total, err
		}
	}
}

// writeBoth writes what was held back and p.
func (c *clientConn) writeBoth(p []byte) (int, error) {
	held := c.held
	c.both = [2][]byte{c.buffer[:held], p}
	buffers := net.Buffers(c.both[:])
	defer func() {
		c.both = [2][]byte{}
		heldBuffers.Put(c.buffer)
		c.buffer, c.held = nil, 0
	}()
	total := int64(0)
	for patient := c.pace.begin(c.tcp); ; {
		n, err := buffers.WriteTo(c.tcp) // takes off what was written
		total += n
		if !c.pace.goOn(c.tcp, &patient, n, err) {
			return max(0, int(total)-held), err
		}
	}
}
