package tests

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"wharf/tests/harness"
)

const fakeSecret = "fake-s3-secret-97"

// onFake makes a stage on a fake S3 server with the fault, and a file in it that
// Wharf did not put there.
func (s *server) onFake(t testing.TB, stage string, fault harness.S3Fault) *harness.FakeS3 {
	f := harness.StartFakeS3(t, fault)
	f.Store("/"+harness.Bucket+"/p/hello.txt", []byte("hello"))
	if _, err := s.db("").ExecContext(s.context(), harness.CreateS3Stage(stage, harness.Bucket, "p/", f.URL, "access", fakeSecret)); err != nil {
		t.Fatal(err)
	}
	return f
}

// TestHalfS3 has servers that are no S3 server or half of one: what cannot be
// proved by their answers fails, and the rest works.
func TestHalfS3(t *testing.T) {
	t.Parallel()
	s := start(t, settings{secrets: []string{fakeSecret}})
	i := 0
	for name, fault := range harness.HalfS3() {
		i++
		stage := "half" + string(rune('a'+i/26)) + string(rune('a'+i%26))
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s.onFake(t, stage, fault)
			// A large upload comes first: where it begins well, its answer has
			// proved that the server is one.
			for _, use := range []string{"upload large", "upload small", "list", "download", "remove"} {
				s.useFake(t, stage, use, slices.Contains(failing(name), use), wordsOf(name))
			}
		})
	}
	t.Cleanup(s.alive)
}

// failing are the uses of a server that its fault makes fail.
func failing(fault string) []string {
	switch verb, _, _ := strings.Cut(fault, " "); verb {
	case "stores":
		return []string{"upload small"}
	case "begins", "completes":
		return []string{"upload large"}
	case "ends", "repeats", "ignores", "lists":
		return []string{"list", "remove"}
	case "removes":
		return []string{"remove"}
	case "heads", "gets":
		return []string{"download"}
	}
	return []string{"upload small", "upload large", "list", "download", "remove"}
}

// wordsOf is what a message about the fault says.
func wordsOf(fault string) string {
	if strings.HasSuffix(fault, "with an error inside") {
		return "InternalError: x"
	}
	return "does not answer as S3 does"
}

// useFake uses a stage, and wants it to work or to fail with the words.
func (s *server) useFake(t *testing.T, stage, use string, fails bool, words string) {
	t.Helper()
	switch use {
	case "upload small":
		wantFake(t, use, s.upload(stage, part{name: "small.csv", content: []byte("1")}), fails, words)
	case "upload large":
		wantFake(t, use, s.upload(stage, part{name: "large.csv", content: make([]byte, 9<<20)}), fails, words)
	case "download":
		wantFake(t, use, s.do(http.MethodGet, fileURL(s, stage, "hello.txt"), ""), fails, words)
	case "list":
		wantFake(t, use, s.do(http.MethodGet, fileURL(s, stage, ""), ""), fails, words)
		fallthrough
	default:
		statement := map[string]string{"list": "LIST @" + stage, "remove": "REMOVE @" + stage + "/"}[use]
		_, err := s.db("").ExecContext(s.context(), statement)
		if fails {
			wantSQLError(t, err, 1296, "HY000", words)
		} else if err != nil {
			t.Errorf("%s: %v", statement, err)
		}
	}
}

func wantFake(t *testing.T, use string, r reply, fails bool, words string) {
	t.Helper()
	switch {
	case !fails && r.status != 200:
		t.Errorf("%s: %d %s", use, r.status, r.body)
	case fails && (r.status != 502 || !strings.Contains(r.body, words)):
		t.Errorf("%s: %d %s, want 502 with %q", use, r.status, r.body, words)
	}
}

// TestS3RefusalOfAnother: a server that refuses lists in HTML and takes files is
// not believed, whatever ETag it answers. One that refuses as S3 does is.
func TestS3RefusalOfAnother(t *testing.T) {
	t.Parallel()
	s := start(t, settings{secrets: []string{fakeSecret}})
	refuse := func(body string) harness.S3Fault {
		return func(_ *harness.FakeS3, w http.ResponseWriter, r *http.Request) bool {
			if q := r.URL.Query(); q.Get("list-type") != "2" && !q.Has("uploads") {
				return false
			}
			w.WriteHeader(http.StatusForbidden)
			io.WriteString(w, body)
			return true
		}
	}
	s.onFake(t, "html", refuse("<html><body>Forbidden</body></html>"))
	s.onFake(t, "nothing", refuse(""))
	s.onFake(t, "s3", refuse("<Error><Code>AccessDenied</Code><Message>no</Message></Error>"))
	for stage, fails := range map[string]bool{"html": true, "nothing": true, "s3": false} {
		s.useFake(t, stage, "upload small", fails, "access denied")
		s.useFake(t, stage, "download", fails, "access denied")
	}
}

// TestS3TokenAlone: a server that does not say whether a list ends, but where it
// goes on, has all of its files listed.
func TestS3TokenAlone(t *testing.T) {
	t.Parallel()
	s := start(t, settings{secrets: []string{fakeSecret}})
	s.onFake(t, "token", func(_ *harness.FakeS3, w http.ResponseWriter, r *http.Request) bool {
		q := r.URL.Query()
		if q.Get("list-type") != "2" {
			return false
		}
		io.WriteString(w, "<ListBucketResult><EncodingType>url</EncodingType>"+map[string]string{
			"":  harness.S3Entry("p/a", "1") + "<NextContinuationToken>t</NextContinuationToken>",
			"t": harness.S3Entry("p/b", "1"),
		}[q.Get("continuation-token")]+"</ListBucketResult>")
		return true
	})
	if got := s.list("token"); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("listed %q", got)
	}
}

