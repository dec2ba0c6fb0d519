package s3_test

import (
	"bytes"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"wharf"
	"wharf/storage/s3"
)

// TestPublishingFails has the server answer that the publishing failed, which
// passes, and may not be so.
func TestPublishingFails(t *testing.T) {
	const large = 20 << 20
	publishes := func(r *http.Request) bool {
		return r.Method == http.MethodPost && r.URL.Query().Has("uploadId") || r.Method == http.MethodPut && !r.URL.Query().Has("uploadId")
	}
	refused := func(status int, code string) func(*http.Request) (*http.Response, error) {
		return func(r *http.Request) (*http.Response, error) {
			return refusal(r, status, code, "Please try again."), nil
		}
	}
	done := func(r *http.Request) (*http.Response, error) {
		resp, err := pass(r)
		if err != nil {
			return nil, err
		}
		resp.Body.Close()
		return refusal(r, 500, "InternalError", "Please try again."), nil
	}
	// Another's object comes first.
	overtaken := func(r *http.Request) (*http.Response, error) {
		bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		_, err := sdkClient().PutObject(r.Context(), &awss3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader("another's")})
		if err != nil {
			return nil, err
		}
		return refusal(r, 503, "SlowDown", ""), nil
	}
	for _, c := range []struct {
		name   string
		fault  func(*http.Request) (*http.Response, error)
		times  int64
		size   int64
		absent bool
		sent   int
		code   wharf.Code
	}{
		{"parts, 503", refused(503, "SlowDown"), 1, large, false, 2, ""},
		{"parts, 500 twice", refused(500, "InternalError"), 2, large, false, 3, ""},
		{"parts, 500 always", refused(500, "InternalError"), 9, large, false, 3, wharf.CodeUpstream},
		{"parts, 200 with an error", refused(200, "InternalError"), 1, large, false, 2, ""},
		{"parts, denied", refused(403, "AccessDenied"), 9, large, false, 1, wharf.CodeUpstream},
		{"parts, done in spite of 500", done, 1, large, false, 2, ""},
		{"parts, done in spite of 500, which does not pass", done, 9, large, false, 3, ""},
		{"parts if absent, 503", refused(503, "SlowDown"), 1, large, true, 2, ""},
		{"parts if absent, done in spite of 500", done, 1, large, true, 2, ""},
		{"parts if absent, overtaken", overtaken, 1, large, true, 2, wharf.CodePrecondition},
		{"whole if absent, 503", refused(503, "SlowDown"), 1, 1000, true, 2, ""},
		{"whole if absent, done in spite of 500", done, 1, 1000, true, 2, ""},
		{"whole if absent, overtaken", overtaken, 1, 1000, true, 2, wharf.CodePrecondition},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var faulted atomic.Int64
			store, net, bucket := onGateway(t, s3.Options{}, func(r *http.Request) (*http.Response, error) {
				if publishes(r) && faulted.Add(1) <= c.times {
					return c.fault(r)
				}
				return pass(r)
			})
			body := bytes.Repeat([]byte{'x'}, int(c.size))
			_, err := store.Put(t.Context(), "k", bytes.NewReader(body), wharf.PutOptions{Size: c.size, IfAbsent: c.absent})
			wantError(t, err, c.code, "")
			if n := net.count(publishes); n != c.sent {
				t.Errorf("the request was sent %d times, want %d", n, c.sent)
			}
			if c.code == "" && !bytes.Equal(readAll(t, store, "k"), body) {
				t.Error("other bytes come back")
			}
			if n := unfinished(t, bucket); n != 0 {
				t.Errorf("%d unfinished uploads are left", n)
			}
		})
	}
}
