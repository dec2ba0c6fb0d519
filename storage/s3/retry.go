package s3

import (
	"context"
	"errors"
	"io"
	"net"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

const maxAttempts = 3

// newRetryer bounds the attempts of one request. The SDK's token bucket is
// off: it would make a request's fate depend on those of others.
func newRetryer(maxBackoff time.Duration) aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = maxAttempts
		o.MaxBackoff = maxBackoff
		o.RateLimiter = ratelimit.None
		o.Retryables = append([]retry.IsErrorRetryable{retry.IsErrorRetryableFunc(retryable)}, o.Retryables...)
	})
}

// once is for a request that must not be sent again: an answer that was lost
// would turn its success into a refusal.
func once(o *s3.Options) { o.RetryMaxAttempts = 1 }

// publishing retries a request that publishes an object: where the server
// answers that it failed, and not where its answer is lost, because a refusal
// of the next attempt would then be all that is known. It is for one request.
type publishing struct {
	aws.Retryer
	failed bool // the server has answered an attempt so: it may have worked
}

func (p *publishing) IsErrorRetryable(err error) bool {
	if statusOf(err) == 0 || !p.Retryer.IsErrorRetryable(err) {
		return false
	}
	p.failed = true
	return true
}

// use is an option of the request.
func (p *publishing) use(o *s3.Options) {
	p.Retryer = o.Retryer
	o.Retryer = p
}

// retryable overrules the SDK where another attempt only costs time, or where
// it misses an error that another connection may cure.
func retryable(err error) aws.Ternary {
	var stall *stallError
	var lack *noCredentialsError
	var unreachable *unreachableError
	var dns *net.DNSError
	var op *net.OpError
	switch {
	case errors.As(err, &stall), errors.As(err, &lack), errors.As(err, &unreachable), notS3(err), isSelf(err), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return aws.FalseTernary
	case errors.As(err, &dns) && dns.IsNotFound:
		return aws.FalseTernary
	case errors.As(err, &op) && op.Op == "dial" && op.Timeout():
		return aws.FalseTernary
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return aws.TrueTernary
	}
	return aws.UnknownTernary
}
