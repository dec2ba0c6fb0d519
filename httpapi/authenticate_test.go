package httpapi_test

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"wharf"
	"wharf/httpapi"
	"wharf/storage/storagetest"
)

func TestHostWithoutPassword(t *testing.T) {
	f := start(t, func(s *settings) { s.http.Hosts = []string{"Wharf.Example"} })
	for host, want := range map[string]int{
		"localhost": 200, "LOCALHOST:8000": 200, "127.0.0.1:1": 200, "127.8.9.1": 200, "[::1]:8000": 200, "[::1]": 200,
		"wharf.example": 200, "wharf.example:8000": 200,
		"evil.example": 403, "127.0.0.1.evil.example": 403, "localhost.evil.example:8000": 403, "10.0.0.1": 403, "0.0.0.0": 403,
		"xlocalhost": 403,
	} {
		req := f.request("PUT", uploadPath, strings.NewReader(filePart("a", "x")+formEnd), toStage, formType)
		req.Host = host
		a := f.do(req)
		if a.status != want {
			t.Errorf("Host %q: %d %s, want %d", host, a.status, a.body, want)
		}
		if want == 403 {
			f.wantFailed(a, 403, wharf.CodeDenied)
		}
	}
}

func TestRemoteWithoutPassword(t *testing.T) {
	s := httpapi.New(httpapi.Options{Service: start(t).service})
	for remote, want := range map[string]int{
		"127.0.0.1:5": 400, "[::1]:5": 400, "[::ffff:127.0.0.1]:5": 400, "10.1.2.3:5": 403, "[fe80::1]:5": 403, "@": 403, "": 403,
	} {
		w := newRecorder()
		req, err := http.NewRequest("PUT", "http://localhost"+uploadPath, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.RemoteAddr = remote
		s.ServeHTTP(w, req)
		if w.status != want {
			t.Errorf("from %q: %d, want %d", remote, w.status, want)
		}
	}
}

// recorder is the least ResponseWriter there is.
type recorder struct {
	header http.Header
	status int
}

func newRecorder() *recorder { return &recorder{header: http.Header{}} }

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(p []byte) (int, error) { return len(p), nil }

func TestPassword(t *testing.T) {
	f := start(t, func(s *settings) { s.http.Auth = password("sesame") })
	for _, c := range []struct {
		name, user, password string
		status               int
	}{
		{"none", "", "", 401}, {"wrong", "root", "open", 401}, {"other user", "admin", "sesame", 401},
		{"empty", "root", "", 401}, {"right", "root", "sesame", 200},
	} {
		req := f.request("PUT", uploadPath, strings.NewReader(filePart("a", "x")+formEnd), toStage, formType)
		req.Host = "any.example"
		if c.name != "none" {
			req.SetBasicAuth(c.user, c.password)
		}
		a := f.do(req)
		if a.status != c.status {
			t.Errorf("%s: %d %s", c.name, a.status, a.body)
		}
		if c.status == 401 && !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Basic ") {
			t.Errorf("%s: 401 without WWW-Authenticate: %v", c.name, a.header)
		}
	}
	for header, status := range map[string]int{
		"Bearer right": 200, "bearer  right ": 200, "Bearer wrong": 401, "Bearer": 401, "Bearer ": 401, "Bearer right wrong": 401, "Bearerright": 401, "Token right": 401,
	} {
		if a := f.do(f.request("GET", stageURL(""), nil, "Authorization:"+header)); a.status != status {
			t.Errorf("%q: %d %s, want %d", header, a.status, a.body, status)
		}
	}
	if a := f.do(f.request("GET", "/v1/health", nil)); a.status != 200 {
		t.Errorf("health wants a password: %d", a.status)
	}
	if strings.Contains(f.log.String(), "sesame") {
		t.Error("the log holds the password")
	}
}

