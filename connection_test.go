package wharf_test

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"wharf"
)

// settings makes options of names and values by turns.
func settings(pairs ...string) []wharf.Option {
	var options []wharf.Option
	for i := 0; i+1 < len(pairs); i += 2 {
		options = append(options, wharf.Option{Name: strings.ToUpper(pairs[i]), Value: pairs[i+1], Kind: wharf.OptionString})
	}
	return options
}

func TestConnectionSpellings(t *testing.T) {
	key := []string{"access_key_id", "k", "secret_access_key", "s"}
	for _, c := range []struct {
		pairs []string
		check func(wharf.Connection) bool
	}{
		{nil, func(c wharf.Connection) bool { return c == wharf.Connection{} }},
		{key, func(c wharf.Connection) bool {
			return c.AccessKeyID.Reveal() == "k" && c.SecretAccessKey.Reveal() == "s" && c.HasCredentials()
		}},
		{[]string{"aws_key_id", "k", "aws_secret_key", "s"}, func(c wharf.Connection) bool {
			return c.AccessKeyID.Reveal() == "k" && c.SecretAccessKey.Reveal() == "s"
		}},
		{append([]string{"session_token", "t"}, key...), func(c wharf.Connection) bool { return c.SessionToken.Reveal() == "t" }},
		{append([]string{"security_token", "t"}, key...), func(c wharf.Connection) bool { return c.SessionToken.Reveal() == "t" }},
		{append([]string{"aws_token", "t"}, key...), func(c wharf.Connection) bool { return c.SessionToken.Reveal() == "t" }},
		{[]string{"endpoint_url", "http://127.0.0.1:9000"}, func(c wharf.Connection) bool { return c.EndpointURL == "http://127.0.0.1:9000" }},
		{[]string{"region", "EU-west-1"}, func(c wharf.Connection) bool { return c.Region == "eu-west-1" }},
		{[]string{"enable_virtual_host_style", "TRUE"}, func(c wharf.Connection) bool { return c.VirtualHostStyle }},
		{[]string{"enable_virtual_host_style", "false"}, func(c wharf.Connection) bool { return !c.VirtualHostStyle }},
		{[]string{"role_arn", "arn:aws:iam::1:role/r"}, func(c wharf.Connection) bool { return c.RoleARN == "arn:aws:iam::1:role/r" && c.HasCredentials() }},
		{[]string{"aws_role_arn", "arn:aws:iam::1:role/r", "external_id", "x"}, func(c wharf.Connection) bool { return c.ExternalID.Reveal() == "x" }},
	} {
		got, err := wharf.ParseConnection(settings(c.pairs...))
		if err != nil || !c.check(got) {
			t.Errorf("%q: %+v, %v", c.pairs, got, err)
		}
	}
}

func TestConnectionErrors(t *testing.T) {
	const value = "SECRETVALUE"
	for _, c := range []struct {
		pairs []string
		says  string // a part of the message
	}{
		{[]string{"acces_key_id", value}, "did you mean access_key_id?"},
		{[]string{"colour", value}, "there is no setting colour; the settings are endpoint_url"},
		{[]string{"access_key_id", value}, "access_key_id needs secret_access_key"},
		{[]string{"secret_access_key", value}, "secret_access_key needs access_key_id"},
		{[]string{"session_token", value}, "session_token needs access_key_id"},
		{[]string{"external_id", value}, "external_id needs role_arn"},
		{[]string{"access_key_id", value, "access_key_id", value}, "access_key_id is given twice"},
		{[]string{"access_key_id", value, "aws_key_id", value, "secret_access_key", value}, "access_key_id and aws_key_id are two names"},
		{[]string{"session_token", value, "aws_token", value}, "session_token and aws_token are two names"},
		{[]string{"access_key_id", "", "secret_access_key", value}, "the value of access_key_id"},
		{[]string{"access_key_id", value + "\n", "secret_access_key", value}, "the value of access_key_id"},
		{[]string{"access_key_id", value + "\xff", "secret_access_key", value}, "the value of access_key_id"},
		{[]string{"session_token", strings.Repeat(value, 1000)}, "the value of session_token"},
		{[]string{"endpoint_url", value}, "the value of endpoint_url"},
		{[]string{"endpoint_url", "ftp://host/" + value}, "the value of endpoint_url"},
		{[]string{"endpoint_url", "http://user:" + value + "@host"}, "without a user"},
		{[]string{"endpoint_url", "http://host?q=" + value}, "the value of endpoint_url"},
		{[]string{"endpoint_url", "http://:80"}, "the value of endpoint_url"},
		{[]string{"endpoint_url", "http://host:99999"}, "the port of endpoint_url is out of range; ports are 1 to 65535"},
		{[]string{"endpoint_url", "http://host:65536/path"}, "the port of endpoint_url is out of range"},
		{[]string{"endpoint_url", "http://host:0"}, "the port of endpoint_url is out of range"},
		{[]string{"endpoint_url", "https://[::1]:18446744073709551617"}, "the port of endpoint_url is out of range"},
		{[]string{"region", value + " "}, "the value of region"},
		{[]string{"enable_virtual_host_style", value}, "true or false"},
		{[]string{"role_arn", value}, "the ARN of a role"},
	} {
		got, err := wharf.ParseConnection(settings(c.pairs...))
		msg := wharf.MessageOf(err)
		if wharf.CodeOf(err) != wharf.CodeInvalid || !strings.Contains(msg, c.says) || got != (wharf.Connection{}) {
			t.Errorf("%q: %v, want a message with %q", c.pairs, err, c.says)
		}
		if strings.Contains(strings.ToUpper(err.Error()), value) {
			t.Errorf("%q: the value shows in %q", c.pairs, err)
		}
	}
}

