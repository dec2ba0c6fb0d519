package memory

import (
	"bytes"
	"context"
	"io"

	"wharf"
)

// readBody reads the whole of r and holds it to the options.
func readBody(ctx context.Context, r io.Reader, o wharf.PutOptions) ([]byte, error) {
	if o.Limit > 0 && o.Size > o.Limit {
		return nil, errLimit(o)
	}
	var buf bytes.Buffer
	if o.Size > 0 {
		// Never more at once than a client's word is worth.
		buf.Grow(int(min(o.Size, 16<<20)) + bytes.MinRead)
	}
	// One byte over tells a reader that is too long from one that ends there.
	_, err := io.Copy(&buf, bounded(contextReader{ctx, r}, o))
	if err != nil {
		return nil, err
	}
	n := int64(buf.Len())
	switch {
	case o.Limit > 0 && n > o.Limit:
		return nil, errLimit(o)
	case o.Size >= 0 && n > o.Size:
		return nil, wharf.Errorf(wharf.CodeInvalid, "the file is longer than the %d bytes that were announced", o.Size)
	case o.Size >= 0 && n < o.Size:
		return nil, wharf.Errorf(wharf.CodeInvalid, "the file ended after %d of the %d bytes that were announced", n, o.Size)
	}
	return buf.Bytes(), nil
}

func bounded(r io.Reader, o wharf.PutOptions) io.Reader {
	switch {
	case o.Size >= 0:
		return io.LimitReader(r, o.Size+1)
	case o.Limit > 0:
		return io.LimitReader(r, o.Limit+1)
	}
	return r
}

func errLimit(o wharf.PutOptions) error {
	return wharf.Errorf(wharf.CodeTooLarge, "the file is over the limit of %d bytes", o.Limit)
}

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
