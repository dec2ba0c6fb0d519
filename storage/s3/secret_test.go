package s3_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
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
	secrets := map[string]string{
		"access key": "AKIATELLTALE", "secret key": "TELL/TALE+SECRET", "session token": "TELLTALETOKEN", "external ID": "TELLTALEID",
	}
	var log lockedBuffer
	echo := func(r *http.Request) string {
		return fmt.Sprintf("you sent %s to %s?X-Amz-Signature=abcdef0123&X-Amz-Credential=AKIATELLTALE with %s and %s", r.Method, r.URL,
			r.Header.Get("Authorization"), strings.Join([]string{secrets["secret key"], r.Header.Get("X-Amz-Security-Token")}, " "))
	}
	faults := map[string]func(*http.Request) (*http.Response, error){
		"a refusal that repeats": func(r *http.Request) (*http.Response, error) {
			return refusal(r, 403, "SignatureDoesNotMatch", strings.ReplaceAll(echo(r), "&", "&amp;")), nil
		},
		"a code that repeats": func(r *http.Request) (*http.Response, error) { return refusal(r, 400, secrets["secret key"], "x"), nil },
		"a network error that repeats": func(r *http.Request) (*http.Response, error) {
			return nil, &url.Error{Op: r.Method, URL: r.URL.String() + "?X-Amz-Signature=abcdef0123", Err: errors.New(echo(r))}
		},
		"garbage": func(r *http.Request) (*http.Response, error) { return reply(r, 200, echo(r)), nil },
	}
	for name, fault := range faults {
		b := newBackend(t, s3.Options{
			Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})), Transport: &seam{do: fault}, MaxBackoff: time.Millisecond})
		stage := stageAt("s3://bucket/path/", "http://"+fakeHost)
		stage.Connection = wharf.Connection{
			EndpointURL: "http://" + fakeHost, AccessKeyID: wharf.NewSecret(secrets["access key"]),
			SecretAccessKey: wharf.NewSecret(secrets["secret key"]), SessionToken: wharf.NewSecret(secrets["session token"]),
		}
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
		for what, secret := range secrets {
			if i := strings.Index(shown.String(), secret); i >= 0 {
				t.Errorf("%s: the %s is shown: …%s", name, what, shown.String()[max(0, i-200):i+len(secret)])
			}
		}
		if strings.Contains(shown.String(), "abcdef0123") || strings.Contains(shown.String(), "Signature=abc") {
			t.Errorf("%s: a signature is shown: %s", name, shown.String())
		}
	}
}
