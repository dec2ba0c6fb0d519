//go:build linux && !noduck

package duck

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
)

// A frame is one message between the server and a worker: its kind, the
// length of what follows as four bytes, little endian, and that.
type frameKind byte

// From the server.
const (
	frameLimits      frameKind = 'L' // limits, once, before anything else
	frameRelation    frameKind = 'T' // relation: rows follow
	frameRow         frameKind = 'R' // one row of that relation
	frameRelationEnd frameKind = 'E' // its rows are at their end
	frameQuery       frameKind = 'Q' // statement
	frameFiles       frameKind = 'F' // []task
	frameShrink      frameKind = 'S' // give memory back, between two statements
)

// From a worker.
const (
	frameReady   frameKind = 'r' // confinement: it is confined and its database is open
	frameLooked  frameKind = 'f' // []finding, one for each task
	frameShrunk  frameKind = 's' // it has given memory back
	frameColumns frameKind = 'c' // []column
	frameRows    frameKind = 'b' // rows, each a length of four bytes and its values
	frameDone    frameKind = 'd' // []valueWarning: the statement is at its end
	frameError   frameKind = 'e' // failure: the statement is at its end
)

// maxFrame bounds what is read from the other end, in bytes: one row beside a
// batch.
const maxFrame = maxRow + 4*batchBytes

// framed reads and writes frames. It is used by one goroutine at a time.
type framed struct {
	r   *bufio.Reader
	w   *bufio.Writer
	buf []byte // of the frame that was read last
}

const frameBuffer = 256 << 10

func newFramed(rw io.ReadWriter) *framed {
	return &framed{r: bufio.NewReaderSize(rw, frameBuffer), w: bufio.NewWriterSize(rw, frameBuffer)}
}

// write writes a frame without flushing it.
func (f *framed) write(kind frameKind, payload []byte) error {
	var head [5]byte
	head[0] = byte(kind)
	binary.LittleEndian.PutUint32(head[1:], uint32(len(payload)))
	if _, err := f.w.Write(head[:]); err != nil {
		return err
	}
	_, err := f.w.Write(payload)
	return err
}

// send writes v as JSON and flushes it.
func (f *framed) send(kind frameKind, v any) error {
	payload, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if err := f.write(kind, payload); err != nil {
		return err
	}
	return f.w.Flush()
}

// read reads a frame. Its payload is valid until the next read.
func (f *framed) read() (frameKind, []byte, error) {
	var head [5]byte
	if _, err := io.ReadFull(f.r, head[:]); err != nil {
		return 0, nil, err
	}
	n := binary.LittleEndian.Uint32(head[1:])
	if n > maxFrame {
		return 0, nil, fmt.Errorf("a frame %q of %d bytes", head[0], n)
	}
	if uint32(cap(f.buf)) < n {
		f.buf = make([]byte, n)
	}
	f.buf = f.buf[:n]
	_, err := io.ReadFull(f.r, f.buf)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return frameKind(head[0]), f.buf, err
}

// shrink gives up the memory of a large frame.
func (f *framed) shrink() {
	if cap(f.buf) > 4*frameBuffer {
		f.buf = nil
	}
}
