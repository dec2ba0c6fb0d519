package s3_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"wharf"
	"wharf/storage/s3"
)

// drip writes a beginning, and then a byte at a time, each well within the time
// that no byte may move.
func drip(w http.ResponseWriter, r *http.Request, begin string) {
	io.WriteString(w, begin)
	for {
		w.(http.Flusher).Flush()
		select {
		case <-r.Context().Done():
			return
		case <-time.After(20 * time.Millisecond): // the time that passes is what is tested
		}
		if _, err := io.WriteString(w, " "); err != nil {
			return
		}
	}
}

// TestDrippingAnswers has answers that are never silent and never end.
func TestDrippingAnswers(t *testing.T) {
	answers := map[string]http.HandlerFunc{
		"a page":   func(w http.ResponseWriter, r *http.Request) { drip(w, r, "<ListBucketResult>") },
		"blanks":   func(w http.ResponseWriter, r *http.Request) { drip(w, r, "") },
		"an error": func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(500); drip(w, r, "<Error><Code>") },
		"an error without XML": func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(404)
			drip(w, r, "\n")
		},
		"interim answers": func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				w.WriteHeader(http.StatusProcessing)
				time.Sleep(20 * time.Millisecond) // likewise
			}
		},
	}
	for name, answer := range answers {
		srv := httptest.NewServer(answer)
		t.Cleanup(func() { srv.CloseClientConnections(); srv.Close() })
		for _, op := range operations() {
			t.Run(name+"/"+op.name, func(t *testing.T) {
				t.Parallel()
				b := newBackend(t, s3.Options{StallTimeout: 200 * time.Millisecond, SweepAge: -1})
				store := open(t, b, stageAt("s3://bucket/", srv.URL))
				begin := time.Now()
				err := op.run(t.Context(), store)
				if wharf.CodeOf(err) != wharf.CodeUpstream {
					t.Errorf("%v", err)
				}
				if took := time.Since(begin); took > 2*time.Minute {
					t.Errorf("it took %s", took)
				}
			})
		}
	}
}

// TestLongAnswers has answers that come fast enough and do not end.
func TestLongAnswers(t *testing.T) {
	t.Parallel()
	const wait = 2 * time.Second // so that no byte is late on a busy machine
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "<ListBucketResult>")
		for r.Context().Err() == nil {
			io.WriteString(w, strings.Repeat("<a></a>", 100))
			w.(http.Flusher).Flush()
			time.Sleep(20 * time.Millisecond) // the time that passes is what is tested
		}
	}))
	t.Cleanup(func() { srv.CloseClientConnections(); srv.Close() })
	b := newBackend(t, s3.Options{StallTimeout: wait, SweepAge: -1})
	store := open(t, b, stageAt("s3://bucket/", srv.URL))
	for _, err := range store.List(t.Context(), wharf.ListOptions{}) {
		wantError(t, err, wharf.CodeUpstream, "did not end its answer in 6s")
	}
}

// TestDrippingDownload has an object whose bytes come one by one, and one that
// comes slowly, but comes.
func TestDrippingDownload(t *testing.T) {
	const size = 30_000
	for name, c := range map[string]struct {
		chunk int
		code  wharf.Code
	}{"drips": {1, wharf.CodeUpstream}, "is slow": {1500, ""}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := httptest.NewServer(listingHandler(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("ETag", `"v1"`)
				w.Header().Set("Content-Length", fmt.Sprint(size))
				if r.Method == http.MethodHead {
					return
				}
				w.Header().Set("Content-Range", fmt.Sprintf("bytes 0-%d/%d", size-1, size))
				w.WriteHeader(http.StatusPartialContent)
				for n := 0; n < size && r.Context().Err() == nil; n += c.chunk {
					io.WriteString(w, strings.Repeat("x", c.chunk))
					w.(http.Flusher).Flush()
					time.Sleep(50 * time.Millisecond) // the time that passes is what is tested
				}
			}))
			t.Cleanup(func() { srv.CloseClientConnections(); srv.Close() })
			b := newBackend(t, s3.Options{StallTimeout: time.Second, SweepAge: -1})
			f, err := open(t, b, stageAt("s3://bucket/", srv.URL)).Open(t.Context(), "k")
			if err != nil {
				t.Fatal(err)
			}
			r, err := f.Range(t.Context(), 0, -1)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			got, err := io.ReadAll(r)
			wantError(t, err, c.code, "did not answer in 1s")
			if err == nil && len(got) != size {
				t.Errorf("%d bytes came", len(got))
			}
		})
	}
}

// listingHandler is listing over the network.
func listingHandler(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if isList(r) {
			io.WriteString(w, "<ListBucketResult></ListBucketResult>")
			return
		}
		next(w, r)
	}
}
