package s3_test

import (
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"wharf"
	"wharf/storage/s3"
)

// send makes the request that a presigned URL permits, changed by change.
func send(t *testing.T, p wharf.Presigned, body string, change func(*http.Request)) (status int, answer *http.Response, text string) {
	t.Helper()
	req, err := http.NewRequest(p.Method, p.URL, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range p.Headers {
		req.Header.Set(name, value)
	}
	if change != nil {
		change(req)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp, string(b)
}

func presign(t *testing.T, store *s3.Store, key wharf.Key, o wharf.PresignRequest) wharf.Presigned {
	t.Helper()
	if o.Expire == 0 {
		o.Expire = time.Hour
	}
	p, err := store.Presign(t.Context(), key, o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestPresigned uploads and downloads past Wharf, on a real server.
func TestPresigned(t *testing.T) {
	store := open(t, newBackend(t, s3.Options{}), stageAt("s3://"+newBucket(t)+"/path/", shared.url))
	const key = "a/ü b+c%20.csv"
	missing := presign(t, store, key, wharf.PresignRequest{})
	if status, _, text := send(t, missing, "", nil); status != 404 || missing.Method != "GET" {
		t.Errorf("%s of what is not there: %d %s", missing.Method, status, text)
	}
	for _, o := range []wharf.PresignRequest{{Upload: true}, {Upload: true, ContentType: "text/csv"}, {Upload: true, Expire: 7 * 24 * time.Hour}} {
		up := presign(t, store, key, o)
		want := map[string]string{}
		if o.ContentType != "" {
			want["Content-Type"] = o.ContentType
		}
		if up.Method != "PUT" || !maps.Equal(up.Headers, want) {
			t.Errorf("%+v: %s with %v", o, up.Method, up.Headers)
		}
		if status, _, text := send(t, up, "1,2\n", nil); status != 200 {
			t.Fatalf("%+v: %d %s", o, status, text)
		}
	}
	obj, err := store.Stat(t.Context(), key)
	if err != nil || obj.Size != 4 {
		t.Errorf("what was uploaded: %+v, %v", obj, err)
	}
	down := presign(t, store, key, wharf.PresignRequest{ContentType: "text/x-other"})
	status, resp, text := send(t, down, "", nil)
	if status != 200 || text != "1,2\n" || len(down.Headers) != 0 {
		t.Errorf("download: %d %q, headers %v", status, text, down.Headers)
	}
	if got := resp.Header.Get("Content-Type"); got != "text/x-other" {
		t.Errorf("the download is answered as %q", got)
	}
}

// TestPresignedIsBound uses URLs for what they are not for.
func TestPresignedIsBound(t *testing.T) {
	store := open(t, newBackend(t, s3.Options{}), stageAt("s3://"+newBucket(t)+"/path/", shared.url))
	up := presign(t, store, "k", wharf.PresignRequest{Upload: true, ContentType: "text/csv"})
	for name, change := range map[string]func(*http.Request){
		"another method":  func(r *http.Request) { r.Method = "GET" },
		"another path":    func(r *http.Request) { r.URL.Path += "x" },
		"another type":    func(r *http.Request) { r.Header.Set("Content-Type", "text/html") },
		"no type":         func(r *http.Request) { r.Header.Del("Content-Type") },
		"another expiry":  func(r *http.Request) { edit(r, "X-Amz-Expires", "7200") },
		"another key":     func(r *http.Request) { edit(r, "X-Amz-Signature", strings.Repeat("0", 64)) },
		"another account": func(r *http.Request) { edit(r, "X-Amz-Credential", "x/20260101/us-east-1/s3/aws4_request") },
	} {
		if status, _, text := send(t, up, "x", change); status != 403 && status != 400 {
			t.Errorf("%s: %d %s", name, status, text)
		}
	}
	for obj, err := range store.List(t.Context(), wharf.ListOptions{}) {
		t.Errorf("%q is stored, %v", obj.Key, err)
	}
}

func edit(r *http.Request, name, value string) {
	q := r.URL.Query()
	q.Set(name, value)
	r.URL.RawQuery = q.Encode()
}

// TestPresignedURL shows where URLs lead and what signs them, without asking
// any server.
func TestPresignedURL(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "the-servers-key")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "the-servers-secret")
	stages := wharf.Connection{AccessKeyID: wharf.NewSecret("the-stages-key"), SecretAccessKey: wharf.NewSecret("hidden-secret"),
		SessionToken: wharf.NewSecret("a-token")}
	for name, c := range map[string]struct {
		o    s3.Options
		conn wharf.Connection
		url  string
		key  string
	}{
		"AWS":                {s3.Options{Region: "eu-west-1"}, stages, "https://bucket.s3.eu-west-1.amazonaws.com/path/k", "the-stages-key"},
		"the endpoint":       {s3.Options{Endpoint: "http://one.test:9000"}, stages, "http://one.test:9000/bucket/path/k", "the-stages-key"},
		"the server's keys":  {s3.Options{Endpoint: "http://one.test", ServerCredentials: true}, wharf.Connection{}, "http://one.test/bucket/path/k", "the-servers-key"},
		"virtual host style": {s3.Options{}, wharf.Connection{EndpointURL: "https://two.test", VirtualHostStyle: true, AccessKeyID: stages.AccessKeyID, SecretAccessKey: stages.SecretAccessKey}, "https://bucket.two.test/path/k", "the-stages-key"},
	} {
		t.Run(name, func(t *testing.T) {
			net := &seam{do: func(r *http.Request) (*http.Response, error) { return reply(r, 500, ""), nil }}
			c.o.Transport, c.o.SweepAge = net, -1
			store := open(t, newBackend(t, c.o), wharf.Stage{URL: "s3://bucket/path/", Connection: c.conn})
			for _, upload := range []bool{false, true} {
				p := presign(t, store, "k", wharf.PresignRequest{Upload: upload, Expire: 90 * time.Second})
				u, err := url.Parse(p.URL)
				if err != nil {
					t.Fatal(err)
				}
				q := u.Query()
				u.RawQuery = ""
				if u.String() != c.url || q.Get("X-Amz-Expires") != "90" || !strings.HasPrefix(q.Get("X-Amz-Credential"), c.key+"/") || q.Get("X-Amz-Signature") == "" {
					t.Errorf("upload %t: %s %v", upload, u, q)
				}
				if q.Get("X-Amz-Security-Token") != c.conn.SessionToken.Reveal() || strings.Contains(p.URL, "secret") {
					t.Errorf("upload %t: %s", upload, p.URL)
				}
			}
			if net.count(nil) != 0 {
				t.Error("the server was asked")
			}
		})
	}
}

func TestPresignRefuses(t *testing.T) {
	store := open(t, newBackend(t, s3.Options{}), wharf.Stage{URL: "s3://bucket/path/", Connection: wharf.Connection{EndpointURL: "http://one.test"}})
	_, err := store.Presign(t.Context(), "k", wharf.PresignRequest{Expire: time.Hour})
	wantError(t, err, wharf.CodeInvalid, "no keys")
	store = open(t, newBackend(t, s3.Options{}), stageAt("s3://bucket/path/", "http://one.test"))
	_, err = store.Presign(t.Context(), wharf.Key(strings.Repeat("x", 1020)), wharf.PresignRequest{Expire: time.Hour})
	wantError(t, err, wharf.CodeInvalid, "with the stage's path")
}
