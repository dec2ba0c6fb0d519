package dir

import (
	"context"
	"io"
	"math"

	"wharf"
)

// bufferSize is what a body passes through on its way to the disk.
const bufferSize = 128 << 10

// PutMemory implements [wharf.Budgeter].
func (s *Store) PutMemory(int64) int64 { return bufferSize }

// body is the reader of a Put, held to its options.
type body struct {
	ctx context.Context
	r   io.Reader
	o   wharf.PutOptions
	n   int64 // bytes so far
}

// copyTo writes the body to w and tells what is wrong with it. An error of
// the reader keeps its code.
func (b *body) copyTo(w io.Writer) error {
	buf := make([]byte, bufferSize)
	for idle := 0; ; {
		if err := b.ctx.Err(); err != nil {
			return err
		}
		// One byte over tells a body that is too long from one that ends.
		n, err := b.r.Read(buf[:min(bufferSize, b.most()-b.n+1)])
		b.n += int64(n)
		if over := b.over(); over != nil {
			return over
		}
		if _, err := w.Write(buf[:n]); err != nil {
			return translate("dir.write", err)
		}
		switch {
		case err == io.EOF:
			return b.ended()
		case err != nil:
			return wharf.WrapError(wharf.CodeInternal, "dir.Put", "", err)
		case n > 0:
			idle = 0
		default:
			if idle++; idle == 100 {
				return wharf.WrapError(wharf.CodeInternal, "dir.Put", "", io.ErrNoProgress)
			}
		}
	}
}

// most is how many bytes the body may have.
func (b *body) most() int64 {
	switch {
	case b.o.Size >= 0:
		return b.o.Size
	case b.o.Limit > 0:
		return b.o.Limit
	}
	return math.MaxInt64 - 1
}

func (b *body) over() error {
	switch {
	case b.o.Limit > 0 && b.n > b.o.Limit:
		return errLimit(b.o)
	case b.n > b.most():
		return wharf.Errorf(wharf.CodeInvalid, "the file is longer than the %d bytes that were announced", b.o.Size)
	}
	return nil
}

func (b *body) ended() error {
	if b.n < b.o.Size {
		return wharf.Errorf(wharf.CodeInvalid, "the file ended after %d of the %d bytes that were announced", b.n, b.o.Size)
	}
	return nil
}

func errLimit(o wharf.PutOptions) error {
	return wharf.Errorf(wharf.CodeTooLarge, "the file is over the limit of %d bytes", o.Limit)
}
