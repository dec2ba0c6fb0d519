package tests

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"wharf/tests/harness"
)

// keyElsewhere is a place for the sealing key of a server that other machines
// reach, which may not be in the data folder.
func keyElsewhere(t testing.TB) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "sealing.key")
}

// TestOntoANetwork goes from a server on a laptop to one on a network, as README.md
// says: with a password, the key elsewhere, and TLS alone. What was there before is
// there after, and the data folder without the key gives nothing away.
func TestOntoANetwork(t *testing.T) {
	t.Parallel()
	s := start(t, settings{secrets: []string{fakeSecret}})
	s.exec("CREATE STAGE s", harness.CreateS3Stage("t", harness.Bucket, "", "https://s3.example.com", "access", fakeSecret))
	content := []byte(`{"a":1}`)
	s.mustUpload("s", "a.ndjson", content)
	s.Stop()
	password, key := filepath.Join(t.TempDir(), "password"), keyElsewhere(t)
	if err := os.WriteFile(password, []byte(rootPassword+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"--mysql-addr", "0.0.0.0:0", "--https-addr", "0.0.0.0:0", "--require-tls", "--root-password-file", password}
	wantRefused(t, settings{}, append([]string{"serve", "--data-dir", s.dir}, args...), "--mysql-addr 0.0.0.0:0", "sealing key is beside the data", "wharf rekey --data-dir "+s.dir)
	out := capture(t, command(t, settings{}, "rekey", "--data-dir", s.dir, "--new-key-file", key), "")
	if out.code != 0 || out.stderr != "" || !strings.Contains(out.stdout, "made a new key in "+key) {
		t.Fatalf("wharf rekey: %d, %q, %q", out.code, out.stdout, out.stderr)
	}
	network := start(t, settings{dir: s.dir, args: append(args[:len(args):len(args)], "--key-file", key), secrets: []string{fakeSecret, rootPassword}})
	db := network.dbAs("root:"+rootPassword, "tls=skip-verify")
	var size int
	if err := db.QueryRow("SELECT COUNT(*) FROM LIST_STAGE(LOCATION => '@s')").Scan(&size); err != nil || size != 1 {
		t.Errorf("the stage has %d files, %v", size, err)
	}
	var keys string
	if err := db.QueryRow("SELECT COUNT(*) FROM system.stages WHERE name = 't' AND stage_type = 'External'").Scan(&keys); err != nil || keys != "1" {
		t.Errorf("%s external stages, %v", keys, err)
	}
	network.Stop()
	secret, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	wantSealed(t, s.dir, fakeSecret, rootPassword, strings.TrimSpace(string(secret)))

	// The key by a variable; no process that the server starts has it.
	byVariable := settings{dir: s.dir, args: args, env: []string{"WHARF_KEY=" + string(secret)}, secrets: []string{fakeSecret, rootPassword, strings.TrimSpace(string(secret))}}
	network = start(t, byVariable)
	if err := network.dbAs("root:"+rootPassword, "tls=skip-verify").QueryRow("SELECT COUNT(*) FROM s.`a.ndjson`").Scan(&size); err != nil || size != 1 {
		t.Errorf("the file has %d rows, %v", size, err)
	}
	workers := network.workers()
	for _, pid := range workers {
		if environ, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid)); err != nil || bytes.Contains(environ, []byte("WHARF_KEY")) {
			t.Errorf("the environment of a worker: %q, %v", environ, err)
		}
	}
	if len(workers) == 0 {
		t.Error("there are no workers")
	}
}

// TestSandboxIsRequiredOffLoopback has strace answer for a kernel without Landlock.
func TestSandboxIsRequiredOffLoopback(t *testing.T) {
	t.Parallel()
	without := func(args ...string) (code int, stdout, stderr string) {
		inner := command(t, settings{env: []string{"WHARF_ROOT_PASSWORD=" + rootPassword}},
			append([]string{"serve", "--data-dir", filepath.Join(t.TempDir(), "data"), "--mysql-addr", "127.0.0.1:0"}, args...)...)
		cmd := exec.Command("strace", append([]string{"-f", "--seccomp-bpf", "-qq", "-o", os.DevNull, "-e", "trace=landlock_create_ruleset", "-e", "inject=landlock_create_ruleset:error=ENOSYS"}, inner.Args...)...)
		cmd.Env, cmd.Dir = inner.Env, inner.Dir
		out := capture(t, cmd, "")
		return out.code, out.stdout, out.stderr
	}
	code, stdout, stderr := without("--http-addr", "0.0.0.0:0", "--key-file", keyElsewhere(t), "--log-level", "error")
	if code != 1 || stdout != "" || strings.Count(stderr, "\n") != 1 {
		t.Errorf("status %d, %q, %q", code, stdout, stderr)
	}
	for _, w := range []string{"--http-addr 0.0.0.0:0 is open to other machines", "this kernel lacks Landlock", "--require-sandbox=false"} {
		if !strings.Contains(stderr, w) {
			t.Errorf("%q does not tell %q", stderr, w)
		}
	}
}
