package tests

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// reply is an HTTP answer.
type reply struct {
	status int
	body   string
	header http.Header
	stderr string // of curl
	code   int    // of curl
}

// uploaded is the body of an answer to an upload.
type uploaded struct {
	ID        string   `json:"id"`
	StageName string   `json:"stage_name"`
	State     string   `json:"state"`
	Files     []string `json:"files"`
	Error     *struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
}

func (r reply) uploaded(t testing.TB) uploaded {
	t.Helper()
	var u uploaded
	if err := json.Unmarshal([]byte(r.body), &u); err != nil {
		t.Fatalf("answer %d %q: %v", r.status, r.body, err)
	}
	return u
}

// curl runs curl. Where it made several requests, status is of the last.
func (s *server) curl(args ...string) reply {
	s.t.Helper()
	return s.curlWith("", args...)
}

// curlWith runs curl with input on its stdin.
func (s *server) curlWith(input string, args ...string) reply {
	s.t.Helper()
	body := filepath.Join(s.t.TempDir(), "body")
	all := append([]string{"--disable", "-sS", "-o", body, "-w", "%{http_code}\n", "--max-time", "120"}, args...)
	out := capture(s.t, exec.CommandContext(s.context(), "curl", all...), input)
	r := reply{stderr: out.stderr, code: out.code}
	if lines := strings.Fields(out.stdout); len(lines) > 0 {
		r.status, _ = strconv.Atoi(lines[len(lines)-1])
	}
	b, err := os.ReadFile(body)
	if err != nil && !os.IsNotExist(err) {
		s.t.Fatal(err)
	}
	r.body = string(b)
	return r
}

func (s *server) uploadURL() string { return "http://" + s.http + "/v1/upload_to_stage" }

// part is a file of a form. disposition replaces the header that a client
// would make of the name.
type part struct {
	name        string
	content     []byte
	disposition string
}

// form writes the parts as a body, and returns it with its content type.
func form(parts ...part) (body []byte, contentType string) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, p := range parts {
		d := p.disposition
		if d == "" {
			d = `form-data; name="upload"; filename="` + strings.ReplaceAll(p.name, `"`, "%22") + `"`
		}
		pw, err := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {d}})
		if err != nil {
			panic(err) // a bytes.Buffer takes everything
		}
		pw.Write(p.content)
	}
	w.Close()
	return b.Bytes(), w.FormDataContentType()
}

// upload sends the parts in one form.
func (s *server) upload(stage string, parts ...part) reply {
	s.t.Helper()
	body, contentType := form(parts...)
	return s.send(stage, contentType, bytes.NewReader(body))
}

func (s *server) send(stage, contentType string, body io.Reader) reply {
	s.t.Helper()
	r, err := sendWith(http.DefaultClient, s.uploadURL(), stage, contentType, body)
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

func sendWith(client *http.Client, address, stage, contentType string, body io.Reader) (reply, error) {
	req, err := http.NewRequest("PUT", address, body)
	if err != nil {
		return reply{}, err
	}
	req.Header.Set("stage_name", stage)
	req.Header.Set("Content-Type", contentType)
	resp, err := client.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return reply{status: resp.StatusCode, body: string(b), header: resp.Header}, err
}

// mustUpload sends one file that has to land.
func (s *server) mustUpload(stage, name string, content []byte) {
	s.t.Helper()
	if r := s.upload(stage, part{name: name, content: content}); r.status != 200 {
		s.t.Fatalf("upload of %q to @%s: %d %s", name, stage, r.status, r.body)
	}
}

// do sends a request with headers written as "Name: value".
func (s *server) do(method, address, body string, headers ...string) reply {
	s.t.Helper()
	req, err := http.NewRequest(method, address, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ":")
		req.Header.Set(name, strings.TrimSpace(value))
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Errorf("%s %s: %v", method, address, err)
	}
	return reply{status: resp.StatusCode, body: string(b), header: resp.Header}
}

// fileURL is the address of a file of a stage.
func fileURL(s *server, stage, key string) string {
	return "http://" + s.http + "/v1/stage/" + stage + "/" + (&url.URL{Path: key}).EscapedPath()
}

// fetch reads a file of a stage back.
func (s *server) fetch(stage, key string) (status int, content []byte) {
	s.t.Helper()
	r := s.do(http.MethodGet, fileURL(s, stage, key), "")
	return r.status, []byte(r.body)
}

// wantContent wants the file to hold just these bytes.
func (s *server) wantContent(stage, key string, want []byte) {
	s.t.Helper()
	status, got := s.fetch(stage, key)
	if status != 200 || !bytes.Equal(got, want) {
		s.t.Errorf("GET of %s/%s: status %d and %d bytes, want 200 and the %d bytes that were uploaded", stage, key, status, len(got), len(want))
	}
}

// wantFailure wants the answer of an upload that failed: status, code, the
// files that landed all the same, and each of the words in the message.
func (r reply) wantFailure(t testing.TB, status int, code string, files []string, words ...string) {
	t.Helper()
	if r.status != status {
		t.Errorf("status %d %s, want %d", r.status, r.body, status)
	}
	u := r.uploaded(t)
	if u.State != "FAILED" || u.Error == nil || u.Error.Code != code {
		t.Errorf("answer %s, want state FAILED and error code %s", r.body, code)
		return
	}
	if strings.Join(u.Files, "\n") != strings.Join(files, "\n") || u.Files == nil {
		t.Errorf("answer %s, want files %q", r.body, files)
	}
	if u.ID == "" || u.Error.Message == "" {
		t.Errorf("answer %s has no id or no message", r.body)
	}
	for _, w := range words {
		if !strings.Contains(u.Error.Message, w) {
			t.Errorf("message %q does not tell %q", u.Error.Message, w)
		}
	}
}