// TestS3WithoutBatches has servers that refuse DeleteObjects in several ways:
// the files go one by one.
func TestS3WithoutBatches(t *testing.T) {
	t.Parallel()
	s := start(t, settings{secrets: []string{fakeSecret}})
	for stage, refuse := range map[string]func(w http.ResponseWriter){
		"google": func(w http.ResponseWriter) {
			harness.S3Refuse(w, 400, "NotImplemented", "A header or query you provided requested a function that is not implemented.")
		},
		"google_before": func(w http.ResponseWriter) { harness.S3Refuse(w, 400, "InvalidArgument", "Invalid argument.") },
		"wants_md5": func(w http.ResponseWriter) {
			harness.S3Refuse(w, 400, "InvalidRequest", "Missing required header: Content-MD5")
		},
		"in_s3": func(w http.ResponseWriter) { harness.S3Refuse(w, 501, "NotImplemented", "no") },
		"in_html": func(w http.ResponseWriter) {
			http.Error(w, "<html>method not allowed</html>", http.StatusMethodNotAllowed)
		},
	} {
		t.Run(stage, func(t *testing.T) {
			t.Parallel()
			f := s.onFake(t, stage, func(_ *harness.FakeS3, w http.ResponseWriter, r *http.Request) bool {
				batch := r.Method == http.MethodPost && r.URL.Query().Has("delete")
				if batch {
					refuse(w)
				}
				return batch
			})
			for _, name := range []string{"a", "b", "c"} {
				s.mustUpload(stage, "d/"+name, []byte("1"))
			}
			if got := s.column("REMOVE @" + stage + "/d/"); !slices.Equal(got, []string{"d/a", "d/b", "d/c"}) {
				t.Errorf("REMOVE shows %q", got)
			}
			if got := f.Paths(); !slices.Equal(got, []string{"/" + harness.Bucket + "/p/hello.txt"}) {
				t.Errorf("left: %q", got)
			}
			if n := f.Count(http.MethodPost); n != 1 {
				t.Errorf("the batch was tried %d times, want once", n)
			}
		})
	}
	t.Cleanup(s.alive)
}

// TestAskedForAListOnce counts what the proof costs.
func TestAskedForAListOnce(t *testing.T) {
	t.Parallel()
	s := start(t, settings{secrets: []string{fakeSecret}})
	f := s.onFake(t, "s", nil)
	for range 5 {
		s.mustUpload("s", "a", []byte("1"))
		s.wantContent("s", "a", []byte("1"))
	}
	if n := f.Count(http.MethodGet, "list-type=2"); n != 1 {
		t.Errorf("%d lists were asked for, want 1", n)
	}
}

// TestStageOnItself has stages that point at Wharf's own ports, by address, by
// name, by the public URL, and through a proxy.
func TestStageOnItself(t *testing.T) {
	t.Parallel()
	s := start(t, settings{secrets: []string{fakeSecret}, args: []string{"--public-url", "https://stage.localhost"}})
	httpPort := port(t, s.http)
	create := func(name, endpoint string) error {
		_, err := s.db("").ExecContext(s.context(), harness.CreateS3Stage(name, "inner", "p/", endpoint, "access", fakeSecret))
		return err
	}
	for _, endpoint := range []string{
		"http://127.0.0.1:" + httpPort + "/v1/stage", "http://localhost:" + httpPort, "http://LOCALHOST.:" + httpPort + "/v1/stage/",
		"http://[::ffff:127.0.0.1]:" + httpPort, "http://0.0.0.0:" + httpPort, "http://127.0.0.1:" + port(t, s.mysql), "https://stage.localhost:443/",
	} {
		wantSQLError(t, create("own", endpoint), 1210, "HY000", "is this server itself")
	}
	s.exec("CREATE STAGE inner")
	// What stands between, such as a proxy, hides who is asked.
	proxy := harness.StartFakeS3(t, func(_ *harness.FakeS3, w http.ResponseWriter, r *http.Request) bool {
		s.forward(t, w, r)
		return true
	})
	if err := create("loop", proxy.URL+"/v1/stage"); err != nil {
		t.Fatal(err)
	}
	before := len(s.list("inner"))
	s.upload("loop", part{name: "a", content: []byte("1")}).wantFailure(t, 502, "upstream", []string{}, "is a Wharf server, not an S3 server")
	_, err := s.db("").ExecContext(s.context(), "LIST @loop")
	wantSQLError(t, err, 1296, "HY000", "is a Wharf server, not an S3 server")
	if n := proxy.Count(""); n > 10 {
		t.Errorf("%d requests came through the proxy", n)
	}
	if after := len(s.list("inner")); after != before {
		t.Errorf("the stage behind the loop has %d files, before %d", after, before)
	}
	wantSQLError(t, create("port", "http://127.0.0.1:99999"), 1210, "HY000", "ports are 1 to 65535")
}

// forward sends a request on to Wharf.
func (s *server) forward(t testing.TB, w http.ResponseWriter, r *http.Request) {
	out := r.Clone(r.Context())
	out.RequestURI, out.URL.Scheme, out.URL.Host = "", "http", s.http
	out.Host = s.http
	resp, err := http.DefaultTransport.RoundTrip(out)
	if err != nil {
		t.Error(err)
		return
	}
	defer resp.Body.Close()
	w.WriteHeader(resp.StatusCode)
}
