package httpapi_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"wharf"
)

// TestDownloadsAtOnce has as many downloads under way as there may be. A further
// one opens nothing while it waits, and is told so in the end; a HEAD waits for
// nobody. A client that takes nothing loses its place.
func TestDownloadsAtOnce(t *testing.T) {
	const most, wait = 2, 300 * time.Millisecond
	f := start(t, func(s *settings) {
		s.service.MaxDownloads, s.service.UploadWait = most, wait
		s.http.StallTimeout = time.Minute // of which others wait a sixth for
	})
	f.put("a", strings.Repeat("x", 8<<20))
	opened, block := make(chan struct{}, 100), make(chan struct{})
	f.faulty.Content = func(ctx context.Context, _ wharf.Key, r io.Reader) io.Reader {
		opened <- struct{}{}
		select {
		case <-block:
		case <-ctx.Done():
		}
		return r
	}
	var downloads sync.WaitGroup
	for range most {
		downloads.Go(func() {
			if a := f.do(f.request("GET", stageURL("a"), nil)); a.status != 200 || len(a.body) != 8<<20 {
				t.Errorf("%d, %d bytes", a.status, len(a.body))
			}
		})
		<-opened
	}
	for _, path := range []string{stageURL("a"), stageURL("")} {
		a := f.do(f.request("GET", path, nil))
		f.wantFailed(a, http.StatusServiceUnavailable, wharf.CodeUnavailable)
		if a.header.Get("Retry-After") == "" {
			t.Error("it is not said when to try again")
		}
	}
	if n := len(opened); n != 0 {
		t.Errorf("%d files were opened while they had to wait", n)
	}
	if a := f.do(f.request("HEAD", stageURL("a"), nil)); a.status != 200 {
		t.Errorf("HEAD: %d", a.status)
	}
	close(block)
	downloads.Wait()
	// A client has its file before the server has its place back.
	f.eventually("room after the others", func() bool { return f.do(f.request("GET", stageURL(""), nil)).status == 200 })
}

// TestDownloadThatIsNotTaken gives the place of a client that takes nothing to
// one that waits, long before the stall is over.
func TestDownloadThatIsNotTaken(t *testing.T) {
	const stall = 30 * time.Second
	f := start(t, func(s *settings) {
		s.service.MaxDownloads = 2
		s.http.StallTimeout = stall
	})
	f.put("a", strings.Repeat("x", 32<<20))
	begin := time.Now()
	for range 2 {
		conn := f.dial()
		defer conn.Close()
		if _, err := io.WriteString(conn, "GET /v1/stage/s/a HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
	}
	if a := f.do(f.request("GET", stageURL("a"), nil)); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if took := time.Since(begin); took < 500*time.Millisecond || took > stall {
		t.Errorf("it took %s", took)
	}
}

// TestSmallDownloadsPassLargeOnes: clients that do not read what they asked for
// keep only large files and lists waiting.
func TestSmallDownloadsPassLargeOnes(t *testing.T) {
	f := start(t, func(s *settings) {
		s.service.MaxDownloads, s.service.UploadWait = 4, 300*time.Millisecond
		s.http.StallTimeout = 10 * time.Minute
	})
	f.put("large", strings.Repeat("x", 32<<20))
	f.put("small", strings.Repeat("x", 64<<10))
	f.put("longer", strings.Repeat("x", 64<<10+1))
	for range 3 {
		conn := f.dial()
		defer conn.Close()
		if _, err := io.WriteString(conn, "GET /v1/stage/s/large HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]int{"small": 200, "nothing": 404, "large": 503, "longer": 503, "": 503} {
		if a := f.do(f.request("GET", stageURL(path), nil)); a.status != want {
			t.Errorf("%q: %d %.200s, want %d", path, a.status, a.body, want)
		}
	}
}

// TestConnectionsAtOnce opens more connections than the pool has room for.
func TestConnectionsAtOnce(t *testing.T) {
	pool := wharf.NewConnectionPool(16, wharf.ConnectionLimits{})
	f := start(t, func(s *settings) { s.http.Pool = pool })
	f.put("a", "x")
	request := "HEAD /v1/stage/s/a HTTP/1.1\r\nHost: localhost\r\n\r\n"
	for range 30 {
		conn := f.dial()
		defer conn.Close()
		if _, err := io.WriteString(conn, request); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Read(make([]byte, 1)); err != nil {
			t.Fatalf("a new client is not served: %v", err)
		}
	}
	if n := pool.Open(); n > 16 {
		t.Errorf("%d connections are open", n)
	}
	if a := f.do(f.request("GET", stageURL("a"), nil)); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
}
