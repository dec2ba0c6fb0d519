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

// verifyServer asks the endpoint for a list before the first answer without a
// body is accepted. Such an answer has no proof, or a header that other servers
// send, too. It sends nothing if the endpoint has answered as S3 does before.
func (s *Store) verifyServer(ctx context.Context) error {
	if s.t.endpoint == "" || s.server.verified.Load() || s.b.client.verified.has(s.t.server) {
		return nil
	}
	_, err := s.api.ListObjectsV2(ctx, &s3.ListObjectsV2Input{
		Bucket: &s.t.bucket, Prefix: aws.String(s.t.prefix), MaxKeys: aws.Int32(1), EncodingType: types.EncodingTypeUrl,
	})
	switch status := statusOf(err); {
	case err == nil:
	case status != http.StatusForbidden && status != http.StatusUnauthorized:
		return err
	case notesOf(err) == nil || notesOf(err).reason.code == "":
		return err // of what may be no S3 server
	}
	// A key may have permission to upload and none to list: S3's refusal is a
	// proof, too.
	s.server.verified.Store(true)
	return nil
}

// servers is a bounded set of the servers that have answered as S3 does.
type servers struct {
	mu    sync.Mutex // guards known
	known map[string]struct{}
}

// maxServers is how many servers the set holds. Then it is emptied, and each is
// asked for a list again.
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
