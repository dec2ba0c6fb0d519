package s3

import (
	"context"
	"errors"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// rotating are the server's own credentials, or those of a role that it assumes.
// They change, and no log may contain any of them.
type rotating struct {
	next aws.CredentialsProvider
	// lacking is the message if there are none.
	lacking string

	mu   sync.Mutex         // guards last
	last [2]aws.Credentials // the latest first; requests may still be signed with the one before
}

// noCredentialsError says that there are no credentials to sign a request.
type noCredentialsError struct {
	msg string
	err error
}

func (e *noCredentialsError) Error() string { return e.msg + ": " + e.err.Error() }
func (e *noCredentialsError) Unwrap() error { return e.err }

// Retrieve returns the credentials to the SDK.
func (l *rotating) Retrieve(ctx context.Context) (aws.Credentials, error) {
	c, err := l.next.Retrieve(ctx)
	if err != nil {
		var lack *noCredentialsError // of the server's own, if it assumes a role
		if !errors.As(err, &lack) {
			lack = &noCredentialsError{l.lacking, err}
		}
		return c, lack
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !sameKeys(c, l.last[0]) {
		l.last = [2]aws.Credentials{c, l.last[0]}
	}
	return c, nil
}

func sameKeys(a, b aws.Credentials) bool {
	return a.AccessKeyID == b.AccessKeyID && a.SecretAccessKey == b.SecretAccessKey && a.SessionToken == b.SessionToken
}

// hidden returns the values that no log may contain.
func (l *rotating) hidden() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var values []string
	for _, c := range l.last {
		values = append(values, c.AccessKeyID, c.SecretAccessKey, c.SessionToken)
	}
	return values
}
