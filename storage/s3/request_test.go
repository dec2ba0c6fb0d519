package s3_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"wharf"
	"wharf/storage/s3"
)

// TestWhereRequestsGo shows which host, path and signature a stage's requests
// have.
func TestWhereRequestsGo(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "the-servers-key")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "the-servers-secret")
	keys := wharf.Connection{AccessKeyID: wharf.NewSecret("the-stages-key"), SecretAccessKey: wharf.NewSecret("s")}
	with := func(c wharf.Connection, change func(*wharf.Connection)) wharf.Connection { change(&c); return c }
	for _, c := range []struct {
		name   string
		o      s3.Options
		conn   wharf.Connection
		url    string
		signed string // the key that signs, "" for none
	}{
		{"AWS", s3.Options{}, keys, "https://bucket.s3.us-east-1.amazonaws.com/path/k", "the-stages-key"},
		{"AWS elsewhere", s3.Options{Region: "eu-west-1"}, keys, "https://bucket.s3.eu-west-1.amazonaws.com/path/k", "the-stages-key"},
		{"the stage's region", s3.Options{Region: "eu-west-1"},
			with(keys, func(c *wharf.Connection) { c.Region = "ap-south-1" }), "https://bucket.s3.ap-south-1.amazonaws.com/path/k", "the-stages-key"},
		{"the server's endpoint", s3.Options{Endpoint: "http://one.test:9000"}, keys, "http://one.test:9000/bucket/path/k", "the-stages-key"},
		{"the stage's endpoint", s3.Options{Endpoint: "http://one.test:9000"},
			with(keys, func(c *wharf.Connection) { c.EndpointURL = "https://two.test/base/" }), "https://two.test/base/bucket/path/k", "the-stages-key"},
		{"virtual host style", s3.Options{Endpoint: "http://one.test:9000"},
			with(keys, func(c *wharf.Connection) { c.VirtualHostStyle = true }), "http://bucket.one.test:9000/path/k", "the-stages-key"},
		{"no keys", s3.Options{Endpoint: "http://one.test"}, wharf.Connection{}, "http://one.test/bucket/path/k", ""},
		{"the server's keys", s3.Options{Endpoint: "http://one.test", ServerCredentials: true}, wharf.Connection{},
			"http://one.test/bucket/path/k", "the-servers-key"},
		{"the server's keys are rotating, but not needed", s3.Options{Endpoint: "http://one.test", ServerCredentials: true}, keys,
			"http://one.test/bucket/path/k", "the-stages-key"},
		{"the server's keys stay away from the stage's endpoint", s3.Options{Endpoint: "http://one.test", ServerCredentials: true},
			wharf.Connection{EndpointURL: "http://evil.test"}, "http://evil.test/bucket/path/k", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			net := &seam{do: listing(found)}
			c.o.Transport, c.o.SweepAge = net, -1
			store := open(t, newBackend(t, c.o), wharf.Stage{URL: "s3://bucket/path/", Connection: c.conn})
			if _, err := store.Stat(t.Context(), "k"); err != nil {
				t.Fatal(err)
			}
			r := net.seen[len(net.seen)-1]
			if got := r.URL.String(); got != c.url {
				t.Errorf("the request goes to %s, want %s", got, c.url)
			}
			_, signed, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
			if signed, _, _ = strings.Cut(signed, "/"); signed != c.signed {
				t.Errorf("the request is signed with %q, want %q", signed, c.signed)
			}
		})
	}
}

