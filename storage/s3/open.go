package s3

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"wharf"
)

// Open asks for the object's head and pins its version by its ETag.
func (s *Store) Open(ctx context.Context, key wharf.Key) (wharf.File, error) {
	o, err := s.stat(ctx, "s3.Open", key)
	if err != nil {
		return nil, err
	}
	return &file{s: s, object: o}, nil
}

// file is one version of an object. It holds nothing open between ranges.
type file struct {
	s      *Store
	object wharf.Object
}

func (f *file) Object() wharf.Object { return f.object }

func (f *file) Close() error { return nil }

// Range sends one GET, which the server refuses if the object is another by
// now.
func (f *file) Range(ctx context.Context, off, n int64) (io.ReadCloser, error) {
	const op = "s3.Range"
	size := f.object.Size
	if off < 0 || off > size || n > size-off {
		return nil, &wharf.Error{Code: wharf.CodeRange, Op: op,
			Msg: fmt.Sprintf("the range of %d bytes from %d on is not within the file's %d bytes", n, off, size)}
	}
	if n < 0 {
		n = size - off
	}
	if n == 0 {
		if err := ctx.Err(); err != nil {
			return nil, wharf.WrapError(wharf.CodeUpstream, op, "", err)
		}
		return io.NopCloser(strings.NewReader("")), nil
	}
	full, err := f.s.fullKey(f.object.Key)
	if err != nil {
		return nil, err
	}
	out, err := f.s.api.GetObject(ctx, &s3.GetObjectInput{
		Bucket: &f.s.t.bucket, Key: full, IfMatch: aws.String(`"` + f.object.ETag + `"`),
		Range: aws.String(fmt.Sprintf("bytes=%d-%d", off, off+n-1)),
	})
	if err != nil {
		return nil, f.refused(ctx, op, err)
	}
	if err := f.checkRange(ctx, out, off, n); err != nil {
		out.Body.Close()
		return nil, err
	}
	r := &rangeReader{ctx: ctx, f: f, body: out.Body, left: n}
	if n == size && f.object.MD5 != "" {
		r.sum = md5.New()
	}
	return r, nil
}

// checkRange refuses an answer that is not the range of the version that was
// asked for.
func (f *file) checkRange(ctx context.Context, out *s3.GetObjectOutput, off, n int64) error {
	const op = "s3.Range"
	etag, want := trimETag(out.ETag), fmt.Sprintf("bytes %d-%d/%d", off, off+n-1, f.object.Size)
	if err := needETag(etag, "the range"); err != nil {
		return f.s.fail(ctx, op, err)
	}
	if etag != f.object.ETag {
		return f.replaced(op, errors.New("the answer is of another version than was asked for"))
	}
	if aws.ToInt64(out.ContentLength) != n || aws.ToString(out.ContentRange) != want {
		return f.s.fail(ctx, op, notS3Answer("the answer is not the range %q that was asked for", want))
	}
	return nil
}

// refused tells the end of the version from other errors.
func (f *file) refused(ctx context.Context, op string, err error) error {
	switch statusOf(err) {
	case http.StatusPreconditionFailed, http.StatusRequestedRangeNotSatisfiable:
		return f.replaced(op, f.s.t.scrub(err))
	}
	err = f.s.failObject(ctx, op, err)
	if wharf.CodeOf(err) == wharf.CodeNotFound {
		return f.replaced(op, err)
	}
	return err
}

// replaced is changed for what shows before any byte came.
func (f *file) replaced(op string, err error) error {
	return f.changed(op, fmt.Errorf("%w: %w", wharf.ErrReplaced, err))
}

func (f *file) changed(op string, err error) error {
	return &wharf.Error{Code: wharf.CodeUpstream, Op: op, Err: err,
		Msg: fmt.Sprintf("the file %q was replaced or removed while it was read", f.object.Key)}
}

// rangeReader hands out the bytes of one answer, and an error where they end
// too early. Of an object that is read whole and whose MD5 is known, it holds
// the last bytes back if the sum is wrong: also servers whose ETag and bytes
// are not read at one moment are caught so.
type rangeReader struct {
	ctx  context.Context
	f    *file
	body io.ReadCloser
	left int64
	sum  hash.Hash // nil where there is nothing to compare with
	err  error     // what ended the reading
}

func (r *rangeReader) Read(p []byte) (int, error) {
	if r.err == nil && r.left == 0 {
		r.err = io.EOF
	}
	if r.err != nil || len(p) == 0 {
		return 0, r.err
	}
	n, err := r.body.Read(p[:min(int64(len(p)), r.left)])
	r.left -= int64(n)
	if r.sum != nil {
		r.sum.Write(p[:n])
	}
	switch {
	case r.left == 0:
		if r.err = r.verify(); r.err != nil {
			return 0, r.err
		}
	case err == io.EOF:
		r.err = r.f.s.fail(r.ctx, "s3.Range", io.ErrUnexpectedEOF)
	case err != nil:
		r.err = r.f.s.fail(r.ctx, "s3.Range", err)
	}
	return n, r.err
}

func (r *rangeReader) verify() error {
	if r.sum == nil || hex.EncodeToString(r.sum.Sum(nil)) == r.f.object.MD5 {
		return nil
	}
	return r.f.changed("s3.Range", errors.New("the bytes do not have the MD5 that the ETag gives"))
}

func (r *rangeReader) Close() error {
	// An error of closing a half-read answer means nothing.
	r.body.Close()
	return nil
}
