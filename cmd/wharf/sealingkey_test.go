package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wharf/meta"
)

// A key in two forms. It is no key of anything.
var (
	someKey    = bytes.Repeat([]byte("Wharf's! "), 4)[:32]
	someKeyHex = fmt.Sprintf("%x", someKey)
	someKey64  = base64.StdEncoding.EncodeToString(someKey)
)

// serveWith starts a server that stops when it is ready.
func serveWith(t *testing.T, dir string, e environment, args ...string) (status int, errOut string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var log bytes.Buffer
	args = append([]string{"serve", "--data-dir", dir, "--mysql-addr=127.0.0.1:0", "--http-addr=127.0.0.1:0"}, args...)
	status = run(ctx, args, e, onWrite(cancel), &log)
	return status, log.String()
}

// onWrite calls a function when something is written.
type onWrite func()

func (f onWrite) Write(p []byte) (int, error) { f(); return len(p), nil }

// command runs a command that ends by itself, and gives all that it wrote.
func command(t *testing.T, e environment, args ...string) (status int, out string) {
	t.Helper()
	var b bytes.Buffer
	status = run(t.Context(), args, e, &b, &b)
	return status, b.String()
}

// TestKeySources has one catalog under a key that comes from each source.
func TestKeySources(t *testing.T) {
	dir, file := t.TempDir(), writeFile(t, someKeyHex+"\n")
	from := map[string]struct {
		e    environment
		args []string
	}{
		"a variable":         {env("WHARF_KEY", someKey64), nil},
		"a file":             {env(), []string{"--key-file", file}},
		"a file by variable": {env("WHARF_KEY_FILE", file), nil},
		"a command":          {env(), []string{"--key-command", "echo unlocking >&2; cat " + file}},
		"the config file":    {env(), []string{"--config", writeFile(t, fmt.Sprintf("key-command = \"echo %s\"\n", someKey64))}},
	}
	for name, f := range from {
		status, log := serveWith(t, dir, f.e, f.args...)
		if status != 0 || strings.Contains(log, someKeyHex) || strings.Contains(log, someKey64) {
			t.Fatalf("%s: status %d, %s", name, status, log)
		}
		if said := strings.Contains(log, "line=unlocking"); said != (name == "a command") {
			t.Errorf("%s: what the command wrote to standard error is in the log: %t", name, said)
		}
		if status, out := command(t, f.e, append([]string{"check", "--data-dir", dir}, f.args...)...); status != 0 || !strings.HasSuffix(out, "nothing is wrong\n") {
			t.Errorf("check with %s: status %d, %q", name, status, out)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "catalog.key")); err == nil {
		t.Error("a key was made beside the data")
	}
	for name, c := range map[string]struct {
		e    environment
		args []string
		want string
	}{
		"none":            {env(), nil, "catalog.key is missing beside catalog.db"},
		"another":         {env("WHARF_KEY", strings.Repeat("0", 64)), nil, "WHARF_KEY is not the key of catalog.db"},
		"no key":          {env("WHARF_KEY", "hunter2"), nil, "WHARF_KEY is no key"},
		"another printed": {env(), []string{"--key-command", "echo " + strings.Repeat("0", 64)}, "the output of --key-command is not the key of catalog.db"},
		"no file":         {env(), []string{"--key-file", file + "-none"}, file + "-none is missing"},
	} {
		for _, cmd := range []string{"serve", "check", "rekey"} {
			args := append([]string{cmd, "--data-dir", dir}, c.args...)
			if cmd == "serve" {
				args = append(args, "--mysql-addr=127.0.0.1:0", "--http-addr=127.0.0.1:0", "--log-level=error")
			} else if cmd == "rekey" {
				args = append(args, "--new-key-file", file+"-none2")
			}
			status, out := command(t, c.e, args...)
			if status != 1 || !strings.Contains(out, c.want) || strings.Contains(out, "damaged") || strings.Contains(out, "hunter2") {
				t.Errorf("%s with %s: status %d, %q, want %q", cmd, name, status, out, c.want)
			}
		}
	}
}

func TestKeySourcesRefused(t *testing.T) {
	for _, c := range []struct {
		args []string
		e    environment
		want string
	}{
		{[]string{"serve", "--key-file=/k"}, env("WHARF_KEY", someKeyHex), "--key-file and WHARF_KEY are both set"},
		{[]string{"serve", "--key-file=/k", "--key-command=true"}, env(), "--key-file and --key-command are both set"},
		{[]string{"check"}, env("WHARF_KEY", someKeyHex, "WHARF_KEY_COMMAND", "true"), "WHARF_KEY_COMMAND and WHARF_KEY are both set"},
		{[]string{"rekey"}, env("WHARF_KEY", someKeyHex), "--new-key-file FILE says where"},
		{[]string{"rekey", "--key-command=true"}, env(), "--new-key-file FILE says where"},
		{[]string{"serve", "--new-key-file=/k"}, env(), "no flag --new-key-file"},
		{[]string{"rekey", "x"}, env(), `rekey takes no argument "x"`},
	} {
		if status, out := command(t, c.e, c.args...); status != 2 || !strings.Contains(out, c.want) || strings.Contains(out, someKeyHex) {
			t.Errorf("%q: status %d, %q, want %q", c.args, status, out, c.want)
		}
	}
}

