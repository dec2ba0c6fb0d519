package httpapi_test

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"wharf"
	"wharf/httpapi"
	"wharf/meta/auth"
)

// presignFixture is a fixture whose Service presigns, at a time that the test
// sets.
type presignFixture struct {
	*fixture
	passed atomic.Int64 // of time, in nanoseconds
}

func startPresign(t *testing.T, change ...func(*settings)) *presignFixture {
	f := &presignFixture{}
	now := func() time.Time { return time.Unix(1e9, 0).Add(time.Duration(f.passed.Load())) }
	sign := func(s *settings) {
		s.http.Signer = httpapi.NewSigner(httpapi.SignerOptions{
			Keys: s.service.Catalog.(wharf.SigningKeys), Now: now,
			PublicURL: "https://wharf.example/base",
		})
		s.http.Auth = password("sesame")
		s.service.Signer, s.service.Now = s.http.Signer, now
	}
	f.fixture = start(t, append([]func(*settings){sign}, change...)...)
	return f
}

func (f *presignFixture) pass(d time.Duration) { f.passed.Add(int64(d)) }

// presign returns a URL for a file of the stage s, and cuts the outside address
// off: what is left is what arrives here.
func (f *presignFixture) presign(key string, o wharf.PresignRequest) string {
	f.Helper()
	p, err := f.service.Presign(f.Context(), wharf.Root, wharf.Location{Stage: "s", Path: key}, o)
	if err != nil {
		f.Fatal(err)
	}
	path, ok := strings.CutPrefix(p.URL, "https://wharf.example/base/")
	if want := (wharf.Grant{Upload: o.Upload}).Method(); !ok || p.Method != want {
		f.Fatalf("%s %s", p.Method, p.URL)
	}
	return "/" + path
}

func (f *presignFixture) use(method, path, body string, headers ...string) answer {
	f.Helper()
	return f.do(f.request(method, path, strings.NewReader(body), headers...))
}

func (f *presignFixture) wantDenied(what string, a answer, says string) {
	f.Helper()
	f.wantFailed(a, 403, wharf.CodeDenied)
	if !strings.Contains(a.Error.Message, says) {
		f.Errorf("%s: the message %q does not say %q", what, a.Error.Message, says)
	}
}

// awkward is a key with all that means something in a URL.
const awkward = `a/ü b+c%20?d=#&"<>'\e;f/日本.csv`

func TestPresignedFiles(t *testing.T) {
	f := startPresign(t)
	for _, key := range []string{"a", "a/b/c.csv", awkward} {
		up := f.presign(key, wharf.PresignRequest{Upload: true})
		for _, headers := range [][]string{nil, {"Content-Type:application/x-www-form-urlencoded"}, {"Authorization:Basic bm9ib2R5Ong="}} {
			a := f.use("PUT", up, "0123456789", headers...)
			if a.status != 200 || a.State != "SUCCESS" || len(a.Files) != 1 || a.Files[0] != key || a.StageName != "s" {
				t.Errorf("PUT of %q: %d %s", key, a.status, a.body)
			}
		}
		down := f.presign(key, wharf.PresignRequest{})
		for range 2 { // a URL is good more than once
			if a := f.use("GET", down, ""); a.status != 200 || a.body != "0123456789" {
				t.Errorf("GET of %q: %d %s", key, a.status, a.body)
			}
		}
		if a := f.use("HEAD", down, ""); a.status != 200 || a.header.Get("Content-Length") != "10" {
			t.Errorf("HEAD of %q: %d %v", key, a.status, a.header)
		}
		if a := f.use("GET", down, "", "Range:bytes=2-3"); a.status != 206 || a.body != "23" {
			t.Errorf("a range of %q: %d %s", key, a.status, a.body)
		}
	}
	if a := f.use("GET", "/v1/stage/s/a", ""); a.status != 401 {
		t.Errorf("without a signature: %d %s", a.status, a.body)
	}
	f.wantFailed(f.use("GET", f.presign("missing", wharf.PresignRequest{}), ""), 404, wharf.CodeNotFound)
	log := f.log.String()
	if strings.Contains(log, "Signature") || strings.Contains(log, "X-Wharf") || !strings.Contains(log, "/v1/stage/s/a/b/c.csv") {
		t.Errorf("the log holds what it should not, or not what it should: %s", log)
	}
}