// TestNobodysPassword: credentials that are wrong for root, who has none.
func TestNobodysPassword(t *testing.T) {
	f := start(t)
	basic := func(s string) string { return "Authorization:Basic " + base64.StdEncoding.EncodeToString([]byte(s)) }
	for _, c := range []struct {
		headers []string
		status  int
	}{
		{nil, 200}, {[]string{basic("root:")}, 200}, {[]string{"Authorization:Bearer x"}, 401},
		{[]string{"Authorization:garbage"}, 401}, {[]string{"Authorization:"}, 401}, {[]string{"Authorization:Digest username=\"root\""}, 401},
		{[]string{basic("root:sesame")}, 401}, {[]string{basic("admin:")}, 401}, {[]string{basic(":")}, 401}, {[]string{basic("Root:")}, 401},
		{[]string{basic("root")}, 401}, {[]string{"Authorization:Basic"}, 401}, {[]string{"Authorization:basic %%%"}, 401},
		{[]string{basic("root:"), basic("root:sesame")}, 400},
	} {
		for _, req := range []*http.Request{
			f.request("PUT", stageURL("a"), strings.NewReader("x"), c.headers...),
			f.request("PUT", uploadPath, strings.NewReader(filePart("a", "x")+formEnd), append(c.headers, toStage, formType)...),
			f.request("GET", stageURL(""), nil, c.headers...),
		} {
			a := f.do(req)
			if a.status != c.status || (a.header.Get("Www-Authenticate") != "") != (c.status == 401) {
				t.Errorf("%s %s with %q: %d %s, want %d", req.Method, req.URL.Path, c.headers, a.status, a.body, c.status)
			}
		}
	}
}

func TestRouting(t *testing.T) {
	f := start(t)
	for _, path := range []string{"/v1", "/v1/", "/v1/health/x", "/favicon.ico", "/v1/upload_to_stage/"} {
		f.wantFailed(f.do(f.request("GET", path, nil)), 404, wharf.CodeNotFound)
	}
	a := f.do(f.request("GET", uploadPath, nil))
	f.wantFailed(a, 405, wharf.CodeUnsupported)
	if allow := a.header.Get("Allow"); !strings.Contains(allow, "PUT") || !strings.Contains(allow, "POST") {
		t.Errorf("Allow is %q", allow)
	}
}

func TestHealth(t *testing.T) {
	f := start(t)
	a := f.do(f.request("GET", "/v1/health", nil))
	if a.status != 200 || a.body != `{"status":"ok","version":"test"}` {
		t.Errorf("%d %s", a.status, a.body)
	}
	f.server.Unready()
	a = f.do(f.request("GET", "/v1/health", nil))
	if a.status != 503 || a.body != `{"status":"stopping","version":"test"}` || a.header.Get("Retry-After") == "" {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// large is more than the server looks ahead for the end of a file.
var large = strings.Repeat("0123456789abcdef", 10<<10)

// half starts a server and an upload, and returns once the store reads it.
func half(t *testing.T, text string) (*fixture, net.Conn) {
	f := start(t)
	reading := make(chan struct{})
	f.faulty.BeforePut = func(context.Context, wharf.Key) error { close(reading); return nil }
	conn := f.dial()
	if _, err := conn.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	<-reading
	return f, conn
}

func TestShutdownLetsUploadsFinish(t *testing.T) {
	form := filePart("a", large) + formEnd
	text := rawUpload(len(form), form)
	f, conn := half(t, text[:len(text)-10])
	down := make(chan error, 1)
	go func() { down <- f.server.Shutdown(t.Context()) }()
	for {
		// The listener closes first; then the upload is all that is left.
		probe, err := (&http.Client{Timeout: time.Second}).Get(f.url + "/v1/health")
		if err != nil {
			break
		}
		probe.Body.Close()
	}
	if _, err := conn.Write([]byte(text[len(text)-10:])); err != nil {
		t.Fatal(err)
	}
	if a := f.readRaw(conn); a.status != 200 {
		t.Errorf("the upload under way: %d %s", a.status, a.body)
	}
	if err := <-down; err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	f.wantStored("a")
}

func TestShutdownCutsOff(t *testing.T) {
	f, conn := half(t, rawUpload(1<<20, filePart("a", large)))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.server.Shutdown(ctx); err == nil {
		t.Error("Shutdown says that all uploads finished")
	}
	if line, err := bufio.NewReader(conn).ReadString('\n'); err == nil && !strings.Contains(line, "503") {
		t.Errorf("the upload that was cut off is answered %q", line)
	}
	f.wantStored()
}

// TestShutdownCancels cuts off an upload that waits for something else than
// its client.
func TestShutdownCancels(t *testing.T) {
	f := start(t)
	gate := storagetest.NewGate()
	f.faulty.BeforePut = func(ctx context.Context, _ wharf.Key) error { return gate.Wait(ctx) }
	conn := f.dial()
	if _, err := conn.Write([]byte(rawUpload(1<<20, filePart("a", large)))); err != nil {
		t.Fatal(err)
	}
	<-gate.Arrived()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := f.server.Shutdown(ctx)
	if !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "still running") {
		t.Errorf("Shutdown: %v", err)
	}
}
