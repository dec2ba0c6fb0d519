package s3

import (
	"context"
	"errors"
	"io"
	"math"

	"wharf"
)

// body reads a caller's reader under what PutOptions says of it.
type body struct {
	r     io.Reader
	o     wharf.PutOptions
	bound int64 // no byte may follow after so many
	n     int64 // bytes read
	done  bool  // the reader has ended well
}

// errStopped says that the context ended before the body did.
var errStopped = errors.New("the context ended")

// maxEmptyReads is how often in a row a reader may give nothing.
const maxEmptyReads = 1000

func newBody(r io.Reader, o wharf.PutOptions) (*body, error) {
	b := &body{r: r, o: o, bound: math.MaxInt64}
	switch {
	case o.Size < wharf.UnknownSize:
		return nil, wharf.Errorf(wharf.CodeInvalid, "the file's declared length is negative")
	case o.Limit > 0 && o.Size > o.Limit:
		return nil, b.tooLarge()
	case o.Size > maxObject:
		return nil, wharf.Errorf(wharf.CodeTooLarge, "the file has %d bytes; S3 takes %d at most", o.Size, int64(maxObject))
	case o.Size >= 0:
		b.bound = o.Size
	case o.Limit > 0:
		b.bound = min(o.Limit, maxObject)
	}
	return b, nil
}

// most is how many bytes the body can have, as far as that is known, else
// UnknownSize.
func (b *body) most() int64 {
	if b.bound == math.MaxInt64 {
		return wharf.UnknownSize
	}
	return b.bound
}

// fill reads until buf is full or the body has ended, which done tells: at
// once where the length was declared, else one call later. Where the context
// ends first, it gives errStopped.
func (b *body) fill(ctx context.Context, buf []byte) (n int, err error) {
	empty := 0
	for !b.done && (n < len(buf) || b.n == b.bound) {
		if ctx.Err() != nil {
			return n, errStopped
		}
		if b.n == b.bound {
			return n, b.probe(ctx)
		}
		want := min(int64(len(buf)-n), b.bound-b.n)
		got, err := b.r.Read(buf[n : n+int(want)])
		n, b.n = n+got, b.n+int64(got)
		if err != nil {
			return n, b.ended(err)
		}
		if empty = emptyReads(empty, got); empty > maxEmptyReads {
			return n, b.broken(io.ErrNoProgress)
		}
	}
	return n, nil
}

func emptyReads(before, got int) int {
	if got > 0 {
		return 0
	}
	return before + 1
}

// probe makes sure that nothing follows the last byte that may be there.
func (b *body) probe(ctx context.Context) error {
	var one [1]byte
	for range maxEmptyReads {
		if ctx.Err() != nil {
			return errStopped
		}
		n, err := b.r.Read(one[:])
		switch {
		case n > 0 && b.o.Size >= 0:
			return wharf.Errorf(wharf.CodeInvalid, "the file is longer than the %d bytes that were declared", b.o.Size)
		case n > 0:
			return b.tooLarge()
		case err != nil:
			return b.ended(err)
		}
	}
	return b.broken(io.ErrNoProgress)
}

// ended judges the error that the reader ended with.
func (b *body) ended(err error) error {
	if err != io.EOF {
		return b.broken(err)
	}
	if b.o.Size >= 0 && b.n < b.o.Size {
		return wharf.Errorf(wharf.CodeInvalid, "the file has %d bytes, not the %d that were declared", b.n, b.o.Size)
	}
	b.done = true
	return nil
}

func (b *body) broken(err error) error {
	return wharf.WrapError(wharf.CodeInternal, "s3.Put", "the upload could not be read to its end", err)
}

func (b *body) tooLarge() error {
	return wharf.Errorf(wharf.CodeTooLarge, "the file is longer than the %d bytes that are allowed", min(b.o.Limit, maxObject))
}
