package s3_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"wharf"
	"wharf/storage/s3"
	"wharf/storage/storagetest"
)

func TestServerDown(t *testing.T) {
	addr, err := freeAddr()
	if err != nil {
		t.Fatal(err)
	}
	for _, op := range operations() {
		t.Run(op.name, func(t *testing.T) {
			t.Parallel()
			net := &seam{do: pass}
			store := open(t, newBackend(t, s3.Options{Transport: net, SweepAge: -1}), stageAt("s3://bucket/", "http://"+addr))
			start := time.Now()
			wantError(t, op.run(t.Context(), store), wharf.CodeUpstream, addr+" cannot be reached: ")
			if took := time.Since(start); took > 2*time.Minute {
				t.Errorf("it took %v to say so", took)
			}
			if n := net.count(nil); n < 1 || n > 3 {
				t.Errorf("%d requests were made, want 1 to 3", n)
			}
		})
	}
}

// TestSilentServer has a server that takes requests and never answers.
func TestSilentServer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go io.Copy(io.Discard, c)
		}
	}()
	for _, op := range operations() {
		t.Run(op.name, func(t *testing.T) {
			t.Parallel()
			b := newBackend(t, s3.Options{StallTimeout: 100 * time.Millisecond, SweepAge: -1})
			store := open(t, b, stageAt("s3://bucket/", "http://"+l.Addr().String()))
			wantError(t, op.run(t.Context(), store), wharf.CodeUpstream, l.Addr().String()+" did not answer in 100ms")
		})
	}
}

func TestContextEndsWhileServerIsSilent(t *testing.T) {
	for _, op := range operations() {
		t.Run(op.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			store, _ := onSeam(t, s3.Options{}, func(r *http.Request) (*http.Response, error) {
				cancel()
				<-r.Context().Done()
				return nil, r.Context().Err()
			})
			wantError(t, op.run(ctx, store), wharf.CodeCanceled, "interrupted")
		})
	}
}

func TestAttemptsAreBounded(t *testing.T) {
	for _, op := range operations() {
		t.Run(op.name, func(t *testing.T) {
			t.Parallel()
			store, net := onSeam(t, s3.Options{}, func(r *http.Request) (*http.Response, error) {
				return refusal(r, 500, "InternalError", "try again"), nil
			})
			wantError(t, op.run(t.Context(), store), wharf.CodeUpstream, fakeHost)
			if n := net.count(nil); n != 3 {
				t.Errorf("%d requests were made, want 3", n)
			}
		})
	}
}

func TestPassingFaultIsOvercome(t *testing.T) {
	faults := map[string]func(*http.Request) (*http.Response, error){
		"500": func(r *http.Request) (*http.Response, error) { return refusal(r, 500, "InternalError", ""), nil },
		"503": func(r *http.Request) (*http.Response, error) { return refusal(r, 503, "SlowDown", ""), nil },
		"reset half-way": func(r *http.Request) (*http.Response, error) {
			io.CopyN(io.Discard, r.Body, r.ContentLength/2)
			return nil, &net.OpError{Op: "write", Net: "tcp", Err: os.NewSyscallError("write", syscall.ECONNRESET)}
		},
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var faulted atomic.Int64
			store, _, bucket := onGateway(t, s3.Options{}, func(r *http.Request) (*http.Response, error) {
				if r.Method == http.MethodPut && faulted.Add(1) <= 2 {
					return fault(r)
				}
				return pass(r)
			})
			body := bytes.Repeat([]byte("wharf"), 4<<20)
			if _, err := store.Put(t.Context(), "k", bytes.NewReader(body), wharf.PutOptions{Size: wharf.UnknownSize}); err != nil {
				t.Fatal(err)
			}
			if got := readAll(t, store, "k"); !bytes.Equal(got, body) {
				t.Error("other bytes come back")
			}
			if n := unfinished(t, bucket); n != 0 {
				t.Errorf("%d unfinished uploads are left", n)
			}
		})
	}
}

