package s3

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"wharf"
)

// Delete removes the objects in batches of 1,000, S3's limit.
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
	out, err := s.api.DeleteObjects(ctx, &s3.DeleteObjectsInput{
		Bucket: &s.t.bucket, Delete: &types.Delete{Objects: ids, Quiet: aws.Bool(true)},
	})
	if err != nil {
		return s.fail(ctx, op, err)
	}
	return s.refusedKeys(ctx, op, out.Errors)
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
	key := aws.ToString(first.Key)[min(len(s.t.prefix), len(aws.ToString(first.Key))):]
	msg := fmt.Sprintf("the file %q could not be removed: %s", key, wharf.MessageOf(err))
	if n := len(refused) - 1; n > 0 {
		msg += fmt.Sprintf(" (and %d more)", n)
	}
	return &wharf.Error{Code: wharf.CodeOf(err), Op: op, Msg: msg, Err: err}
}
