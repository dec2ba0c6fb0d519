package s3

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"golang.org/x/sync/errgroup"

	"wharf"
)

// Delete removes the objects in batches of 1,000, S3's limit, and one by one
// where the server has no batches.
func (s *Store) Delete(ctx context.Context, keys []wharf.Key) error {
	for batch := range slices.Chunk(keys, maxDelete) {
		if err := s.deleteBatch(ctx, batch); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) deleteBatch(ctx context.Context, keys []wharf.Key) error {
	const op = "s3.Delete"
	ids := make([]types.ObjectIdentifier, 0, len(keys))
	for _, key := range keys {
		full, err := s.fullKey(key)
		if err != nil {
			continue // no object can have it
		}
		ids = append(ids, types.ObjectIdentifier{Key: full})
	}
	if len(ids) == 0 {
		return nil
	}
	if s.server.single.Load() {
		return s.deleteEach(ctx, ids)
	}
	out, err := s.api.DeleteObjects(ctx, &s3.DeleteObjectsInput{
		Bucket: &s.t.bucket, Delete: &types.Delete{Objects: ids, Quiet: aws.Bool(true)},
	})
	if err == nil {
		return s.refusedKeys(ctx, op, out.Errors)
	}
	if !lacksBatches(err) {
		return s.fail(ctx, op, err)
	}
	if err := s.deleteEach(ctx, ids); err != nil {
		return err
	}
	s.server.single.Store(true)
	return nil
}

// lacksBatches reports whether the refusal may come from a server without
// DeleteObjects. Google's says NotImplemented or InvalidArgument with the
// status 400: https://cloud.google.com/storage/docs/migrating#methods-comparison
// Others want the header Content-MD5, which the SDK no longer sends.
func lacksBatches(err error) bool {
	switch statusOf(err) {
	case http.StatusBadRequest, http.StatusMethodNotAllowed, http.StatusLengthRequired, http.StatusNotImplemented:
		return true
	}
	return false
}

// deletes is how many objects are removed at a time where the server has no
// batches.
const deletes = 8

// deleteEach removes the objects one by one. The answer to each has neither
// element nor header that proves it, so the endpoint must have answered as S3
// does before.
func (s *Store) deleteEach(ctx context.Context, ids []types.ObjectIdentifier) error {
	const op = "s3.Delete"
	if err := s.verifyServer(ctx); err != nil {
		return s.fail(ctx, op, err)
	}
	g, deleting := errgroup.WithContext(ctx)
	g.SetLimit(deletes)
	for _, id := range ids {
		if deleting.Err() != nil {
			break
		}
		g.Go(func() error {
			_, err := s.api.DeleteObject(deleting, &s3.DeleteObjectInput{Bucket: &s.t.bucket, Key: id.Key})
			if err == nil || ctx.Err() == nil && deleting.Err() == nil && wharf.CodeOf(s.failObject(ctx, op, err)) == wharf.CodeNotFound {
				return nil
			}
			return err
		})
	}
	err := g.Wait()
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return s.fail(ctx, op, err)
	}
	return nil
}

// refusedKeys makes one error of those that single keys got: the first one's
// reason, its key, and how many there are.
func (s *Store) refusedKeys(ctx context.Context, op string, refused []types.Error) error {
	refused = slices.DeleteFunc(refused, func(e types.Error) bool {
		return slices.Contains([]string{"NoSuchKey", "NotFound"}, aws.ToString(e.Code))
	})
	if len(refused) == 0 {
		return nil
	}
	first := refused[0]
	err := s.fail(ctx, op, &smithy.GenericAPIError{Code: aws.ToString(first.Code), Message: aws.ToString(first.Message)})
	key := oneLine(s.t.hide(strings.TrimPrefix(aws.ToString(first.Key), s.t.prefix)))
	msg := fmt.Sprintf("the file %q could not be removed: %s", key, wharf.MessageOf(err))
	if n := len(refused) - 1; n > 0 {
		msg += fmt.Sprintf(" (and %d more)", n)
	}
	return &wharf.Error{Code: wharf.CodeOf(err), Op: op, Msg: msg, Err: err}
}
