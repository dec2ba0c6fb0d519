package s3

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"

	"wharf"
)

// abortTime bounds the abort of an upload, whose own context may have ended.
const (
	abortTime  = 10 * time.Second
	abortPause = 50 * time.Millisecond // doubles
)

// putParts stores a body in parts, of which buf[:n] is the first.
func (u *upload) putParts(ctx context.Context, buf []byte, n int) (wharf.Object, error) {
	created, err := u.s.api.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: &u.s.t.bucket, Key: u.key})
	if err == nil {
		err = needUploadID(aws.ToString(created.UploadId))
	}
	if err != nil {
		u.bufs.give(buf)
		return wharf.Object{}, err
	}
	u.s.b.begun(aws.ToString(created.UploadId))
	defer u.s.b.ended(aws.ToString(created.UploadId))
	parts, err := u.sendAll(ctx, created.UploadId, buf, n)
	if err == nil {
		var o wharf.Object
		if o, err = u.publish(ctx, created.UploadId, parts); err == nil {
			return o, nil
		}
	}
	u.abort(ctx, created.UploadId)
	return wharf.Object{}, err
}

// sendAll reads and sends the parts. It holds one buffer and its group the
// others, so that the group's limit bounds the memory.
func (u *upload) sendAll(ctx context.Context, id *string, buf []byte, n int) ([]types.CompletedPart, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	g, sending := errgroup.WithContext(ctx)
	g.SetLimit(u.held() - 1)
	sent := &sentParts{}
	number, err := int32(0), error(nil)
	for {
		if n > 0 {
			number++
			g.Go(u.sender(sending, id, number, buf, n, sent))
		} else {
			u.bufs.give(buf)
		}
		if err != nil || u.body.done {
			break
		}
		if number == maxParts {
			err = u.tooManyParts()
			break
		}
		buf = u.bufs.take(int(u.partSize))
		if n, err = u.body.fill(sending, buf); err != nil {
			n = 0
		}
	}
	if err != nil {
		cancel()
	}
	// A failed part stops the reading; then the part's error is the cause.
	if sendErr := g.Wait(); sendErr != nil && (err == nil || errors.Is(err, errStopped)) {
		err = sendErr
	}
	return sent.inOrder(), err
}

// held returns how many parts are in memory at a time: fewer of larger ones, and
// at least two, one that is read and one that is sent.
func (u *upload) held() int {
	o := u.s.b.o
	return max(2, int(int64(o.Concurrency)*o.PartSize/u.partSize))
}

func (u *upload) tooManyParts() error {
	return wharf.Errorf(wharf.CodeTooLarge, "a file whose length is not declared may have %d bytes in an S3 stage", u.partSize*maxParts)
}

func (u *upload) sender(ctx context.Context, id *string, number int32, buf []byte, n int, sent *sentParts) func() error {
	return func() error {
		defer u.bufs.give(buf)
		if ctx.Err() != nil {
			return errStopped
		}
		out, err := u.s.api.UploadPart(ctx, &s3.UploadPartInput{
			Bucket: &u.s.t.bucket, Key: u.key, UploadId: id, PartNumber: aws.Int32(number),
			Body: bytes.NewReader(buf[:n]), ContentLength: aws.Int64(int64(n)),
		})
		if err == nil {
			err = needETag(trimETag(out.ETag), "a part that was stored")
		}
		if err != nil {
			return err
		}
		sent.add(types.CompletedPart{PartNumber: aws.Int32(number), ETag: out.ETag})
		return nil
	}
}

// sentParts are the parts that the server has acknowledged.
type sentParts struct {
	mu    sync.Mutex // guards parts
	parts []types.CompletedPart
}

func (s *sentParts) add(p types.CompletedPart) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.parts = append(s.parts, p)
}

func (s *sentParts) inOrder() []types.CompletedPart {
	s.mu.Lock()
	defer s.mu.Unlock()
	slices.SortFunc(s.parts, func(a, b types.CompletedPart) int { return int(*a.PartNumber - *b.PartNumber) })
	return s.parts
}

// publish completes the multipart upload.
func (u *upload) publish(ctx context.Context, id *string, parts []types.CompletedPart) (wharf.Object, error) {
	in := &s3.CompleteMultipartUploadInput{
		Bucket: &u.s.t.bucket, Key: u.key, UploadId: id,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: parts},
	}
	if u.ifAbsent {
		in.IfNoneMatch = aws.String("*")
	}
	var tries publishing
	out, err := u.s.api.CompleteMultipartUpload(withWait(ctx, u.s.b.o.PublishTimeout), in, tries.use)
	if err == nil {
		err = needETag(trimETag(out.ETag), "what was put together")
	}
	if err != nil {
		return u.resolve(ctx, err, tries.failed, etagOfParts(parts))
	}
	return wharf.Object{ETag: trimETag(out.ETag), ModTime: answeredAt(out.ResultMetadata)}, nil
}

// abort removes the parts from the server. A part whose transfer was cancelled
// may still be stored after the abort, so S3 asks to check and to repeat it:
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html
//
// A failure is not returned, because a sweep finds the upload later.
func (u *upload) abort(ctx context.Context, id *string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortTime)
	defer cancel()
	in := &s3.AbortMultipartUploadInput{Bucket: &u.s.t.bucket, Key: u.key, UploadId: id}
	var err error
	for pause := abortPause; pause < abortTime; pause *= 2 {
		_, err = u.s.api.AbortMultipartUpload(ctx, in)
		if statusOf(err) == 0 && err != nil {
			break // no answer, after several attempts
		}
		var gone bool
		if gone, err = u.gone(ctx, id); gone || err != nil {
			break
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
	if err != nil || ctx.Err() != nil {
		u.s.log.Warn("an unfinished upload stays in the bucket until a sweep", "key", *u.key, "err", u.s.fail(ctx, "s3.abort", err))
	}
}

// gone reports whether the server has removed the upload.
func (u *upload) gone(ctx context.Context, id *string) (bool, error) {
	_, err := u.s.api.ListParts(ctx, &s3.ListPartsInput{Bucket: &u.s.t.bucket, Key: u.key, UploadId: id, MaxParts: aws.Int32(1)})
	switch status := statusOf(err); {
	case err == nil:
		return false, nil
	case status == http.StatusNotFound:
		return true, nil
	case status == http.StatusForbidden:
		return true, nil // no permission to check
	}
	return false, err
}
