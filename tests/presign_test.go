package tests

import (
	"database/sql"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"wharf/tests/harness"
)

// presigned is the row that PRESIGN gives.
type presigned struct{ method, headers, url string }

// presign runs a PRESIGN that must work. Its signature is a secret from then
// on.
func presign(s *server, db *sql.DB, statement string) presigned {
	s.t.Helper()
	var p presigned
	if err := db.QueryRowContext(s.context(), statement).Scan(&p.method, &p.headers, &p.url); err != nil {
		s.t.Fatalf("%s: %v", statement, err)
	}
	s.Hide(p.signature(s.t))
	return p
}

// signature is the part of a URL that nobody else may learn.
func (p presigned) signature(t testing.TB) string {
	t.Helper()
	u, err := url.Parse(p.url)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"X-Wharf-Signature", "X-Amz-Signature"} {
		if v := u.Query().Get(name); v != "" {
			return v
		}
	}
	t.Fatalf("%s has no signature", p.url)
	return ""
}

// bookFile is what the tests here upload, and books gives its bytes.
const bookFile = "testdata/files/books.parquet"

// TestPresign uploads and downloads by URLs of a server that wants a
// password, with curl and without the password, also after a restart.
func TestPresign(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	o := settings{dir: dir, env: []string{"WHARF_ROOT_PASSWORD=" + rootPassword}, secrets: []string{rootPassword}}
	s := start(t, o)
	db := s.dbAs("root:"+rootPassword, "")
	if _, err := db.ExecContext(s.context(), "CREATE STAGE s"); err != nil {
		t.Fatal(err)
	}
	key := "a/ü b+c%20'.csv"
	up := presign(s, db, `PRESIGN UPLOAD '@s/a/ü b+c%20''.csv'`)
	down := presign(s, db, `PRESIGN '@s/a/ü b+c%20''.csv'`)
	if up.method != "PUT" || down.method != "GET" || up.headers != "{}" || !strings.HasPrefix(up.url, "http://localhost:") {
		t.Errorf("PRESIGN gives %+v and %+v", up, down)
	}
	if r := s.curl(down.url); r.status != 404 {
		t.Errorf("before the upload: %d %s", r.status, r.body)
	}
	r := s.curl("-X", "PUT", "-T", bookFile, up.url)
	if u := r.uploaded(t); r.status != 200 || u.State != "SUCCESS" || u.StageName != "s" || !slices.Equal(u.Files, []string{key}) {
		t.Errorf("curl -T: %d %s", r.status, r.body)
	}
	if r := s.curl("http://" + s.http + "/v1/stage/s/" + url.PathEscape(key)); r.status != 401 {
		t.Errorf("without a signature: %d", r.status)
	}
	want := string(books(t))
	get := func(s *server, u string) {
		t.Helper()
		if r := s.curl(u); r.status != 200 || r.body != want {
			t.Errorf("GET: %d and %d bytes, want %d", r.status, len(r.body), len(want))
		}
		if r := s.curl("-r", "3-6", u); r.status != 206 || r.body != want[3:7] {
			t.Errorf("a range: %d %q", r.status, r.body)
		}
		if r := s.curl("-I", u); r.status != 200 {
			t.Errorf("HEAD: %d", r.status)
		}
	}
	get(s, down.url)
	s.Stop()

	again := start(t, o)
	here, err := url.Parse(down.url)
	if err != nil {
		t.Fatal(err)
	}
	here.Host = again.http // it has another port by now
	get(again, here.String())
}

// TestPresignContentType binds the type of an upload.
func TestPresignContentType(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	s.exec("CREATE STAGE s")
	up := presign(s, s.db(""), "PRESIGN UPLOAD @s/a.csv EXPIRE = 60 CONTENT_TYPE = 'text/csv'")
	if up.headers != `{"Content-Type":"text/csv"}` {
		t.Errorf("the headers are %s", up.headers)
	}
	s.curl("-T", bookFile, up.url).wantFailure(t, 403, "denied", []string{}, "text/csv")
	s.curl("-T", bookFile, "-H", "Content-Type: text/html", up.url).wantFailure(t, 403, "denied", []string{}, "text/csv")
	if got := s.list("s"); len(got) != 0 {
		t.Errorf("LIST shows %q", got)
	}
	if r := s.curl("-T", bookFile, "-H", "Content-Type: text/csv", up.url); r.status != 200 {
		t.Errorf("%d %s", r.status, r.body)
	}
}

