package tests

import (
	"bytes"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"wharf/tests/harness"
)

// counted is a proxy before an S3 server that counts the bytes of objects.
type counted struct {
	url   string
	bytes atomic.Int64

	mu     sync.Mutex // guards before
	before func(r *http.Request)
}

func startCounted(t *testing.T, g *harness.S3) *counted {
	t.Helper()
	target, err := url.Parse(g.Endpoint())
	if err != nil {
		t.Fatal(err)
	}
	c := &counted{}
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host // was signed
	}}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		before := c.before
		c.mu.Unlock()
		if r.Header.Get("Range") != "" {
			if before != nil {
				before(r)
			}
			w = countingWriter{w, &c.bytes}
		}
		forward.ServeHTTP(w, r)
	}))
	c.url = srv.URL
	t.Cleanup(srv.Close)
	return c
}

// onGet sets what happens before each object is sent.
func (c *counted) onGet(before func(*http.Request)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.before = before
}

type countingWriter struct {
	http.ResponseWriter
	n *atomic.Int64
}

func (w countingWriter) Write(p []byte) (int, error) {
	w.n.Add(int64(len(p)))
	return w.ResponseWriter.Write(p)
}

// wide makes a Parquet file with ten columns c1 to c10 in a stage.
func (s *server) wide(stage string) {
	s.t.Helper()
	s.exec("CREATE STAGE flights")
	s.put("flights", "x.csv", "testdata/files/ontime_200.csv")
	var columns []string
	for i := range 10 {
		columns = append(columns, fmt.Sprintf("MD5(CONCAT(a.Flight_Number_Reporting_Airline, a.FlightDate, b.FlightDate, '%d')) AS c%d", i, i+1))
	}
	s.exec("COPY INTO @" + stage + "/wide.parquet FROM (SELECT " + strings.Join(columns, ", ") +
		" FROM flights.`x.csv` a, flights.`x.csv` b) SINGLE = TRUE USE_RAW_PATH = TRUE")
}

const threeOfTen = "SELECT COUNT(DISTINCT c2), MAX(c5), MIN(c9) FROM %s.`wide.parquet` WHERE c5 > '4'"

// TestS3QueryMovesLittle wants a query of three of ten columns to fetch less
// than 40 % of the bytes, a second one none, also after a restart, and two at
// once no more than one.
func TestS3QueryMovesLittle(t *testing.T) {
	t.Parallel()
	g := harness.StartS3(t, root, "cache-key", "cache-secret")
	proxy := startCounted(t, g)
	dir := filepath.Join(t.TempDir(), "data")
	s := start(t, settings{dir: dir, secrets: []string{g.Secret}})
	s.exec(harness.CreateS3Stage("bucket", harness.Bucket, "wide/", proxy.url, g.Key, g.Secret), "CREATE STAGE local")
	s.wide("bucket")
	info, err := os.Stat(filepath.Join(g.Dir, harness.Bucket, "wide/wide.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	size := info.Size()
	s.exec("COPY FILES INTO @local FROM @bucket")
	want := s.mariadb("", "-N", "-e", fmt.Sprintf(threeOfTen, "local")).stdout
	ask := func(what string, most int64) {
		t.Helper()
		proxy.bytes.Store(0)
		if got := s.mariadb("", "-N", "-e", fmt.Sprintf(threeOfTen, "bucket")); got.stdout != want || want == "" {
			t.Errorf("%s: %q %s, want %q", what, got.stdout, got.stderr, want)
		}
		if n := proxy.bytes.Load(); n > most {
			t.Errorf("%s: %d of %d bytes were fetched, want at most %d", what, n, size, most)
		}
	}
	ask("the first query", size*4/10)
	t.Logf("%.1f %% of %d bytes were fetched", 100*float64(proxy.bytes.Load())/float64(size), size)
	// An ETag that is no MD5 is answered for one byte.
	ask("a second query", 1)
	s.Stop()
	s = start(t, settings{dir: dir, secrets: []string{g.Secret}})
	ask("after a restart", 1)
	proxy.bytes.Store(0)
	if out := s.mariadb("", "-N", "-e", "SELECT c10 FROM bucket.`wide.parquet` LIMIT 0, 2"); strings.Count(out.stdout, "\n") != 2 {
		t.Errorf("a page of two rows: %q %s", out.stdout, out.stderr)
	}
	if n := proxy.bytes.Load(); n > size*12/100 {
		t.Errorf("a page of one more column took %d of %d bytes", n, size)
	}
	s.Stop()
	if err := os.RemoveAll(filepath.Join(dir, "cache")); err != nil {
		t.Fatal(err)
	}
	s = start(t, settings{dir: dir, secrets: []string{g.Secret}})
	proxy.bytes.Store(0)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if got := s.mariadb("", "-N", "-e", fmt.Sprintf(threeOfTen, "bucket")).stdout; got != want {
				t.Errorf("at once: %q", got)
			}
		})
	}
	all.Wait()
	if n := proxy.bytes.Load(); n > size*4/10 {
		t.Errorf("four at once fetched %d of %d bytes", n, size)
	}
}

