package httpapi_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"wharf"
)

// TestTrickle has two uploads hold all memory and send a byte now and then.
// They may as long as nobody waits; then they make room.
func TestTrickle(t *testing.T) {
	t.Parallel()
	const stall, tick = shortStall, 10 * time.Millisecond
	f := start(t, func(s *settings) {
		s.http.StallTimeout = stall
		s.service.UploadWait = patience
		s.service.UploadMemory = 4 << 20 // for two into a store that does not tell what it needs
	})
	landing := make(chan struct{}, 3)
	f.faulty.BeforePut = func(context.Context, wharf.Key) error { landing <- struct{}{}; return nil }
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	const trickles = 2
	answers := make(chan answer, trickles)
	for range trickles {
		conn := f.dial()
		if _, err := io.WriteString(conn, "PUT /v1/stage/s/a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		<-landing
		go trickle(ctx, conn, tick)
		go func() {
			if resp, err := http.ReadResponse(bufio.NewReader(conn), nil); err == nil {
				answers <- f.read(resp)
			} // else it was not the one that made room
		}()
	}
	select {
	case a := <-answers:
		t.Fatalf("nobody waits, and yet: %d %s", a.status, a.body)
	case <-time.After(3 * stall):
	}
	if a := f.do(f.request("PUT", stageURL("b"), strings.NewReader("x"))); a.status != 200 {
		t.Fatalf("the one that waits: %d %s", a.status, a.body)
	}
	f.wantFailed(<-answers, 504, wharf.CodeTimeout)
	f.wantStored("b")
}

// trickle sends chunks of one byte until ctx or the connection ends.
func trickle(ctx context.Context, conn net.Conn, tick time.Duration) {
	for pace := time.Tick(tick); ctx.Err() == nil; <-pace {
		if _, err := io.WriteString(conn, "1\r\nx\r\n"); err != nil {
			return
		}
	}
}

// TestSlowStoreIsNoTrickle: what a store takes its time for is not the
// client's fault, whoever waits.
func TestSlowStoreIsNoTrickle(t *testing.T) {
	t.Parallel()
	const stall = shortStall
	f := start(t, func(s *settings) {
		s.http.StallTimeout = stall
		s.service.UploadMemory = 2 << 20
	})
	f.faulty.Body = func(_ context.Context, key wharf.Key, r io.Reader) io.Reader {
		if key == "slow" {
			return bitwise{r, stall / 5}
		}
		return r
	}
	slow := make(chan answer, 1)
	landing := make(chan struct{}, 2)
	f.faulty.BeforePut = func(context.Context, wharf.Key) error { landing <- struct{}{}; return nil }
	go func() { slow <- f.do(f.request("PUT", stageURL("slow"), strings.NewReader("0123456789"))) }()
	<-landing
	if a := f.do(f.request("PUT", stageURL("b"), strings.NewReader("x"))); a.status != 200 {
		t.Errorf("the one that waits: %d %s", a.status, a.body)
	}
	if a := <-slow; a.status != 200 {
		t.Errorf("the slow store's: %d %s", a.status, a.body)
	}
}

// bitwise reads byte by byte, and takes its time.
type bitwise struct {
	io.Reader
	pause time.Duration
}

func (r bitwise) Read(p []byte) (int, error) {
	time.Sleep(r.pause)
	return r.Reader.Read(p[:1])
}
