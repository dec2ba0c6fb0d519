package httpapi_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"wharf"
	"wharf/storage/memory"
)

// TestLargeUploadInLittleMemory streams 256 MiB, and counts every byte that
// is allocated meanwhile, by the client too.
func TestLargeUploadInLittleMemory(t *testing.T) {
	f := start(t, func(s *settings) { s.service.Opener = oneStore{discard{}} })
	const size, most = 256 << 20, 8 << 20
	block := []byte(strings.Repeat("0123456789abcde\n", 4<<10))
	head := strings.TrimSuffix(filePart("f", ""), "\r\n")
	tail := "\r\n" + formEnd
	conn := f.dial()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := io.WriteString(conn, rawUpload(len(head)+size+len(tail), head)); err != nil {
		t.Fatal(err)
	}
	for range size / len(block) {
		if _, err := conn.Write(block); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := io.WriteString(conn, tail); err != nil {
		t.Fatal(err)
	}
	if a := f.readRaw(conn); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > most {
		t.Errorf("an upload of %d bytes allocates %d, more than %d", size, got, most)
	}
}

// TestNothingIsLeftRunning does all kinds of things that end badly, shuts the
// server down, and looks for goroutines of this package.
func TestNothingIsLeftRunning(t *testing.T) {
	f := start(t, func(s *settings) { s.http.StallTimeout = 20 * time.Millisecond })
	f.put("a", strings.Repeat(large, 20))
	for _, text := range []string{
		rawUpload(1<<20, filePart("b", large)),
		rawUpload(1<<20, "x"),
		rawUpload(10, ""),
		"GET /v1/stage/s/a HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"GET /v1/stage/s/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"GET /",
	} {
		for _, end := range []func(*net.TCPConn){
			func(c *net.TCPConn) { c.Close() },
			func(c *net.TCPConn) { c.SetLinger(0); c.Close() },
			func(c *net.TCPConn) { c.CloseWrite() },
			func(*net.TCPConn) {},
		} {
			conn := f.dial()
			if _, err := io.WriteString(conn, text); err != nil {
				t.Fatal(err)
			}
			end(conn.(*net.TCPConn))
		}
	}
	if err := f.server.Shutdown(t.Context()); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	// The connections' goroutines end just after Shutdown has seen them idle.
	for deadline := time.Now().Add(patience); ; runtime.Gosched() {
		left := goroutines("wharf/httpapi.(*")
		if len(left) == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines are left:\n%s", len(left), left[0])
		}
	}
}

// goroutines returns the stacks that go through a function.
func goroutines(function string) []string {
	buf := make([]byte, 1<<20)
	buf = buf[:runtime.Stack(buf, true)]
	var found []string
	for stack := range strings.SplitSeq(string(buf), "\n\n") {
		if strings.Contains(stack, function) && !strings.Contains(stack, "(*Server).Serve(") {
			found = append(found, stack)
		}
	}
	return found
}

// TestManyAtOnce uploads, replaces, fetches and removes the same few files
// from many clients at once: every file that is fetched is a whole one.
func TestManyAtOnce(t *testing.T) {
	f := start(t, func(s *settings) { s.service.Opener = memory.NewOpener() })
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	done := make(chan error)
	const clients = 8
	for c := range uint64(clients) {
		rng := rand.New(rand.NewPCG(seed, c))
		go func() {
			for range 60 {
				key := fmt.Sprint("k", rng.IntN(3))
				content := strings.Repeat(string(rune('a'+rng.IntN(26))), 1+rng.IntN(200_000))
				switch rng.IntN(4) {
				case 0:
					f.do(f.request("DELETE", stageURL(key), nil))
				case 1:
					if a := f.do(f.request("GET", stageURL(key), nil)); a.status == 200 && strings.Trim(a.body, a.body[:1]) != "" {
						done <- fmt.Errorf("%s is a mixture", key)
						return
					}
				default:
					if a := f.upload(filePart(key, content) + formEnd); a.status != 200 {
						done <- fmt.Errorf("%d %s", a.status, a.body)
						return
					}
				}
			}
			done <- nil
		}()
	}
	for range clients {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// TestUserStage uploads into the stage that nobody created.
func TestUserStage(t *testing.T) {
	f := start(t)
	req := f.request("PUT", uploadPath, strings.NewReader(filePart("a", "x")+formEnd), formType, "stage_name:~")
	if a := f.do(req); a.status != 200 || a.StageName != "~" {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := f.do(f.request("GET", "/v1/stage/~/a", nil)); a.status != 200 || a.body != "x" {
		t.Errorf("%d %s", a.status, a.body)
	}
	if _, err := f.service.Stage(t.Context(), wharf.Root, wharf.UserStage); err != nil {
		t.Error(err)
	}
}
