package clients

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"wharf/tests/harness"
)

// webProxy is nginx or HAProxy in front of a server, on a socket of its own,
// under the name of the README's example.
type webProxy struct {
	*server
	socket string
}

const publicURL = "http://stage.example.com"

// readmeBlock returns the block of the README in that language.
func readmeBlock(t *testing.T, language string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, block, ok := strings.Cut(string(text), "\n```"+language+"\n")
	block, _, ok2 := strings.Cut(block, "\n```\n")
	if !ok || !ok2 {
		t.Fatalf("the README has no block in %s", language)
	}
	return block + "\n"
}

// replace puts what a test needs in the place of the README's examples.
func replace(t *testing.T, text string, pairs ...string) string {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			t.Fatalf("the configuration has no %q:\n%s", pairs[i], text)
		}
		text = strings.ReplaceAll(text, pairs[i], pairs[i+1])
	}
	return text
}

// behind starts a server, and a proxy by a configuration that is made for the
// server's address and the proxy's socket.
func behind(t *testing.T, configure func(t *testing.T, dir, addr, socket string) []string) *webProxy {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "wharf-") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s := startWith(t, harness.Options{Args: []string{"--public-url", publicURL}, Env: []string{"WHARF_ROOT_PASSWORD=" + password}, Secrets: []string{password}}, password)
	p := &webProxy{s, filepath.Join(dir, "socket")}
	args := configure(t, dir, s.HTTP, p.socket)
	cmd := exec.Command(args[0], args[1:]...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() {
			t.Logf("%s said:\n%s", args[0], &out)
		}
	})
	await(t, args[0]+" listens", func() bool {
		c, err := net.Dial("unix", p.socket)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	return p
}

func nginx(t *testing.T, dir, socket, server string) []string {
	t.Helper()
	conf := fmt.Sprintf("daemon off; master_process off; pid %[1]s/pid; error_log stderr; events {}\nhttp {\naccess_log off;\n", dir)
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		conf += fmt.Sprintf("%s_temp_path %s/%s;\n", kind, dir, kind)
	}
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, []byte(conf+server+"}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	binary, err := exec.LookPath("nginx")
	if err != nil {
		binary = "/usr/sbin/nginx" // which is not on everybody's PATH
	}
	return []string{binary, "-p", dir, "-e", "stderr", "-c", file}
}

// curl sends a request through the proxy and returns status and body.
func (p *webProxy) curl(t *testing.T, path string, args ...string) (status, body string) {
	t.Helper()
	url := path
	if strings.HasPrefix(path, "/") {
		url = publicURL + path
		args = append(args, "-u", "root:"+password)
	}
	cmd := exec.Command("curl", append([]string{"--disable", "-sS", "--unix-socket", p.socket, "-w", "\n%{http_code}", url}, args...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("curl %q: %v %s", args, err, out)
	}
	i := bytes.LastIndexByte(out, '\n')
	return string(out[i+1:]), string(out[:i])
}

// files returns the names in the stage s.
func (p *webProxy) files(t *testing.T) string {
	t.Helper()
	_, body := p.curl(t, "/v1/stage/s/")
	var list struct{ Files []struct{ Name string } }
	if err := json.Unmarshal([]byte(body), &list); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	var names []string
	for _, f := range list.Files {
		names = append(names, f.Name)
	}
	return strings.Join(names, " ")
}

// TestNginxByDefault: with nginx's defaults the names of the headers with '_'
// do not come through, and the answer says which do.
func TestNginxByDefault(t *testing.T) {
	p := behind(t, func(t *testing.T, dir, addr, socket string) []string {
		return nginx(t, dir, socket, fmt.Sprintf("server { listen unix:%s; location / { proxy_pass http://%s; } }\n", socket, addr))
	})
	p.exec(t, "CREATE STAGE s")
	const upload = "upload=@../testdata/files/books.csv"
	status, body := p.curl(t, "/v1/upload_to_stage", "-H", "stage_name: s", "-H", "relative_path: in", "-F", upload)
	if status != "400" || !strings.Contains(body, "x-databend-stage-name") {
		t.Errorf("with stage_name: %s %s", status, body)
	}
	status, body = p.curl(t, "/v1/upload_to_stage", "-H", "x-databend-stage-name: s", "-H", "x-databend-relative-path: in", "-F", upload)
	if status != "200" || p.files(t) != "in/books.csv" {
		t.Errorf("with the other names: %s %s, the stage has %s", status, body, p.files(t))
	}
}

// TestBehindProxies sets proxies up as the README says.
func TestBehindProxies(t *testing.T) {
	for name, configure := range map[string]func(t *testing.T, dir, addr, socket string) []string{
		"nginx": func(t *testing.T, dir, addr, socket string) []string {
			return nginx(t, dir, socket, replace(t, readmeBlock(t, "nginx"), "listen 443 ssl;", "listen unix:"+socket+";", "127.0.0.1:8000", addr))
		},
		"haproxy": func(t *testing.T, dir, addr, socket string) []string {
			file := filepath.Join(dir, "haproxy.cfg")
			conf := replace(t, readmeBlock(t, "haproxy"), "bind :443 ssl crt /etc/haproxy/stage.pem", "bind unix@"+socket, "127.0.0.1:8000", addr)
			if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
				t.Fatal(err)
			}
			binary, err := exec.LookPath("haproxy")
			if err != nil {
				binary = "/usr/sbin/haproxy"
			}
			return []string{binary, "-db", "-f", file}
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := behind(t, configure)
			p.exec(t, "CREATE STAGE s")
			p.useStage(t)
		})
	}
}

