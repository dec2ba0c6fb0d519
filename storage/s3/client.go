package s3

import (
	"context"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"

	"wharf"
)

// newClient makes the SDK's client for a stage.
func (b *Backend) newClient(ctx context.Context, t *target) (*s3.Client, error) {
	creds, err := b.credentials(ctx, t)
	if err != nil {
		return nil, err
	}
	o := s3.Options{
		Region:      t.region,
		Credentials: creds,
		HTTPClient:  b.client,
		Retryer:     newRetryer(b.o.MaxBackoff),
		Logger:      logging.Nop{}, // the SDK would write to standard error
		// Servers other than AWS refuse or ignore the checksums that the SDK
		// would add: https://github.com/aws/aws-sdk-go-v2/discussions/2960
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
		// A body is one part at most, and waiting for leave to send it costs
		// a round trip.
		ContinueHeaderThresholdBytes: -1,
	}
	if t.endpoint != "" {
		o.BaseEndpoint = aws.String(t.endpoint)
		o.UsePathStyle = !t.conn.VirtualHostStyle
	}
	return s3.New(o, func(o *s3.Options) { o.HTTPSignerV4 = signer{o.HTTPSignerV4} }), nil
}

// signer leaves Accept-Encoding out of signatures. Google's servers change it
// before they check them: https://github.com/aws/aws-sdk-go-v2/issues/1816
type signer struct{ next s3.HTTPSignerV4 }

// SignHTTP signs the request.
func (s signer) SignHTTP(ctx context.Context, c aws.Credentials, r *http.Request, hash, service, region string, at time.Time,
	o ...func(*v4.SignerOptions),
) error {
	const name = "Accept-Encoding"
	encoding := r.Header.Values(name)
	r.Header.Del(name)
	err := s.next.SignHTTP(ctx, c, r, hash, service, region, at, o...)
	if len(encoding) > 0 {
		r.Header[name] = encoding
	}
	return err
}

func (b *Backend) credentials(ctx context.Context, t *target) (aws.CredentialsProvider, error) {
	c := t.conn
	switch t.auth {
	case authStage:
		return credentials.NewStaticCredentialsProvider(
			c.AccessKeyID.Reveal(), c.SecretAccessKey.Reveal(), c.SessionToken.Reveal()), nil
	case authNone:
		return aws.AnonymousCredentials{}, nil
	}
	cfg, err := b.serverConfig(ctx)
	if err != nil {
		return nil, err
	}
	own := cfg.Credentials.(*rotating)
	t.rotating = []*rotating{own}
	if c.RoleARN == "" {
		return own, nil
	}
	role := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), c.RoleARN, func(o *stscreds.AssumeRoleOptions) {
		o.RoleSessionName = "wharf"
		if !c.ExternalID.IsZero() {
			o.ExternalID = aws.String(c.ExternalID.Reveal())
		}
	})
	taken := &rotating{next: aws.NewCredentialsCache(role), lacking: "the stage's role cannot be taken on with the server's own S3 credentials"}
	t.rotating = append(t.rotating, taken)
	return taken, nil
}

// noServerKeys is said where the server has no credentials of its own.
const noServerKeys = "the server's own S3 credentials cannot be loaded"

// serverConfig loads the server's own credentials once. They are rotating.
func (b *Backend) serverConfig(ctx context.Context) (aws.Config, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.server != nil {
		return *b.server, nil
	}
	cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion(b.o.Region),
		config.WithRetryer(func() aws.Retryer { return newRetryer(b.o.MaxBackoff) }))
	if err != nil {
		return aws.Config{}, wharf.WrapError(wharf.CodeUpstream, "s3.Open", noServerKeys, err)
	}
	// Not given to LoadDefaultConfig, which under AWS_CA_BUNDLE refuses every
	// client that is not the SDK's own.
	cfg.HTTPClient = b.client
	cfg.Logger = logging.Nop{}
	cfg.Credentials = &rotating{next: cfg.Credentials, lacking: noServerKeys}
	b.server = &cfg
	return cfg, nil
}
