package harness

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// Bucket is the bucket of an [S3] from the start.
const Bucket = "testbucket"

// S3 is a running versitygw.
type S3 struct {
	Addr   string
	Dir    string // holds a folder for each bucket
	Key    string
	Secret string

	t      testing.TB
	cmd    *exec.Cmd
	exited chan struct{} // closed when the process has ended
}

// StartS3 starts a real S3 server on a free loopback port. It is ended with
// the test. Where versitygw is not in the PATH, it is where `make tools` in the
// module at root puts it.
func StartS3(t testing.TB, root, key, secret string) *S3 {
	t.Helper()
	path, err := exec.LookPath("versitygw")
	if err != nil {
		path, err = filepath.Abs(filepath.Join(root, ".tools/bin/versitygw"))
		if _, statErr := os.Stat(path); err != nil || statErr != nil {
			t.Fatalf("versitygw is missing: `make tools` installs it")
		}
	}
	g := &S3{Dir: t.TempDir(), Key: key, Secret: secret, t: t}
	if err := os.Mkdir(filepath.Join(g.Dir, Bucket), 0o700); err != nil {
		t.Fatal(err)
	}
	// Between our look for a free port and its use another process can take
	// it; then the next try finds another.
	for range 5 {
		if g.try(path) {
			t.Cleanup(g.Kill)
			return g
		}
	}
	t.Fatal("versitygw does not start")
	return nil
}

func (g *S3) try(path string) bool {
	g.t.Helper()
	g.Addr = FreeAddr(g.t)
	log := &logBuffer{}
	g.cmd = exec.Command(path, "--port", g.Addr, "--keep-alive", "--quiet", "--virtual-domain", "s3.localhost", "posix", g.Dir)
	g.cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+g.Key, "ROOT_SECRET_KEY="+g.Secret)
	g.cmd.Stdout, g.cmd.Stderr = log, log
	g.cmd.SysProcAttr = endWithUs()
	if err := g.cmd.Start(); err != nil {
		g.t.Fatal(err)
	}
	g.exited = make(chan struct{})
	go func() { g.cmd.Wait(); close(g.exited) }()
	client := &http.Client{Timeout: startWithin}
	defer client.CloseIdleConnections()
	for by := time.Now().Add(startWithin); time.Now().Before(by); {
		select {
		case <-g.exited:
			g.t.Logf("versitygw ended: %s", log.tail(2000))
			return false
		case <-time.After(50 * time.Millisecond):
		}
		resp, err := client.Get(g.Endpoint())
		if err != nil {
			continue
		}
		resp.Body.Close()
		if resp.Header.Get("Server") == "VERSITYGW" { // and not another that has taken the port
			return true
		}
	}
	g.Kill()
	return false
}

// Kill ends the server at once.
func (g *S3) Kill() {
	g.cmd.Process.Kill()
	<-g.exited
}

// Endpoint is the server's URL.
func (g *S3) Endpoint() string { return "http://" + g.Addr }

// CreateStage is the statement for a stage below path in the bucket.
func (g *S3) CreateStage(name, path string) string {
	return CreateS3Stage(name, Bucket, path, g.Endpoint(), g.Key, g.Secret)
}

// CreateS3Stage is the statement for a stage on any S3 server.
func CreateS3Stage(name, bucket, path, endpoint, key, secret string) string {
	return fmt.Sprintf("CREATE STAGE %s URL = 's3://%s/%s' CONNECTION = "+
		"(endpoint_url = '%s', access_key_id = '%s', secret_access_key = '%s', region = 'us-east-1')",
		name, bucket, path, endpoint, key, secret)
}

// FreeAddr is an address of this machine that no program listens on. Its port is below
// those that the system gives to clients and to listeners on port 0, so that none of
// them takes it before it is used, or between two uses.
func FreeAddr(t testing.TB) string {
	t.Helper()
	for range 1000 {
		addr := fmt.Sprint("127.0.0.1:", 20_000+rand.IntN(12_768))
		if l, err := net.Listen("tcp", addr); err == nil {
			l.Close()
			return addr
		}
	}
	t.Fatal("no port is free")
	return ""
}