func TestPresignedContentType(t *testing.T) {
	f := startPresign(t)
	const kind = `text/x-odd; charset="utf-8"`
	up := f.presign("a.csv", wharf.PresignRequest{Upload: true, ContentType: kind})
	for name, headers := range map[string][]string{
		"none": nil, "another": {"Content-Type:text/csv"}, "a part": {"Content-Type:text/x-odd"},
		"two": {"Content-Type:" + kind, "Content-Type:text/csv"}, "in another case": {"Content-Type:" + strings.ToUpper(kind)},
	} {
		f.wantDenied(name, f.use("PUT", up, "x", headers...), "for the Content-Type")
	}
	f.wantStored()
	if a := f.use("PUT", up, "0123456789", "Content-Type:"+kind); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
	down := f.presign("a.csv", wharf.PresignRequest{ContentType: kind})
	a := f.use("GET", down, "")
	if a.status != 200 || a.header.Get("Content-Type") != kind || !strings.HasPrefix(a.header.Get("Content-Disposition"), "attachment") {
		t.Errorf("%d %v", a.status, a.header)
	}
	if a := f.use("GET", down, "", "Range:bytes=0-0,2-2"); a.status != 206 || strings.Count(a.body, "Content-Type: "+kind) != 2 {
		t.Errorf("several ranges: %d %s", a.status, a.body)
	}
}

// TestPresignedIsAltered alters each part of two URLs: none is let in, and
// nothing is stored, read or removed.
func TestPresignedIsAltered(t *testing.T) {
	f := startPresign(t)
	for _, stage := range []wharf.StageName{"t", "s2"} {
		if _, _, err := f.catalog.CreateStage(t.Context(), wharf.Stage{ID: wharf.NewStageID(), Name: stage}, wharf.CreateNew); err != nil {
			t.Fatal(err)
		}
	}
	f.use("PUT", f.presign("a", wharf.PresignRequest{Upload: true}), "kept")
	f.use("PUT", f.presign("b", wharf.PresignRequest{Upload: true}), "kept")
	for _, o := range []wharf.PresignRequest{{}, {Upload: true}, {Upload: true, ContentType: "text/csv"}} {
		good := f.presign("a", o)
		path, query, _ := strings.Cut(good, "?")
		method, send := "GET", []string(nil)
		if o.Upload {
			method = "PUT"
		}
		if o.ContentType != "" {
			send = []string{"Content-Type:" + o.ContentType}
		}
		bad := map[string]string{}
		for i, p := range strings.Split(query, "&") {
			name, value, _ := strings.Cut(p, "=")
			others := strings.Join(append(strings.Split(query, "&")[:i:i], strings.Split(query, "&")[i+1:]...), "&")
			bad["without "+name] = path + "?" + others
			bad["empty "+name] = path + "?" + others + "&" + name + "="
			bad["twice "+name] = good + "&" + p
			bad["another "+name] = path + "?" + others + "&" + name + "=" + value + "0"
			bad["in another case "+name] = path + "?" + others + "&" + name + "=" + strings.ToUpper(value) + "X"
			bad["renamed "+name] = path + "?" + others + "&" + name + "x=" + value
			if i := len(value) - 2; i >= 0 {
				bad["a letter of "+name] = path + "?" + others + "&" + name + "=" + value[:i] + map[bool]string{true: "1", false: "0"}[value[i] == '0'] + value[i+1:]
			}
		}
		for _, p := range []string{"/v1/stage/s/b", "/v1/stage/s/aa", "/v1/stage/s/A", "/v1/stage/s/a/b", "/v1/stage/s/", "/v1/stage/t/a", "/v1/stage/s2/a", "/v1/stage/~/a", "/v1/stage/s/a/"} {
			bad["the path "+p] = p + "?" + query
		}
		bad["more"] = good + "&versionId=1"
		bad["a list"] = "/v1/stage/s/?prefix=a&" + query
		bad["unreadable"] = good + "&%zz"
		bad["nothing"] = path + "?X-Wharf-"
		for what, u := range bad {
			a := f.use(method, u, "altered", send...)
			f.wantDenied(method+" "+what, a, "presigned URL")
		}
		for _, other := range []string{"GET", "HEAD", "PUT", "DELETE"} {
			if other == method || other == "HEAD" && method == "GET" {
				continue
			}
			a := f.use(other, good, "altered", send...)
			if other == "HEAD" {
				if a.status != 403 {
					t.Errorf("HEAD with a URL for %s: %d", method, a.status)
				}
				continue
			}
			f.wantDenied(other, a, "is for "+method+", not for "+other)
		}
		f.wantStored("a", "b")
		if got, _ := f.content("a"); got != "kept" {
			t.Errorf("the file holds %q", got)
		}
		if a := f.use(method, good, "kept", send...); a.status != 200 {
			t.Errorf("the URL as it was: %d %s", a.status, a.body)
		}
	}
}

