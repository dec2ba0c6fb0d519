package s3_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"wharf"
	"wharf/storage/s3"
)

// TestCheck reads testdata/check, whose cases have one name=value a line.
func TestCheck(t *testing.T) {
	datadriven.RunTest(t, "testdata/check", func(t *testing.T, d *datadriven.TestData) string {
		v := map[string]string{}
		for line := range strings.Lines(d.Input) {
			name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
			v[name] = value
		}
		_, lend := v["lend"]
		b := newBackend(t, s3.Options{Endpoint: v["server"], ServerCredentials: lend, Transport: &seam{}})
		err := b.Check(wharf.Stage{URL: v["url"], Connection: wharf.Connection{
			EndpointURL: v["endpoint"], Region: v["region"], RoleARN: v["role"],
			AccessKeyID: wharf.NewSecret(v["key"]), SecretAccessKey: wharf.NewSecret(v["secret"]),
			SessionToken: wharf.NewSecret(v["token"]), ExternalID: wharf.NewSecret(v["external"]),
		}})
		if err == nil {
			return "ok\n"
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the error shows the secret: %v", d.Pos, err)
		}
		return fmt.Sprintf("%s: %s\n", wharf.CodeOf(err), wharf.MessageOf(err))
	})
}

func TestValidate(t *testing.T) {
	for _, c := range []struct {
		o    s3.Options
		code wharf.Code
	}{
		{s3.Options{}, ""},
		{s3.Options{Endpoint: "https://s3.example.test", PartSize: 5 << 20}, ""},
		{s3.Options{Endpoint: "s3.example.test"}, wharf.CodeInvalid},
		{s3.Options{Endpoint: "https://u:hunter2@s3.example.test"}, wharf.CodeInvalid},
		{s3.Options{PartSize: 5<<20 - 1}, wharf.CodeInvalid},
	} {
		err := c.o.Validate()
		if wharf.CodeOf(err) != c.code {
			t.Errorf("%+v: the code is %q, want %q: %v", c.o, wharf.CodeOf(err), c.code, err)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error shows the password: %v", err)
		}
	}
}
