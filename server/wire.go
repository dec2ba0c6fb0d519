package server

import (
	"bufio"
	"errors"
	"io"
	"net"
	"time"
)

const (
	headerLen   = 4         // of a packet: three bytes of length, one of sequence
	maxFragment = 1<<24 - 1 // a packet this long goes on in the next one

	readBuffer  = 8 << 10
	flushAt     = 64 << 10  // bytes that are gathered before they are written
	keepAtMost  = 256 << 10 // a buffer that grew beyond this is let go
	bodyTimeout = time.Minute
)

var errPacketTooLarge = errors.New("packet over the limit")

// wire is the net.Conn between the library and the socket. Reads are
// buffered, stop at the end of a packet and keep to a limit; writes have a
// deadline. It is used by the connection's goroutine only, but for peek.
type wire struct {
	net.Conn               // the socket, or TLS over it
	in       *bufio.Reader // of packets
	base     *bufio.Reader // over Conn; the same as in without compression

	left  int  // bytes of the current fragment that are not read yet
	size  int  // bytes of the current packet so far
	more  bool // the packet goes on in the next fragment
	seq   byte // of the current fragment
	limit int  // the most bytes that a packet may have

	idle    time.Duration // how long to wait for a packet; 0 is for ever
	stall   time.Duration // how long a started packet may stand still; 0 is for ever
	write   time.Duration // how long a write may take; 0 is for ever
	readErr error         // what the last Read failed with: the library loses the chain
	out     io.Writer     // where writes go: Conn, or compression over it
	packed  *compressed   // nil without compression
}

func newWire(c net.Conn, limit int) *wire {
	w := &wire{limit: limit}
	w.over(c)
	return w
}

// over puts the wire over another connection: TLS.
func (w *wire) over(c net.Conn) {
	w.Conn, w.base, w.out = c, newReader(c), c
	w.in = w.base
}

func newReader(r io.Reader) *bufio.Reader { return bufio.NewReaderSize(r, readBuffer) }

// Read gives bytes of one packet, its header first, and never bytes of two.
func (w *wire) Read(p []byte) (int, error) {
	n, err := w.read(p)
	if err != nil {
		w.readErr = err
	}
	return n, err
}

func (w *wire) read(p []byte) (int, error) {
	if w.left == 0 {
		if err := w.header(); err != nil {
			return 0, err
		}
	}
	if w.in.Buffered() == 0 {
		if err := w.wait(w.stall); err != nil {
			return 0, err
		}
	}
	n, err := w.in.Read(p[:min(len(p), w.left)])
	w.left -= n
	return n, err
}

// header looks at the header of the next fragment before anybody acts on the
// length that it claims.
func (w *wire) header() error {
	if w.in.Buffered() < headerLen {
		timeout := w.idle
		if w.more {
			timeout = w.stall
		}
		if err := w.wait(timeout); err != nil {
			return err
		}
	}
	h, err := w.in.Peek(headerLen)
	if err != nil {
		return err
	}
	length := int(h[0]) | int(h[1])<<8 | int(h[2])<<16
	w.seq = h[3]
	w.packed.sync()
	if !w.more {
		w.size = 0
	}
	if w.size += length; w.size > w.limit {
		return errPacketTooLarge
	}
	w.more = length == maxFragment
	w.left = headerLen + length
	return nil
}

func (w *wire) wait(timeout time.Duration) error {
	if timeout == 0 {
		return nil
	}
	return w.SetReadDeadline(time.Now().Add(timeout))
}

// Write writes p at once: the library writes whole packets, and answers of
// the command loop come gathered.
func (w *wire) Write(p []byte) (int, error) {
	if w.write > 0 {
		if err := w.SetWriteDeadline(time.Now().Add(w.write)); err != nil {
			return 0, err
		}
	}
	return w.out.Write(p)
}

// peek waits until the client sends something or leaves. It may run beside
// Write, never beside Read. It does not look into compressed frames, whose
// reader could not go on after a deadline.
func (w *wire) peek() error {
	_, err := w.base.Peek(1)
	return err
}

// release lets go of what the wire holds besides the connection.
func (w *wire) release() {
	if w != nil && w.packed != nil {
		w.packed.codec.close()
	}
}
