package s3

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// believe asks the endpoint for a list before its first answer without a body
// is believed: such an answer has a header for proof, which servers of other
// protocols have too, or nothing. Once an endpoint has answered as S3 does, it
// costs nothing.
func (s *Store) believe(ctx context.Context) error {
	if s.t.endpoint == "" || s.server.believed.Load() || s.b.client.believed.has(s.t.server) {
		return nil
	}
	_, err := s.api.ListObjectsV2(ctx, &s3.ListObjectsV2Input{
		Bucket: &s.t.bucket, Prefix: aws.String(s.t.prefix), MaxKeys: aws.Int32(1), EncodingType: types.EncodingTypeUrl,
	})
	switch status := statusOf(err); {
	case err == nil:
	case status == http.StatusForbidden, status == http.StatusUnauthorized:
		// Who may upload need not be allowed to list.
	default:
		return err
	}
	s.server.believed.Store(true)
	return nil
}

// servers is a bounded set of the servers that have answered as S3 does.
type servers struct {
	mu    sync.Mutex // guards known
	known map[string]struct{}
}

// maxServers is how many are remembered. Then all are forgotten, and asked for
// a list again.
const maxServers = 1024

func (s *servers) add(u *url.URL) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := serverName(u)
	if _, ok := s.known[name]; ok {
		return
	}
	if s.known == nil || len(s.known) >= maxServers {
		s.known = map[string]struct{}{}
	}
	s.known[name] = struct{}{}
}

func (s *servers) has(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.known[name]
	return ok
}

func serverName(u *url.URL) string { return u.Scheme + "://" + strings.ToLower(u.Host) }
