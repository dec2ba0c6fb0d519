package s3

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"wharf"
)

// Store is the [wharf.Store] of one S3 stage.
type Store struct {
	t   *target
	api *s3.Client
	b   *Backend
	log *slog.Logger

	server *serverFacts
}

// serverFacts is what a store knows about its server.
type serverFacts struct {
	verified atomic.Bool // see verifyServer
	single   atomic.Bool // it has no DeleteObjects
}

var (
	_ wharf.Store    = (*Store)(nil)
	_ wharf.Budgeter = (*Store)(nil)
)

// Open returns the stage's store. It uses the network only for the server's own
// credentials, and starts the sweep of unfinished uploads in the background.
func (b *Backend) Open(ctx context.Context, stage wharf.Stage) (*Store, error) {
	t, err := b.target(stage)
	if err != nil {
		return nil, err
	}
	api, err := b.newClient(ctx, &t)
	if err != nil {
		return nil, err
	}
	s := &Store{t: &t, api: api, b: b, server: &serverFacts{},
		log: b.o.Logger.With("stage", string(stage.Name), "bucket", t.bucket)}
	b.sweepLater(s)
	return s, nil
}

// Format writes the bucket and the path for every verb, so that no verb prints
// the fields of the store.
func (s Store) Format(f fmt.State, _ rune) {
	io.WriteString(f, "s3://"+s.t.bucket+"/"+s.t.prefix)
}

// noXML are the characters that keys may have and XML cannot carry. In lists and
// batches of deletions the SDK and some servers replace them by U+FFFD, which
// makes the name of another file.
const noXML = "\ufffe\uffff"

// fullKey returns the object's key in the bucket. It is CodeInvalid for a key
// that no object of the stage can have.
func (s *Store) fullKey(key wharf.Key) (*string, error) {
	full := s.t.prefix + string(key)
	switch {
	case strings.ContainsAny(full, noXML):
		return nil, wharf.Errorf(wharf.CodeInvalid, "the file name %q holds U+FFFE or U+FFFF, which S3's lists cannot carry", key)
	case len(full) > maxKey:
		return nil, wharf.Errorf(wharf.CodeInvalid, "the file name is %d bytes long; with the stage's path, which is %d, S3 allows %d",
			len(key), len(s.t.prefix), maxKey)
	}
	return aws.String(full), nil
}

// ObjectName returns the name of the object under key among all of the world:
// server, bucket and key. Other than [Store.Place] it takes no two servers for
// one.
func (s *Store) ObjectName(key wharf.Key) string {
	return s.t.endpoint + "\n" + s.t.server + "\n" + s.t.region + "\n" + s.t.bucket + "\n" + s.t.prefix + string(key)
}

// Stat implements [wharf.Store] by a HEAD request.
func (s *Store) Stat(ctx context.Context, key wharf.Key) (wharf.Object, error) {
	return s.stat(ctx, "s3.Stat", key)
}

func (s *Store) stat(ctx context.Context, op string, key wharf.Key) (wharf.Object, error) {
	full, err := s.fullKey(key)
	if err != nil {
		return wharf.Object{}, s.none(op, key, err)
	}
	if err := s.verifyServer(ctx); err != nil {
		return wharf.Object{}, s.fail(ctx, op, err)
	}
	out, err := s.api.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &s.t.bucket, Key: full})
	if err != nil {
		return wharf.Object{}, s.missing(ctx, op, key, err)
	}
	o := wharf.Object{Key: key, Size: aws.ToInt64(out.ContentLength), ETag: trimETag(out.ETag)}
	if err := needETag(o.ETag, "the file"); err != nil {
		return wharf.Object{}, s.fail(ctx, op, err)
	}
	if out.ContentLength == nil || o.Size < 0 || o.Size > maxListedSize {
		return wharf.Object{}, s.fail(ctx, op, notS3Answer("the file has no length that can be right"))
	}
	if out.LastModified != nil {
		o.ModTime = *out.LastModified
	}
	o.MD5 = s.plainMD5(o.ETag, out.ServerSideEncryption, out.SSECustomerAlgorithm)
	return o, nil
}

// missing tells a missing object from a missing bucket or an unknown key: the
// answer to HEAD has no body that would say, but the one to a list has.
func (s *Store) missing(ctx context.Context, op string, key wharf.Key, err error) error {
	err = s.failObject(ctx, op, err)
	if wharf.CodeOf(err) != wharf.CodeNotFound {
		return err
	}
	_, listErr := s.api.ListObjectsV2(ctx, &s3.ListObjectsV2Input{
		Bucket: &s.t.bucket, Prefix: aws.String(s.t.prefix + string(key)), MaxKeys: aws.Int32(1),
	}, once)
	if statusOf(listErr) == http.StatusNotFound || notS3(listErr) {
		return s.fail(ctx, op, listErr)
	}
	return s.none(op, key, err)
}

func (s *Store) none(op string, key wharf.Key, err error) error {
	return &wharf.Error{Code: wharf.CodeNotFound, Op: op, Msg: fmt.Sprintf("there is no file %q", key), Err: err}
}

func trimETag(e *string) string { return strings.Trim(aws.ToString(e), `"`) }

// plainMD5 returns the ETag if it is the MD5 of the object's bytes, which it is
// for objects in one part. It is not for objects that are encrypted with a key
// other than S3's own, and in directory buckets, although it looks like one:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-express-differences.html
func (s *Store) plainMD5(etag string, sse types.ServerSideEncryption, customerKey *string) string {
	if customerKey != nil || strings.HasSuffix(s.t.bucket, "--x-s3") || sse != "" && sse != types.ServerSideEncryptionAes256 {
		return ""
	}
	if len(etag) != 32 || strings.Trim(etag, "0123456789abcdef") != "" {
		return ""
	}
	return etag
}

var _ wharf.Placer = (*Store)(nil)

// Place implements [wharf.Placer]: the server's bucket, and the keys in it. Two
// names of one server are the same place if that is known without the network:
// Amazon's endpoints, which share all bucket names, and the loopback names.
func (s *Store) Place(prefix string) wharf.Place {
	return wharf.Place{Space: "s3 " + serverOf(s.t.endpoint) + " " + s.t.bucket, Path: s.t.prefix + prefix}
}

// serverOf returns the server that an endpoint leads to, "" for Amazon's.
func serverOf(endpoint string) string {
	u, err := url.Parse(endpoint)
	if endpoint == "" || err != nil {
		return endpoint
	}
	host, port := strings.TrimSuffix(strings.ToLower(u.Hostname()), "."), u.Port()
	if strings.HasSuffix(host, ".amazonaws.com") || strings.HasSuffix(host, ".amazonaws.com.cn") {
		return ""
	}
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	if addr, err := netip.ParseAddr(host); err == nil && addr.IsLoopback() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port) + strings.TrimSuffix(u.Path, "/")
}
