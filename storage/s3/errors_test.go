package s3_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"wharf"
	"wharf/storage/s3"
)

// TestErrors reads testdata/errors: for what a server answers, the code and
// the message of each operation, or of the ones given.
func TestErrors(t *testing.T) {
	datadriven.RunTest(t, "testdata/errors", func(t *testing.T, d *datadriven.TestData) string {
		var status int
		var code string
		d.ScanArgs(t, "status", &status)
		d.MaybeScanArgs(t, "code", &code)
		store, _ := onSeam(t, s3.Options{}, func(r *http.Request) (*http.Response, error) {
			return refusal(r, status, code, "the server's own words"), nil
		})
		var out strings.Builder
		for _, op := range operations() {
			if d.HasArg("ops") && !argHas(d, "ops", op.name) {
				continue
			}
			err := op.run(t.Context(), store)
			fmt.Fprintf(&out, "%s: %s: %s\n", op.name, wharf.CodeOf(err), wharf.MessageOf(err))
		}
		return out.String()
	})
}

func argHas(d *datadriven.TestData, key, val string) bool {
	for _, arg := range d.CmdArgs {
		if arg.Key == key {
			for _, v := range arg.Vals {
				if v == val {
					return true
				}
			}
		}
	}
	return false
}

func TestMissingBucket(t *testing.T) {
	for _, op := range operations() {
		t.Run(op.name, func(t *testing.T) {
			store := open(t, newBackend(t, s3.Options{Endpoint: shared.url}), stageAt("s3://no-such-bucket/path/", ""))
			wantError(t, op.run(t.Context(), store), wharf.CodeUpstream, `no such bucket "no-such-bucket" on S3 at 127.0.0.1:`)
		})
	}
}

func TestWrongKeys(t *testing.T) {
	for _, wrong := range []string{"access key", "secret key"} {
		for _, op := range operations() {
			t.Run(wrong+"/"+op.name, func(t *testing.T) {
				s := stageAt("s3://"+newBucket(t)+"/", "")
				if wrong == "access key" {
					s.Connection.AccessKeyID = wharf.NewSecret("nobody")
				} else {
					s.Connection.SecretAccessKey = wharf.NewSecret("wrong")
				}
				store := open(t, newBackend(t, s3.Options{Endpoint: shared.url}), s)
				wantError(t, op.run(t.Context(), store), wharf.CodeUpstream, "access denied")
			})
		}
	}
}

// TestWithoutKeys has a bucket that strangers may not use: the message tells
// the stage that has no keys from one whose keys are wrong.
func TestWithoutKeys(t *testing.T) {
	for _, op := range operations() {
		t.Run(op.name, func(t *testing.T) {
			s := stageAt("s3://"+newBucket(t)+"/", "")
			s.Connection = wharf.Connection{}
			store := open(t, newBackend(t, s3.Options{Endpoint: shared.url}), s)
			wantError(t, op.run(t.Context(), store), wharf.CodeUpstream, "the stage has no keys")
		})
	}
}

// TestRefusedKeys has a server that removes some keys of a batch and not
// others.
func TestRefusedKeys(t *testing.T) {
	store, _ := onSeam(t, s3.Options{}, func(r *http.Request) (*http.Response, error) {
		return reply(r, 200, `<DeleteResult>
			<Error><Key>path/gone</Key><Code>NoSuchKey</Code><Message>m</Message></Error>
			<Error><Key>path/a</Key><Code>AccessDenied</Code><Message>m</Message></Error>
			<Error><Key>path/b</Key><Code>InternalError</Code><Message>m</Message></Error>
		</DeleteResult>`), nil
	})
	err := store.Delete(t.Context(), []wharf.Key{"gone", "a", "b", "c"})
	wantError(t, err, wharf.CodeUpstream, `the file "a" could not be removed: access denied by S3 at s3.example.test`)
	wantError(t, err, wharf.CodeUpstream, "(and 1 more)")
}
