package wharf

import (
	"context"
	"io"
	"math"
)

// Body is the reader of a [Store.Put], held to its [PutOptions]: it yields
// what the caller's reader yields, and fails where that is not the declared
// length or longer than the limit. It is for one goroutine.
type Body struct {
	ctx   context.Context
	r     io.Reader
	o     PutOptions
	n     int64
	empty int   // reads in a row that gave nothing
	err   error // that every further Read gives
}

// maxEmptyReads is how often in a row a reader may give neither bytes nor an
// error.
const maxEmptyReads = 100

// NewBody returns the body that r has. It fails, before anything is read, with
// [CodeTooLarge] for a declared length over the limit, and with [CodeInvalid]
// for one that no file has.
func NewBody(ctx context.Context, r io.Reader, o PutOptions) (*Body, error) {
	b := &Body{ctx: ctx, r: r, o: o}
	switch {
	case o.Size < UnknownSize:
		return nil, Errorf(CodeInvalid, "the file's declared length is negative")
	case o.Limit > 0 && o.Size > o.Limit:
		return nil, b.tooLarge()
	}
	return b, nil
}

// Read implements [io.Reader]. It returns io.EOF only for a body that is whole
// and as long as it was declared: [CodeInvalid] is one that is shorter or
// longer, [CodeTooLarge] one over the limit, and an error of the caller's
// reader keeps its code. It reads at most one byte beyond the length that the
// body may have, and nothing once the context has ended.
func (b *Body) Read(p []byte) (int, error) {
	if b.err == nil {
		b.err = b.ctx.Err()
	}
	if b.err != nil || len(p) == 0 {
		return 0, b.err
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.most()-b.n+1)])
	b.n += int64(n)
	if n > 0 {
		b.empty = 0
	} else {
		b.empty++
	}
	switch {
	case b.n > b.most():
		b.err = b.tooLong()
		return 0, b.err
	case err == io.EOF && b.n < b.o.Size:
		err = Errorf(CodeInvalid, "the file has %d bytes, not the %d that were declared", b.n, b.o.Size)
	case err == nil && b.empty == maxEmptyReads:
		err = io.ErrNoProgress
	}
	if err != nil && err != io.EOF {
		err = WrapError(CodeInternal, "wharf.Body", "the upload could not be read to its end", err)
	}
	b.err = err
	return n, err
}

// Len returns how many bytes were read so far.
func (b *Body) Len() int64 { return b.n }

// most is how many bytes the body may have.
func (b *Body) most() int64 {
	switch {
	case b.o.Size >= 0:
		return b.o.Size
	case b.o.Limit > 0:
		return b.o.Limit
	}
	return math.MaxInt64 - 1
}

func (b *Body) tooLong() error {
	if b.o.Size >= 0 {
		return Errorf(CodeInvalid, "the file is longer than the %d bytes that were declared", b.o.Size)
	}
	return b.tooLarge()
}

func (b *Body) tooLarge() error {
	return Errorf(CodeTooLarge, "the file is longer than %d bytes, the most that is allowed", b.o.Limit)
}
