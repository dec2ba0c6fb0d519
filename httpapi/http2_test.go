package httpapi_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"wharf"
)

// http2Client is a client of HTTP/2 by prior knowledge.
func http2Client(t *testing.T) *http.Client {
	transport := &http.Transport{Protocols: new(http.Protocols), DisableCompression: true}
	transport.Protocols.SetUnencryptedHTTP2(true)
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// TestHTTP2 uses the API by HTTP/2 without TLS, many requests at once on one
// connection.
func TestHTTP2(t *testing.T) {
	f := start(t)
	f.client = http2Client(t)
	big := strings.Repeat("0123456789abcdef", 64<<10)
	var all sync.WaitGroup
	for i := range 40 {
		all.Go(func() {
			name := fmt.Sprint("f", i)
			if a := f.upload(filePart(name, big) + formEnd); a.status != 200 {
				t.Errorf("upload: %d %s", a.status, a.body)
			}
			if a := f.do(f.request("PUT", stageURL("raw"+name), struct{ io.Reader }{strings.NewReader(big)})); a.status != 200 {
				t.Errorf("upload of unknown length: %d %s", a.status, a.body)
			}
			for _, key := range []string{name, "raw" + name} {
				if a := f.do(f.request("GET", stageURL(key), nil)); a.status != 200 || a.body != big {
					t.Errorf("download: %d, %d bytes", a.status, len(a.body))
				}
			}
			if a := f.do(f.request("GET", stageURL(name), nil, "Range:bytes=3-5")); a.status != 206 || a.body != "345" {
				t.Errorf("range: %d %q", a.status, a.body)
			}
			if a := f.do(f.request("HEAD", stageURL(name), nil)); a.status != 200 || a.header.Get("Content-Length") != fmt.Sprint(len(big)) {
				t.Errorf("HEAD: %d %v", a.status, a.header)
			}
		})
	}
	all.Wait()
	f.wantFailed(f.do(f.request("GET", stageURL("gone"), nil)), 404, wharf.CodeNotFound)
	f.wantFailed(f.upload(formPart("x", fieldLine)+formEnd), 400, wharf.CodeInvalid)
	// A refusal before the end of the body costs the stream, not the connection.
	f.wantFailed(f.do(f.request("PUT", "/v1/stage/nobody/x", strings.NewReader(big+big))), 404, wharf.CodeNotFound)
	if a := f.do(f.request("GET", "/v1/health", nil)); a.status != 200 {
		t.Errorf("after it: %d", a.status)
	}
	_, err := f.client.Do(f.request("GET", "/", nil, "X:"+strings.Repeat("x", 20<<10)))
	if err == nil || !strings.Contains(err.Error(), "advertised limit") {
		t.Errorf("a large header: %v", err)
	}
}

// http2Conn is a client that speaks frames.
type http2Conn struct{ net.Conn }

func (f *fixture) dialHTTP2(settings string) *http2Conn {
	f.Helper()
	c := &http2Conn{f.dial()}
	io.WriteString(c, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
	c.frame(4, 0, 0, settings)
	return c
}

func (c *http2Conn) frame(kind, flags byte, stream byte, payload string) {
	n := len(payload)
	c.Write(append([]byte{byte(n >> 16), byte(n >> 8), byte(n), kind, flags, 0, 0, 0, stream}, payload...))
}

// get asks for a path on a stream, with indexed and literal fields of HPACK.
func (c *http2Conn) get(stream byte, path string) {
	c.frame(1, 5, stream, "\x82\x86\x04"+string(rune(len(path)))+path+"\x01\x09localhost")
}

// until reads frames until one of that kind comes, and returns its payload.
func (c *http2Conn) until(kind byte) ([]byte, error) {
	for {
		var head [9]byte
		if _, err := io.ReadFull(c, head[:]); err != nil {
			return nil, err
		}
		payload := make([]byte, int(head[0])<<16|int(head[1])<<8|int(head[2]))
		if _, err := io.ReadFull(c, payload); err != nil {
			return nil, err
		}
		if head[3] == kind {
			return payload, nil
		}
	}
}

const (
	noWindow  = "\x00\x04\x00\x00\x00\x00" // SETTINGS_INITIAL_WINDOW_SIZE = 0
	rstStream = 3
	goAway    = 7
)

// TestHTTP2Stalls: a stream whose client takes nothing ends, though its
// connection does well.
func TestHTTP2Stalls(t *testing.T) {
	t.Parallel()
	f := start(t, func(s *settings) { s.http.StallTimeout = shortStall })
	f.put("a", large)
	for _, path := range []string{stageURL("a"), "/v1/health"} {
		c := f.dialHTTP2(noWindow)
		c.get(1, path)
		if _, err := c.until(rstStream); err != nil {
			t.Errorf("%s: the stream was not reset: %v", path, err)
		}
		c.Close()
	}
	if a := f.do(f.request("GET", stageURL("a"), nil)); a.status != 200 || a.body != large {
		t.Errorf("afterwards: %d", a.status)
	}
	if err := f.server.Shutdown(t.Context()); err != nil { // no handler is left
		t.Error(err)
	}
}

// TestHTTP2SlowStore: that a store takes longer than a client may is not the
// client's fault.
func TestHTTP2SlowStore(t *testing.T) {
	t.Parallel()
	f := start(t, func(s *settings) { s.http.StallTimeout = shortStall })
	f.client = http2Client(t)
	f.faulty.BeforePut = func(ctx context.Context, _ wharf.Key) error {
		time.Sleep(2 * shortStall) // longer than StallTimeout is the point
		return nil
	}
	if a := f.do(f.request("PUT", stageURL("a"), strings.NewReader("x"))); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// TestHTTP2Connections are bounded; one that ends makes room for another.
func TestHTTP2Connections(t *testing.T) {
	f := start(t)
	var open []*http2Conn
	for range 128 {
		c := f.dialHTTP2("")
		if _, err := c.until(4); err != nil { // the server's SETTINGS
			t.Fatalf("connection %d: %v", len(open), err)
		}
		open = append(open, c)
	}
	c := f.dialHTTP2("")
	if payload, err := c.until(goAway); err != nil || !bytes.Contains(payload, []byte("too many")) {
		t.Errorf("one too many: %q, %v", payload, err)
	}
	if a := f.do(f.request("GET", "/v1/health", nil)); a.status != 200 {
		t.Errorf("HTTP/1.1 meanwhile: %d", a.status)
	}
	for _, c := range open {
		c.Close()
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		c := f.dialHTTP2("")
		c.get(1, "/v1/health")
		if payload, err := c.until(0); err == nil && strings.Contains(string(payload), "ok") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the connections that ended take their places")
		}
	}
}

// TestHTTP2Shutdown ends connections that are idle, whether their clients close
// them or not.
func TestHTTP2Shutdown(t *testing.T) {
	f := start(t)
	c := f.dialHTTP2("")
	c.get(1, "/v1/health")
	if _, err := c.until(0); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := f.server.Shutdown(ctx); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	if _, err := c.until(goAway); err != nil {
		t.Errorf("the client was not told: %v", err)
	}
}