// TestRole takes a role with the server's keys and signs with what it gets.
func TestRole(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "the-servers-key")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "the-servers-secret")
	var asked url.Values
	net := &seam{do: func(r *http.Request) (*http.Response, error) {
		if !strings.HasPrefix(r.URL.Host, "sts.") {
			return found(r)
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		if asked, err = url.ParseQuery(string(body)); err != nil {
			return nil, err
		}
		return reply(r, 200, `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>the-roles-key</AccessKeyId>
			<SecretAccessKey>s</SecretAccessKey><SessionToken>the-roles-token</SessionToken>
			<Expiration>2100-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`), nil
	}}
	b := newBackend(t, s3.Options{ServerCredentials: true, Transport: net, SweepAge: -1})
	store := open(t, b, wharf.Stage{URL: "s3://bucket/", Connection: wharf.Connection{
		RoleARN: "arn:aws:iam::123456789012:role/reader", ExternalID: wharf.NewSecret("shared-word")}})
	if _, err := store.Stat(t.Context(), "k"); err != nil {
		t.Fatal(err)
	}
	if got := asked.Get("RoleArn") + " " + asked.Get("ExternalId"); got != "arn:aws:iam::123456789012:role/reader shared-word" {
		t.Errorf("the role asked for is %q", got)
	}
	last := net.seen[len(net.seen)-1]
	if !strings.Contains(last.Header.Get("Authorization"), "Credential=the-roles-key/") || last.Header.Get("X-Amz-Security-Token") != "the-roles-token" {
		t.Errorf("the request is not signed with the role's keys: %v", last.Header)
	}
}

// TestRedirectIsNotFollowed keeps signed requests from being sent elsewhere.
func TestRedirectIsNotFollowed(t *testing.T) {
	var visits atomic.Int64
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { visits.Add(1) }))
	defer elsewhere.Close()
	server := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	defer server.Close()
	for _, op := range operations() {
		store := open(t, newBackend(t, s3.Options{SweepAge: -1}), stageAt("s3://bucket/", server.URL))
		if err := op.run(t.Context(), store); wharf.CodeOf(err) != wharf.CodeUpstream {
			t.Errorf("%s: %v", op.name, err)
		}
	}
	if visits.Load() != 0 {
		t.Error("a redirect was followed")
	}
}

// TestListLeavesOut lists keys that are no file names.
func TestListLeavesOut(t *testing.T) {
	pages := []string{
		`<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>2</NextContinuationToken><EncodingType>url</EncodingType>
		<Contents><Key>path/</Key><Size>0</Size></Contents>
		<Contents><Key>path/%01control</Key><Size>1</Size></Contents>
		<Contents><Key>path/%2Fabsolute</Key><Size>1</Size></Contents>
		<Contents><Key>path/a+b%2Bc</Key><Size>12</Size><ETag>&quot;0123456789abcdef0123456789abcdef&quot;</ETag><LastModified>2026-01-02T03:04:05Z</LastModified></Contents>
		</ListBucketResult>`,
		`<ListBucketResult><EncodingType>url</EncodingType>
		<Contents><Key>path/folder/</Key><Size>0</Size></Contents>
		<Contents><Key>path/v%EF%BF%BF1</Key><Size>1</Size></Contents>
		<Contents><Key>path/x/../y</Key><Size>1</Size></Contents>
		<Contents><Key>path/z</Key><Size>2</Size></Contents>
		</ListBucketResult>`,
	}
	var asked []url.Values
	store, _ := onSeam(t, s3.Options{}, func(r *http.Request) (*http.Response, error) {
		asked = append(asked, r.URL.Query())
		return reply(r, 200, pages[len(asked)-1]), nil
	})
	var got []wharf.Object
	for o, err := range store.List(t.Context(), wharf.ListOptions{Prefix: "", After: "A"}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, o)
	}
	first := wharf.Object{Key: "a b+c", Size: 12, ETag: "0123456789abcdef0123456789abcdef", ModTime: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	if len(got) != 2 || got[0] != first || got[1].Key != "z" {
		t.Errorf("the list is %+v", got)
	}
	if asked[0].Get("prefix") != "path/" || asked[0].Get("start-after") != "path/A" || asked[1].Get("continuation-token") != "2" {
		t.Errorf("the server was asked %v", asked)
	}
}

func TestPutMemory(t *testing.T) {
	const mib = 1 << 20
	store, _ := onSeam(t, s3.Options{}, nil)
	for _, c := range []struct{ size, want int64 }{
		{0, 0}, {1, 1}, {4096, 4096}, {8 * mib, 8 * mib},
		{8*mib + 1, 16 * mib}, {16 * mib, 16 * mib}, {16*mib + 1, 24 * mib}, {64 * mib, 32 * mib},
		{wharf.UnknownSize, 32 * mib},
		{80_000 * mib, 32 * mib}, {80_000*mib + 1, 32 * mib}, {160_000 * mib, 32 * mib}, {160_000*mib + 1, 34 * mib},
		{1 << 40, 2 * 105 * mib}, {5 << 40, 2 * 525 * mib}, {6 << 40, 2 * 525 * mib},
	} {
		if got := store.PutMemory(c.size); got != c.want {
			t.Errorf("PutMemory(%d) is %d, want %d", c.size, got, c.want)
		}
	}
}

