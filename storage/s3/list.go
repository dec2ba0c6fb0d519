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

// List streams the pages of the server's list.
func (s *Store) List(ctx context.Context, o wharf.ListOptions) iter.Seq2[wharf.Object, error] {
	return func(yield func(wharf.Object, error) bool) {
		in, l := s.listInput(o), lister{s: s, o: o}
		pages := pageCheck{prefix: aws.ToString(in.Prefix)}
		for {
			page, err := s.api.ListObjectsV2(ctx, in)
			if err != nil {
				yield(wharf.Object{}, s.fail(ctx, "s3.List", err))
				return
			}
			if err := pages.check(page); err != nil {
				yield(wharf.Object{}, s.fail(ctx, "s3.List", err))
				return
			}
			for i := range page.Contents {
				object, ok, err := l.object(ctx, &page.Contents[i], page.EncodingType)
				if (ok || err != nil) && !yield(object, err) || err != nil {
					return
				}
			}
			if !goesOn(page) {
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
		MaxKeys:      aws.Int32(maxEntries),
	}
	if o.After != "" {
		in.StartAfter = aws.String(s.t.prefix + string(o.After))
	}
	return in
}

// mangled is what a server that does not encode keys writes for each character
// that XML cannot carry.
const mangled = "\ufffd"

// lister converts the entries of a list.
type lister struct {
	s       *Store
	o       wharf.ListOptions
	doubted wharf.Key // the last key that the server may have mangled
}

// object returns the Object of an entry if requests can address its key, and
// reports it as unnamed otherwise. The Object has no MD5, because a list does not
// say which ETags are MD5s.
func (l *lister) object(ctx context.Context, e *types.Object, enc types.EncodingType) (wharf.Object, bool, error) {
	size := aws.ToInt64(e.Size)
	name, ok := l.s.nameOf(aws.ToString(e.Key), enc)
	if !ok || strings.ContainsAny(l.o.Prefix, noXML) {
		l.o.TellUnnamed(name, size)
		return wharf.Object{}, false, nil
	}
	key, ok := l.o.KeyOf(name, size)
	if ok && enc == "" && strings.Contains(name, mangled) {
		var err error
		if ok, err = l.isNamed(ctx, key); err != nil {
			return wharf.Object{}, false, err
		} else if !ok {
			l.o.TellUnnamed(name, size)
		}
	}
	return wharf.Object{Key: key, Size: size, ETag: trimETag(e.ETag), ModTime: aws.ToTime(e.LastModified)}, ok, nil
}

// isNamed reports whether a key that may be mangled is that of an object. If a
// list has it twice in a row, the second is mangled.
func (l *lister) isNamed(ctx context.Context, key wharf.Key) (bool, error) {
	if key == l.doubted {
		return false, nil
	}
	l.doubted = key
	_, err := l.s.stat(ctx, "s3.List", key)
	if wharf.CodeOf(err) == wharf.CodeNotFound {
		return false, nil
	}
	return err == nil, err
}

// nameOf returns the name below the stage's path of a listed key, and whether
// requests can ask for it.
func (s *Store) nameOf(full string, enc types.EncodingType) (string, bool) {
	if enc == types.EncodingTypeUrl {
		decoded, err := url.QueryUnescape(full)
		if err != nil {
			return full, false
		}
		full = decoded
	}
	name, ok := strings.CutPrefix(full, s.t.prefix)
	return name, ok && len(full) <= maxKey && !strings.ContainsAny(full, noXML)
}
