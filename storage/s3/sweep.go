package s3

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"wharf"
)

const (
	sweepTime = time.Minute
	sweepMost = 1000 // uploads aborted by one sweep
)

// begun keeps sweeps from aborting a multipart upload of this process until it
// ended: a slow one may be older than Options.SweepAge.
func (b *Backend) begun(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.inProgress[id] = struct{}{}
}

func (b *Backend) ended(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.inProgress, id)
}

func (b *Backend) isInProgress(id string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, ok := b.inProgress[id]
	return ok
}

// sweepLater aborts, in the background, the old uploads that a killed server left
// below the stage's path. Uploads of another running server look the same.
func (b *Backend) sweepLater(s *Store) {
	b.mu.Lock() // Close waits for no sweep that begins behind it
	defer b.mu.Unlock()
	if b.o.SweepAge < 0 || b.ctx.Err() != nil {
		return
	}
	b.sweeps.Go(func() {
		ctx, cancel := context.WithTimeout(b.ctx, sweepTime)
		defer cancel()
		n, err := s.sweep(ctx, time.Now().Add(-b.o.SweepAge))
		switch {
		case wharf.CodeOf(err) == wharf.CodeCanceled:
		case err != nil:
			s.log.Info("unfinished uploads could not be aborted", "aborted", n, "err", err)
		case n > 0:
			s.log.Info("unfinished uploads were aborted", "aborted", n)
		}
	})
}

// sweep aborts the uploads below the stage's path that began before the given
// time, and returns how many.
func (s *Store) sweep(ctx context.Context, before time.Time) (int, error) {
	const op = "s3.sweep"
	in := &s3.ListMultipartUploadsInput{Bucket: &s.t.bucket, Prefix: aws.String(s.t.prefix)}
	n := 0
	for n < sweepMost {
		page, err := s.api.ListMultipartUploads(ctx, in)
		if err != nil {
			return n, s.fail(ctx, op, err)
		}
		for _, u := range page.Uploads {
			if !strings.HasPrefix(aws.ToString(u.Key), s.t.prefix) {
				return n, s.fail(ctx, op, notS3Answer("the list has an upload that is not below the path that was asked for"))
			}
			if err := needUploadID(aws.ToString(u.UploadId)); err != nil {
				return n, s.fail(ctx, op, err)
			}
			if u.Initiated == nil || !u.Initiated.Before(before) || s.b.isInProgress(aws.ToString(u.UploadId)) {
				continue
			}
			_, err := s.api.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &s.t.bucket, Key: u.Key, UploadId: u.UploadId})
			if err != nil && statusOf(err) != 404 {
				return n, s.fail(ctx, op, err)
			}
			n++
		}
		if !aws.ToBool(page.IsTruncated) {
			break
		}
		if err := nextUploads(in, page); err != nil {
			return n, s.fail(ctx, op, err)
		}
		in.KeyMarker, in.UploadIdMarker = page.NextKeyMarker, page.NextUploadIdMarker
	}
	return n, nil
}

// nextUploads refuses a page without a valid marker of the next one.
func nextUploads(in *s3.ListMultipartUploadsInput, page *s3.ListMultipartUploadsOutput) error {
	key, id := aws.ToString(page.NextKeyMarker), aws.ToString(page.NextUploadIdMarker)
	switch {
	case key == "":
		return notS3Answer("the list of uploads goes on, but does not tell where")
	case key == aws.ToString(in.KeyMarker) && id == aws.ToString(in.UploadIdMarker):
		return notS3Answer("the list of uploads repeats a page")
	case len(key) > maxToken || len(id) > maxUploadID:
		return notS3Answer("the list of uploads goes on at a place whose name is too long")
	}
	return nil
}
