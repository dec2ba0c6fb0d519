package s3_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"wharf"
	"wharf/storage/s3"
)

// seam is a network made of a function. It notes the requests.
type seam struct {
	do func(r *http.Request) (*http.Response, error)

	mu   sync.Mutex // guards seen
	seen []*http.Request
}

func (s *seam) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	s.seen = append(s.seen, r)
	s.mu.Unlock()
	return s.do(r)
}

// count tells how many requests fit.
func (s *seam) count(fits func(*http.Request) bool) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, r := range s.seen {
		if fits == nil || fits(r) {
			n++
		}
	}
	return n
}

// pass sends to the real network.
func pass(r *http.Request) (*http.Response, error) { return http.DefaultTransport.RoundTrip(r) }

// reply makes an answer.
func reply(r *http.Request, status int, body string) *http.Response {
	if r.Body != nil {
		io.Copy(io.Discard, r.Body)
		r.Body.Close()
	}
	if r.Method == http.MethodHead {
		body = ""
	}
	return &http.Response{
		StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: http.Header{"Content-Type": {"application/xml"}},
		Body:   io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}
}

// isList tells whether a request asks for a list.
func isList(r *http.Request) bool { return r.URL.Query().Get("list-type") == "2" }

// listing answers lists as an empty bucket does, so that the server is
// verified, and leaves the rest to do.
func listing(do func(*http.Request) (*http.Response, error)) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		if isList(r) {
			return reply(r, 200, "<ListBucketResult></ListBucketResult>"), nil
		}
		return do(r)
	}
}

// found answers as if every object were there.
func found(r *http.Request) (*http.Response, error) {
	resp := reply(r, 200, "")
	resp.Header.Set("ETag", `"x"`)
	return resp, nil
}

// refusal makes an answer of S3's that refuses.
func refusal(r *http.Request, status int, code, message string) *http.Response {
	body := fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?><Error><Code>%s</Code><Message>%s</Message><Resource>/x</Resource></Error>`, code, message)
	if code == "" {
		body = ""
	}
	return reply(r, status, body)
}

// fakeHost is where stages on a seam have their server.
const fakeHost = "s3.example.test"

// onSeam opens a store whose server is the function.
func onSeam(t testing.TB, o s3.Options, do func(r *http.Request) (*http.Response, error)) (*s3.Store, *seam) {
	net := &seam{do: do}
	o.Transport = net
	o.MaxBackoff = time.Millisecond
	if o.SweepAge == 0 {
		o.SweepAge = -1
	}
	return open(t, newBackend(t, o), stageAt("s3://bucket/path/", "https://"+fakeHost)), net
}

// onGateway opens a store on the real server, with the function between.
func onGateway(t testing.TB, o s3.Options, do func(r *http.Request) (*http.Response, error)) (store *s3.Store, net *seam, bucket string) {
	net, bucket = &seam{do: do}, newBucket(t)
	o.Transport = net
	o.MaxBackoff = time.Millisecond
	if o.SweepAge == 0 {
		o.SweepAge = -1
	}
	return open(t, newBackend(t, o), stageAt("s3://"+bucket+"/path/", shared.url)), net, bucket
}

// operation is one way to use a store.
type operation struct {
	name string
	run  func(ctx context.Context, s wharf.Store) error
}

func operations() []operation {
	return []operation{
		{"put", func(ctx context.Context, s wharf.Store) error {
			_, err := s.Put(ctx, "k", strings.NewReader("abc"), wharf.PutOptions{Size: 3})
			return err
		}},
		{"put-large", func(ctx context.Context, s wharf.Store) error {
			_, err := s.Put(ctx, "k", bytes.NewReader(make([]byte, 20<<20)), wharf.PutOptions{Size: wharf.UnknownSize})
			return err
		}},
		{"put-if-absent", func(ctx context.Context, s wharf.Store) error {
			_, err := s.Put(ctx, "k", strings.NewReader("abc"), wharf.PutOptions{Size: 3, IfAbsent: true})
			return err
		}},
		{"stat", func(ctx context.Context, s wharf.Store) error {
			_, err := s.Stat(ctx, "k")
			return err
		}},
		{"open", func(ctx context.Context, s wharf.Store) error {
			_, err := s.Open(ctx, "k")
			return err
		}},
		{"list", func(ctx context.Context, s wharf.Store) error {
			for _, err := range s.List(ctx, wharf.ListOptions{}) {
				if err != nil {
					return err
				}
			}
			return nil
		}},
		{"delete", func(ctx context.Context, s wharf.Store) error { return s.Delete(ctx, []wharf.Key{"k"}) }},
	}
}

// wantError checks the code of an error and what its message says.
func wantError(t testing.TB, err error, code wharf.Code, says string) {
	t.Helper()
	if wharf.CodeOf(err) != code {
		t.Errorf("the code is %q, want %q: %v", wharf.CodeOf(err), code, err)
	}
	if err != nil && !strings.Contains(wharf.MessageOf(err), says) {
		t.Errorf("the message %q does not say %q", wharf.MessageOf(err), says)
	}
}

// unfinished counts the multipart uploads that the bucket holds.
func unfinished(t testing.TB, bucket string) int {
	t.Helper()
	out, err := sdkClient().ListMultipartUploads(t.Context(), &awss3.ListMultipartUploadsInput{Bucket: aws.String(bucket)})
	if err != nil {
		t.Fatal(err)
	}
	return len(out.Uploads)
}

// wantEmpty checks that the bucket holds neither objects nor parts.
func wantEmpty(t testing.TB, bucket string) {
	t.Helper()
	out, err := sdkClient().ListObjectsV2(t.Context(), &awss3.ListObjectsV2Input{Bucket: aws.String(bucket)})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Contents) != 0 {
		t.Errorf("%d objects are in the bucket, %q first", len(out.Contents), *out.Contents[0].Key)
	}
	if n := unfinished(t, bucket); n != 0 {
		t.Errorf("%d unfinished uploads are in the bucket", n)
	}
}
