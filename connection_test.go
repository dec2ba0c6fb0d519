package wharf_test

import (
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
