package s3

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"

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
	return s3.New(o), nil
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
	own := cfg.Credentials.(*lent)
	t.lent = []*lent{own}
	if c.RoleARN == "" {
		return own, nil
	}
	role := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), c.RoleARN, func(o *stscreds.AssumeRoleOptions) {
		o.RoleSessionName = "wharf"
		if !c.ExternalID.IsZero() {
			o.ExternalID = aws.String(c.ExternalID.Reveal())
		}
	})
	taken := &lent{next: aws.NewCredentialsCache(role), lacking: "the stage's role cannot be taken on with the server's own S3 credentials"}
	t.lent = append(t.lent, taken)
	return taken, nil
}

// noServerKeys is said where the server has no credentials of its own.
const noServerKeys = "the server's own S3 credentials cannot be loaded"

// serverConfig loads the server's own credentials once. They are lent.
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
	cfg.Credentials = &lent{next: cfg.Credentials, lacking: noServerKeys}
	b.server = &cfg
	return cfg, nil
}
