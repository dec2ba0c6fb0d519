package memory

import (
	"bytes"
	"context"
	"io"

	"wharf"
)

// file is an open version.
type file struct{ v *version }

// Object implements [wharf.File].
func (f file) Object() wharf.Object { return f.v.object }

// Range implements [wharf.File].
func (f file) Range(ctx context.Context, off, n int64) (io.ReadCloser, error) {
	if err := ctx.Err(); err != nil {
		return nil, wrap("memory.Range", err)
	}
	size := int64(len(f.v.data))
	if n < 0 {
		n = size - off
	}
	// Not off+n > size, which could overflow.
	if off < 0 || off > size || n > size-off {
		return nil, wharf.Errorf(wharf.CodeRange, "the range is not within the %d bytes of the file", size)
	}
	return io.NopCloser(contextReader{ctx, bytes.NewReader(f.v.data[off : off+n])}), nil
}

// Close implements [wharf.File].
func (f file) Close() error { return nil }

// contextReader stops reading r when ctx ends.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
