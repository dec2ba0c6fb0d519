//go:build !race

package attack

import (
	"bytes"
	"context"
	"crypto/tls"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"wharf/tests/harness"
)

const (
	mib = harness.MiB
	// smallMachine is the bound of each server's memory.
	smallMachine = 1 << 30
	// slack is how much more memory than before an attack a server may hold
	// afterwards: the spans of a heap that was large stay in pieces.
	slack = 64 * mib
	// honestWithin is how soon a request of the honest client is answered at
	// worst, on a machine that is busy with the attack and with other tests.
	honestWithin = time.Minute
)

// target is a server under attack.
type target struct {
	*harness.Server
	t      testing.TB
	before harness.Usage // what it held when nobody had attacked yet
	rounds atomic.Int64  // in which the honest client was served
	lost   atomic.Int64  // connections that were closed on the honest client
	root   access
	honest []access // the ways in that the honest client uses
}

// access is a way into the server.
type access struct {
	user, password string
	tls            bool
}

// start starts a server under the bound, with the stage s and one file in it.
func start(t testing.TB, o harness.Options) *target {
	t.Helper()
	if o.MaxMemory == 0 {
		o.MaxMemory = smallMachine
	}
	s := &target{Server: harness.Start(t, binary, o), t: t, root: access{user: "root"}}
	for _, v := range o.Env {
		if password, ok := strings.CutPrefix(v, "WHARF_ROOT_PASSWORD="); ok {
			s.root.password = password
		}
	}
	s.honest = []access{s.root}
	s.exec(s.root, "CREATE STAGE IF NOT EXISTS s")
	s.settle()
	return s
}

// settle lets the honest client use the server, and notes what it holds then.
func (s *target) settle() {
	s.t.Helper()
	c := s.honestClient()
	for range 3 { // what is made once is made
		if err := c.use(); err != nil {
			s.t.Fatal(err)
		}
	}
	c.close()
	s.await("the first client's connections to end", func() bool { s.before = s.Usage(); return s.before.Sockets <= len(s.Ports)+1 })
}

// exec runs statements.
func (s *target) exec(as access, statements ...string) {
	s.t.Helper()
	c := s.client(as)
	defer c.close()
	for _, statement := range statements {
		if _, err := c.db.Exec(statement); err != nil {
			s.t.Fatalf("%s: %v", statement, err)
		}
	}
}

// await waits until done. What it waits for becomes the failure's text.
func (s *target) await(what string, done func() bool) {
	s.t.Helper()
	for by := time.Now().Add(honestWithin); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(by) {
			s.t.Fatalf("%s: waited for %s in vain", what, honestWithin)
		}
	}
}

// under runs an attack while an honest client uses the server, and wants
// everything to be returned when it is over.
func (s *target) under(attack func()) {
	s.t.Helper()
	c := s.honestClient()
	stop, done := make(chan struct{}), make(chan struct{})
	served := 0
	go func() {
		defer close(done)
		for {
			if err := c.useAgain(); err != nil {
				s.t.Errorf("the honest client, served %d times before: %v", served, err)
				return
			}
			served++
			s.rounds.Add(1)
			select {
			case <-stop:
				return
			default:
			}
		}
	}()
	begin := time.Now()
	attack()
	close(stop)
	<-done
	s.t.Logf("%s: the honest client was served %d times; resident: %d MiB before, %d at most", time.Since(begin).Round(time.Millisecond),
		served, s.before.Memory/mib, s.Memory("VmHWM")/mib)
	c.close()
	s.released()
}

// useAgain is use. It tries again where the connection was lost, for as long as a
// request may take.
func (c *client) useAgain() error {
	err := c.use()
	for by := time.Now().Add(honestWithin); lost(err) && time.Now().Before(by); {
		c.s.lost.Add(1)
		err = c.use()
	}
	return err
}

// lost reports whether a connection was closed between two uses of it: one that
// is idle makes room for others when all are taken, and clients connect again.
func lost(err error) bool {
	for _, e := range []error{io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, syscall.EPIPE, syscall.ECONNRESET, mysql.ErrInvalidConn} {
		if errors.Is(err, e) {
			return true
		}
	}
	// go-sql-driver has an error of its own that leaves it while it logs in over
	// TLS (errBadConnNoWrite, which is not exported).
	return err != nil && strings.HasSuffix(err.Error(), "bad connection")
}

// served waits until the honest client was served n times more.
func (s *target) served(n int64) {
	s.t.Helper()
	want := s.rounds.Load() + n
	s.await("the honest client to be served", func() bool { return s.rounds.Load() >= want || s.t.Failed() })
}

// released wants the server to hold what it held before the attack.
func (s *target) released() {
	s.t.Helper()
	s.AwaitReleased(s.before, slack, s.allocate)
}