func TestNamedConnections(t *testing.T) {
	f := newFixture(t)
	option := func(name, value string) wharf.Option {
		return wharf.Option{Name: name, Value: value, Kind: wharf.OptionString}
	}
	def, err := wharf.ParseNamedConnection([]wharf.Option{
		option("AWS_KEY_ID", "key"), option("storage_type", "S3"), option("SECRET_ACCESS_KEY", "very secret"),
	})
	if err != nil {
		t.Fatal(err)
	}
	def.Name = "c"
	for _, c := range []struct {
		mode wharf.CreateMode
		want bool
	}{{wharf.CreateNew, true}, {wharf.CreateIfNotExists, false}, {wharf.CreateOrReplace, true}} {
		created, err := f.CreateConnection(t.Context(), wharf.Root, def, c.mode)
		if err != nil || created != c.want {
			t.Errorf("mode %d: %v, %v", c.mode, created, err)
		}
	}
	_, err = f.CreateConnection(t.Context(), wharf.Root, def, wharf.CreateNew)
	wantCode(t, err, wharf.CodeExists)
	got, err := f.Connection(t.Context(), wharf.Root, "c")
	if err != nil || got.Creator != "root" || got.CreatedOn.Unix() != 1e9 || got.StorageType != "s3" ||
		got.Connection.SecretAccessKey.Reveal() != "very secret" {
		t.Errorf("%+v, %v", got, err)
	}
	if all, err := collect(f.Connections(t.Context(), wharf.Root)); err != nil || len(all) != 1 || !reflect.DeepEqual(all[0], got) {
		t.Errorf("%+v, %v", all, err)
	}
	if dropped, err := f.DropConnection(t.Context(), wharf.Root, "c", false); !dropped || err != nil {
		t.Error(dropped, err)
	}
	_, err = f.DropConnection(t.Context(), wharf.Root, "c", false)
	wantCode(t, err, wharf.CodeNotFound)
	if dropped, err := f.DropConnection(t.Context(), wharf.Root, "c", true); dropped || err != nil {
		t.Error(dropped, err)
	}
}

func TestParseNamedConnectionRefuses(t *testing.T) {
	s3 := wharf.Option{Name: "STORAGE_TYPE", Value: "s3", Kind: wharf.OptionString}
	for says, options := range map[string][]wharf.Option{
		"needs STORAGE_TYPE":    {{Name: "REGION", Value: "x"}},
		"storage_type is not":   {{Name: "STORAGE_TYPE", Value: "hunter2"}},
		"storage_type is given": {s3, s3},
		"region is given twice": {s3, {Name: "REGION", Value: "x"}, {Name: "REGION", Value: "x"}},
		"no setting nope":       {s3, {Name: "NOPE", Value: "hunter2"}},
		"needs secret_access":   {s3, {Name: "ACCESS_KEY_ID", Value: "hunter2"}},
	} {
		_, err := wharf.ParseNamedConnection(options)
		wantCode(t, err, wharf.CodeInvalid)
		if msg := wharf.MessageOf(err); !strings.Contains(msg, says) || strings.Contains(msg, "hunter2") {
			t.Errorf("the message %q does not say %q, or shows a value", msg, says)
		}
	}
}

// TestDefinitionsNeedAUser asks everything as nobody.
func TestDefinitionsNeedAUser(t *testing.T) {
	f := newFixture(t)
	ctx, nobody := context.Background(), wharf.Principal{}
	errs := make([]error, 8)
	_, errs[0] = f.CreateConnection(ctx, nobody, wharf.NamedConnection{Name: "c"}, wharf.CreateNew)
	_, errs[1] = f.DropConnection(ctx, nobody, "c", true)
	_, errs[2] = f.Connection(ctx, nobody, "c")
	_, errs[3] = f.Connections(ctx, nobody)
	_, errs[4] = f.CreateFileFormat(ctx, nobody, wharf.NamedFormat{Name: "f"}, wharf.CreateNew)
	_, errs[5] = f.DropFileFormat(ctx, nobody, "f", true)
	_, errs[6] = f.FileFormat(ctx, nobody, "csv")
	_, errs[7] = f.FileFormats(ctx, nobody)
	for _, err := range errs {
		wantCode(t, err, wharf.CodeUnauthenticated)
	}
}

func TestParseNames(t *testing.T) {
	for name, ok := range map[string]bool{"a": true, "日本-1_$": true, "": false, "a b": false, "~": false, "a.b": false, strings.Repeat("x", 256): false, "\xff": false} {
		_, err := wharf.ParseConnectionName(name)
		_, err2 := wharf.ParseFormatName(name)
		if (err == nil) != ok || (err2 == nil) != ok {
			t.Errorf("%q: %v, %v", name, err, err2)
		}
		if err != nil && (!strings.Contains(err.Error(), "connection name") || !strings.Contains(err2.Error(), "file format name")) {
			t.Errorf("%q: the messages name something else: %v, %v", name, err, err2)
		}
	}
}
