package exec_test

import (
	"context"
	"fmt"
	"strings"

	"wharf"
	"wharf/storage/memory"
)

// signer shows in its URLs what it is to sign.
type signer struct{}

func (signer) SignURL(_ context.Context, g wharf.Grant) (wharf.Presigned, error) {
	p := wharf.Presigned{Method: g.Method(), URL: fmt.Sprintf("here/%s/%s?user=%s&until=%s&type=%s",
		g.Name, g.Key, g.User, g.Expires.Format("2006-01-02T15:04:05Z07:00"), g.ContentType)}
	if g.ContentType != "" && g.Upload {
		p.Headers = map[string]string{"Content-Type": g.ContentType, "A": `"<&>"`}
	}
	return p, nil
}

// opener gives stages on S3 stores that sign their own URLs.
type opener struct{ *memory.Opener }

func (o opener) Open(ctx context.Context, s *wharf.Stage) (wharf.Store, error) {
	store, err := o.Opener.Open(ctx, s)
	if err == nil && strings.HasPrefix(s.URL, "s3://") {
		store = presigner{store}
	}
	return store, err
}

type presigner struct{ wharf.Store }

func (presigner) Presign(_ context.Context, key wharf.Key, o wharf.PresignRequest) (wharf.Presigned, error) {
	method := wharf.Grant{Upload: o.Upload}.Method()
	return wharf.Presigned{Method: method, URL: fmt.Sprintf("s3/%s?for=%s&type=%s", key, o.Expire, o.ContentType)}, nil
}
