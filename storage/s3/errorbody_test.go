package s3_test

import (
	"net/http"
	"strings"
	"testing"

	"wharf"
	"wharf/storage/s3"
)

// TestOwnWords has servers say in their own words what is wrong.
func TestOwnWords(t *testing.T) {
	long := strings.Repeat("word ", 1000)
	for _, c := range []struct {
		name   string
		status int
		header string // X-Amz-Bucket-Region
		body   string
		says   string
	}{
		{"a region in the body", 400, "", "<Error><Code>AuthorizationHeaderMalformed</Code><Message>the region 'us-east-1' is wrong; expecting 'eu-west-3'</Message>" +
			"<Region>eu-west-3</Region></Error>", "; the right REGION is eu-west-3 (AuthorizationHeaderMalformed: the region 'us-east-1' is wrong; expecting 'eu-west-3')"},
		{"a region in the header", 301, "eu-west-3", "", "not in this REGION or not on S3 at s3.example.test; the right REGION is eu-west-3"},
		{"an endpoint", 301, "", "<Error><Code>PermanentRedirect</Code><Message>use the specified endpoint</Message><Endpoint>bucket.s3.example.net</Endpoint></Error>",
			"; the right endpoint is bucket.s3.example.net (PermanentRedirect: use the specified endpoint)"},
		{"a region that is none", 400, "eu west\x013", "<Error><Code>X</Code></Error>", "failed with HTTP status 400 (X)"},
		{"details", 400, "", "<Error><Code>InvalidArgument</Code><Message>Invalid argument.</Message><Details>Bad name.</Details></Error>",
			"(InvalidArgument: Invalid argument. Bad name.)"},
		{"lines", 500, "", "<Error><Code>X</Code><Message> a\n\tb\r\n c </Message></Error>", "(X: a b c)"},
		{"a long text", 400, "", "<Error><Code>X</Code><Message>" + long + "</Message></Error>", "(X: " + long[:300] + "…)"},
		{"elements inside", 400, "", "<Error><Code>X</Code><Other><Code>Y</Code></Other><Message>m</Message></Error>", "(X: m)"},
		{"cut off", 400, "", "<Error><Code>X</Code><Message>m</Message><Req", "(X: m)"},
		{"a page", 502, "", "<html><body>Bad Gateway<br></body></html>", "S3 at s3.example.test failed with HTTP status 502"},
		{"a text", 503, "", "no healthy upstream", "S3 at s3.example.test is busy; try again"},
		{"a page that denies", 403, "", "<html><body>Forbidden</body></html>", "access denied by S3 at s3.example.test: the keys are wrong or lack permission"},
		{"a Wharf server", 508, "", `{"state":"FAILED"}`, "the server at s3.example.test is a Wharf server, not an S3 server"},
	} {
		t.Run(c.name, func(t *testing.T) {
			store, _ := onSeam(t, s3.Options{}, func(r *http.Request) (*http.Response, error) {
				resp := reply(r, c.status, c.body)
				if c.header != "" {
					resp.Header.Set("X-Amz-Bucket-Region", c.header)
				}
				return resp, nil
			})
			for _, err := range store.List(t.Context(), wharf.ListOptions{}) {
				wantError(t, err, wharf.CodeUpstream, c.says)
				if !strings.HasSuffix(wharf.MessageOf(err), c.says) {
					t.Errorf("the message %q does not end with %q", wharf.MessageOf(err), c.says)
				}
			}
		})
	}
}

// TestReasonHidesKeys has servers repeat the keys in other forms than they were
// given, and cut in the middle.
func TestReasonHidesKeys(t *testing.T) {
	const secret = "Tell/Tale+Secret&Key=1234567890"
	forms := []string{secret, "Tell%2FTale%2BSecret%26Key%3D1234567890", "Tell%2FTale+Secret&Key=1234567890",
		strings.Repeat("f", 64), "Tell/Tale+Secret&amp;amp;Key=1234567890"}
	for _, form := range forms {
		message := strings.ReplaceAll(form, "&", "&amp;")
		if strings.Contains(form, "amp;") {
			message = form
		}
		texts := []string{message, "you sent " + message + " to me", strings.Repeat(message+" ", 200)}
		for _, text := range texts {
			s := stageAt("s3://bucket/path/", "https://"+fakeHost)
			s.Connection.SecretAccessKey = wharf.NewSecret(secret)
			net := &seam{do: func(r *http.Request) (*http.Response, error) {
				return reply(r, 403, "<Error><Code>SignatureDoesNotMatch</Code><Message>"+text+"</Message></Error>"), nil
			}}
			store := open(t, newBackend(t, s3.Options{Transport: net, SweepAge: -1}), s)
			for _, err := range store.List(t.Context(), wharf.ListOptions{}) {
				shown := wharf.MessageOf(err) + " " + err.Error()
				for _, part := range []string{"Tell/", "Tell%2", "ffffffff", "1234567"} {
					if strings.Contains(shown, part) {
						t.Errorf("of %q %q is shown: %s", text[:min(len(text), 80)], part, shown)
					}
				}
			}
		}
	}
}

// TestSignatureLeavesOutEncoding keeps a header out of the signature that
// Google's servers change.
func TestSignatureLeavesOutEncoding(t *testing.T) {
	store, net := onSeam(t, s3.Options{}, listing(found))
	for _, op := range operations() {
		_ = op.run(t.Context(), store) // most want other answers
	}
	for _, r := range net.seen {
		if strings.Contains(r.Header.Get("Authorization"), "accept-encoding") || r.Header.Get("Accept-Encoding") != "identity" {
			t.Errorf("%s %s: %v", r.Method, r.URL, r.Header)
		}
	}
}