// TestPutOfMoreThanS3Takes is refused before a byte is read.
func TestPutOfMoreThanS3Takes(t *testing.T) {
	store, net := onSeam(t, s3.Options{}, nil)
	_, err := store.Put(t.Context(), "k", nil, wharf.PutOptions{Size: 5<<40 + 1})
	wantError(t, err, wharf.CodeTooLarge, "S3 takes")
	_, err = store.Put(t.Context(), wharf.Key(strings.Repeat("x", 1020)), nil, wharf.PutOptions{Size: 1})
	wantError(t, err, wharf.CodeInvalid, "with the stage's path")
	_, err = store.Put(t.Context(), "k", nil, wharf.PutOptions{Size: -2})
	wantError(t, err, wharf.CodeInvalid, "negative")
	if net.count(nil) != 0 {
		t.Error("the server was asked")
	}
}

// TestPutOfOtherBytes: an ETag that is the MD5 of other bytes proves that other
// bytes were stored. One that is no MD5 proves nothing of them.
func TestPutOfOtherBytes(t *testing.T) {
	const other = "0123456789abcdef0123456789abcdef"
	for _, c := range []struct {
		name, etag, header, value string
		fails                     bool
	}{
		{"plain", other, "", "", true},
		{"S3's own key", other, "X-Amz-Server-Side-Encryption", "AES256", true},
		{"a KMS key", other, "X-Amz-Server-Side-Encryption", "aws:kms", false},
		{"the customer's key", other, "X-Amz-Server-Side-Encryption-Customer-Algorithm", "AES256", false},
		{"no MD5", other + "-1", "", "", false},
	} {
		store, _ := onSeam(t, s3.Options{}, listing(func(r *http.Request) (*http.Response, error) {
			resp := reply(r, 200, "")
			resp.Header.Set("ETag", `"`+c.etag+`"`)
			if c.header != "" {
				resp.Header.Set(c.header, c.value)
			}
			return resp, nil
		}))
		_, err := store.Put(t.Context(), "k", strings.NewReader("x"), wharf.PutOptions{Size: 1})
		if c.fails {
			wantError(t, err, wharf.CodeUpstream, "another MD5 than what was sent")
		} else if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestMD5 knows which ETags are an MD5.
func TestMD5(t *testing.T) {
	const sum = "9dd4e461268c8034f5c8564e155c67a6" // of "x"
	for _, c := range []struct{ name, etag, header, value, want string }{
		{"plain", sum, "", "", sum},
		{"S3's own key", sum, "X-Amz-Server-Side-Encryption", "AES256", sum},
		{"a KMS key", sum, "X-Amz-Server-Side-Encryption", "aws:kms", ""},
		{"the customer's key", sum, "X-Amz-Server-Side-Encryption-Customer-Algorithm", "AES256", ""},
		{"parts", sum + "-3", "", "", ""},
		{"no hexadecimal digits", "x" + sum[1:], "", "", ""},
		{"short", sum[1:], "", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			store, _ := onSeam(t, s3.Options{}, listing(func(r *http.Request) (*http.Response, error) {
				resp := reply(r, 200, "")
				resp.Header.Set("ETag", `"`+c.etag+`"`)
				if c.header != "" {
					resp.Header.Set(c.header, c.value)
				}
				return resp, nil
			}))
			stat, err := store.Stat(t.Context(), "k")
			if err != nil {
				t.Fatal(err)
			}
			put, err := store.Put(t.Context(), "k", strings.NewReader("x"), wharf.PutOptions{Size: 1})
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range []wharf.Object{stat, put} {
				if o.ETag != c.etag || o.MD5 != c.want {
					t.Errorf("the ETag is %q and the MD5 %q, want %q and %q", o.ETag, o.MD5, c.etag, c.want)
				}
			}
		})
	}
}