// TestPresignAltered changes every part of a URL, and has each refused, with
// nothing stored.
func TestPresignAltered(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	s.exec("CREATE STAGE s", "CREATE STAGE other")
	s.mustUpload("s", "there", []byte("old"))
	for _, statement := range []string{"PRESIGN @s/there", "PRESIGN UPLOAD @s/there", "PRESIGN UPLOAD @s/new CONTENT_TYPE = 'text/csv'"} {
		p := presign(s, s.db(""), statement)
		good, err := url.Parse(p.url)
		if err != nil {
			t.Fatal(err)
		}
		for what, u := range alteredURLs(good) {
			r := s.curl("-X", p.method, "-d", "altered", "-H", "Content-Type: text/csv", u)
			t.Run(statement+" "+what, func(t *testing.T) { r.wantFailure(t, 403, "denied", []string{}, "presigned URL") })
		}
		for _, method := range []string{"GET", "PUT", "DELETE"} {
			if method != p.method {
				r := s.curl("-X", method, "-d", "altered", "-H", "Content-Type: text/csv", p.url)
				r.wantFailure(t, 403, "denied", []string{}, "for "+p.method, "not for "+method)
			}
		}
	}
	if got := s.list("s"); !slices.Equal(got, []string{"there"}) {
		t.Errorf("LIST shows %q", got)
	}
	s.wantContent("s", "there", []byte("old"))
	if got := s.list("other"); len(got) != 0 {
		t.Errorf("LIST of the other stage shows %q", got)
	}
}

// alteredURLs gives URLs that differ from one in one part each.
func alteredURLs(good *url.URL) map[string]string {
	all := map[string]string{}
	for name, values := range good.Query() {
		for how, v := range map[string]string{"longer": values[0] + "1", "shorter": values[0][1:], "empty": ""} {
			q := good.Query()
			q.Set(name, v)
			u := *good
			u.RawQuery = q.Encode()
			all[how+" "+name] = u.String()
		}
		q := good.Query()
		q.Del(name)
		u := *good
		u.RawQuery = q.Encode()
		all["without "+name] = u.String()
	}
	for _, path := range []string{good.Path + "x", good.Path + "/x", strings.Replace(good.Path, "/s/", "/other/", 1), "/v1/stage/s/", "/v1/stage/s/x"} {
		u := *good
		u.Path = path
		all["the path "+path] = u.String()
	}
	return all
}

// TestPresignExpires waits until a URL of one second is none any more.
func TestPresignExpires(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	s.exec("CREATE STAGE s")
	s.mustUpload("s", "a", []byte("x"))
	p := presign(s, s.db(""), "PRESIGN @s/a EXPIRE = 1")
	for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		r := s.curl(p.url)
		if r.status == 403 {
			r.wantFailure(t, 403, "denied", []string{}, "expired")
			return
		}
		if r.status != 200 || time.Now().After(end) {
			t.Fatalf("%d %s", r.status, r.body)
		}
	}
}

// TestPresignStageIsGone drops a stage and creates it again: the URLs of the
// first one are refused, whatever the second one holds.
func TestPresignStageIsGone(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	s.exec("CREATE STAGE s")
	up, down := presign(s, s.db(""), "PRESIGN UPLOAD @s/a"), presign(s, s.db(""), "PRESIGN @s/a")
	s.exec("DROP STAGE s")
	s.curl("-T", bookFile, up.url).wantFailure(t, 404, "not_found", []string{}, "dropped")
	s.exec("CREATE STAGE s")
	s.mustUpload("s", "a", []byte("another's"))
	s.curl("-T", bookFile, up.url).wantFailure(t, 404, "not_found", []string{}, "dropped")
	s.curl(down.url).wantFailure(t, 404, "not_found", []string{}, "dropped")
	s.wantContent("s", "a", []byte("another's"))
	s.exec("CREATE OR REPLACE STAGE s")
	s.curl("-T", bookFile, presign(s, s.db(""), "PRESIGN UPLOAD @s/a").url).uploaded(t)
	s.wantContent("s", "a", books(t))
}

// TestPresignS3 has URLs of an S3 stage lead to the S3 server.
func TestPresignS3(t *testing.T) {
	t.Parallel()
	g := harness.StartS3(t, root, "access", "presign-secret-97")
	s := start(t, settings{secrets: []string{g.Secret}})
	s.exec(g.CreateStage("s", "deep/er/"))
	up := presign(s, s.db(""), "PRESIGN UPLOAD '@s/a/ü b.csv' EXPIRE = 60 CONTENT_TYPE = 'text/csv'")
	down := presign(s, s.db(""), "PRESIGN '@s/a/ü b.csv'")
	if !strings.HasPrefix(up.url, g.Endpoint()+"/"+harness.Bucket+"/deep/er/") || up.headers != `{"Content-Type":"text/csv"}` {
		t.Errorf("PRESIGN gives %+v", up)
	}
	if r := s.curl("-T", bookFile, up.url); r.status != 403 {
		t.Errorf("without its type: %d %s", r.status, r.body)
	}
	if r := s.curl("-T", bookFile, "-H", "Content-Type: text/csv", strings.Replace(up.url, up.signature(t), strings.Repeat("0", 64), 1)); r.status != 403 {
		t.Errorf("altered: %d %s", r.status, r.body)
	}
	if r := s.curl("-X", "PUT", "-T", bookFile, "-H", "Content-Type: text/csv", up.url); r.status != 200 {
		t.Errorf("curl -T: %d %s", r.status, r.body)
	}
	if got := s.list("s"); !slices.Equal(got, []string{"a/ü b.csv"}) {
		t.Errorf("LIST shows %q", got)
	}
	if r := s.curl(down.url); r.status != 200 || r.body != string(books(t)) {
		t.Errorf("download: %d and %d bytes", r.status, len(r.body))
	}
}

