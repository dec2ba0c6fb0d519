package tests

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"wharf/tests/harness"
)

const mib = harness.MiB

// soakSize is how much the soak uploads: one file, then many at once, then
// small ones, one after the other over each of as many connections.
type soakSize struct {
	single int64
	many   int
	each   int64
	small  int // files of 4 KiB, by each connection
}

var (
	fullSize  = soakSize{single: 1024 * mib, many: 64, each: 32 * mib, small: 300}
	shortSize = soakSize{single: 256 * mib, many: 64, each: 8 * mib, small: 50}
)

const smallSize = 4 << 10

// Memory is bounded whatever is uploaded: less than 100 MiB over idle into an
// internal stage, less than 256 MiB into an S3 stage.
func TestSoak(t *testing.T) {
	size := fullSize
	if testing.Short() {
		size = shortSize
	}
	t.Run("internal", func(t *testing.T) {
		s := start(t, settings{plain: true, args: []string{"--upload-wait", "20m", "--log-level", "warn"}})
		s.exec("CREATE STAGE s")
		soak(t, s, size, 100)
	})
	t.Run("s3", func(t *testing.T) {
		g := harness.StartS3(t, root, "access", "soak-secret")
		s := start(t, settings{plain: true, args: []string{"--upload-wait", "20m", "--log-level", "warn"}, secrets: []string{g.Secret}})
		s.exec(g.CreateStage("s", "soak/"))
		size.many /= 2 // an S3 server is slower
		soak(t, s, size, 256)
	})
}

func soak(t *testing.T, s *server, size soakSize, limitMiB int) {
	idle := s.Memory("VmRSS")
	measure := func(what string, bytes int64, upload func()) {
		t.Helper()
		s.ResetPeak()
		begin := time.Now()
		upload()
		took := time.Since(begin)
		over := s.Memory("VmHWM") - idle
		t.Logf("%s: %d MiB over idle (%d MiB), %.0f MiB/s", what, over/mib, idle/mib, float64(bytes)/mib/took.Seconds())
		if over >= int64(limitMiB)*mib {
			t.Errorf("%s raised the resident memory by %d MiB, the limit is %d", what, over/mib, limitMiB)
		}
	}
	measure(fmt.Sprintf("one upload of %d MiB", size.single/mib), size.single, func() { s.uploadSized("single", size.single) })
	measure(fmt.Sprintf("%d uploads of %d MiB at once", size.many, size.each/mib), int64(size.many)*size.each, func() {
		var wg sync.WaitGroup
		for i := range size.many {
			wg.Go(func() { s.uploadSized(fmt.Sprintf("many-%d", i), size.each) })
		}
		wg.Wait()
	})
	smalls := size.many * size.small
	measure(fmt.Sprintf("%d uploads of %d KiB, %d at once", smalls, smallSize>>10, size.many), int64(smalls)*smallSize, func() {
		var wg sync.WaitGroup
		for i := range size.many {
			wg.Go(func() { s.uploadSmall(fmt.Sprintf("small-%d", i), size.small) })
		}
		wg.Wait()
	})
	if got, want := len(s.list("s")), size.many+1+smalls; got != want {
		t.Errorf("LIST shows %d files, want %d", got, want)
	}
	if !t.Failed() {
		s.wantSize("single", size.single)
		s.wantSize(fmt.Sprintf("many-%d", size.many-1), size.each)
		s.wantSize(fmt.Sprintf("small-%d-%d", size.many-1, size.small-1), smallSize)
	}
}

// uploadSized sends a file of that many bytes in a declared length.
func (s *server) uploadSized(name string, size int64) {
	client := soakClient()
	defer client.CloseIdleConnections()
	s.uploadBy(client, name, size)
}

// uploadSmall sends many small files over one connection.
func (s *server) uploadSmall(name string, n int) {
	client := soakClient()
	defer client.CloseIdleConnections()
	for i := range n {
		s.uploadBy(client, fmt.Sprintf("%s-%d", name, i), smallSize)
	}
}

func soakClient() *http.Client {
	return &http.Client{Transport: &http.Transport{WriteBufferSize: 256 << 10}}
}

