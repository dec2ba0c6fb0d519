package s3_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"wharf"
	"wharf/storage/s3"
)

// guardedBackend has no listed address unless the options say so.
func guardedBackend(t *testing.T, o s3.Options) *s3.Backend {
	t.Helper()
	o.SweepAge = -1
	o.ConnectTimeout = 300 * time.Millisecond
	b := s3.New(o)
	t.Cleanup(func() { b.Close() })
	return b
}

func reachOf(t *testing.T, list string) s3.Reach {
	t.Helper()
	r, err := s3.ParseReach(list)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// innerServer is a server that no stage may reach. It counts connections.
func innerServer(t *testing.T) (port string, connections *atomic.Int64) {
	t.Helper()
	connections = &atomic.Int64{}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Write([]byte("<ListBucketResult></ListBucketResult>"))
	}))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	_, port, err := net.SplitHostPort(s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port, connections
}

// nameServer is a DNS server that answers A questions by a function.
func nameServer(t *testing.T, answer func(name string) netip.Addr) *net.Resolver {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	go func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := c.ReadFrom(buf)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buf[:n]) != nil || len(m.Questions) != 1 {
				continue
			}
			q := m.Questions[0]
			m.Response, m.Additionals = true, nil
			ip := answer(strings.TrimSuffix(q.Name.String(), "."))
			switch {
			case !ip.IsValid():
				m.RCode = dnsmessage.RCodeNameError
			case q.Type == dnsmessage.TypeA:
				m.Answers = []dnsmessage.Resource{{Header: dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class}, Body: &dnsmessage.AResource{A: ip.As4()}}}
			}
			if reply, err := m.Pack(); err == nil {
				c.WriteTo(reply, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", c.LocalAddr().String())
	}}
}

// TestNameThatLeadsInside has a name whose address is at first one that is
// listed, and later the loopback address.
func TestNameThatLeadsInside(t *testing.T) {
	port, connections := innerServer(t)
	var at atomic.Value
	at.Store(netip.MustParseAddr("127.0.0.2"))
	resolver := nameServer(t, func(string) netip.Addr { return at.Load().(netip.Addr) })
	// The listed address is of this machine too, so that the test needs no other.
	b := guardedBackend(t, s3.Options{Resolver: resolver, Reach: reachOf(t, "127.0.0.2")})
	listed, err := net.Listen("tcp", "127.0.0.2:"+port)
	if err != nil {
		t.Fatal(err)
	}
	var came atomic.Int64
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		came.Add(1)
		w.Header().Set("Connection", "close")
		w.Write([]byte("<ListBucketResult></ListBucketResult>"))
	})}
	go s.Serve(listed)
	t.Cleanup(func() { s.Close() })
	store := open(t, b, stageAt("s3://bucket/", "http://s3.example.test:"+port))
	list := func() error {
		for _, err := range store.List(t.Context(), wharf.ListOptions{}) {
			if err != nil {
				return err
			}
		}
		return nil
	}
	// The time to connect is short, and may be over on a busy machine.
	err = list()
	for by := time.Now().Add(time.Minute); err != nil && time.Now().Before(by); {
		err = list()
	}
	if err != nil || came.Load() == 0 {
		t.Fatalf("the listed address: %v, %d requests", err, came.Load())
	}
	for _, inside := range []string{"127.0.0.1", "0.0.0.0"} {
		at.Store(netip.MustParseAddr(inside))
		wantError(t, list(), wharf.CodeUpstream, "S3 at s3.example.test:"+port+" cannot be reached: ")
	}
	if n := connections.Load(); n != 0 {
		t.Errorf("%d connections reached the inside", n)
	}
}

// TestRedirectInside has a server that is listed and redirects to one that is
// not.
func TestRedirectInside(t *testing.T) {
	port, connections := innerServer(t)
	for _, status := range []int{301, 302, 303, 307, 308} {
		outer := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "http://127.0.0.1:"+port+"/latest/meta-data/")
			w.WriteHeader(status)
		}))
		outer.Start()
		t.Cleanup(outer.Close)
		b := guardedBackend(t, s3.Options{Reach: reachOf(t, outer.Listener.Addr().String())})
		store := open(t, b, stageAt("s3://bucket/", outer.URL))
		for _, op := range operations() {
			if err := op.run(t.Context(), store); wharf.CodeOf(err) != wharf.CodeUpstream {
				t.Errorf("%d, %s: %v", status, op.name, err)
			}
		}
	}
	if n := connections.Load(); n != 0 {
		t.Errorf("%d connections reached the inside", n)
	}
}

// TestRefusedLooksLikeClosed compares what tells a port that is refused, open or
// not, from one that is closed, one of a network without an answer, and a name
// that does not exist.
func TestRefusedLooksLikeClosed(t *testing.T) {
	open1, connections := innerServer(t)
	closed, err := freeAddr()
	if err != nil {
		t.Fatal(err)
	}
	_, closedPort, _ := net.SplitHostPort(closed)
	resolver := nameServer(t, func(name string) netip.Addr {
		return map[string]netip.Addr{"inside.test": netip.MustParseAddr("127.0.0.1"), "listed.test": netip.MustParseAddr("127.0.0.2")}[name]
	})
	b := guardedBackend(t, s3.Options{Resolver: resolver, Reach: reachOf(t, "listed.test")})
	var mu sync.Mutex // guards took and words
	took, words := map[string]time.Duration{}, map[string]string{}
	var wg sync.WaitGroup
	for name, host := range map[string]string{
		"refused and open": "inside.test:" + open1, "refused and closed": "inside.test:" + closedPort,
		"listed and closed": "listed.test:" + closedPort, "no such name": "none.test:" + open1,
	} {
		store := open(t, b, stageAt("s3://bucket/", "http://"+host))
		wg.Go(func() {
			begin := time.Now()
			_, err := store.Stat(t.Context(), "k")
			mu.Lock()
			defer mu.Unlock()
			took[name], words[name] = time.Since(begin), strings.ReplaceAll(wharf.MessageOf(err), host, "HOST")
		})
	}
	wg.Wait()
	for name, text := range words {
		if text != words["listed and closed"] || text == "" {
			t.Errorf("%s: %q, and for a closed port %q", name, text, words["listed and closed"])
		}
		// All wait for the same timer.
		if took[name] < 300*time.Millisecond {
			t.Errorf("%s took %v, less than the time to connect", name, took[name])
		}
	}
	if n := connections.Load(); n != 0 {
		t.Errorf("%d connections reached the inside", n)
	}
}
