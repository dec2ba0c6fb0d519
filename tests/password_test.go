package tests

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const rootPassword = "c0rrect horse & battery"

// With a password, both ports want it, from this machine too, and may be
// open to others.
func TestRootPassword(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte(rootPassword+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]settings{
		"variable": {env: []string{"WHARF_ROOT_PASSWORD=" + rootPassword}},
		"file":     {args: []string{"--root-password-file", file}},
	} {
		t.Run(name, func(t *testing.T) {
			o.secrets = []string{rootPassword}
			s := start(t, o)
			mysqlPassword(t, s)
			httpPassword(t, s)
		})
	}
}

func mysqlPassword(t *testing.T, s *server) {
	for _, plugin := range []string{"mysql_native_password", "caching_sha2_password"} {
		for range 2 { // the second time the server may remember the first
			out := s.mariadbAs("root", rootPassword, "", "--default-auth="+plugin, "-N", "-e", "SELECT 1")
			if out.code != 0 || out.stdout != "1\n" {
				t.Errorf("%s: %d, %q %s", plugin, out.code, out.stdout, out.stderr)
			}
		}
		for _, wrong := range []string{"", "wrong"} {
			out := s.mariadbAs("root", wrong, "", "--default-auth="+plugin, "-e", "SELECT 1")
			if out.code == 0 || !strings.Contains(out.stderr, "ERROR 1045 (28000)") {
				t.Errorf("%s with password %q: %d, %s", plugin, wrong, out.code, out.stderr)
			}
		}
	}
	out := s.mariadbAs("nobody", rootPassword, "", "-e", "SELECT 1")
	if out.code == 0 || !strings.Contains(out.stderr, "ERROR 1045 (28000)") {
		t.Errorf("unknown user: %d, %s", out.code, out.stderr)
	}
	for _, params := range []string{"", "interpolateParams=true", "tls=skip-verify"} {
		if err := s.dbAs("root:"+rootPassword, params).PingContext(s.context()); err != nil {
			t.Errorf("go-sql-driver with %q: %v", params, err)
		}
		wantSQLError(t, s.dbAs("root:wrong", params).PingContext(s.context()), 1045, "28000")
		wantSQLError(t, s.dbAs("root", params).PingContext(s.context()), 1045, "28000")
	}
}

func httpPassword(t *testing.T, s *server) {
	if err := s.dbAs("root:"+rootPassword, "").PingContext(s.context()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.dbAs("root:"+rootPassword, "").ExecContext(s.context(), "CREATE STAGE s"); err != nil {
		t.Fatal(err)
	}
	upload := []string{"-H", "stage_name:s", "-F", "upload=@testdata/files/books.csv", s.uploadURL()}
	for user, status := range map[string]int{"": 401, "root:wrong": 401, "root:": 401, "nobody:" + rootPassword: 401, "root:" + rootPassword: 200} {
		args := upload
		if user != "" {
			args = append([]string{"-u", user}, upload...)
		}
		r := s.curl(args...)
		if r.status != status {
			t.Errorf("user %q: %d %s, want %d", user, r.status, r.body, status)
		}
		if status == 401 {
			r.wantFailure(t, 401, "unauthenticated", []string{})
		}
	}
	if r := s.curl("http://" + s.http + "/v1/stage/s/books.csv"); r.status != 401 {
		t.Errorf("GET of a file without a password: %d", r.status)
	}
	if r := s.curl("http://" + s.http + "/v1/health"); r.status != 200 {
		t.Errorf("health without a password: %d", r.status)
	}
}

// Without a password root logs in from this machine, with none; a client
// that sends one is refused, and so is anybody else.
func TestNoPassword(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	for _, plugin := range []string{"mysql_native_password", "caching_sha2_password"} {
		if out := s.mariadb("", "--default-auth="+plugin, "-N", "-e", "SELECT 1"); out.stdout != "1\n" {
			t.Errorf("%s: %s", plugin, out.stderr)
		}
	}
	wantSQLError(t, s.dbAs("root:some", "").PingContext(s.context()), 1045, "28000")
	wantSQLError(t, s.dbAs("nobody", "").PingContext(s.context()), 1045, "28000")
}

// With a password a port may be open to other machines.
func TestOpenPortsWithPassword(t *testing.T) {
	t.Parallel()
	s := start(t, settings{
		args:    []string{"--mysql-addr", "0.0.0.0:0", "--http-addr", "0.0.0.0:0", "--key-file", keyElsewhere(t)},
		env:     []string{"WHARF_ROOT_PASSWORD=" + rootPassword},
		secrets: []string{rootPassword},
	})
	if r := s.curl("-H", "Host: any.example", "-u", "root:"+rootPassword, "http://"+s.http+"/v1/health"); r.status != 200 {
		t.Errorf("health: %d %s", r.status, r.body)
	}
	if !strings.Contains(s.Log(), "passwords and tokens cross the network as they are") {
		t.Error("the log does not warn of the plain HTTP port")
	}
}
