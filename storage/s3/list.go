package s3

import (
	"context"
	"iter"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"wharf"
)

// List streams the pages of the server's list. Keys that Wharf cannot
// address are left out, and the log says how many.
func (s *Store) List(ctx context.Context, o wharf.ListOptions) iter.Seq2[wharf.Object, error] {
	return func(yield func(wharf.Object, error) bool) {
		if strings.ContainsAny(o.Prefix, noXML) {
			return // what servers would list bears other names
		}
		skipped := 0
		defer func() {
			if skipped > 0 {
				s.log.Warn("a list left out objects whose keys are no file names", "objects", skipped)
			}
		}()
		in := s.listInput(o)
		for {
			wharf.Waiting(ctx)
			page, err := s.api.ListObjectsV2(ctx, in)
			if err != nil {
				yield(wharf.Object{}, s.fail(ctx, "s3.List", err))
				return
			}
			for i := range page.Contents {
				object, ok := s.listed(&page.Contents[i], page.EncodingType)
				if !ok {
					skipped++
				} else if string(object.Key) > string(o.After) && !yield(object, nil) {
					return
				}
			}
			if !aws.ToBool(page.IsTruncated) || page.NextContinuationToken == nil {
				return
			}
			in.ContinuationToken = page.NextContinuationToken
		}
	}
}

func (s *Store) listInput(o wharf.ListOptions) *s3.ListObjectsV2Input {
	in := &s3.ListObjectsV2Input{
		Bucket: &s.t.bucket,
		Prefix: aws.String(s.t.prefix + o.Prefix),
		// Without it a key with a control character makes a page of XML that
		// cannot be read.
		EncodingType: types.EncodingTypeUrl,
	}
	if o.After != "" {
		in.StartAfter = aws.String(s.t.prefix + string(o.After))
	}
	return in
}

// listed makes an Object of an entry, if its key can be addressed. It has no
// MD5: a list does not tell which ETags are one.
func (s *Store) listed(e *types.Object, enc types.EncodingType) (wharf.Object, bool) {
	full := aws.ToString(e.Key)
	if enc == types.EncodingTypeUrl {
		var err error
		if full, err = url.QueryUnescape(full); err != nil {
			return wharf.Object{}, false
		}
	}
	rest, ok := strings.CutPrefix(full, s.t.prefix)
	if !ok || strings.ContainsAny(full, noXML) {
		return wharf.Object{}, false
	}
	key, err := wharf.ParseKey(rest)
	if err != nil {
		return wharf.Object{}, false
	}
	return wharf.Object{Key: key, Size: aws.ToInt64(e.Size), ETag: trimETag(e.ETag), ModTime: aws.ToTime(e.LastModified)}, true
}
