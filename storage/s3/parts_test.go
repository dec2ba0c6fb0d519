package s3_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"wharf"
	"wharf/storage/s3"
	"wharf/storage/storagetest"
)

// partServer takes multipart uploads and keeps the lengths of their parts.
type partServer struct {
	mu      sync.Mutex // guards what follows
	parts   int
	longest int64
	total   int64
	done    bool
	aborted bool
}

func (p *partServer) do(r *http.Request) (*http.Response, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case r.Method == http.MethodPost && r.URL.Query().Has("uploads"):
		return reply(r, 200, `<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>`), nil
	case r.Method == http.MethodPost:
		p.done = true
		return reply(r, 200, `<CompleteMultipartUploadResult><ETag>"x-2"</ETag></CompleteMultipartUploadResult>`), nil
	case r.Method == http.MethodDelete:
		p.aborted = true
		return reply(r, 204, ""), nil
	case r.Method == http.MethodGet:
		return refusal(r, 404, "NoSuchUpload", ""), nil
	}
	p.parts++
	p.longest, p.total = max(p.longest, r.ContentLength), p.total+r.ContentLength
	resp := reply(r, 200, "")
	resp.Header.Set("ETag", `"x"`)
	return resp, nil
}

// zeros is a body of n bytes.
func zeros(n int64) io.Reader {
	return storagetest.FailReader(strings.NewReader(strings.Repeat("\x00", int(n))), n, io.EOF)
}

// TestPartsLimit has parts of 1 KiB, so that S3's limit of 10,000 is near.
func TestPartsLimit(t *testing.T) {
	const kib, mib = 1 << 10, 1 << 20
	for _, c := range []struct {
		name           string
		size           int64
		o              wharf.PutOptions
		parts          int
		longest        int64
		code           wharf.Code
		done, abandons bool
	}{
		{"declared, at the limit", 10_000 * kib, wharf.PutOptions{Size: 10_000 * kib}, 10_000, kib, "", true, false},
		{"declared, over it: larger parts", 10_000*kib + 1, wharf.PutOptions{Size: 10_000*kib + 1}, 10, mib, "", true, false},
		{"unknown, at the limit", 10_000*kib - 1, wharf.PutOptions{Size: wharf.UnknownSize}, 10_000, kib, "", true, false},
		{"unknown, but for a limit over it: larger parts", 10_000*kib + 1, wharf.PutOptions{Size: wharf.UnknownSize, Limit: 10_000*kib + 1}, 10, mib, "", true, false},
		{"unknown, over it", 10_000*kib + 1, wharf.PutOptions{Size: wharf.UnknownSize}, 10_000, kib, wharf.CodeTooLarge, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := &partServer{}
			store, _ := onSeam(t, s3.Options{PartSize: kib}, server.do)
			o, err := store.Put(t.Context(), "k", zeros(c.size), c.o)
			wantError(t, err, c.code, "not declared")
			// Parts that wait to be sent when a body turns out too long are not.
			if server.parts != c.parts && (c.done || server.parts > c.parts) || server.longest != c.longest || server.done != c.done || server.aborted != c.abandons {
				t.Errorf("%d parts, the longest of %d bytes, published %v, aborted %v; want %d, %d, %v, %v",
					server.parts, server.longest, server.done, server.aborted, c.parts, c.longest, c.done, c.abandons)
			}
			if c.done && (server.total != c.size || o.Size != c.size) {
				t.Errorf("%d bytes were sent and Put tells of %d, want %d", server.total, o.Size, c.size)
			}
		})
	}
}

// TestPartsHeld counts what a Put has read before any part is sent to its end:
// as much as PutMemory says, and so fewer parts where they are large.
func TestPartsHeld(t *testing.T) {
	const kib, mib = 1 << 10, 1 << 20
	for _, c := range []struct{ partSize, size, held, told int64 }{
		{kib, 100 * kib, 4 * kib, 4 * kib},
		{kib, 10_000*kib + 1, 2 * mib, 2 * mib},
		{mib, 10_000*mib + 1, 2 * 2 * mib, 4 * mib},
		{3 * mib, 30_000*mib + 1, 3 * 4 * mib, 12 * mib},
		{3 * mib, 40_000*mib + 1, 2 * 5 * mib, 12 * mib},
	} {
		synctest.Test(t, func(t *testing.T) {
			server := &partServer{}
			store, _ := onSeam(t, s3.Options{PartSize: c.partSize}, func(r *http.Request) (*http.Response, error) {
				if r.Method == http.MethodPut {
					<-r.Context().Done()
					return nil, r.Context().Err()
				}
				return server.do(r)
			})
			ctx, cancel := context.WithCancel(t.Context())
			body, done := &countedZeros{}, make(chan error, 1)
			go func() {
				_, err := store.Put(ctx, "k", body, wharf.PutOptions{Size: c.size})
				done <- err
			}()
			synctest.Wait()
			cancel()
			wantError(t, <-done, wharf.CodeCanceled, "interrupted")
			if told := store.PutMemory(c.size); body.n != c.held || told != c.told {
				t.Errorf("of %d bytes %d are held and PutMemory tells %d, want %d and %d", c.size, body.n, told, c.held, c.told)
			}
		})
	}
}

// countedZeros is a body without an end.
type countedZeros struct{ n int64 }

func (z *countedZeros) Read(p []byte) (int, error) {
	clear(p)
	z.n += int64(len(p))
	return len(p), nil
}

// TestAbortIsRepeated has a server on which an upload comes back twice, as
// parts that were under way make it.
func TestAbortIsRepeated(t *testing.T) {
	server := &partServer{}
	looks, aborts := 0, 0
	store, _ := onSeam(t, s3.Options{PartSize: 1 << 10}, func(r *http.Request) (*http.Response, error) {
		switch {
		case r.Method == http.MethodDelete:
			aborts++
		case r.Method == http.MethodGet:
			if looks++; looks <= 2 {
				return reply(r, 200, `<ListPartsResult></ListPartsResult>`), nil
			}
		}
		return server.do(r)
	})
	broken := wharf.Errorf(wharf.CodeMediaType, "the body broke")
	_, err := store.Put(t.Context(), "k", storagetest.FailReader(zeros(3000), 2500, broken), wharf.PutOptions{Size: 3000})
	wantError(t, err, wharf.CodeMediaType, "the body broke")
	if aborts != 3 || looks != 3 {
		t.Errorf("%d aborts and %d looks, want 3 and 3", aborts, looks)
	}
}
