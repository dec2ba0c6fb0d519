package httpapi_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"wharf"
	"wharf/httpapi"
	catalog "wharf/meta/memory"
	"wharf/storage/memory"
	"wharf/storage/storagetest"
)

// oneStore gives every stage the same store.
type oneStore struct{ wharf.Store }

func (oneStore) Check(wharf.Stage) error { return nil }

func (o oneStore) Open(context.Context, *wharf.Stage) (wharf.Store, error) { return o.Store, nil }

// password is an Authenticator with one password, root's.
type password string

func (p password) RootPasswordSet() bool { return p != "" }

func (p password) Login(_ context.Context, user, given, _ string) (wharf.Principal, bool, error) {
	return wharf.Root, user == "root" && given == string(p), nil
}

func (password) LoginToken(_ context.Context, token, _ string) (wharf.Principal, bool, error) {
	return wharf.Root, token == "right", nil
}

// logBuffer is a log that can be read while it is written.
type logBuffer struct {
	mu sync.Mutex // guards b
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// fixture is a running server with one stage, s, on a memory store that can
// be made to fail.
type fixture struct {
	testing.TB
	addr    string
	url     string
	faulty  *storagetest.Faulty
	catalog *catalog.Catalog
	service *wharf.Service
	server  *httpapi.Server
	log     *logBuffer
	client  *http.Client
}

// settings may be changed by a test before its server starts.
type settings struct {
	service wharf.ServiceOptions
	http    httpapi.Options
}

func start(t testing.TB, change ...func(*settings)) *fixture {
	t.Helper()
	f := &fixture{
		TB:      t,
		faulty:  &storagetest.Faulty{Store: memory.New()},
		catalog: catalog.New(),
		log:     &logBuffer{},
	}
	def := wharf.Stage{ID: wharf.NewStageID(), Name: "s"}
	if _, _, err := f.catalog.CreateStage(t.Context(), def, wharf.CreateNew); err != nil {
		t.Fatal(err)
	}
	// A busy machine may keep an honest client from sending for longer than the defaults.
	set := settings{
		service: wharf.ServiceOptions{Catalog: f.catalog, Opener: oneStore{f.faulty}, UploadWait: 5 * patience},
		http:    httpapi.Options{Version: "test", Logger: slog.New(slog.NewJSONHandler(f.log, nil)), StallTimeout: 5 * patience},
	}
	for _, c := range change {
		c(&set)
	}
	f.service = wharf.NewService(set.service)
	set.http.Service = f.service
	f.server = httpapi.New(set.http)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f.addr, f.url = l.Addr().String(), "http://"+l.Addr().String()
	transport := &http.Transport{DisableCompression: true}
	f.client = &http.Client{Transport: transport}
	served := make(chan error, 1)
	go func() { served <- f.server.Serve(l) }()
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := f.server.Shutdown(ctx); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return f
}

// answer is what a server said.
type answer struct {
	status int
	header http.Header
	body   string
	close  bool // it is the last answer of its connection
	outcome
}

type outcome struct {
	ID        string
	StageName string `json:"stage_name"`
	State     string
	Files     []string
	Error     struct {
		Code    wharf.Code
		Message string
	}
}

func (f *fixture) read(resp *http.Response) answer {
	f.Helper()
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		f.Errorf("the answer breaks off: %v", err)
	}
	a := answer{status: resp.StatusCode, header: resp.Header, body: string(b), close: resp.Close}
	if strings.HasPrefix(a.body, `{"id":`) {
		if err := json.Unmarshal(b, &a.outcome); err != nil {
			f.Errorf("the answer %q is not JSON: %v", b[:min(len(b), 300)], err)
		}
	}
	return a
}

func (f *fixture) do(req *http.Request) answer {
	f.Helper()
	resp, err := f.client.Do(req)
	if err != nil {
		f.Fatalf("%s %s: %v", req.Method, req.URL, err)
	}
	return f.read(resp)
}

