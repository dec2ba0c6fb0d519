package s3_test

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"wharf"
	"wharf/storage/s3"
)

// slowListener gives connections whose kernel takes little that was not read.
type slowListener struct{ net.Listener }

func (l slowListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil {
		err = c.(*net.TCPConn).SetReadBuffer(64 << 10)
	}
	return c, err
}

// TestSlowLine sends to a server that takes 0.4 MB a second without a pause.
// What the sender's kernel has buffered when the last byte is handed to it
// takes much longer than the time that no byte may move.
func TestSlowLine(t *testing.T) {
	const wait = 2 * time.Second // so that the server of the test is not late on a busy machine
	for _, scheme := range []string{"http", "https"} {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				for {
					if _, err := io.CopyN(io.Discard, r.Body, 32<<10); err != nil {
						break
					}
					time.Sleep(80 * time.Millisecond) // the time that passes is what is tested
				}
				w.Header().Set("ETag", `"x"`)
				if isList(r) {
					io.WriteString(w, "<ListBucketResult></ListBucketResult>")
				}
			}))
			srv.Listener = slowListener{srv.Listener}
			if scheme == "http" {
				srv.Start()
			} else {
				srv.StartTLS()
			}
			defer srv.Close()
			b := newBackend(t, s3.Options{SweepAge: -1, StallTimeout: wait, Transport: srv.Client().Transport})
			store := open(t, b, stageAt("s3://bucket/", srv.URL))
			const size = 5 << 20
			if _, err := store.Put(t.Context(), "k", bytes.NewReader(make([]byte, size)), wharf.PutOptions{Size: size}); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestServerThatTakesNothing has one whose kernel takes what it has room for,
// and that reads no byte of it.
func TestServerThatTakesNothing(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	b := newBackend(t, s3.Options{StallTimeout: 200 * time.Millisecond, SweepAge: -1})
	store := open(t, b, stageAt("s3://bucket/", "http://"+l.Addr().String()))
	const size = 8 << 20
	_, err = store.Put(t.Context(), "k", bytes.NewReader(make([]byte, size)), wharf.PutOptions{Size: size})
	wantError(t, err, wharf.CodeUpstream, "did not answer in 200ms")
}