func TestPresignedExpires(t *testing.T) {
	f := startPresign(t)
	urls := map[time.Duration]string{}
	for _, d := range []time.Duration{time.Second, time.Hour, wharf.MaxPresign} {
		urls[d] = f.presign("a", wharf.PresignRequest{Upload: true, Expire: d})
	}
	standard := f.presign("a", wharf.PresignRequest{Upload: true})
	if standard[strings.Index(standard, "X-Wharf-Expires"):][:30] != urls[time.Hour][strings.Index(urls[time.Hour], "X-Wharf-Expires"):][:30] {
		t.Errorf("without EXPIRE the URL is %s", standard)
	}
	for _, now := range []time.Duration{0, time.Second - 1, time.Second, time.Hour - 1, time.Hour, wharf.MaxPresign - 1, wharf.MaxPresign, 60 * 24 * time.Hour} {
		f.passed.Store(int64(now))
		for d, u := range urls {
			a := f.use("PUT", u, "x")
			switch {
			case now < d && a.status != 200:
				t.Errorf("after %s of %s: %d %s", now, d, a.status, a.body)
			case now >= d:
				f.wantDenied("after "+now.String(), a, "expired")
			}
		}
	}
	if a := f.use("PUT", f.presign("a", wharf.PresignRequest{Upload: true}), "x"); a.status != 200 {
		t.Errorf("a new URL: %d %s", a.status, a.body)
	}
}