// useStage uploads, lists and fetches files through the proxy.
func (p *webProxy) useStage(t *testing.T) {
	large := filepath.Join(t.TempDir(), "large")
	content := bytes.Repeat([]byte("0123456789abcdef"), 256<<10)
	if err := os.WriteFile(large, content, 0o600); err != nil {
		t.Fatal(err)
	}
	const odd = "/v1/stage/s/a%20b%23%25%3Fc%2Fd%E2%82%AC"
	for _, c := range []struct {
		path string
		args []string
	}{
		{"/v1/upload_to_stage", []string{"-H", "stage_name: s", "-H", "relative_path: in", "-F", "upload=@" + large}},
		{"/v1/upload_to_stage", []string{"-H", "x-databend-stage-name: s", "-F", "upload=@" + large + ";filename=top"}},
		{"/v1/upload_to_stage", []string{"-H", "stage_name: s", "-H", "Transfer-Encoding: chunked", "-F", "upload=@" + large + ";filename=chunked"}},
		{odd, []string{"-T", large}},
		{p.presign(t, "PRESIGN UPLOAD @s/signed"), []string{"-T", large}},
	} {
		if status, body := p.curl(t, c.path, c.args...); status != "200" || !strings.Contains(body, "SUCCESS") {
			t.Errorf("%s %q: %s %s", c.path, c.args, status, body)
		}
	}
	if got := p.files(t); got != "a b#%?c/d€ chunked in/large signed top" {
		t.Errorf("the stage has %s", got)
	}
	for _, path := range []string{odd, p.presign(t, "PRESIGN @s/signed")} {
		if status, body := p.curl(t, path); status != "200" || body != string(content) {
			t.Errorf("%s: %s, %d bytes", path, status, len(body))
		}
	}
	if status, body := p.curl(t, odd, "-r", "10-15"); status != "206" || body != "abcdef" {
		t.Errorf("a range: %s %q", status, body)
	}
	if status, body := p.curl(t, "/v1/stage/s/?prefix=in%2F"); status != "200" || !strings.Contains(body, "in/large") {
		t.Errorf("a list: %s %s", status, body)
	}
}

// presign returns the URL that a PRESIGN gives, which is the proxy's.
func (p *webProxy) presign(t *testing.T, statement string) string {
	t.Helper()
	var method, headers, url string
	if err := p.db.QueryRowContext(t.Context(), statement).Scan(&method, &headers, &url); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(url, publicURL+"/") {
		t.Errorf("the URL is %s", url)
	}
	return url
}

func (p *webProxy) exec(t *testing.T, statement string) {
	t.Helper()
	if _, err := p.db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}