func readAll(t *testing.T, s wharf.Store, key wharf.Key) []byte {
	t.Helper()
	f, err := s.Open(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	r, err := f.Range(t.Context(), 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestBrokenUploadLeavesNothing breaks a large Put in each of its steps: no
// object appears, and the parts are freed.
func TestBrokenUploadLeavesNothing(t *testing.T) {
	reset := func(*http.Request) (*http.Response, error) { return nil, syscall.ECONNRESET }
	second := func(r *http.Request) bool { return r.URL.Query().Get("partNumber") == "2" }
	publish := func(r *http.Request) bool { return r.Method == http.MethodPost && r.URL.Query().Has("uploadId") }
	broken := wharf.Errorf(wharf.CodeMediaType, "the body broke")
	const size = 30 << 20
	body := func() io.Reader { return bytes.NewReader(make([]byte, size)) }
	unknown := wharf.PutOptions{Size: wharf.UnknownSize}
	for _, c := range []struct {
		name  string
		fault func(*http.Request) bool
		body  io.Reader
		o     wharf.PutOptions
		code  wharf.Code
	}{
		{"a part fails", second, body(), unknown, wharf.CodeUpstream},
		{"publishing fails", publish, body(), unknown, wharf.CodeUpstream},
		{"the reader fails", nil, storagetest.FailReader(body(), size-1, broken), unknown, wharf.CodeMediaType},
		{"the reader is cut off", nil, storagetest.FailReader(body(), size-1, io.ErrUnexpectedEOF), unknown, wharf.CodeInternal},
		{"too short", nil, body(), wharf.PutOptions{Size: size + 1}, wharf.CodeInvalid},
		{"too long", nil, body(), wharf.PutOptions{Size: size - 1}, wharf.CodeInvalid},
		{"over the limit", nil, body(), wharf.PutOptions{Size: wharf.UnknownSize, Limit: size - 1}, wharf.CodeTooLarge},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			store, net, bucket := onGateway(t, s3.Options{}, func(r *http.Request) (*http.Response, error) {
				if c.fault != nil && c.fault(r) {
					return reset(r)
				}
				return pass(r)
			})
			_, err := store.Put(t.Context(), "k", c.body, c.o)
			wantError(t, err, c.code, "")
			wantEmpty(t, bucket)
			if n := net.count(func(r *http.Request) bool { return r.URL.Query().Has("uploads") }); n != 1 {
				t.Errorf("%d multipart uploads were begun, want 1: the case does not test what it should", n)
			}
		})
	}
}

func TestCanceledUploadLeavesNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	store, _, bucket := onGateway(t, s3.Options{}, func(r *http.Request) (*http.Response, error) {
		if r.URL.Query().Get("partNumber") == "2" {
			cancel()
		}
		return pass(r)
	})
	_, err := store.Put(ctx, "k", bytes.NewReader(make([]byte, 60<<20)), wharf.PutOptions{Size: 60 << 20})
	wantError(t, err, wharf.CodeCanceled, "interrupted")
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the cause is not the context's error: %v", err)
	}
	wantEmpty(t, bucket)
}

// TestLostAnswer has the server do what it was asked, and the answer get lost.
func TestLostAnswer(t *testing.T) {
	for _, c := range []struct {
		name string
		lost func(*http.Request) bool
		size int
		o    wharf.PutOptions
	}{
		{"publishing of parts", func(r *http.Request) bool { return r.Method == http.MethodPost && r.URL.Query().Has("uploadId") },
			20 << 20, wharf.PutOptions{Size: 20 << 20}},
		{"conditional publishing of parts", func(r *http.Request) bool { return r.Method == http.MethodPost && r.URL.Query().Has("uploadId") },
			20 << 20, wharf.PutOptions{Size: 20 << 20, IfAbsent: true}},
		{"conditional put", func(r *http.Request) bool { return r.Method == http.MethodPut }, 1000, wharf.PutOptions{Size: 1000, IfAbsent: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			store, net, bucket := onGateway(t, s3.Options{}, func(r *http.Request) (*http.Response, error) {
				resp, err := pass(r)
				if err == nil && c.lost(r) {
					io.Copy(io.Discard, resp.Body)
					resp.Body.Close()
					return nil, io.ErrUnexpectedEOF
				}
				return resp, err
			})
			body := bytes.Repeat([]byte{'x'}, c.size)
			o, err := store.Put(t.Context(), "k", bytes.NewReader(body), c.o)
			if err != nil {
				t.Fatalf("an upload that was published is called failed: %v", err)
			}
			if o.Size != int64(c.size) || o.Key != "k" || o.ETag == "" {
				t.Errorf("Put gives %+v", o)
			}
			if net.count(c.lost) != 1 {
				t.Error("the request was sent again")
			}
			if n := unfinished(t, bucket); n != 0 {
				t.Errorf("%d unfinished uploads are left", n)
			}
		})
	}
}

// gatedReader gives a first piece, then waits for its gate.
type gatedReader struct {
	first io.Reader
	gate  <-chan struct{}
}

func (g *gatedReader) Read(p []byte) (int, error) {
	if n, err := g.first.Read(p); err == nil {
		return n, nil
	}
	<-g.gate
	clear(p)
	return len(p), nil
}