// allocate makes the server allocate some MiB on a connection of its own, which
// is closed then.
func (s *target) allocate() {
	c := s.honestClient()
	defer c.close()
	var n int
	for range 8 {
		err := c.db.QueryRow("SELECT LENGTH(REPEAT('a', 1000000))").Scan(&n)
		if refusedBy(err, 1040) { // the memory of the attack is not returned yet
			return
		}
		if err != nil {
			s.t.Error(err)
			return
		}
	}
}

// client is a user of both ports.
type client struct {
	s      *target
	as     access
	base   string // of URLs
	db     *sql.DB
	http   *http.Client
	others []*client // ways in that use takes too
	once   sync.Once
}

// honestClient uses every way in that the honest client has.
func (s *target) honestClient() *client {
	s.t.Helper()
	c := s.client(s.honest[0])
	for _, as := range s.honest[1:] {
		c.others = append(c.others, s.client(as))
	}
	return c
}

func (s *target) client(as access) *client {
	s.t.Helper()
	dsn, base := as.user+":"+as.password+"@tcp("+s.MySQL+")/default", "http://"+s.HTTP
	if as.tls {
		dsn, base = dsn+"?tls=skip-verify", "https://"+s.Ports["https"]
	}
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		s.t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	return &client{s: s, as: as, base: base, db: db, http: &http.Client{Transport: transport}}
}

func (c *client) close() {
	c.once.Do(func() {
		c.db.Close()
		c.http.CloseIdleConnections()
		for _, other := range c.others {
			other.close()
		}
	})
}

// use is one round of what users do, by each way in.
func (c *client) use() error {
	if err := c.useOnce(); err != nil {
		return err
	}
	for _, other := range c.others {
		if err := other.useOnce(); err != nil {
			return fmt.Errorf("as %s, TLS %v: %w", other.as.user, other.as.tls, err)
		}
	}
	return nil
}

// useOnce is a query, an upload, a list and a download.
func (c *client) useOnce() error {
	ctx, cancel := context.WithTimeout(context.Background(), honestWithin)
	defer cancel()
	var n int
	if err := c.db.QueryRowContext(ctx, "SELECT 1 + 1").Scan(&n); err != nil || n != 2 {
		return fmt.Errorf("SELECT 1 + 1: %d, %w", n, err)
	}
	content := strings.Repeat("honest ", 1000)
	if err := c.upload(ctx, "honest.txt", content); err != nil {
		return err
	}
	rows, err := c.db.QueryContext(ctx, "LIST @s PATTERN = 'honest.*'")
	if err != nil {
		return fmt.Errorf("LIST: %w", err)
	}
	for n = 0; rows.Next(); n++ {
	}
	if err := rows.Err(); err != nil || n != 1 {
		return fmt.Errorf("LIST: %d rows, %w", n, err)
	}
	return c.download(ctx, "honest.txt", content)
}

func (c *client) upload(ctx context.Context, name, content string) error {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("upload", name)
	if err != nil {
		return err
	}
	io.WriteString(part, content)
	form.Close()
	return c.send(ctx, form, &body)
}

// send uploads a form into the stage s.
func (c *client) send(ctx context.Context, form *multipart.Writer, body io.Reader) error {
	req, err := http.NewRequestWithContext(ctx, "PUT", c.base+"/v1/upload_to_stage", body)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", form.FormDataContentType())
	req.Header.Set("x-databend-stage-name", "s")
	_, err = c.do(req)
	return err
}

func (c *client) download(ctx context.Context, name, want string) error {
	req, err := http.NewRequestWithContext(ctx, "GET", c.base+"/v1/stage/s/"+name, nil)
	if err != nil {
		return err
	}
	if got, err := c.do(req); err != nil || got != want {
		return fmt.Errorf("GET %s: %d bytes, want %d: %w", name, len(got), len(want), err)
	}
	return nil
}

func (c *client) do(req *http.Request) (string, error) {
	if c.as.password != "" {
		req.SetBasicAuth(c.as.user, c.as.password)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != 200 {
		err = fmt.Errorf("%s %s: %s %.300s", req.Method, req.URL.Path, resp.Status, body)
	}
	return string(body), err
}

// The bound of the memory is the system's, from the first moment on.
func TestBoundIsThere(t *testing.T) {
	s := start(t, harness.Options{MaxFiles: 1024})
	limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", s.PID()))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"Max data size": "1073741824", "Max open files": "1024"} {
		_, rest, _ := strings.Cut(string(limits), name)
		if fields := strings.Fields(rest); len(fields) == 0 || fields[0] != want {
			t.Errorf("%s is %.60q, want %s", name, rest, want)
		}
	}
	s.under(func() {})
	for _, stack := range s.Goroutines() {
		if strings.Contains(stack, "server.(*conn).serve") {
			t.Errorf("a connection that ended is still served:\n%s", stack)
		}
	}
}