// TestCacheRights wants nobody to read what another stage's query has left in
// the cache: not by wrong keys, and not without keys.
func TestCacheRights(t *testing.T) {
	t.Parallel()
	g := harness.StartS3(t, root, "right-key", "right-secret")
	proxy := startCounted(t, g)
	s := start(t, settings{secrets: []string{g.Secret, "wrong-secret"}})
	s.exec(harness.CreateS3Stage("mine", harness.Bucket, "", proxy.url, g.Key, g.Secret),
		harness.CreateS3Stage("wrong", harness.Bucket, "", proxy.url, g.Key, "wrong-secret"),
		"CREATE STAGE nobody URL = 's3://"+harness.Bucket+"/' CONNECTION = (endpoint_url = '"+proxy.url+"')")
	s.mustUpload("mine", "x.csv", []byte("a,b\n1,2\n"))
	for range 2 {
		s.wantRows("SELECT a FROM mine.`x.csv`", "1")
	}
	before := proxy.bytes.Load()
	for _, stage := range []string{"wrong", "nobody"} {
		s.wantError("SELECT a FROM "+stage+".`x.csv`", "1296 (HY000)", "")
		s.wantError("SELECT * FROM @"+stage+"/x.csv", "1296 (HY000)", "")
	}
	s.wantRows("SELECT a FROM mine.`x.csv`", "1")
	if proxy.bytes.Load() != before {
		t.Error("the file was fetched again")
	}
}

// TestReplacedWhileFetched replaces an object between the question for it and
// its bytes: the new one is read, and a clear error comes where it never ends.
func TestReplacedWhileFetched(t *testing.T) {
	t.Parallel()
	g := harness.StartS3(t, root, "replace-key", "replace-secret")
	proxy := startCounted(t, g)
	s := start(t, settings{plain: true, secrets: []string{g.Secret}})
	s.exec(harness.CreateS3Stage("watched", harness.Bucket, "", proxy.url, g.Key, g.Secret), g.CreateStage("direct", ""))
	version := atomic.Int64{}
	replace := func(*http.Request) {
		s.mustUpload("direct", "x.csv", fmt.Appendf(nil, "a,b\n%d,2\n", version.Add(1)))
	}
	replace(nil)
	var once sync.Once
	proxy.onGet(func(r *http.Request) { once.Do(func() { replace(r) }) })
	s.wantRows("SELECT a FROM watched.`x.csv`", "2")
	proxy.onGet(replace)
	replace(nil)
	s.wantError("SELECT a FROM watched.`x.csv`", "1296 (HY000)", "x.csv\" was replaced or removed while it was read")
	proxy.onGet(nil)
	s.wantRows("SELECT a FROM watched.`x.csv`", fmt.Sprint(version.Load()))
}