// TestPresignedOutlivesItsKey rotates the keys while URLs are out.
func TestPresignedOutlivesItsKey(t *testing.T) {
	f := startPresign(t)
	ids := func() (ids []string) {
		keys, err := f.catalog.SigningKeys(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range keys {
			ids = append(ids, k.ID)
		}
		return ids
	}
	if n := len(ids()); n != 0 {
		t.Errorf("before the first use there are %d keys", n)
	}
	f.presign("a", wharf.PresignRequest{})
	first := ids()
	f.pass(auth.SignFor - time.Second)
	old := f.presign("a", wharf.PresignRequest{Upload: true, Expire: wharf.MaxPresign})
	if again := ids(); len(again) != 1 || again[0] != first[0] {
		t.Errorf("the keys are %q, were %q", again, first)
	}
	f.pass(time.Second)
	young := f.presign("a", wharf.PresignRequest{Upload: true, Expire: wharf.MaxPresign})
	if now := ids(); len(now) != 2 || now[1] != first[0] {
		t.Errorf("after the rotation the keys are %q", now)
	}
	f.pass(wharf.MaxPresign - 2*time.Second)
	for _, u := range []string{old, young} {
		if a := f.use("PUT", u, "x"); a.status != 200 {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
	f.pass(auth.SignFor)
	f.presign("a", wharf.PresignRequest{})
	if now := ids(); len(now) != 2 || now[1] == first[0] {
		t.Errorf("the first key was to be forgotten: %q, %q", first, now)
	}
}

// TestPresignedStage drops, creates again and renames a stage whose URLs are
// out.
func TestPresignedStage(t *testing.T) {
	f := startPresign(t)
	up, down := f.presign("a", wharf.PresignRequest{Upload: true}), f.presign("a", wharf.PresignRequest{})
	f.use("PUT", up, "x")
	if _, err := f.service.RenameStage(t.Context(), wharf.Root, "s", "t", false); err != nil {
		t.Fatal(err)
	}
	another := wharf.Stage{Name: "s"}
	if _, err := f.service.CreateStage(t.Context(), wharf.Root, another, wharf.CreateNew); err != nil {
		t.Fatal(err)
	}
	if a := f.use("GET", down, ""); a.status != 200 {
		t.Errorf("the stage has another name: %d %s", a.status, a.body)
	}
	if _, err := f.service.DropStage(t.Context(), wharf.Root, "t", false); err != nil {
		t.Fatal(err)
	}
	f.wantFailed(f.use("GET", down, ""), 404, wharf.CodeNotFound)
	f.wantFailed(f.use("PUT", up, "y"), 404, wharf.CodeNotFound)
	if got, _ := f.content("a"); got == "y" {
		t.Error("the file landed in another stage")
	}
}

// TestPresignedWithoutPassword keeps to this machine and to the names that it
// has, as everything does while root has no password.
func TestPresignedWithoutPassword(t *testing.T) {
	f := startPresign(t, func(s *settings) { s.http.Auth, s.http.Hosts = nil, []string{"wharf.example"} })
	up := f.presign("a", wharf.PresignRequest{Upload: true})
	for host, want := range map[string]int{"localhost": 200, "wharf.example": 200, "evil.example": 403} {
		req := f.request("PUT", up, strings.NewReader("x"))
		req.Host = host
		if a := f.do(req); a.status != want {
			t.Errorf("Host %q: %d %s", host, a.status, a.body)
		}
	}
	f.wantDenied("altered", f.use("PUT", up+"0", "x"), "presigned URL")
	// Nor is it let in as one without a signature.
	for _, spelling := range []string{"x-wharf-", "X-WHARF-", "%58-Wharf-", "X-W%68arf-", "x%2Dwharf-"} {
		altered := strings.ReplaceAll(up, "X-Wharf-", spelling)
		f.wantDenied(spelling, f.use("PUT", altered+"0", "y"), "presigned URL")
	}
	if got, _ := f.content("a"); got != "x" {
		t.Errorf("the file holds %q", got)
	}
}

// TestPresignedBody holds a presigned upload to the rules of any other, and
// answers before the body where it is refused.
func TestPresignedBody(t *testing.T) {
	f := startPresign(t, func(s *settings) { s.service.MaxFileSize = 1 << 20 })
	up := f.presign("a", wharf.PresignRequest{Upload: true})
	f.wantFailed(f.use("PUT", up, strings.Repeat("x", 1<<20+1)), 413, wharf.CodeTooLarge)
	f.wantFailed(f.use("PUT", up, "x", "Content-MD5:AAAAAAAAAAAAAAAAAAAAAA=="), 400, wharf.CodeInvalid)
	f.wantStored()
	req := f.request("PUT", up+"0", io.MultiReader(strings.NewReader("x"), neverReader{f.Context()}), "Expect:100-continue")
	f.wantDenied("refused before the body", f.do(req), "presigned URL")
	if a := f.use("PUT", up, strings.Repeat("x", 1<<20)); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
	f.wantFailed(f.use("PUT", up, "y", "If-None-Match:*"), 412, wharf.CodePrecondition)
}

// neverReader returns nothing until the test ends.
type neverReader struct{ ctx context.Context }

func (r neverReader) Read([]byte) (int, error) { <-r.ctx.Done(); return 0, io.EOF }

// TestSigningKeysFail has a catalog that cannot be read.
func TestSigningKeysFail(t *testing.T) {
	f := startPresign(t, func(s *settings) {
		s.http.Signer = httpapi.NewSigner(httpapi.SignerOptions{Keys: noKeys{}, PublicURL: ""})
		s.service.Signer = s.http.Signer
	})
	if _, err := f.service.Presign(t.Context(), wharf.Root, wharf.Location{Stage: "s", Path: "a"}, wharf.PresignRequest{}); wharf.CodeOf(err) != wharf.CodeNoSpace {
		t.Errorf("Presign: %v", err)
	}
	q := "?X-Wharf-Expires=9999999999&X-Wharf-Key=k&X-Wharf-Method=PUT&X-Wharf-Signature=s&X-Wharf-User=root&X-Wharf-Stage=" + wharf.NewStageID().String()
	f.wantFailed(f.use("PUT", "/v1/stage/s/a"+q, "x"), 507, wharf.CodeNoSpace)
}

type noKeys struct{}

func (noKeys) SigningKeys(context.Context) ([]wharf.SigningKey, error) {
	return nil, wharf.Errorf(wharf.CodeNoSpace, "no keys")
}

func (noKeys) UpdateSigningKeys(context.Context, func([]wharf.SigningKey) []wharf.SigningKey) ([]wharf.SigningKey, error) {
	return nil, wharf.Errorf(wharf.CodeNoSpace, "no keys")
}

// FuzzPresigned lets nobody in by a URL that was not signed.
func FuzzPresigned(f *testing.F) {
	fix := start(f, func(s *settings) {
		s.http.Auth, s.http.Logger = password("sesame"), nil
		s.http.Signer = httpapi.NewSigner(httpapi.SignerOptions{Keys: s.service.Catalog.(wharf.SigningKeys), PublicURL: ""})
		s.service.Signer = s.http.Signer
	})
	if _, err := fix.service.Presign(f.Context(), wharf.Root, wharf.Location{Stage: "s", Path: "a"}, wharf.PresignRequest{}); err != nil {
		f.Fatal(err) // there is a key from now on
	}
	f.Add("s/a", "Expires=1&X-Wharf-Key=k&X-Wharf-Method=GET")
	f.Add("s/a", "&X-Wharf-=%00&&=;")
	f.Add("/", "Signature=AAAA&X-Wharf-Stage=00000000000000000000000000000000")
	f.Add("s/a", "Expires=9999999999&X-Wharf-Key=k&X-Wharf-Method=GET&X-Wharf-Signature=s&X-Wharf-User=root&X-Wharf-Stage=00000000000000000000000000000000")
	f.Fuzz(func(t *testing.T, path, query string) {
		w := newRecorder()
		req := &http.Request{
			Method: "GET", URL: &url.URL{Path: "/v1/stage/" + path, RawQuery: "X-Wharf-" + query},
			Header: http.Header{}, Host: "localhost", RemoteAddr: "127.0.0.1:1", Body: http.NoBody,
		}
		fix.server.ServeHTTP(w, req.WithContext(t.Context()))
		if w.status != 403 && w.status != 404 && w.status != 400 {
			t.Errorf("%q ? %q: %d", path, query, w.status)
		}
	})
}

// TestPresignedConnections: those who have URLs of a user have a part of the connections
// to themselves, and no more where the user has SUPER.
func TestPresignedConnections(t *testing.T) {
	var users wharf.UserCatalog
	f := startPresign(t, func(s *settings) {
		s.http.Pool = wharf.NewConnectionPool(64, wharf.ConnectionLimits{PerUser: 1})
		users = s.service.Catalog.(wharf.UserCatalog)
		s.service.Users = users
	})
	f.put("a", "x")
	ann := wharf.User{ID: wharf.NewUserID(), Account: wharf.Account{User: "ann", Host: "%"}, Global: wharf.PrivilegeSuper}
	add := func(all []wharf.User) ([]wharf.User, error) { return append(all, ann), nil }
	if _, err := users.UpdateUsers(t.Context(), add); err != nil {
		t.Fatal(err)
	}
	ofRoot := f.presign("a", wharf.PresignRequest{})
	p, err := f.service.Presign(t.Context(), ann.Principal(), wharf.Location{Stage: "s", Path: "a"}, wharf.PresignRequest{})
	if err != nil {
		t.Fatal(err)
	}
	ofAnn := strings.TrimPrefix(p.URL, "https://wharf.example/base")
	for _, c := range []struct {
		path, header string
		want         int
	}{
		{ofRoot, "", 200},
		{ofAnn, "", 200},
		{ofRoot, "", 503},
		{ofAnn, "", 503},
		{"/v1/stage/s/a", "Authorization: Bearer right\r\n", 200},
	} {
		conn := f.dial() // stays open
		if _, err := io.WriteString(conn, "GET "+c.path+" HTTP/1.1\r\nHost: localhost\r\n"+c.header+"\r\n"); err != nil {
			t.Fatal(err)
		}
		if a := f.readRaw(conn); a.status != c.want {
			t.Errorf("GET of %.60s: %d %.200s, want %d", c.path, a.status, a.body, c.want)
		}
	}
}
