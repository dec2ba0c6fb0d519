package server

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/go-mysql-org/go-mysql/mysql"
)

const (
	frameHeader = 7 // length on the wire, sequence, length before compression
	// worthIt is the fewest bytes that are compressed: MySQL's own figure.
	worthIt = 50
)

var errFrame = errors.New("malformed compressed frame")

// compressed is the framing of the compressed protocol: packets regardless
// of their ends, in frames.
type compressed struct {
	in    io.Reader
	out   io.Writer
	codec codec
	begun func() error // a frame has begun; nil in tests

	frame  io.LimitedReader // what the wire has of the current frame
	plain  io.Reader        // what it unpacks to
	left   int              // bytes of that which are not read yet
	lost   error            // why the wire gave no more
	came   byte             // sequence of the current frame
	by     time.Time        // when the current frame is to be there
	seq    byte             // of the next frame to write
	buf    bytes.Buffer
	header [frameHeader]byte // of the frame that is read
}

// compress puts the compression that the client asked for into the wire.
// MySQL prefers zlib where a client asks for both.
func (w *wire) compress(h *handshakeResponse) {
	c := &compressed{in: w.base, out: w.out, begun: func() error { return w.wait(w.stall) }}
	switch {
	case h.caps&mysql.CLIENT_COMPRESS != 0:
		c.codec = &zlibCodec{}
	case h.caps&mysql.CLIENT_ZSTD_COMPRESSION_ALGORITHM != 0:
		c.codec = newZstdCodec(h.zstd, w.memory)
	default:
		return
	}
	w.packed = c
	w.in, w.out = w.newReader(c), c
}

// sync makes answers follow the frame that came last. It is called between
// packets only: a client may send its next command while the answer to this
// one is being written.
func (c *compressed) sync() {
	if c != nil {
		c.seq = c.came + 1
	}
}

// source is the wire below the frames. It notes that it failed, so that a
// client that left is told apart from a frame that makes no sense. A frame that
// trickles fails too: what unpacks it may be large.
type source struct{ *compressed }

func (s source) Read(p []byte) (int, error) {
	n, err := s.in.Read(p)
	if err == nil && !s.by.IsZero() && time.Now().After(s.by) {
		err = errTooSlow
	}
	s.lost = err
	return n, err
}

// Read reads unpacked bytes, of one frame at a time.
func (c *compressed) Read(p []byte) (int, error) {
	n, err := c.read(p)
	if err != nil && c.lost == nil && !errors.Is(err, errFrame) && !errors.Is(err, errNoRoom) {
		err = fmt.Errorf("%w: %w", errFrame, err)
	}
	return n, err
}

func (c *compressed) read(p []byte) (int, error) {
	for c.left == 0 {
		if err := c.nextFrame(); err != nil {
			return 0, err
		}
	}
	n, err := c.plain.Read(p[:min(len(p), c.left)])
	c.left -= n
	if c.left > 0 && errors.Is(err, io.EOF) {
		return n, errFrame
	}
	if c.left == 0 {
		err = c.endFrame()
	}
	return n, err
}

func (c *compressed) nextFrame() error {
	c.by = time.Time{}
	if _, err := io.ReadFull(source{c}, c.header[:]); err != nil {
		return err
	}
	if c.begun != nil {
		if err := c.begun(); err != nil {
			return err
		}
	}
	h := c.header
	packed, plain := int(h[0])|int(h[1])<<8|int(h[2])<<16, int(h[4])|int(h[5])<<8|int(h[6])<<16
	c.came = h[3]
	c.by = time.Now().Add(bodyTimeout + time.Duration(packed)*time.Second/minRate)
	c.frame = io.LimitedReader{R: source{c}, N: int64(packed)}
	if plain == 0 {
		c.plain, c.left = &c.frame, packed
		return nil
	}
	unpacked, err := c.codec.unpack(&c.frame)
	if err != nil {
		return err
	}
	c.plain, c.left = unpacked, plain
	return nil
}

// endFrame skips what the frame has besides its data: a checksum.
func (c *compressed) endFrame() error {
	if c.plain != &c.frame {
		var more [1]byte
		if n, err := io.ReadFull(c.plain, more[:]); n != 0 || !errors.Is(err, io.EOF) {
			return errFrame
		}
		c.codec.unpacked()
	}
	_, err := io.Copy(io.Discard, &c.frame)
	return err
}

// Write writes p in frames.
func (c *compressed) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		n := min(len(rest), maxFragment)
		if err := c.writeFrame(rest[:n]); err != nil {
			return 0, err
		}
		rest = rest[n:]
	}
	return len(p), nil
}

func (c *compressed) writeFrame(p []byte) error {
	c.buf.Reset()
	c.buf.Write(make([]byte, frameHeader))
	plain := 0
	if len(p) >= worthIt {
		if err := c.codec.pack(&c.buf, p); err != nil {
			return err
		}
		plain = len(p)
	}
	if plain == 0 || c.buf.Len()-frameHeader >= len(p) {
		c.buf.Truncate(frameHeader)
		c.buf.Write(p)
		plain = 0
	}
	b := c.buf.Bytes()
	putLength(b, len(b)-frameHeader)
	b[3] = c.seq
	putLength(b[4:], plain)
	c.seq++
	_, err := c.out.Write(b)
	if c.buf.Cap() > keepAtMost {
		c.buf = bytes.Buffer{}
	}
	return err
}

// rest lets go of a buffer that is large for a client that is idle.
func (c *compressed) rest() {
	if c != nil && c.buf.Cap() > idleBuffer {
		c.buf = bytes.Buffer{}
	}
}
