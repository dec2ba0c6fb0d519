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
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"wharf"
)

// Options are the server's settings for all its S3 stages. The zero value
// talks to AWS, and signs for those stages only that bring their own keys.
type Options struct {
	// Endpoint is the URL of the S3 server for stages that name none; "" is
	// AWS.
	Endpoint string
	// Region is for stages that name none; "" is us-east-1.
	Region string
	// ServerCredentials lets stages that bring no keys use those of the
	// server (environment, files, instance role: the SDK's own chain), and
	// lets stages name a role. Off, such stages are read and written without
	// a signature.
	ServerCredentials bool

	// PartSize is how many bytes one request carries of a large object; 0 is
	// 8 MiB. S3 wants at least 5 MiB.
	PartSize int64
	// Concurrency is how many parts one Put holds in memory, the one being
	// read included; 0 is 4, and 2 is the least. Of parts that must be larger
	// than PartSize it holds no more bytes, but two. On loopback 4 of 8 MiB are as
	// fast as the SDK's transfer manager with its 6, and 3 reach 0.85 of it.
	Concurrency int

	// ConnectTimeout bounds the making of a connection; 0 is 3 s. One that
	// cannot be made takes all of it.
	ConnectTimeout time.Duration
	// StallTimeout is how long a request may see no progress, which is less
	// than 1 KiB a second; 0 is 10 s. An answer that is no object's bytes may
	// take three times as long as a whole.
	StallTimeout time.Duration
	// PublishTimeout is how long the server may take to put the parts of a
	// large object together; 0 is 5 minutes.
	PublishTimeout time.Duration
	// MaxBackoff is the longest pause before a request is sent again, which
	// happens twice at most; 0 is 1 s.
	MaxBackoff time.Duration
	// SweepAge is how old an unfinished multipart upload below a stage's path
	// must be to be aborted; 0 is 24 hours, less than 0 is never.
	SweepAge time.Duration

	// Self are the addresses that this server listens on, and SelfURL the one
	// under which its clients reach it, nil if there is no other. An endpoint
	// that is one of them is CodeInvalid.
	Self    []netip.AddrPort
	SelfURL *url.URL

	// Reach lists the addresses besides public ones that stages may have the
	// server connect to. Endpoint counts as listed.
	Reach Reach
	// Resolver looks up names; nil is the system's.
	Resolver *net.Resolver

	// OnRequest is told of each request that was sent: its operation, which is
	// one of S3's, how long it took until the header of its answer, and the
	// status of that, 0 if none came. nil is not told.
	OnRequest func(operation string, took time.Duration, status int)

	// Logger logs what no caller is told: what a list skipped, what a sweep
	// aborted. nil discards it.
	Logger *slog.Logger
	// Transport replaces the connections to the network; nil is HTTP/1.1 with
	// the timeouts above.
	Transport http.RoundTripper
}

// Validate returns an error of CodeInvalid for settings that cannot work.
func (o Options) Validate() error {
	if o.Endpoint != "" {
		u, err := parseEndpoint(o.Endpoint)
		if err == nil {
			err = o.checkSelf(u)
		}
		if err != nil {
			return err
		}
	}
	if o.PartSize != 0 && o.PartSize < minPartSize {
		return wharf.Errorf(wharf.CodeInvalid, "the S3 part size is %d bytes; S3 wants at least %d", o.PartSize, minPartSize)
	}
	return nil
}

// S3's own limits: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
const (
	minPartSize = 5 << 20
	maxParts    = 10_000
	maxObject   = 5 << 40
	maxKey      = 1024
	maxDelete   = 1000
)

// withDefaults returns the options with the defaults of the zero fields.
func (o Options) withDefaults() Options {
	setDefault(&o.Region, "us-east-1")
	setDefault(&o.PartSize, 8<<20)
	setDefault(&o.Concurrency, 4)
	setDefault(&o.ConnectTimeout, 3*time.Second)
	setDefault(&o.StallTimeout, 10*time.Second)
	setDefault(&o.PublishTimeout, 5*time.Minute)
	setDefault(&o.MaxBackoff, time.Second)
	setDefault(&o.SweepAge, 24*time.Hour)
	o.Concurrency = max(o.Concurrency, 2)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.OnRequest == nil {
		o.OnRequest = func(string, time.Duration, int) {}
	}
	if o.Transport == nil {
		o.Transport = newTransport(o)
	}
	return o
}

func setDefault[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}

// Backend opens the stores of all S3 stages of a server. They share its
// connections and its buffers.
type Backend struct {
	o      Options
	reach  Reach
	client *watchedClient
	bufs   *bufferPool

	ctx    context.Context // ends the sweeps
	cancel context.CancelFunc
	sweeps sync.WaitGroup

	mu         sync.Mutex          // guards what follows
	server     *aws.Config         // the server's own credentials, once they were loaded
	inProgress map[string]struct{} // IDs of this process's multipart uploads
}

// Format writes no fields of the Backend, because the SDK's configuration has the
// server's own keys.
func (b *Backend) Format(f fmt.State, _ rune) { io.WriteString(f, "s3.Backend") }

// New returns a Backend. It does no I/O and does not call [Options.Validate].
func New(o Options) *Backend {
	o = o.withDefaults()
	ctx, cancel := context.WithCancel(context.Background())
	return &Backend{
		o:      o,
		reach:  o.Reach.with(o.Endpoint),
		client: &watchedClient{next: o.Transport, wait: o.StallTimeout, tell: o.OnRequest},
		bufs:   newBufferPool(int(o.PartSize)),
		ctx:    ctx,
		cancel: cancel,

		inProgress: map[string]struct{}{},
	}
}

// Close ends the sweeps and the idle connections. The stores stay usable, so that
// it may be called before the last upload has ended.
func (b *Backend) Close() error {
	b.mu.Lock()
	b.cancel() // from here on none begins
	b.mu.Unlock()
	b.sweeps.Wait()
	if t, ok := b.o.Transport.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
	return nil
}

// parseEndpoint validates the URL of an S3 server. Its messages do not repeat
// the URL, which may hold a password.
func parseEndpoint(s string) (*url.URL, error) {
	const want = "an endpoint is written like https://s3.example.com or http://127.0.0.1:9000"
	u, err := url.Parse(s)
	switch {
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "":
		return nil, wharf.Errorf(wharf.CodeInvalid, "the S3 endpoint is not an http or https URL; %s", want)
	case u.User != nil:
		return nil, wharf.Errorf(wharf.CodeInvalid, "the S3 endpoint holds credentials; give them as ACCESS_KEY_ID and SECRET_ACCESS_KEY; %s", want)
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, wharf.Errorf(wharf.CodeInvalid, "the S3 endpoint holds a query or a fragment; %s", want)
	case !wharf.ValidPort(u):
		return nil, wharf.Errorf(wharf.CodeInvalid, "the port of the S3 endpoint is out of range; ports are 1 to 65535")
	}
	u.Path = strings.TrimSuffix(u.Path, "/")
	return u, nil
}