// TestPresignPublicURL starts URLs with the address that the server is told,
// and takes requests to its host.
func TestPresignPublicURL(t *testing.T) {
	t.Parallel()
	s := start(t, settings{args: []string{"--public-url", "https://stage.localhost/wharf/"}})
	s.exec("CREATE STAGE s")
	p := presign(s, s.db(""), "PRESIGN UPLOAD @s/a")
	path, ok := strings.CutPrefix(p.url, "https://stage.localhost/wharf/v1/stage/s/a?")
	if !ok {
		t.Fatalf("the URL is %s", p.url)
	}
	here := "http://" + s.http + "/v1/stage/s/a?" + path
	if r := s.curl("-T", bookFile, "-H", "Host: stage.localhost", here); r.status != 200 {
		t.Errorf("%d %s", r.status, r.body)
	}
	s.curl("-T", bookFile, "-H", "Host: evil.example.com", here).wantFailure(t, 403, "denied", []string{}, "evil.example.com")
}

// TestPresignRefuses has each mistake in the statement named.
func TestPresignRefuses(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	s := start(t, settings{args: []string{"--fs-allow", folder}})
	s.exec("CREATE STAGE s", "CREATE STAGE f URL = 'fs://"+folder+"/'",
		"CREATE STAGE nokeys URL = 's3://bucket/' CONNECTION = (endpoint_url = 'http://127.0.0.1:9')")
	for statement, want := range map[string]struct {
		number uint16
		state  string
		says   string
	}{
		"PRESIGN @s/a EXPIRE = 604801":       {1210, "HY000", "604800"},
		"PRESIGN @s/a EXPIRE = 0":            {1064, "42000", "at least 1"},
		"PRESIGN @s/a CONTENT_TYPE = 'x y'":  {1210, "HY000", "text/csv"},
		"PRESIGN @s/":                        {1210, "HY000", "one file"},
		"PRESIGN @nobody/a":                  {1146, "42S02", "nobody"},
		"PRESIGN @f/a":                       {1235, "42000", "fs://"},
		"PRESIGN UPLOAD @nokeys/a":           {1210, "HY000", "access_key_id"},
		"PRESIGN @s/a EXPIRE = 1 EXPIRE = 2": {1064, "42000", "EXPIRE"},
	} {
		_, err := s.db("").ExecContext(s.context(), statement)
		t.Run(statement, func(t *testing.T) { wantSQLError(t, err, want.number, want.state, want.says) })
	}
}

// TestPresignOwnStage reaches root's own stage, which nobody creates.
func TestPresignOwnStage(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	up := presign(s, s.db(""), "PRESIGN UPLOAD @~/mine")
	if r := s.curl("-T", bookFile, up.url); r.status != 200 || r.uploaded(t).StageName != "~" {
		t.Errorf("%d %s", r.status, r.body)
	}
	if r := s.curl(presign(s, s.db(""), "PRESIGN @~/mine").url); r.status != 200 || r.body != string(books(t)) {
		t.Errorf("download: %d and %d bytes", r.status, len(r.body))
	}
}

// TestPresignRowInTheShell takes the URL out of the row as README shows it.
func TestPresignRowInTheShell(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	s.exec("CREATE STAGE s")
	out := s.mariadb("", "-N", "-e", "PRESIGN UPLOAD @s/books.parquet")
	columns := strings.Split(strings.TrimSuffix(out.stdout, "\n"), "\t")
	if out.code != 0 || len(columns) != 3 || columns[0] != "PUT" || columns[1] != "{}" {
		t.Fatalf("%d %q %s", out.code, out.stdout, out.stderr)
	}
	if r := s.curl("-X", "PUT", "-T", bookFile, columns[2]); r.status != 200 || !slices.Equal(r.uploaded(t).Files, []string{"books.parquet"}) {
		t.Errorf("%d %s", r.status, r.body)
	}
}