func (s *server) uploadBy(client *http.Client, name string, size int64) {
	head, tail := rawPart(name, ""), rawEnd
	req, err := http.NewRequest("PUT", s.uploadURL(), io.MultiReader(strings.NewReader(head), io.LimitReader(&pattern{}, size), strings.NewReader(tail)))
	if err != nil {
		s.t.Error(err)
		return
	}
	req.ContentLength = int64(len(head)) + size + int64(len(tail))
	req.Header.Set("stage_name", "s")
	req.Header.Set("Content-Type", "multipart/form-data; boundary="+boundary)
	resp, err := client.Do(req)
	if err != nil {
		s.t.Errorf("upload of %s: %v", name, err)
		return
	}
	defer resp.Body.Close()
	if b, _ := io.ReadAll(resp.Body); resp.StatusCode != 200 {
		s.t.Errorf("upload of %s: %d %s", name, resp.StatusCode, b)
	}
}

// pattern is endless bytes that do not compress to nothing.
type pattern struct{ block []byte }

func (p *pattern) Read(b []byte) (int, error) {
	if p.block == nil {
		p.block = patternBlock()
	}
	n := 0
	for n < len(b) {
		n += copy(b[n:], p.block)
	}
	return n, nil
}

var patternBlock = sync.OnceValue(func() []byte { return random(256 << 10) })

// wantSize wants GET to give that many bytes.
func (s *server) wantSize(key string, want int64) {
	s.t.Helper()
	resp, err := http.Get("http://" + s.http + "/v1/stage/s/" + key)
	if err != nil {
		s.t.Error(err)
		return
	}
	defer resp.Body.Close()
	if got, err := io.Copy(io.Discard, resp.Body); got != want || err != nil {
		s.t.Errorf("GET of %s gives %d bytes, %v, want %d", key, got, err, want)
	}
}

// Uploads beyond what the memory admits wait, at most --upload-wait, then
// get 503 with Retry-After; when there is room again they go on.
func TestUploadWait(t *testing.T) {
	t.Parallel()
	s := start(t, settings{args: []string{"--upload-memory", "1MiB", "--upload-wait", "3s"}})
	s.exec("CREATE STAGE s")
	admitted, r := s.fillMemory()
	r.wantFailure(t, 503, "unavailable", []string{}, "try again")
	if n, err := strconv.Atoi(r.header.Get("Retry-After")); err != nil || n < 1 {
		t.Errorf("Retry-After is %q, want seconds", r.header.Get("Retry-After"))
	}
	s.finishAll(admitted)
	s.mustUpload("s", "later", random(2*mib))
	if got := s.list("s"); len(got) != len(admitted)+1 {
		t.Errorf("LIST shows %s, want those that were admitted, and the later one", got)
	}
}

// fillMemory begins uploads until one is not admitted, and returns those
// that are, and the answer of the other.
func (s *server) fillMemory() (admitted []*rawConn, refused reply) {
	s.t.Helper()
	for range 1000 {
		c := s.dialHTTP()
		c.write(uploadHead("s", -1, "Expect: 100-continue"))
		r := c.reply()
		if r.status != 100 {
			return admitted, r
		}
		admitted = append(admitted, c)
	}
	s.t.Fatalf("%d uploads at once were admitted", len(admitted))
	return nil, reply{}
}

// finishAll gives every upload its file and its end.
func (s *server) finishAll(admitted []*rawConn) {
	s.t.Helper()
	if len(admitted) == 0 {
		s.t.Fatal("no upload was admitted")
	}
	for i, c := range admitted {
		c.write(chunk(rawPart(fmt.Sprintf("admitted-%d", i), "content")) + chunk(rawEnd) + chunk(""))
		if r := c.reply(); r.status != 200 {
			s.t.Errorf("an upload that was admitted: %d %s", r.status, r.body)
		}
	}
}

// One that waits goes on as soon as there is room, in the time that it has.
func TestUploadWaitsItsTurn(t *testing.T) {
	t.Parallel()
	s := start(t, settings{args: []string{"--upload-memory", "1MiB", "--upload-wait", "15s"}})
	s.exec("CREATE STAGE s")
	admitted, r := s.fillMemory()
	r.wantFailure(t, 503, "unavailable", []string{}, "15s")
	next := s.dialHTTP()
	next.write(uploadHead("s", -1, "Expect: 100-continue"))
	s.finishAll(admitted)
	if r := next.reply(); r.status != 100 {
		t.Fatalf("the next was not asked to go on: %d %s", r.status, r.body)
	}
	s.finishAll([]*rawConn{next})
}
