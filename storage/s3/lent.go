package s3

import (
	"context"
	"errors"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// lent are the server's own credentials, or those of a role that it takes on
// with them: they change, and no log may hold any of them.
type lent struct {
	next aws.CredentialsProvider
	// lacking says in a message that there are none to be had.
	lacking string

	mu   sync.Mutex         // guards last
	last [2]aws.Credentials // the latest first; requests may still be signed with the one before
}

// lackError says that there are no credentials to sign a request with.
type lackError struct {
	msg string
	err error
}

func (e *lackError) Error() string { return e.msg + ": " + e.err.Error() }
func (e *lackError) Unwrap() error { return e.err }

// Retrieve gives the credentials to the SDK.
func (l *lent) Retrieve(ctx context.Context) (aws.Credentials, error) {
	c, err := l.next.Retrieve(ctx)
	if err != nil {
		var lack *lackError // the server's own, where it takes on a role
		if !errors.As(err, &lack) {
			lack = &lackError{l.lacking, err}
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

// hidden are the values that no log may hold.
func (l *lent) hidden() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var values []string
	for _, c := range l.last {
		values = append(values, c.AccessKeyID, c.SecretAccessKey, c.SessionToken)
	}
	return values
}
