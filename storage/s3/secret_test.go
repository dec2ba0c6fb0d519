package s3_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"wharf"
	"wharf/storage/s3"
)

// lockedBuffer is a log that several goroutines may write.
type lockedBuffer struct {
	mu sync.Mutex // guards b
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// TestNothingSecretIsShown has servers and networks that repeat all they were
// sent, and looks for it in errors, in the log, and in the values themselves.
func TestNothingSecretIsShown(t *testing.T) {
	keys := map[string]string{"access key": "AKIATELLTALE", "secret key": "TELL/TALE+SECRET", "session token": "TELLTALETOKEN"}
	serverKeys := map[string]string{"AWS_ACCESS_KEY_ID": "AKIASERVERTALE", "AWS_SECRET_ACCESS_KEY": "SERVER/TALE+SECRET", "AWS_SESSION_TOKEN": "SERVERTALETOKEN"}
	for name, value := range serverKeys {
		t.Setenv(name, value)
	}
	for _, c := range []struct {
		name    string
		conn    wharf.Connection
		secrets map[string]string
	}{
		{"the stage's keys", wharf.Connection{EndpointURL: "http://" + fakeHost, AccessKeyID: wharf.NewSecret(keys["access key"]),
			SecretAccessKey: wharf.NewSecret(keys["secret key"]), SessionToken: wharf.NewSecret(keys["session token"])}, keys},
		{"the server's keys", wharf.Connection{}, serverKeys},
		{"a role's keys", wharf.Connection{RoleARN: "arn:aws:iam::123456789012:role/reader", ExternalID: wharf.NewSecret("TELLTALEID")}, keys},
		{"the server's keys, for a role", wharf.Connection{RoleARN: "arn:aws:iam::123456789012:role/none", ExternalID: wharf.NewSecret("TELLTALEID")}, serverKeys},
	} {
		t.Run(c.name, func(t *testing.T) {
			for name, fault := range repeatingFaults(c.secrets) {
				shown := allShown(t, c.conn, func(r *http.Request) (*http.Response, error) {
					if r.URL.Host != fakeHost && strings.HasSuffix(c.conn.RoleARN, "reader") {
						return takenRole(r, keys), nil
					}
					return fault(r)
				})
				for what, secret := range c.secrets {
					if i := strings.Index(shown, secret); i >= 0 {
						t.Errorf("%s: the %s is shown: …%s", name, what, shown[max(0, i-200):i+len(secret)])
					}
				}
				if strings.Contains(shown, "TELLTALEID") {
					t.Errorf("%s: the external ID is shown: %s", name, shown)
				}
				if strings.Contains(shown, "abcdef0123") || strings.Contains(shown, "Signature=abc") {
					t.Errorf("%s: a signature is shown: %s", name, shown)
				}
			}
		})
	}
}

// repeatingFaults are ways to fail that repeat the request and the secrets.
func repeatingFaults(secrets map[string]string) map[string]func(*http.Request) (*http.Response, error) {
	all := strings.Join(slices.Collect(maps.Values(secrets)), " ")
	echo := func(r *http.Request) string {
		return fmt.Sprintf("you sent %s to %s?X-Amz-Signature=abcdef0123&X-Amz-Credential=AKIATELLTALE with %s and %s", r.Method, r.URL,
			r.Header.Get("Authorization"), all+" "+r.Header.Get("X-Amz-Security-Token"))
	}
	return map[string]func(*http.Request) (*http.Response, error){
		"a refusal that repeats": func(r *http.Request) (*http.Response, error) {
			return refusal(r, 403, "SignatureDoesNotMatch", strings.ReplaceAll(echo(r), "&", "&amp;")), nil
		},
		"a code that repeats": func(r *http.Request) (*http.Response, error) { return refusal(r, 400, all, "x"), nil },
		"a network error that repeats": func(r *http.Request) (*http.Response, error) {
			return nil, &url.Error{Op: r.Method, URL: r.URL.String() + "?X-Amz-Signature=abcdef0123", Err: errors.New(echo(r))}
		},
		"garbage": func(r *http.Request) (*http.Response, error) { return reply(r, 200, echo(r)), nil },
	}
}

// takenRole is the answer of the service that lends roles.
func takenRole(r *http.Request, keys map[string]string) *http.Response {
	return reply(r, 200, fmt.Sprintf(`<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>%s</AccessKeyId>
		<SecretAccessKey>%s</SecretAccessKey><SessionToken>%s</SessionToken><Expiration>2100-01-01T00:00:00Z</Expiration>
		</Credentials></AssumeRoleResult></AssumeRoleResponse>`, keys["access key"], keys["secret key"], keys["session token"]))
}

// allShown is what can be seen of every operation on a stage: errors in every
// form, the log, and the values when they are printed.
func allShown(t *testing.T, conn wharf.Connection, do func(*http.Request) (*http.Response, error)) string {
	var log lockedBuffer
	b := newBackend(t, s3.Options{
		Logger:   slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Endpoint: "http://" + fakeHost, ServerCredentials: true, Transport: &seam{do: do}, MaxBackoff: time.Millisecond,
	})
	stage := wharf.Stage{ID: wharf.NewStageID(), Name: "s", URL: "s3://bucket/path/", Connection: conn}
	store := open(t, b, stage)
	var shown strings.Builder
	for _, op := range operations() {
		err := op.run(context.Background(), store)
		fmt.Fprintln(&shown, op.name, err, wharf.MessageOf(err))
		for ; err != nil; err = errors.Unwrap(err) {
			fmt.Fprintf(&shown, "%v %+v %#v %s %q\n", err, err, err, err, err)
		}
	}
	for _, v := range []any{store, *store, b, stage} {
		fmt.Fprintf(&shown, "%v %+v %#v %s\n", v, v, v, v)
	}
	b.Close()
	io.WriteString(&shown, log.String())
	return shown.String()
}

// TestNoServerCredentials lends what the server has not: the message does not
// blame the S3 server.
func TestNoServerCredentials(t *testing.T) {
	addr, err := freeAddr()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY", "AWS_PROFILE",
		"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://"+addr) // refuses connections
	lacking := func(role string, ops []operation) {
		t.Helper()
		net := &seam{}
		b := newBackend(t, s3.Options{Endpoint: shared.url, ServerCredentials: true, SweepAge: -1, Transport: net})
		store := open(t, b, wharf.Stage{URL: "s3://bucket/path/", Connection: wharf.Connection{RoleARN: role}})
		for _, op := range ops {
			wantError(t, op.run(t.Context(), store), wharf.CodeUpstream, "the server's own S3 credentials cannot be loaded")
		}
		if net.count(nil) != 0 {
			t.Error("S3 was asked without credentials")
		}
	}
	lacking("", operations()[:1]) // the SDK asks three times, for seconds
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	lacking("", operations())
	lacking("arn:aws:iam::123456789012:role/reader", operations())
}

// TestRoleIsRefused has the service that lends roles refuse one.
func TestRoleIsRefused(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "the-servers-key")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "the-servers-secret")
	net := &seam{do: func(r *http.Request) (*http.Response, error) {
		return reply(r, 403, `<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>`), nil
	}}
	b := newBackend(t, s3.Options{ServerCredentials: true, SweepAge: -1, Transport: net})
	store := open(t, b, wharf.Stage{URL: "s3://bucket/", Connection: wharf.Connection{RoleARN: "arn:aws:iam::123456789012:role/none"}})
	_, err := store.Stat(t.Context(), "k")
	wantError(t, err, wharf.CodeUpstream, "the stage's role cannot be taken on")
}