// TestUpstreamFailureEndsReading shows that a Put whose part has failed stops
// at the reader's next bytes instead of taking all of an endless body.
func TestUpstreamFailureEndsReading(t *testing.T) {
	failed := make(chan struct{})
	store, _, bucket := onGateway(t, s3.Options{}, func(r *http.Request) (*http.Response, error) {
		if r.URL.Query().Get("partNumber") == "1" {
			defer close(failed)
			return refusal(r, 403, "AccessDenied", ""), nil
		}
		return pass(r)
	})
	body := &gatedReader{first: bytes.NewReader(make([]byte, 9<<20)), gate: failed}
	_, err := store.Put(t.Context(), "k", body, wharf.PutOptions{Size: wharf.UnknownSize})
	wantError(t, err, wharf.CodeUpstream, "access denied")
	wantEmpty(t, bucket)
}

func TestDamagedDownload(t *testing.T) {
	content := strings.Repeat("0123456789", 100)
	for _, c := range []struct {
		name   string
		damage func(io.Reader) io.Reader
		says   string
	}{
		{"cut off", func(r io.Reader) io.Reader { return io.LimitReader(r, 500) }, "the connection broke"},
		{"reset", func(r io.Reader) io.Reader { return storagetest.FailReader(r, 500, syscall.ECONNRESET) }, "the connection broke"},
		{"another's bytes", func(r io.Reader) io.Reader { return io.MultiReader(strings.NewReader("x"), r) }, "replaced or removed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			store, _, _ := onGateway(t, s3.Options{}, func(r *http.Request) (*http.Response, error) {
				resp, err := pass(r)
				if err == nil && r.Method == http.MethodGet && !isList(r) {
					resp.Body = struct {
						io.Reader
						io.Closer
					}{c.damage(resp.Body), resp.Body}
				}
				return resp, err
			})
			if _, err := store.Put(t.Context(), "k", strings.NewReader(content), wharf.PutOptions{Size: 1000}); err != nil {
				t.Fatal(err)
			}
			f, err := store.Open(t.Context(), "k")
			if err != nil {
				t.Fatal(err)
			}
			r, err := f.Range(t.Context(), 0, -1)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			got, err := io.ReadAll(r)
			wantError(t, err, wharf.CodeUpstream, c.says)
			if len(got) >= len(content) {
				t.Errorf("all %d bytes were handed out beside the error", len(got))
			}
		})
	}
}

// stalledBody gives nothing until the request is cancelled.
type stalledBody struct{ ctx context.Context }

func (b stalledBody) Read([]byte) (int, error) { <-b.ctx.Done(); return 0, b.ctx.Err() }
func (b stalledBody) Close() error             { return nil }

func TestDownloadStalls(t *testing.T) {
	store, _ := onSeam(t, s3.Options{StallTimeout: 100 * time.Millisecond}, listing(func(r *http.Request) (*http.Response, error) {
		resp := reply(r, 206, "")
		resp.Header.Set("ETag", `"v1"`)
		resp.ContentLength = 3
		resp.Header.Set("Content-Length", "3")
		resp.Header.Set("Content-Range", "bytes 0-2/3")
		if r.Method == http.MethodGet {
			resp.Body = stalledBody{r.Context()}
		}
		return resp, nil
	}))
	f, err := store.Open(t.Context(), "k")
	if err != nil {
		t.Fatal(err)
	}
	r, err := f.Range(t.Context(), 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	_, err = io.ReadAll(r)
	wantError(t, err, wharf.CodeUpstream, " did not answer in 100ms")
}

// TestSlowReaderIsNoStall takes its time between two reads of a download: the
// server is not to blame.
func TestSlowReaderIsNoStall(t *testing.T) {
	t.Parallel()
	const wait = time.Second // of which a busy machine takes a part
	store, _ := onSeam(t, s3.Options{StallTimeout: wait}, listing(func(r *http.Request) (*http.Response, error) {
		resp := reply(r, 206, "abc")
		resp.Header.Set("ETag", `"v1"`)
		resp.ContentLength = 3
		resp.Header.Set("Content-Length", "3")
		resp.Header.Set("Content-Range", "bytes 0-2/3")
		body := resp.Body
		resp.Body = endsWithContext{r.Context(), body}
		return resp, nil
	}))
	f, err := store.Open(t.Context(), "k")
	if err != nil {
		t.Fatal(err)
	}
	r, err := f.Range(t.Context(), 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := io.ReadFull(r, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	time.Sleep(3 * wait) // the time that passes is what is tested
	if rest, err := io.ReadAll(r); err != nil || string(rest) != "bc" {
		t.Errorf("after a pause of the reader: %q, %v", rest, err)
	}
}

// endsWithContext fails when its request was cancelled, as connections do.
type endsWithContext struct {
	ctx context.Context
	io.ReadCloser
}

func (b endsWithContext) Read(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	return b.ReadCloser.Read(p)
}
