package s3

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	smithymiddleware "github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"wharf"
)

// Put implements [wharf.Store]. It stores a body of up to one part with one
// request, and a larger one by a multipart upload, which it aborts on any error.
// With o.IfAbsent the server decides when it publishes the object.
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

// refuseExisting avoids the transfer if the key exists already. On servers that
// ignore If-None-Match it is the only check.
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

// PutMemory implements [wharf.Budgeter]: the length of a body of up to one part,
// else that of the parts in memory at a time.
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

// partSize returns a size of parts with which size bytes need at most 10,000 of
// them, S3's limit.
func (s *Store) partSize(size int64) int64 {
	const mib = 1 << 20
	need := (min(size, maxObject) + maxParts - 1) / maxParts
	if need > s.b.o.PartSize {
		return (need + mib - 1) / mib * mib
	}
	return s.b.o.PartSize
}

// upload is one running Put.
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

// smallBuffer is the first buffer of a body of unknown length, and middleBuffer
// the second. The third is that of a whole part, from the pool.
const (
	smallBuffer  = 64 << 10
	middleBuffer = 512 << 10
)

// first reads up to one part of the body. The buffer of a body of unknown length
// grows with it, so that small files need little memory.
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
	if err := u.s.verifyServer(ctx); err != nil {
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
		return u.resolve(ctx, err, tries.failed, etagOfBody(data))
	}
	if err != nil {
		return wharf.Object{}, err
	}
	o := wharf.Object{ETag: trimETag(out.ETag), ModTime: answeredAt(out.ResultMetadata)}
	o.MD5 = u.s.plainMD5(o.ETag, out.ServerSideEncryption, out.SSECustomerAlgorithm)
	if o.MD5 != "" && o.MD5 != etagOfBody(data) {
		return wharf.Object{}, notS3Answer("what was stored has another MD5 than what was sent")
	}
	return o, nil
}

// answeredAt returns the server's time of the answer, which is about that of the
// object, without another request.
func answeredAt(m smithymiddleware.Metadata) time.Time {
	if resp, ok := middleware.GetRawResponse(m).(*smithyhttp.Response); ok {
		if t, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
			return t
		}
	}
	return time.Now().UTC().Truncate(time.Second)
}

// resolve finds out what became of a publishing request whose answer was lost,
// or that was sent again after the server had reported a failure. The second
// attempt may fail, because there is no such upload or because the file exists,
// if the first one succeeded after all. With If-None-Match lost answers are
// common, because a server may refuse early and close the connection without
// reading the body. The object is this upload's if it has its ETag, else
// another's. If that is not known, resolve returns err.
func (u *upload) resolve(ctx context.Context, err error, failed bool, etag string) (wharf.Object, error) {
	if statusOf(err) != 0 && !failed || ctx.Err() != nil || etag == "" {
		return wharf.Object{}, err
	}
	key := wharf.Key(strings.TrimPrefix(aws.ToString(u.key), u.s.t.prefix))
	o, statErr := u.s.stat(ctx, "s3.Put", key)
	switch {
	case statErr != nil:
		return wharf.Object{}, err
	case o.ETag == etag && o.Size == u.body.Len():
		return o, nil
	case u.ifAbsent:
		return wharf.Object{}, u.s.exists("s3.Put", key, u.s.t.scrub(err))
	}
	return wharf.Object{}, err
}

// etagOfBody returns the ETag of an object in one part.
func etagOfBody(data []byte) string {
	sum := md5.Sum(data)
	return hex.EncodeToString(sum[:])
}

// etagOfParts returns the ETag that S3 gives an object in parts: the MD5 of their
// MD5s, and their number. It is "" if a part's ETag is not an MD5.
func etagOfParts(parts []types.CompletedPart) string {
	all := md5.New()
	for _, p := range parts {
		sum, err := hex.DecodeString(trimETag(p.ETag))
		if err != nil || len(sum) != md5.Size {
			return ""
		}
		all.Write(sum)
	}
	return fmt.Sprintf("%x-%d", all.Sum(nil), len(parts))
}
