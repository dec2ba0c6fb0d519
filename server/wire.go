package server

import (
	"bufio"
	"errors"
	"io"
	"net"
	"runtime"
	"sync"
	"time"
)

const (
	headerLen   = 4         // of a packet: three bytes of length, one of sequence
	maxFragment = 1<<24 - 1 // a packet this long goes on in the next one

	readBuffer  = 8 << 10
	flushAt     = 64 << 10  // bytes that are gathered before they are written
	keepAtMost  = 256 << 10 // a buffer that grew beyond this is let go
	idleBuffer  = 16 << 10  // and beyond this between two commands
	bodyTimeout = time.Minute
	// drainPause is how long a refused client may pause while it still sends.
	drainPause = 5 * time.Second
)

var (
	errPacketTooLarge = errors.New("packet over the limit")
	errOutOfOrder     = errors.New("packet out of order")
	errTooSlow        = errors.New("large packet comes too slowly")
	errNoRoom         = errors.New("no memory for a large packet")
)

// wire is what is between the packets and the socket. Reads are buffered,
// stop at the end of a packet and keep to a limit; writes have a deadline. It
// is used by the connection's goroutine only, except peek.
type wire struct {
	net.Conn               // the socket, or TLS over it
	in       *bufio.Reader // of packets
	base     *bufio.Reader // over Conn; the same as in without compression

	left  int  // bytes of the current fragment that are not read yet
	size  int  // bytes of the current packet so far
	more  bool // the packet goes on in the next fragment
	seq   byte // of the current fragment
	limit int  // the most bytes that a packet may have

	timeouts
	readBy  time.Time // the deadlines that the socket has from these
	writeBy time.Time
	body    []byte      // of the last packet that was read
	out     io.Writer   // where writes go: pieces, or compression over it
	packed  *compressed // nil without compression
	readers *sync.Pool  // of *bufio.Reader that are free
	counted *counted

	writeDeadline

	memory   *memory // where large packets take room; nil before login
	reserved int64   // what the last packet took
	pace     pace    // of that packet
}

// timeouts are how long things may take; 0 is for ever.
type timeouts struct {
	idle  time.Duration // until the next packet
	stall time.Duration // while a started packet stands still
	write time.Duration // while a write stands still
	grace time.Duration // for a write of a statement that is to end
}

func newWire(c net.Conn, limit int, readers *sync.Pool, counts *counted) *wire {
	w := &wire{limit: limit, readers: readers, counted: counts}
	w.over(c)
	return w
}

// over puts the wire over another connection: TLS.
func (w *wire) over(c net.Conn) {
	w.Conn, w.base, w.out = c, w.newReader(c), pieces{w}
	w.in = w.base
}

func (w *wire) newReader(r io.Reader) *bufio.Reader {
	if used, ok := w.readers.Get().(*bufio.Reader); ok {
		used.Reset(r)
		return used
	}
	return bufio.NewReaderSize(r, readBuffer)
}

// packet reads the next packet, which has that sequence. Its payload is valid
// until the next call. It takes memory as the bytes come, not as the header
// claims.
func (w *wire) packet(seq byte) ([]byte, error) {
	w.dropBody()
	w.seq = seq // where no header comes, answers follow what was expected
	for first := true; first || w.more; first = false {
		if err := w.header(); err != nil {
			return nil, err
		}
		if w.seq != seq {
			return nil, errOutOfOrder
		}
		seq++
		w.in.Discard(headerLen)
		w.counted.received.Add(headerLen)
		for w.left -= headerLen; w.left > 0; {
			if err := w.reserve(); err != nil {
				return nil, err
			}
			w.grow()
			n := len(w.body)
			m, err := w.Read(w.body[n:cap(w.body)])
			if w.body = w.body[:n+m]; err != nil {
				return nil, err
			}
			if !w.keepsPace() {
				return nil, errTooSlow
			}
			if w.reserved > 0 {
				runtime.Gosched() // Read never blocks where the client is always ahead; see [auth.Gate.Compute]
			}
		}
	}
	return w.body, nil
}

// Read returns bytes of one packet, its header first, and never bytes of two.
func (w *wire) Read(p []byte) (int, error) {
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
	w.counted.received.Add(uint64(n))
	return n, err
}

// header looks at the header of the next fragment before anything acts on the
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
	if timeout == 0 || !renew(&w.readBy, timeout) {
		return nil
	}
	return w.SetReadDeadline(w.readBy)
}

// renew moves a deadline if it is not about timeout away. A new one has some
// time on top, so that it need not be set for every packet.
func renew(by *time.Time, timeout time.Duration) bool {
	slack := min(timeout/16, 10*time.Second)
	now := time.Now()
	if left := by.Sub(now); left >= timeout && left <= timeout+slack {
		return false
	}
	*by = now.Add(timeout + slack)
	return true
}

// endless takes the deadlines away.
func (w *wire) endless() error {
	w.readBy, w.writeBy = time.Time{}, time.Time{}
	return w.SetDeadline(time.Time{})
}

// Write writes p at once, for what comes here is gathered.
func (w *wire) Write(p []byte) (int, error) {
	w.counted.sent.Add(uint64(len(p)))
	return w.out.Write(p)
}

// pieces writes to a wire's connection in pieces that have a deadline each: it
// is for a client that stands still, and a long row takes a slow one longer.
type pieces struct{ w *wire }

func (o pieces) Write(p []byte) (n int, err error) {
	w := o.w
	for err == nil && n < len(p) {
		if err := w.allowWrite(); err != nil {
			return n, err
		}
		var m int
		m, err = w.Conn.Write(p[n:min(len(p), n+flushAt)])
		n += m
	}
	return n, err
}

// peek waits until the client sends something or leaves. It may run beside
// Write, never beside a read. It does not look into compressed frames, whose
// reader could not go on after a deadline.
func (w *wire) peek() error {
	_, err := w.base.Peek(1)
	return err
}

// unpeek ends a peek that another goroutine is in, and waits for done to be
// closed, which tells that it is over.
func (w *wire) unpeek(done <-chan struct{}) {
	w.SetReadDeadline(time.Unix(1, 0))
	<-done
	w.readBy = time.Time{}
	w.SetReadDeadline(w.readBy)
}

// release lets go of what the wire holds besides the connection. Nothing reads
// from it any more.
func (w *wire) release() {
	if w == nil {
		return
	}
	if w.packed != nil {
		w.packed.codec.close()
	}
	w.dropBody()
	w.base.Reset(nil)
	w.readers.Put(w.base)
}
