package tests

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"wharf/tests/harness"
)

// metric gives the value of a metric with its labels, -1 if it is not there.
func metric(text, name string) float64 {
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), name+" "); ok {
			v, err := strconv.ParseFloat(value, 64)
			if err != nil {
				return -1
			}
			return v
		}
	}
	return -1
}

// TestMetrics does something of each kind and looks for it in the metrics.
func TestMetrics(t *testing.T) {
	t.Parallel()
	g := harness.StartS3(t, root, "metrics-access", fakeSecret)
	s := start(t, settings{args: []string{"--metrics-addr", "127.0.0.1:0"}, env: []string{"WHARF_ROOT_PASSWORD=" + rootPassword},
		secrets: []string{fakeSecret, rootPassword}})
	db, as := s.dbAs("root:"+rootPassword, ""), []string{"-u", "root:" + rootPassword}
	for _, q := range []string{"CREATE STAGE s", "CREATE STAGE a$b", g.CreateStage("outer", "")} {
		if _, err := db.ExecContext(s.context(), q); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.ExecContext(s.context(), "LIST @nostage"); err == nil {
		t.Error("LIST of no stage works")
	}
	if _, err := db.ExecContext(s.context(), "SELEC 'a secret in a statement'"); err == nil {
		t.Error("a statement that cannot be read works")
	}
	base := "http://" + s.http
	for _, c := range [][]string{
		{"-T", "testdata/page/internal.txt", base + "/v1/stage/s/a"}, {base + "/v1/stage/s/a"}, {base + "/v1/stage/s/"},
		{"-T", "testdata/page/internal.txt", base + "/v1/stage/outer/a"}, {base + "/v1/stage/s/none"},
	} {
		s.curl(append(c, as...)...)
	}
	s.curl("-u", "root:wrong-password-in-metrics", base+"/v1/stage/s/a")
	if err := s.dbAs("root:wrong-password-in-metrics", "").PingContext(s.context()); err == nil {
		t.Error("a wrong password is let in")
	}
	for i := range 50 {
		s.curl("-X", fmt.Sprintf("M%d", i), fmt.Sprintf("%s/path-of-a-stranger-%d", base, i))
	}
	if r := s.curl(base + "/metrics"); r.status != 401 {
		t.Errorf("without a password: %d", r.status)
	}
	r := s.curl(append(as, base+"/metrics")...)
	alone := s.curl("http://" + s.Ports["metrics"] + "/metrics")
	if r.status != 200 || alone.status != 200 {
		t.Fatalf("metrics: %d %s, and alone %d", r.status, r.body, alone.status)
	}
	text := string(r.body)
	for name, want := range map[string]float64{
		`wharf_http_requests_total{action="upload",status="200"}`: 2, `wharf_http_requests_total{action="download",status="200"}`: 1,
		`wharf_http_requests_total{action="download",status="404"}`: 1, `wharf_http_requests_total{action="list",status="200"}`: 1,
		`wharf_http_requests_total{action="other",status="404"}`: 50, `wharf_http_request_seconds_count{action="upload"}`: 2,
		`wharf_mysql_statements_total{action="CREATE STAGE",error="0"}`: 3, `wharf_mysql_statements_total{action="LIST FILES",error="1146"}`: 1,
		`wharf_mysql_statements_total{action="unreadable",error="1064"}`: 1, `wharf_mysql_statement_seconds_count{action="CREATE STAGE"}`: 3,
		`wharf_logins_refused_total{port="http"}`: 2, `wharf_logins_refused_total{port="mysql"}`: 1,
		`wharf_stage_files{stage="s"}`: 1, `wharf_stage_files{stage="(others)"}`: 0, `wharf_store_queue`: 0,
		`wharf_s3_requests_total{operation="PutObject",status="2xx"}`: 1, `wharf_uploads_waiting`: 0,
	} {
		if got := metric(text, name); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	for _, name := range []string{
		"wharf_http_received_bytes_total", "wharf_http_sent_bytes_total", "wharf_mysql_received_bytes_total", "wharf_mysql_sent_bytes_total",
		"wharf_connections", "wharf_mysql_connections", `wharf_stage_bytes{stage="s"}`, "wharf_store_sync_seconds_count", "wharf_store_commit_changes_sum",
		"wharf_mysql_accepted_total", `wharf_s3_request_seconds_count{operation="PutObject"}`, "process_open_fds", "go_goroutines",
	} {
		if metric(text, name) <= 0 {
			t.Errorf("%s is %v", name, metric(text, name))
		}
	}
	wantDocumented(t, text)
	for _, secret := range []string{fakeSecret, rootPassword, "metrics-access", "wrong-password", "a secret", "stranger", `method="M`} {
		if strings.Contains(text, secret) {
			t.Errorf("the metrics have %q", secret)
		}
	}
	if n := len(regexp.MustCompile(`(?m)^wharf_`).FindAllString(text, -1)); n > 500 {
		t.Errorf("there are %d series", n)
	}
}

// wantDocumented wants every metric that README.md names to be among those of text.
func wantDocumented(t *testing.T, text string) {
	t.Helper()
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	// Those of a build without DuckDB and of servers with an audit log are not in every one.
	for _, name := range regexp.MustCompile("`(wharf_[a-z0-9_]+)`").FindAllStringSubmatch(string(readme), -1) {
		if !strings.Contains(text, "\n"+name[1]+" ") && !strings.Contains(text, "\n"+name[1]+"{") && !strings.Contains(text, "\n"+name[1]+"_count") && !strings.Contains(name[1], "audit") {
			t.Errorf("README.md names %s, which is not among the metrics", name[1])
		}
	}
}

// TestMetricsOfAnotherAddress has the address of the metrics answer with them and
// with health alone.
func TestMetricsOfAnotherAddress(t *testing.T) {
	t.Parallel()
	s := start(t, settings{args: []string{"--metrics-addr", "127.0.0.1:0"}})
	base := "http://" + s.Ports["metrics"]
	for path, status := range map[string]int{"/metrics": 200, "/v1/health/live": 200, "/v1/health/ready": 200, "/": 404, "/v1/stage/s/": 404, "/README.md": 404} {
		if r := s.curl(base + path); r.status != status {
			t.Errorf("%s: %d, want %d", path, r.status, status)
		}
	}
	if r := s.curl("-X", "PUT", base+"/metrics"); r.status != 405 {
		t.Errorf("PUT: %d", r.status)
	}
	for _, path := range []string{"/v1/health/live", "/v1/health/ready", "/metrics"} {
		if r := s.curl("http://" + s.http + path); r.status != 200 {
			t.Errorf("%s without a password, from this machine: %d %s", path, r.status, r.body)
		}
	}
	if r := s.curl("-H", "Host: evil.example", "http://"+s.http+"/metrics"); r.status != 403 {
		t.Errorf("a page of another name reads the metrics: %d", r.status)
	}
}
