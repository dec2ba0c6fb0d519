package s3

import (
	"context"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"wharf"
)

var _ wharf.Presigner = (*Store)(nil)

// Presign signs a URL that leads to the S3 server, with the credentials that
// sign the stage's other requests. It asks the network for nothing but the
// server's own credentials, where the stage uses them. A URL that is signed
// with a session token is void when the token is.
func (s *Store) Presign(ctx context.Context, key wharf.Key, o wharf.PresignRequest) (wharf.Presigned, error) {
	const op = "s3.Presign"
	if s.t.auth == authNone {
		return wharf.Presigned{}, wharf.Errorf(wharf.CodeInvalid,
			"the stage has no keys to sign a URL with; its CONNECTION needs access_key_id and secret_access_key")
	}
	full, err := s.fullKey(key)
	if err != nil {
		return wharf.Presigned{}, err
	}
	signed, err := s.presign(ctx, full, o)
	if err != nil {
		return wharf.Presigned{}, s.fail(ctx, op, err)
	}
	return wharf.Presigned{Method: signed.Method, Headers: needed(signed.SignedHeader), URL: signed.URL}, nil
}

func (s *Store) presign(ctx context.Context, key *string, o wharf.PresignRequest) (*v4.PresignedHTTPRequest, error) {
	client := s3.NewPresignClient(s.api, s3.WithPresignExpires(o.Expire))
	var contentType *string
	if o.ContentType != "" {
		contentType = &o.ContentType
	}
	if !o.Upload {
		return client.PresignGetObject(ctx, &s3.GetObjectInput{Bucket: &s.t.bucket, Key: key, ResponseContentType: contentType})
	}
	return client.PresignPutObject(ctx, &s3.PutObjectInput{Bucket: &s.t.bucket, Key: key},
		s3.WithPresignClientFromClientOptions(s3.WithAPIOptions(bindContentType(aws.ToString(contentType)))))
}

// bindContentType has the header signed. Set in the input it is not: the SDK
// takes it off every request without a body, and a presigned one has none
// (PresignPutObject, awshttp.RemoveContentTypeHeader).
func bindContentType(contentType string) func(*middleware.Stack) error {
	bind := middleware.BuildMiddlewareFunc("BindContentType", func(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (
		middleware.BuildOutput, middleware.Metadata, error,
	) {
		if req, ok := in.Request.(*smithyhttp.Request); ok && contentType != "" {
			req.Header.Set("Content-Type", contentType)
		}
		return next.HandleBuild(ctx, in)
	})
	return func(stack *middleware.Stack) error { return stack.Build.Add(bind, middleware.After) }
}

// needed gives the headers that the request must send and that no client sends
// by itself.
func needed(signed http.Header) map[string]string {
	headers := map[string]string{}
	for name := range signed {
		switch http.CanonicalHeaderKey(name) {
		case "Host", "Content-Length":
		default:
			headers[http.CanonicalHeaderKey(name)] = signed.Get(name)
		}
	}
	return headers
}
