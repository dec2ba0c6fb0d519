package local

import (
	"context"
	"errors"
	"io"
	"math/bits"
	"sync"

	"wharf"
)

// smallFile is an open small body: bytes that were verified when they were
// read, in a buffer that is used again after Close.
type smallFile struct {
	obj    wharf.Object
	data   []byte // nil after Close
	buffer *[]byte
}

// newSmallFile copies data.
func newSmallFile(obj wharf.Object, data []byte) *smallFile {
	buffer := smallBuffers.take(len(data))
	*buffer = append((*buffer)[:0], data...)
	return &smallFile{obj: obj, data: *buffer, buffer: buffer}
}

// Object tells of the version that is open.
func (f *smallFile) Object() wharf.Object { return f.obj }

// Close gives the buffer back.
func (f *smallFile) Close() error {
	if f.buffer != nil {
		smallBuffers.give(f.buffer)
		f.data, f.buffer = nil, nil
	}
	return nil
}

// Range reads from memory.
func (f *smallFile) Range(ctx context.Context, off, n int64) (io.ReadCloser, error) {
	end, err := span(f.obj.Size, off, n)
	if err != nil {
		return nil, err
	}
	return &memoryReader{ctx: ctx, file: f, off: off, end: end}, nil
}

// memoryReader hands out bytes until its context ends.
type memoryReader struct {
	ctx      context.Context
	file     *smallFile
	off, end int64 // what is left of the range
}

// rest is what is left to read.
func (r *memoryReader) rest() ([]byte, error) {
	const op = "local.Read"
	if err := r.ctx.Err(); err != nil {
		return nil, wharf.WrapError(wharf.CodeInternal, op, "", err)
	}
	if r.file.buffer == nil {
		// The buffer may be another file's by now.
		return nil, wharf.WrapError(wharf.CodeInternal, op, "", errFileClosed)
	}
	return r.file.data[r.off:r.end], nil
}

var errFileClosed = errors.New("the file is closed already")

func (r *memoryReader) Read(p []byte) (int, error) {
	rest, err := r.rest()
	if err != nil {
		return 0, err
	}
	if len(rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, rest)
	r.off += int64(n)
	return n, nil
}

// WriteTo saves io.Copy its buffer.
func (r *memoryReader) WriteTo(w io.Writer) (int64, error) {
	rest, err := r.rest()
	if err != nil {
		return 0, err
	}
	n, err := w.Write(rest)
	r.off += int64(n)
	return int64(n), err
}

func (r *memoryReader) Close() error { return nil }

// smallPool keeps buffers for small bodies, by size in powers of two: a slow
// reader of a short file does not hold a long buffer.
type smallPool [smallClasses]sync.Pool

const (
	smallestClass = 10 // 1 KiB
	smallClasses  = 16 - smallestClass + 1
)

var smallBuffers smallPool

// take gives a buffer with room for n bytes.
func (p *smallPool) take(n int) *[]byte {
	class := max(0, bits.Len(uint(max(n, 1)-1))-smallestClass)
	if class >= smallClasses {
		b := make([]byte, 0, n)
		return &b
	}
	if b, ok := p[class].Get().(*[]byte); ok {
		return b
	}
	b := make([]byte, 0, 1<<(class+smallestClass))
	return &b
}

// give takes a buffer back that nobody uses any more.
func (p *smallPool) give(b *[]byte) {
	if class := bits.Len(uint(cap(*b)-1)) - smallestClass; class < smallClasses {
		p[class].Put(b)
	}
}
