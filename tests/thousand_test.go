package tests

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"wharf/tests/harness"
)

var mixedSeed = flag.Uint64("mixed-seed", uint64(time.Now().UnixNano()), "seed of the names and bytes of TestMixedFiles")

const (
	mixedFiles   = 1000
	mixedWorkers = 8
	mixedLargest = 1 << 20
)

// mixed is one file of TestMixedFiles.
type mixed struct {
	key     string
	content []byte
	raw     bool // sent as the body of a PUT, else in a form
}

// A thousand files of all sizes, with names that are awkward somewhere, half
// of them sent by form and half by raw PUT, come back byte for byte; also
// when the server is killed half-way through the uploads, and again half-way
// through the downloads.
func TestMixedFiles(t *testing.T) {
	t.Logf("seed %d", *mixedSeed)
	files := makeMixed(rand.New(rand.NewPCG(*mixedSeed, 0)), mixedFiles, awkward)
	dir := t.TempDir() + "/data"
	s := start(t, settings{dir: dir, killed: true})
	s.exec("CREATE STAGE s")
	left := killHalfWay(s, files, putMixed)
	t.Logf("%d uploads were not answered before the kill", len(left))

	s = start(t, settings{dir: dir, killed: true})
	if more := eachMixed(s, left, nil, putMixed); len(more) > 0 {
		t.Fatalf("%d uploads failed, first %q", len(more), more[0].key)
	}
	left = killHalfWay(s, files, getMixed)

	s = start(t, settings{dir: dir})
	for _, missing := range eachMixed(s, files, nil, getMixed) {
		t.Errorf("%q does not come back as it was sent", missing.key)
	}
	wantMixedList(s, files)
	if len(left) == 0 || len(left) == mixedFiles {
		t.Errorf("%d downloads were left by the kill: it was not half-way", len(left))
	}
}

// The same with a real S3 server behind, and without kills.
func TestMixedFilesS3(t *testing.T) {
	t.Logf("seed %d", *mixedSeed)
	g := harness.StartS3(t, root, "mixed-key", "mixed-secret")
	s := start(t, settings{secrets: []string{g.Secret}})
	s.exec(g.CreateStage("s", "mixed/"))
	files := makeMixed(rand.New(rand.NewPCG(*mixedSeed, 1)), mixedFiles/10, awkward)
	for _, f := range eachMixed(s, files, nil, putMixed) {
		t.Errorf("%q is not stored", f.key)
	}
	for _, f := range eachMixed(s, files, nil, getMixed) {
		t.Errorf("%q does not come back as it was sent", f.key)
	}
	wantMixedList(s, files)
}

// awkward are beginnings of names.
var awkward = []string{
	"plain", "a/b/c/deep", "with space", " blank", "100%", "%2F", "a+b", "a&b=c", "q?x", "semi;colon", "hash#tag",
	"it's", `"quoted"`, `back\slash`, "`tick`", "$HOME", "~", "@at", "-rf", "*.csv", "[x]", "{y}", "<z>", "pipe|", "a,b", "a:b", "CON",
	".hidden", "...", "x.", "ü", "u\u0308", "日本語/ファイル", "مرحبا", "🙂", "\u00a0nbsp", "\u200bzero", "İ", "ß",
	"UPPER", "upper", strings.Repeat("long/", 100), strings.Repeat("n", 200),
}

func makeMixed(r *rand.Rand, n int, names []string) []mixed {
	files := make([]mixed, n)
	for i := range files {
		size := r.IntN(mixedLargest >> r.IntN(18)) // many small ones
		switch i {
		case 0, 1:
			size = 0
		case 2, 3:
			size = mixedLargest
		}
		content := make([]byte, size)
		for j := range content {
			content[j] = byte(r.Uint32())
		}
		files[i] = mixed{fmt.Sprintf("%s-%d", names[r.IntN(len(names))], i), content, i%2 == 0}
	}
	return files
}

// killHalfWay kills the server under the work when half of it is done, and
// returns what was not.
func killHalfWay(s *server, files []mixed, work func(*server, *http.Client, mixed) error) []mixed {
	s.t.Helper()
	var killed atomic.Bool
	half, dead := make(chan struct{}, len(files)), make(chan struct{})
	go func() {
		defer close(dead)
		for range len(files) / 2 {
			<-half
		}
		killed.Store(true)
		s.Kill()
	}()
	left := eachMixed(s, files, &killed, func(s *server, c *http.Client, f mixed) error {
		err := work(s, c, f)
		if err == nil {
			half <- struct{}{}
		}
		return err
	})
	<-dead
	return left
}

// eachMixed does the work for each of the files, and returns those for which
// it failed, which only a kill excuses.
func eachMixed(s *server, files []mixed, killed *atomic.Bool, work func(*server, *http.Client, mixed) error) []mixed {
	s.t.Helper()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: mixedWorkers}, Timeout: 2 * time.Minute}
	defer client.CloseIdleConnections()
	todo := make(chan mixed)
	var mu sync.Mutex
	var failed []mixed
	var wg sync.WaitGroup
	for range mixedWorkers {
		wg.Go(func() {
			for f := range todo {
				err := work(s, client, f)
				if err == nil {
					continue
				}
				if killed == nil || !killed.Load() {
					s.t.Errorf("%q: %v", f.key, err)
				}
				mu.Lock()
				failed = append(failed, f)
				mu.Unlock()
			}
		})
	}
	for _, f := range files {
		todo <- f
	}
	close(todo)
	wg.Wait()
	return failed
}

func putMixed(s *server, client *http.Client, f mixed) error {
	var r reply
	var err error
	if f.raw {
		r, err = roundTrip(client, http.MethodPut, fileURL(s, "s", f.key), f.content)
	} else {
		name := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(f.key) // as curl --form-escape does
		body, contentType := form(part{content: f.content, disposition: `form-data; name="upload"; filename="` + name + `"`})
		r, err = sendWith(client, s.uploadURL(), "s", contentType, bytes.NewReader(body))
	}
	if err == nil && r.status != 200 {
		err = fmt.Errorf("%d %s", r.status, r.body)
	}
	return err
}

func getMixed(s *server, client *http.Client, f mixed) error {
	r, err := roundTrip(client, http.MethodGet, fileURL(s, "s", f.key), nil)
	if err != nil {
		return err
	}
	if r.status != 200 || r.body != string(f.content) {
		return fmt.Errorf("status %d and %d bytes, want 200 and the %d that were sent", r.status, len(r.body), len(f.content))
	}
	sum := md5.Sum(f.content)
	if got := r.header.Get("Content-Md5"); got != "" && got != base64.StdEncoding.EncodeToString(sum[:]) {
		return fmt.Errorf("the Content-MD5 %s is another file's", got)
	}
	return nil
}

func roundTrip(client *http.Client, method, address string, content []byte) (reply, error) {
	req, err := http.NewRequest(method, address, bytes.NewReader(content))
	if err != nil {
		return reply{}, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return reply{status: resp.StatusCode, body: string(b), header: resp.Header}, err
}

// wantMixedList wants LIST to show just these files, in byte order.
func wantMixedList(s *server, files []mixed) {
	s.t.Helper()
	var want []string
	for _, f := range files {
		want = append(want, f.key)
	}
	slices.Sort(want)
	if got := s.list("s"); !slices.Equal(got, want) {
		s.t.Errorf("LIST shows %d files, want %d, or in another order", len(got), len(want))
	}
}
