package s3_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"wharf"
	"wharf/storage/s3"
)

const (
	gatewayKey    = "wharf-test-key"
	gatewaySecret = "wharf-test-secret-never-shown"
)

// gateway is the S3 server that the tests of this process share.
type gateway struct {
	url string
	dir string // a folder in it is a bucket
	cmd *exec.Cmd

	exited chan struct{} // closed when the process has ended
}

var (
	shared  *gateway
	buckets atomic.Int64
)

func TestMain(m *testing.M) {
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	dir, err := os.MkdirTemp("", "wharf-s3-")
	if err != nil {
		log.Print(err)
		return 1
	}
	defer os.RemoveAll(dir)
	if shared, err = startGateway(dir); err != nil {
		log.Print(err)
		return 1
	}
	defer shared.stop()
	return m.Run()
}

// gatewayBinary finds versitygw. There is no skipping: without a real server
// the tests of this package prove little.
func gatewayBinary() (string, error) {
	path := os.Getenv("WHARF_TEST_VERSITYGW")
	if path == "" {
		path = filepath.Join("..", "..", ".tools", "bin", "versitygw")
	}
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("the tests need versitygw, a real S3 server: run \"make tools\", or set WHARF_TEST_VERSITYGW: %w", err)
	}
	return path, nil
}

// startGateway starts the server on a free port. Between the look for one and
// its use another process can take it; then the next try finds another.
func startGateway(dir string) (*gateway, error) {
	bin, err := gatewayBinary()
	if err != nil {
		return nil, err
	}
	var faults []error
	for range 5 {
		g, err := tryGateway(bin, dir)
		if err == nil {
			return g, nil
		}
		faults = append(faults, err)
	}
	return nil, errors.Join(faults...)
}

func tryGateway(bin, dir string) (*gateway, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	g := &gateway{url: "http://" + addr, dir: dir, exited: make(chan struct{})}
	g.cmd = exec.Command(bin, "--port", addr, "--keep-alive", "--quiet", "posix", dir)
	g.cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+gatewayKey, "ROOT_SECRET_KEY="+gatewaySecret)
	dieWithParent(g.cmd)
	var out strings.Builder
	g.cmd.Stdout, g.cmd.Stderr = &out, &out
	if err := g.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { g.cmd.Wait(); close(g.exited) }()
	if err := g.await(); err != nil {
		g.stop()
		return nil, fmt.Errorf("%w\n%s", err, out.String())
	}
	return g, nil
}

// await returns when the server answers, or has ended.
func (g *gateway) await() error {
	// Who else has taken the port may never answer.
	client := &http.Client{Timeout: 10 * time.Second}
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); {
		select {
		case <-g.exited:
			return errors.New("versitygw ended")
		case <-time.After(20 * time.Millisecond):
		}
		if resp, err := client.Get(g.url); err == nil {
			resp.Body.Close()
			if resp.Header.Get("Server") == "VERSITYGW" {
				return nil
			}
		}
	}
	return errors.New("versitygw does not answer")
}

func (g *gateway) stop() {
	g.cmd.Process.Kill()
	<-g.exited
}

// freeAddr returns an address below the ports that the system gives to clients and to
// listeners on port 0, so that none of them takes it before it is used.
func freeAddr() (string, error) {
	for range 1000 {
		addr := fmt.Sprint("127.0.0.1:", 20_000+rand.IntN(12_768))
		if l, err := net.Listen("tcp", addr); err == nil {
			return addr, l.Close()
		}
	}
	return "", errors.New("no port is free")
}

// newBucket makes a bucket for one test.
func newBucket(t testing.TB) string {
	name := fmt.Sprintf("bucket-%d", buckets.Add(1))
	dir := filepath.Join(shared.dir, name)
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return name
}

// stageAt defines a stage with the gateway's keys.
func stageAt(url, endpoint string) wharf.Stage {
	return wharf.Stage{ID: wharf.NewStageID(), Name: "s", URL: url, Connection: wharf.Connection{
		EndpointURL:     endpoint,
		AccessKeyID:     wharf.NewSecret(gatewayKey),
		SecretAccessKey: wharf.NewSecret(gatewaySecret),
	}}
}

func newBackend(t testing.TB, o s3.Options) *s3.Backend {
	o.Reach.Loopback = true
	b := s3.New(o)
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// open gives the store of a stage.
func open(t testing.TB, b *s3.Backend, s wharf.Stage) *s3.Store {
	store, err := b.Open(context.Background(), s)
	if err != nil {
		t.Fatal(err)
	}
	return store
}
