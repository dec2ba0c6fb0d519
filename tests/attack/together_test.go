//go:build !race

package attack

import (
	"bufio"
	"flag"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"wharf/tests/attack/load"
	"wharf/tests/harness"
)

var attackTime = flag.Duration("attack-time", 15*time.Second, "how long TestTogether attacks")

// TestTogether attacks one server with users in every way at once, with and
// without TLS. An honest user is served meanwhile, whether logged in before or
// not; then memory, files, connections and goroutines are returned.
func TestTogether(t *testing.T) {
	const password = "Their own 1"
	s := start(t, harness.Options{
		Args: []string{"--https-addr", "127.0.0.1:0"}, Env: []string{"WHARF_ROOT_PASSWORD=" + password}, Secrets: []string{password},
	})
	s.exec(s.root,
		"CREATE USER ann IDENTIFIED BY '"+password+"'", "GRANT READ, WRITE ON STAGE s TO ann",
		"CREATE USER eve IDENTIFIED BY '"+password+"'", "CREATE STAGE eve", "GRANT OWNERSHIP ON STAGE eve TO eve")
	s.honest = []access{{"ann", password, false}, {"ann", password, true}}
	s.settle()
	goroutines := s.metric(s.root, "go_goroutines")

	newcomers := 0
	s.under(func() {
		attack := load.Start(load.Target{MySQL: s.MySQL, HTTP: s.HTTP, HTTPS: s.Ports["https"], User: "eve", Password: password, Stage: "eve"})
		defer func() { attack.Stop(); t.Log(attack) }()
		for end := time.Now().Add(*attackTime); time.Now().Before(end) && !t.Failed(); {
			newcomer := s.honestClient()
			if err := newcomer.useAgain(); err != nil {
				t.Error("a client that had not logged in before:", err)
			}
			newcomer.close()
			newcomers++
		}
		t.Logf("%d clients that had not logged in before were served; %d connections were closed on honest clients", newcomers, s.lost.Load())
		for name, n := range attack.Opened() {
			if n == 0 {
				t.Errorf("%s: no connection was opened", name)
			}
		}
	})
	s.await(fmt.Sprintf("the goroutines to be %d again", goroutines), func() bool { return s.metric(s.root, "go_goroutines") <= goroutines })
}

// metric reads one number of /metrics.
func (s *target) metric(as access, name string) (n int) {
	s.t.Helper()
	c := s.client(as)
	defer c.close()
	req, err := http.NewRequestWithContext(s.t.Context(), "GET", c.base+"/metrics", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	text, err := c.do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
		if _, err := fmt.Sscanf(lines.Text(), name+" %d", &n); err == nil {
			return n
		}
	}
	s.t.Fatalf("there is no metric %s", name)
	return 0
}
