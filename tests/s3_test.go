package tests

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

const bucket = "testbucket"

// s3 is a running versitygw with one bucket.
type s3 struct {
	addr   string
	dir    string // holds a folder for each bucket
	key    string
	secret string
	cmd    *exec.Cmd
}

// startS3 starts a real S3 server on a free loopback port. It is ended with
// the test.
func startS3(t testing.TB, key, secret string) *s3 {
	t.Helper()
	path, err := exec.LookPath("versitygw")
	if err != nil {
		path, err = filepath.Abs("../.tools/bin/versitygw")
		if _, statErr := os.Stat(path); err != nil || statErr != nil {
			t.Fatalf("versitygw is missing: `make tools` installs it")
		}
	}
	g := &s3{dir: t.TempDir(), key: key, secret: secret}
	if err := os.Mkdir(filepath.Join(g.dir, bucket), 0o700); err != nil {
		t.Fatal(err)
	}
	// Between our look for a free port and its use another process can take
	// it; then the next try finds another.
	for range 5 {
		if g.try(t, path) {
			return g
		}
	}
	t.Fatal("versitygw does not start")
	return nil
}

func (g *s3) try(t testing.TB, path string) bool {
	t.Helper()
	g.addr = freeAddr(t)
	log := &logBuffer{}
	g.cmd = exec.Command(path, "--port", g.addr, "--keep-alive", "--quiet", "--virtual-domain", "s3.localhost", "posix", g.dir)
	g.cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+g.key, "ROOT_SECRET_KEY="+g.secret)
	g.cmd.Stdout, g.cmd.Stderr = log, log
	if err := g.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan struct{})
	go func() { g.cmd.Wait(); close(exited) }()
	for range 300 {
		select {
		case <-exited:
			t.Logf("versitygw ended: %s", log.tail(2000))
			return false
		case <-time.After(50 * time.Millisecond):
		}
		if c, err := net.Dial("tcp", g.addr); err == nil {
			c.Close()
			t.Cleanup(func() { g.cmd.Process.Kill(); <-exited })
			return true
		}
	}
	g.cmd.Process.Kill()
	<-exited
	return false
}

func (g *s3) endpoint() string { return "http://" + g.addr }

// createStage is the statement for a stage below path in the bucket.
func (g *s3) createStage(name, path string) string {
	return createS3Stage(name, bucket, path, g.endpoint(), g.key, g.secret)
}

func createS3Stage(name, bucket, path, endpoint, key, secret string) string {
	return fmt.Sprintf("CREATE STAGE %s URL = 's3://%s/%s' CONNECTION = "+
		"(endpoint_url = '%s', access_key_id = '%s', secret_access_key = '%s', region = 'us-east-1')",
		name, bucket, path, endpoint, key, secret)
}

func freeAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
