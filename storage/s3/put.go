package s3

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	smithymiddleware "github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"wharf"
)

// Put stores a body of up to one part with one request, and a larger one by
// a multipart upload that is given up when anything goes wrong. Under
// o.IfAbsent the server decides at the moment of publishing.
func (s *Store) Put(ctx context.Context, key wharf.Key, r io.Reader, o wharf.PutOptions) (wharf.Object, error) {
	const op = "s3.Put"
	full, err := s.fullKey(key)
	if err != nil {
		return wharf.Object{}, err
	}
	b, err := newBody(ctx, r, o)
	if err != nil {
		return wharf.Object{}, err
	}
	if err := s.refuseExisting(ctx, op, key, o); err != nil {
		return wharf.Object{}, err
	}
	u := &upload{s: s, key: full, body: b, ifAbsent: o.IfAbsent, bufs: s.b.bufs, partSize: s.partSize(b.most())}
	if u.partSize != s.b.o.PartSize {
		u.bufs = newBufferPool(int(u.partSize))
	}
	object, err := u.run(ctx)
	if err != nil {
		if errors.Is(err, errStopped) {
			err = ctx.Err()
		}
		return wharf.Object{}, s.fail(ctx, op, err)
	}
	object.Key, object.Size = key, b.Len()
	return object, nil
}

// refuseExisting spares the transfer where the key is taken already, and is
// all there is on servers that ignore If-None-Match.
func (s *Store) refuseExisting(ctx context.Context, op string, key wharf.Key, o wharf.PutOptions) error {
	if !o.IfAbsent {
		return nil
	}
	_, err := s.stat(ctx, op, key)
	switch {
	case err == nil:
		return s.exists(op, key, nil)
	case wharf.CodeOf(err) == wharf.CodeNotFound:
		return nil
	}
	return err
}

// PutMemory is what a Put of size bytes holds at most: its own length if that
// is one part, else the parts that it holds at a time.
func (s *Store) PutMemory(size int64) int64 {
	part := s.partSize(size)
	if size >= 0 && size <= part {
		return size
	}
	held := max(int64(s.b.o.Concurrency)*s.b.o.PartSize, 2*part)
	if size > 0 {
		held = min(held, (size+part-1)/part*part)
	}
	return held
}

// partSize makes the parts large enough that S3's limit of 10,000 is kept for
// size bytes, if so many are known.
func (s *Store) partSize(size int64) int64 {
	const mib = 1 << 20
	need := (min(size, maxObject) + maxParts - 1) / maxParts
	if need > s.b.o.PartSize {
		return (need + mib - 1) / mib * mib
	}
	return s.b.o.PartSize
}

// upload is one Put under way.
type upload struct {
	s        *Store
	key      *string
	body     *body
	bufs     *bufferPool
	partSize int64
	ifAbsent bool
}

func (u *upload) run(ctx context.Context) (wharf.Object, error) {
	buf, n, err := u.first(ctx)
	if err != nil {
		u.bufs.give(buf)
		return wharf.Object{}, err
	}
	if u.body.done {
		defer u.bufs.give(buf)
		return u.putWhole(ctx, buf[:n])
	}
	return u.putParts(ctx, buf, n)
}

// smallBuffer is what a body of unknown length gets at first, and
// middleBuffer the next. What is more gets a whole part's buffer, which comes
// from the pool and goes back there.
const (
	smallBuffer  = 64 << 10
	middleBuffer = 512 << 10
)

// first reads the body up to one part. A buffer for a body of unknown length
// grows with it, so that small files cost little.
func (u *upload) first(ctx context.Context) (buf []byte, n int, err error) {
	most := min(u.partSize, u.body.bound)
	size := most
	if !u.body.declared {
		size = min(most, smallBuffer)
	}
	buf = u.bufs.take(int(size))
	for {
		got, err := u.body.fill(ctx, buf[n:])
		n += got
		if err != nil || u.body.done || int64(n) == most {
			return buf, n, err
		}
		if size = min(most, middleBuffer); n >= middleBuffer {
			size = most
		}
		larger := u.bufs.take(int(size))
		copy(larger, buf[:n])
		u.bufs.give(buf)
		buf = larger
	}
}

// putWhole stores a body that is in memory.
func (u *upload) putWhole(ctx context.Context, data []byte) (wharf.Object, error) {
	if err := u.s.believe(ctx); err != nil {
		return wharf.Object{}, err
	}
	in := &s3.PutObjectInput{Bucket: &u.s.t.bucket, Key: u.key, Body: bytes.NewReader(data), ContentLength: aws.Int64(int64(len(data)))}
	var tries publishing
	var opts []func(*s3.Options)
	if u.ifAbsent {
		in.IfNoneMatch = aws.String("*")
		opts = append(opts, tries.use)
	}
	out, err := u.s.api.PutObject(ctx, in, opts...)
	if err == nil {
		err = needETag(trimETag(out.ETag), "what was stored")
	}
	if err != nil && u.ifAbsent {
		return u.settle(ctx, err, tries.failed, etagOfBody(data))
	}
	if err != nil {
		return wharf.Object{}, err
	}
	o := wharf.Object{ETag: trimETag(out.ETag), ModTime: answeredAt(out.ResultMetadata)}
	o.MD5 = plainMD5(o.ETag, out.ServerSideEncryption, out.SSECustomerAlgorithm)
	return o, nil
}

// answeredAt is the server's own time when it answered: what it will give as
// the object's time, or close to it, without asking again.
func answeredAt(m smithymiddleware.Metadata) time.Time {
	if resp, ok := middleware.GetRawResponse(m).(*smithyhttp.Response); ok {
		if t, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
			return t
		}
	}
	return time.Now().UTC().Truncate(time.Second)
}
