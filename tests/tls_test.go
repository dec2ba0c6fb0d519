package tests

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestHTTPS uses each use case of HTTP over TLS, by both versions of HTTP.
func TestHTTPS(t *testing.T) {
	t.Parallel()
	s := start(t, settings{args: []string{"--https-addr", "127.0.0.1:0"}, env: []string{"WHARF_ROOT_PASSWORD=" + rootPassword}, secrets: []string{rootPassword}})
	if _, err := s.dbAs("root:"+rootPassword, "").ExecContext(s.context(), "CREATE STAGE s"); err != nil {
		t.Fatal(err)
	}
	base := "https://" + s.Ports["https"]
	large := filepath.Join(t.TempDir(), "large")
	if err := os.WriteFile(large, random(20<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, version := range []string{"--http1.1", "--http2"} {
		as := []string{"-k", version, "-u", "root:" + rootPassword}
		for _, c := range []struct {
			args   []string
			status int
		}{
			{[]string{"-T", large, base + "/v1/stage/s/large"}, 200}, {[]string{"-H", "stage_name:s", "-F", "upload=@" + large, base + "/v1/upload_to_stage"}, 200},
			{[]string{base + "/v1/stage/s/"}, 200}, {[]string{base + "/v1/stage/s/none"}, 404}, {[]string{"-X", "DELETE", base + "/v1/stage/s/none"}, 404},
		} {
			if r := s.curl(append(as, c.args...)...); r.status != c.status {
				t.Errorf("%s %s: %d %s %s", version, c.args, r.status, r.body, r.stderr)
			}
		}
		want, err := os.ReadFile(large)
		if err != nil {
			t.Fatal(err)
		}
		if r := s.curl(append(as, base+"/v1/stage/s/large")...); r.status != 200 || r.body != string(want) {
			t.Errorf("%s: download: %d and %d bytes %s", version, r.status, len(r.body), r.stderr)
		}
		if r := s.curl("-k", version, base+"/v1/stage/s/large"); r.status != 401 {
			t.Errorf("%s: without a password: %d", version, r.status)
		}
	}
	client := &http.Client{Transport: &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	defer client.CloseIdleConnections()
	resp, err := client.Get(base + "/v1/health")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err != nil || resp.ProtoMajor != 2 || resp.StatusCode != 200 {
		t.Errorf("health: %s %d %s %v", resp.Proto, resp.StatusCode, body, err)
	}
	if r := s.curl("http://" + s.http + "/v1/health"); r.status != 200 {
		t.Errorf("the plain port: %d", r.status)
	}
	if r := s.curl("http://" + s.Ports["https"] + "/v1/health"); r.code == 0 {
		t.Errorf("HTTP without TLS on the port of HTTPS: %d", r.status)
	}
}

// TestRequireTLS has no plain way in.
func TestRequireTLS(t *testing.T) {
	t.Parallel()
	s := start(t, settings{args: []string{"--https-addr", "127.0.0.1:0", "--require-tls"}})
	if s.http != "" {
		t.Errorf("there is a plain HTTP port: %s", s.http)
	}
	if r := s.curl("-k", "https://"+s.Ports["https"]+"/v1/health"); r.status != 200 {
		t.Errorf("health: %d %s", r.status, r.stderr)
	}
	wantSQLError(t, s.db("").PingContext(s.context()), 3159, "HY000", "insecure transport", "--require-tls")
	db := s.db("tls=skip-verify")
	var url string
	if _, err := db.ExecContext(s.context(), "CREATE STAGE s"); err != nil {
		t.Fatal(err)
	}
	if err := db.QueryRowContext(s.context(), "PRESIGN UPLOAD @s/a").Scan(new(string), new(string), &url); err != nil {
		t.Fatal(err)
	}
	if r := s.curl("-k", "-T", bookFile, url); !strings.HasPrefix(url, "https://localhost:") || r.status != 200 {
		t.Errorf("%s: %d %s", url, r.status, r.body)
	}
}

// TestCertificateIsReloaded replaces the files of the certificate, and then breaks
// them.
func TestCertificateIsReloaded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cert, key := dir+"/cert.pem", dir+"/key.pem"
	writeCertificate(t, "first", cert, key)
	s := start(t, settings{args: []string{"--https-addr", "127.0.0.1:0", "--tls-cert", cert, "--tls-key", key}})
	subject := func() string {
		c, err := tls.Dial("tcp", s.Ports["https"], &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		return c.ConnectionState().PeerCertificates[0].Subject.CommonName
	}
	if got := subject(); got != "first" {
		t.Fatalf("the certificate is of %q", got)
	}
	writeCertificate(t, "the second one", cert, key)
	s.eventually("the new certificate", func() bool { return subject() == "the second one" })
	if err := os.WriteFile(key, []byte("no key"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.eventually("the log to say that the key is none", func() bool {
		return subject() == "the second one" && strings.Contains(s.Log(), "cannot be read; the last one stays")
	})
	if _, err := os.Stat(s.dir + "/tls.pem"); err == nil {
		t.Error("the server made a certificate of its own too")
	}
	if err := s.db("tls=skip-verify").PingContext(s.context()); err != nil {
		t.Error(err)
	}
}

// writeCertificate makes a certificate of that name.
func writeCertificate(t *testing.T, name, certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{"localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestNoCoreFiles looks at the limits of the running server.
func TestNoCoreFiles(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", s.PID()))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(limits)) {
		if f := strings.Fields(line); strings.HasPrefix(line, "Max core file size") && (f[4] != "0" || f[5] != "0") {
			t.Errorf("the server may write core files: %s", line)
		}
	}
	// The system shows the files of a process that is not dumpable as root's,
	// and hides what only its user may read: coredump_filter stands for these.
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/coredump_filter", s.PID()))
	if err != nil {
		t.Fatal(err)
	}
	if len(status) == 0 {
		t.Error("the server has no filter of core files")
	}
}