func TestKeyCommand(t *testing.T) {
	for command, want := range map[string]string{
		"echo no token >&2; exit 3":             "it failed, exit status 3: no token",
		"true":                                  "it wrote nothing to standard output",
		"head -c 100000 /dev/zero":              "it wrote more to standard output than a key",
		"echo waiting >&2; sleep 60 & sleep 60": "it took longer than 300ms: waiting",
		"/nonexistent/command 2>&-":             "it failed, exit status 127",
		"echo " + someKey64 + "; exit 1":        "it failed, exit status 1",
	} {
		began, within := time.Now(), time.Minute
		if strings.Contains(command, "sleep") {
			within = 300 * time.Millisecond
		}
		text, err := runKeyCommand(t.Context(), command, within, func(string) {})
		if err == nil || text != "" || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), someKey64) || time.Since(began) > 30*time.Second {
			t.Errorf("%s: %q, %v, want %q", command, text, err, want)
		}
	}
	var said []string
	text, err := runKeyCommand(t.Context(), "set -x; echo "+someKey64, time.Minute, func(line string) { said = append(said, line) })
	if err != nil || text != someKey64 || len(said) != 1 || strings.Contains(said[0], someKey64) {
		t.Errorf("%q, %v; said %q", text, err, said)
	}
}

// TestKeyBesideTheData: a server that other machines reach does not start with it,
// and the command that its error names moves it.
func TestKeyBesideTheData(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	t.Setenv("XDG_CONFIG_HOME", "")
	dir := filepath.Join(t.TempDir(), "it's data")
	key := filepath.Join(t.TempDir(), "new folder", "key")
	e := env("WHARF_ROOT_PASSWORD", "hunter2")
	open := []string{"--http-addr=0.0.0.0:0", "--log-level=error"}
	refused := func(want string, args ...string) string {
		t.Helper()
		status, out := serveWith(t, dir, e, append(open, args...)...)
		if status != 1 || !strings.Contains(out, "--http-addr 0.0.0.0:0 is open to other machines while the sealing key is beside the data") ||
			!strings.Contains(out, want) || strings.Count(out, "\n") != 1 {
			t.Errorf("%q: status %d, %q, want %q", args, status, out, want)
		}
		return out
	}
	served := func(args ...string) {
		t.Helper()
		if status, out := serveWith(t, dir, e, args...); status != 0 {
			t.Errorf("%q: status %d, %q", args, status, out)
		}
	}
	refused(": add --key-file ")
	refused(": add --key-file ", "--key-file", filepath.Join(dir, "sub", "key"))
	served("--log-level=error")
	served("--log-level=error", "--metrics-addr=0.0.0.0:0")
	old, err := os.ReadFile(filepath.Join(dir, "catalog.key"))
	if err != nil {
		t.Fatal(err)
	}
	said := refused("in " + filepath.Join(dir, "catalog.key") + ": run wharf rekey --data-dir " + `'` + strings.ReplaceAll(dir, "'", `'\''`) + `' --new-key-file ` + keyElsewhere())
	if strings.Contains(said, "--key-file "+dir) {
		t.Errorf("it says %q", said)
	}
	if status, out := command(t, e, "rekey", "--data-dir", dir, "--new-key-file", key); status != 0 || !strings.Contains(out, "the old key catalog.key is removed") {
		t.Fatalf("rekey: status %d, %q", status, out)
	}
	served(append(open, "--key-file", key)...)
	if status, out := serveWith(t, dir, e, "--log-level=error"); status != 1 || !strings.Contains(out, "catalog.key is missing") {
		t.Errorf("without --key-file: status %d, %q", status, out)
	}
	// The old key opens nothing; a copy of the present one does.
	copyOf := filepath.Join(dir, "backup of the key")
	if err := os.WriteFile(copyOf, old, 0o600); err != nil {
		t.Fatal(err)
	}
	served(append(open, "--key-file", key)...)
	text, err := os.ReadFile(key)
	if err == nil {
		err = os.WriteFile(copyOf, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	refused("in "+copyOf+" too: remove that file", "--key-file", key)
	refused("run wharf rekey --data-dir ", "--key-file", copyOf)
	if status, out := command(t, e, "rekey", "--data-dir", dir, "--key-file", key); status != 0 || !strings.Contains(out, "which is in "+key) {
		t.Errorf("rekey in place: status %d, %q", status, out)
	}
	served(append(open, "--key-file", key)...)
	if _, err := meta.Open(dir, meta.Options{Key: meta.Key{File: copyOf}}); err == nil {
		t.Error("the key before the last opens the catalog")
	}
}

// TestSandboxOffLoopback: it is required there unless that is set otherwise.
func TestSandboxOffLoopback(t *testing.T) {
	for args, want := range map[string]bool{
		"": false, "--http-addr=:0": true, "--mysql-addr=0.0.0.0:0": true, "--https-addr=[::]:0": true, "--metrics-addr=:0": false,
		"--http-addr=:0 --require-sandbox=false": false, "--require-sandbox": true, "--http-addr=:0 --require-sandbox=auto": true,
		"--http-addr=:0 --require-tls --https-addr=127.0.0.1:0": false, "--http-addr=localhost:0": false,
	} {
		c, err := loadConfig(strings.Fields(args), env("WHARF_ROOT_PASSWORD", "hunter2"))
		if err != nil || c.sandboxRequired() != want {
			t.Errorf("%q: %v, required %t", args, err, !want)
		}
	}
	if _, err := loadConfig([]string{"--require-sandbox=maybe"}, env()); err == nil || !strings.Contains(err.Error(), "auto, true or false") {
		t.Errorf("maybe: %v", err)
	}
}