func (f *fixture) request(method, path string, body io.Reader, headers ...string) *http.Request {
	f.Helper()
	req, err := http.NewRequest(method, f.url+path, body)
	if err != nil {
		f.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ":")
		req.Header[name] = append(req.Header[name], value)
	}
	return req
}

const (
	uploadPath = "/v1/upload_to_stage"
	formType   = "Content-Type:multipart/form-data; boundary=B"
	toStage    = "stage_name:s"
)

// filePart is a part of a form with the boundary B.
func filePart(filename, content string) string {
	return "--B\r\nContent-Disposition: form-data; name=\"upload\"; filename=\"" + filename +
		"\"\r\nContent-Type: application/octet-stream\r\n\r\n" + content + "\r\n"
}

const formEnd = "--B--\r\n"

// upload sends a form with the boundary B to the stage s.
func (f *fixture) upload(form string, headers ...string) answer {
	f.Helper()
	return f.do(f.request("PUT", uploadPath, strings.NewReader(form), append(headers, toStage, formType)...))
}

// raw sends bytes over a connection of its own, leaves it open for writing,
// and reads one answer.
func (f *fixture) raw(text string) (answer, net.Conn) {
	f.Helper()
	conn := f.dial()
	if _, err := io.WriteString(conn, text); err != nil {
		f.Fatalf("the request could not be sent: %v", err)
	}
	return f.readRaw(conn), conn
}

// patience is how long a test on a busy machine waits for what is about to happen.
const patience = 2 * time.Minute

func (f *fixture) dial() net.Conn {
	f.Helper()
	conn, err := net.Dial("tcp", f.addr)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(patience))
	return conn
}

// eventually waits for what the server is about to do.
func (f *fixture) eventually(what string, is func() bool) {
	f.Helper()
	for deadline := time.Now().Add(patience); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			f.Fatalf("it never came to be: %s", what)
		}
	}
}

func (f *fixture) readRaw(conn net.Conn) answer {
	f.Helper()
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		f.Fatalf("no answer came: %v", err)
	}
	return f.read(resp)
}

// rawUpload is the text of an upload to the stage s.
func rawUpload(length int, body string) string {
	return fmt.Sprintf("PUT %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n%s\r\nContent-Length: %d\r\n\r\n%s",
		uploadPath, toStage, formType, length, body)
}

// content returns an object's bytes, or "" and false.
func (f *fixture) content(key string) (string, bool) {
	f.Helper()
	file, err := f.faulty.Store.Open(f.Context(), wharf.Key(key))
	if wharf.CodeOf(err) == wharf.CodeNotFound {
		return "", false
	}
	if err != nil {
		f.Fatal(err)
	}
	defer file.Close()
	r, err := file.Range(f.Context(), 0, -1)
	if err != nil {
		f.Fatal(err)
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		f.Fatal(err)
	}
	return string(b), true
}

// stored returns the keys of all objects.
func (f *fixture) stored() []string {
	f.Helper()
	keys := []string{}
	for obj, err := range f.faulty.Store.List(f.Context(), wharf.ListOptions{}) {
		if err != nil {
			f.Fatal(err)
		}
		keys = append(keys, string(obj.Key))
	}
	return keys
}

func (f *fixture) wantStored(keys ...string) {
	f.Helper()
	if got := f.stored(); !slices.Equal(got, keys) {
		f.Errorf("the stage holds %q, want %q", got, keys)
	}
}

// wantFailed checks the shape of an error.
func (f *fixture) wantFailed(a answer, status int, code wharf.Code, files ...string) {
	f.Helper()
	if a.status != status || a.Error.Code != code || a.State != "FAILED" || !slices.Equal(a.Files, files) {
		f.Errorf("the answer is %d %s, want %d, %s, files %q", a.status, a.body, status, code, files)
	}
	if a.Error.Message == "" || a.ID == "" || a.Files == nil {
		f.Errorf("the answer %s lacks a message, an id or files", a.body)
	}
}