// TestKilledWhileFetching wants a query that waits for S3 to end when it is
// killed, and another that waits for the same bytes to get them.
func TestKilledWhileFetching(t *testing.T) {
	t.Parallel()
	g := harness.StartS3(t, root, "kill-key", "kill-secret")
	proxy := startCounted(t, g)
	s := start(t, settings{secrets: []string{g.Secret}})
	s.exec(harness.CreateS3Stage("bucket", harness.Bucket, "", proxy.url, g.Key, g.Secret))
	s.mustUpload("bucket", "x.csv", []byte("a,b\n1,2\n"))
	asked, release := make(chan struct{}, 10), make(chan struct{})
	proxy.onGet(func(r *http.Request) {
		asked <- struct{}{}
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	const statement = "SELECT a FROM bucket.`x.csv`"
	first := s.conn()
	var id int
	if err := first.QueryRowContext(s.context(), "SELECT CONNECTION_ID()").Scan(&id); err != nil {
		t.Fatal(err)
	}
	killed := make(chan error, 1)
	go func() {
		var a int
		killed <- first.QueryRowContext(s.context(), statement).Scan(&a)
	}()
	<-asked
	answered := make(chan string, 1)
	go func() { answered <- s.mariadb("", "-N", "-e", statement).stdout }()
	s.eventually("the second query runs", func() bool {
		return len(s.column("SELECT ID FROM information_schema.PROCESSLIST WHERE COMMAND = 'Query' AND INFO LIKE 'SELECT a FROM bucket%'")) == 2
	})
	s.exec(fmt.Sprintf("KILL QUERY %d", id))
	wantSQLError(t, <-killed, 1317, "70100")
	close(release)
	if got := <-answered; got != "1\n" {
		t.Errorf("the second query: %q", got)
	}
}

// onDisk is how many bytes of disk a folder takes.
func onDisk(t *testing.T, dir string) (n int64) {
	t.Helper()
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			n += info.Sys().(*syscall.Stat_t).Blocks * 512
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestCacheSize wants the cache to stay within its bound, with one file that is
// larger than it, and to be without anything at 0.
func TestCacheSize(t *testing.T) {
	t.Parallel()
	g := harness.StartS3(t, root, "size-key", "size-secret")
	dir := filepath.Join(t.TempDir(), "data")
	s := start(t, settings{plain: true, dir: dir, secrets: []string{g.Secret}, args: []string{"--cache-size", "1MiB"}})
	s.exec(g.CreateStage("bucket", ""))
	line := strings.Repeat("x", 999)
	for i, lines := range []int{300, 300, 300, 300, 3000} {
		name := fmt.Sprintf("%d.csv", i)
		s.mustUpload("bucket", name, []byte(strings.Repeat(line+"\n", lines)))
		s.wantRows("SELECT COUNT(*) FROM @bucket/"+name+" (FILE_FORMAT => 'csv')", fmt.Sprint(lines))
		if n := onDisk(t, filepath.Join(dir, "cache")); n > 1<<20 {
			t.Errorf("after %s the cache has %d bytes", name, n)
		}
	}
	s.Stop()
	s = start(t, settings{plain: true, dir: dir, secrets: []string{g.Secret}, args: []string{"--cache-size", "0"}})
	s.wantRows("SELECT COUNT(*) FROM @bucket/4.csv (FILE_FORMAT => 'csv')", "3000")
	if _, err := os.Stat(filepath.Join(dir, "cache")); !os.IsNotExist(err) {
		t.Errorf("the folder of the cache: %v", err)
	}
}

// TestQueryDamagedFile wants a query of a file whose bytes changed on the disk
// to fail with the file's name, and other files to be read.
func TestQueryDamagedFile(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	s := start(t, settings{plain: true, dir: dir})
	s.exec("CREATE STAGE s")
	content := []byte("a,b\n" + strings.Repeat("1,2\n", 200_000))
	s.mustUpload("s", "d/bad.csv", content)
	s.mustUpload("s", "d/good.csv", bytes.ReplaceAll(content, []byte("2"), []byte("3")))
	s.Stop()
	bodies, err := filepath.Glob(filepath.Join(dir, "files", "bodies", "*", "*"))
	if err != nil || len(bodies) != 2 {
		t.Fatalf("bodies: %v, %v", bodies, err)
	}
	for _, path := range bodies {
		body, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if body[6] == '2' {
			body[500_000] ^= 1 // a digit of the column a
			if err := os.WriteFile(path, body, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	s = start(t, settings{plain: true, dir: dir})
	for range 2 {
		s.wantError("SELECT SUM(a) FROM s.`d/bad.csv`", "1105 (HY000)", "@s/d/bad.csv cannot be read: the stored file is damaged")
		s.wantError("SELECT SUM(a) FROM s.`d/`", "1105 (HY000)", "@s/d/bad.csv cannot be read: the stored file is damaged")
		s.wantRows("SELECT SUM(a) FROM s.`d/good.csv`", "200000")
	}
	s.wantError("COPY INTO @s/out/ FROM (SELECT a FROM s.`d/bad.csv`)", "1105 (HY000)", "@s/d/bad.csv")
	if files := s.list("s/out/"); len(files) > 0 {
		t.Errorf("unloaded: %q", files)
	}
	s.mustUpload("s", "d/bad.csv", content)
	s.wantRows("SELECT SUM(a) FROM s.`d/`", "400000")
}

// TestQueryFolderInPlace wants files of fs:// to be read where they are, and no
// link to lead out of the folder.
func TestQueryFolderInPlace(t *testing.T) {
	t.Parallel()
	folder, outside := t.TempDir(), filepath.Join(t.TempDir(), "secret.csv")
	for path, content := range map[string]string{filepath.Join(folder, "a.csv"): "x\n1\n", outside: "x\n999\n"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, to := range map[string]string{"alias.csv": "a.csv", "out.csv": outside} {
		if err := os.Symlink(to, filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	s := start(t, settings{plain: true, args: []string{"--fs-allow", folder}})
	s.exec("CREATE STAGE f URL = 'fs://" + folder + "/'")
	s.wantRows("SELECT x FROM f.`a.csv`", "1")
	s.wantRows("SELECT x FROM f.`alias.csv`", "1")
	s.wantError("SELECT x FROM f.`out.csv`", "", "")
	if err := os.WriteFile(filepath.Join(folder, "a.csv"), []byte("x\n2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.wantRows("SELECT x FROM f.`a.csv`", "2")
	s.wantRows("SELECT x FROM f.`alias.csv`", "2")
	if info, err := os.Stat(filepath.Join(folder, "a.csv")); err != nil || info.Sys().(*syscall.Stat_t).Nlink != 1 {
		t.Errorf("links are left of the file: %v", err)
	}
}
