package s3

import (
	"context"
	"errors"
	"io"
	"math"

	"wharf"
)

// body is the caller's reader of a Put, read into the buffers of parts.
type body struct {
	*wharf.Body
	declared bool
	bound    int64 // bytes that it may have; math.MaxInt64 if that is not known
	done     bool  // it was read to its end
}

// errStopped says that the context ended before the body did.
var errStopped = errors.New("the context ended")

func newBody(ctx context.Context, r io.Reader, o wharf.PutOptions) (*body, error) {
	b := &body{declared: o.Size >= 0, bound: math.MaxInt64}
	switch {
	case o.Size > maxObject && (o.Limit <= 0 || o.Size <= o.Limit):
		return nil, wharf.Errorf(wharf.CodeTooLarge, "the file has %d bytes; S3 takes %d at most", o.Size, int64(maxObject))
	case b.declared:
		b.bound = o.Size
	case o.Limit > 0:
		o.Limit = min(o.Limit, maxObject)
		b.bound = o.Limit
	}
	var err error
	b.Body, err = wharf.NewBody(ctx, r, o)
	return b, err
}

// most returns how many bytes the body can have, or UnknownSize.
func (b *body) most() int64 {
	if b.bound == math.MaxInt64 {
		return wharf.UnknownSize
	}
	return b.bound
}

// fill reads until buf is full or the body has ended, and sets done at its end:
// at once if the length was declared, else one call later. It returns errStopped
// if ctx ends first.
func (b *body) fill(ctx context.Context, buf []byte) (n int, err error) {
	for !b.done && (n < len(buf) || b.Len() == b.bound) {
		if ctx.Err() != nil {
			return n, errStopped
		}
		into := buf[n:]
		if b.Len() == b.bound {
			into = make([]byte, 1) // to see that nothing follows
		}
		got, err := b.Read(into)
		n += got
		if b.done = err == io.EOF; err != nil && !b.done {
			return n, err
		}
	}
	return n, nil
}
