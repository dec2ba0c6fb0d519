package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func env(pairs ...string) environment {
	m := environment{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return m
}

func writeFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPrecedence(t *testing.T) {
	file := writeFile(t, "log-format = \"json\"\nupload_wait = \"1m\"\nmax-file-size = 10\n")
	for _, tc := range []struct {
		name string
		args []string
		env  environment
		want time.Duration
	}{
		{"default", nil, env(), 30 * time.Second},
		{"file", []string{"--config", file}, env(), time.Minute},
		{"file by variable", nil, env("WHARF_CONFIG", file), time.Minute},
		{"variable over file", []string{"--config=" + file}, env("WHARF_UPLOAD_WAIT", "2m"), 2 * time.Minute},
		{"flag over variable", []string{"--upload-wait=3m"}, env("WHARF_UPLOAD_WAIT", "2m"), 3 * time.Minute},
		{"single dash", []string{"-upload-wait", "3m"}, env(), 3 * time.Minute},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, err := loadConfig(tc.args, tc.env)
			if err != nil {
				t.Fatal(err)
			}
			if c.uploadWait != tc.want {
				t.Errorf("upload-wait is %s, want %s", c.uploadWait, tc.want)
			}
		})
	}
}

func TestEndpointVariables(t *testing.T) {
	own, s3, all := "http://own:1", "http://s3:1", "http://all:1"
	for _, tc := range []struct {
		env  environment
		want string
	}{
		{env("AWS_ENDPOINT_URL", all), all},
		{env("AWS_ENDPOINT_URL", all, "AWS_ENDPOINT_URL_S3", s3), s3},
		{env("AWS_ENDPOINT_URL", all, "AWS_ENDPOINT_URL_S3", s3, "WHARF_S3_ENDPOINT", own), own},
	} {
		c, err := loadConfig(nil, tc.env)
		if err != nil {
			t.Fatal(err)
		}
		if c.s3Endpoint != tc.want {
			t.Errorf("endpoint is %q, want %q", c.s3Endpoint, tc.want)
		}
	}
}

func TestListOfFolders(t *testing.T) {
	list := writeFile(t, `fs-allow = ["/srv/a", "/srv/b"]`)
	for _, tc := range []struct {
		args []string
		env  environment
		want string
	}{
		{nil, env(), ""},
		{[]string{"--fs-allow=/srv/a"}, env("WHARF_FS_ALLOW", "/srv/c"), "/srv/a"},
		{[]string{"--fs-allow=/srv/a/", "--fs-allow", "/srv//b"}, env(), "/srv/a /srv/b"},
		{[]string{"--fs-allow=/srv/a,/srv/b"}, env(), "/srv/a /srv/b"},
		{nil, env("WHARF_FS_ALLOW", "/srv/a,/srv/b"), "/srv/a /srv/b"},
		{[]string{"--config", list}, env(), "/srv/a /srv/b"},
	} {
		c, err := loadConfig(tc.args, tc.env)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(c.fsAllow, " "); got != tc.want {
			t.Errorf("%v: the folders are %q, want %q", tc.args, got, tc.want)
		}
	}
	c, err := loadConfig([]string{"--fs-allow=here"}, env())
	if err != nil || len(c.fsAllow) != 1 || !filepath.IsAbs(c.fsAllow[0]) {
		t.Errorf("a relative folder: %v, %v", c, err)
	}
}

func TestListOfOrigins(t *testing.T) {
	list := writeFile(t, `cors-origin = ["https://a.example", "null"]`)
	for _, tc := range []struct {
		args []string
		env  environment
		want string
	}{
		{nil, env(), ""},
		{[]string{"--cors-origin=https://App.Example:443/", "--cors-origin", "http://localhost:3000"}, env(), "https://app.example http://localhost:3000"},
		{[]string{"--cors-origin", "*"}, env("WHARF_CORS_ORIGIN", "null"), "*"},
		{nil, env("WHARF_CORS_ORIGIN", "HTTP://a:80, tauri://localhost,http://[::1]:8080"), "http://a tauri://localhost http://[::1]:8080"},
		{[]string{"--config", list}, env(), "https://a.example null"},
	} {
		c, err := loadConfig(tc.args, tc.env)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(c.corsOrigins, " "); got != tc.want {
			t.Errorf("%v: the origins are %q, want %q", tc.args, got, tc.want)
		}
	}
	for _, bad := range []string{"app.example", "https://", "https://a/path", "https://u@a", "https://a?", "https://*.example", "https://a,", "https://ä.example"} {
		if _, err := loadConfig([]string{"--cors-origin=" + bad}, env()); err == nil || !strings.Contains(err.Error(), "an origin is") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// TestRefused runs the whole command: each of these is one line on standard
// error that names the offender, and the exit status 2.
func TestRefused(t *testing.T) {
	empty := writeFile(t, "\n")
	data, link := filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "link")
	if err := errors.Join(os.MkdirAll(filepath.Join(data, "files"), 0o700), os.Symlink(data, link),
		os.WriteFile(filepath.Join(data, lockFile), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	pipe, loop := filepath.Join(t.TempDir(), "pipe"), filepath.Join(t.TempDir(), "loop")
	if err := errors.Join(unix.Mkfifo(pipe, 0o600), os.Symlink(loop, loop)); err != nil {
		t.Fatal(err)
	}
	absent := filepath.Join(t.TempDir(), "absent")
	for _, tc := range []struct {
		args []string
		env  environment
		want string
	}{
		{nil, env(), "a command is missing"},
		{[]string{"server"}, env(), `"server" is not a command`},
		{[]string{"serve", "--nope"}, env(), "no flag --nope;"},
		{[]string{"serve", "x"}, env(), `no argument "x"`},
		{[]string{"serve", "--data-dir"}, env(), "--data-dir needs a value"},
		{[]string{"serve", "--data-dir", "--log-level=debug"}, env(), "--data-dir needs a value, and --log-level=debug is a flag"},
		{[]string{"serve", "--s3-server-credentials", "false", "x"}, env(), `no argument "x"`},
		{[]string{"serve", "--s3-server-credentials=maybe"}, env(), "true or false"},
		{[]string{"serve", "--repair"}, env(), "no flag --repair"},
		{[]string{"check", "x"}, env(), `check takes no argument "x"`},
		{[]string{"check", "--repair=maybe"}, env(), "--repair cannot be \"maybe\": it must be true or false"},
		{[]string{"serve", "--data-dir="}, env(), "empty"},
		{[]string{"serve", "--mysql-addr=3307"}, env(), "HOST:PORT"},
		{[]string{"serve", "--http-addr=127.0.0.1:99999"}, env(), "65535"},
		{[]string{"serve", "--max-file-size=5 parsecs"}, env(), "number of bytes"},
		{[]string{"serve", "--max-file-size=9000000TiB"}, env(), "number of bytes"},
		{[]string{"serve", "--upload-wait=5"}, env(), "unit"},
		{[]string{"serve", "--upload-memory=5"}, env(), "at least 1MiB"},
		{[]string{"serve"}, env("WHARF_LOG_LEVEL", "loud"), "WHARF_LOG_LEVEL"},
		{[]string{"serve", "--log-level=loud"}, env(), "it must be debug, info, warn or error"},
		{[]string{"serve", "--log-format=xml"}, env(), "text or json"},
		{[]string{"serve", "--public-url=localhost"}, env(), "--public-url"},
		{[]string{"serve", "--s3-endpoint=http://u:p@h"}, env(), "without keys"},
		{[]string{"serve", "--fs-allow=/a,,/b"}, env(), "one of its folders is empty"},
		{[]string{"serve", "--data-dir=" + data, "--fs-allow=/nonexistent"}, env(), "--fs-allow /nonexistent: no such file"},
		{[]string{"serve", "--data-dir=" + data, "--fs-allow=" + empty}, env(), "is not a folder"},
		{[]string{"serve", "--data-dir=" + data, "--fs-allow=/"}, env(), "must not hold each other"},
		{[]string{"serve", "--data-dir=" + data, "--fs-allow=" + data}, env(), "must not hold each other"},
		{[]string{"serve", "--data-dir=" + data, "--fs-allow=" + filepath.Join(data, "files")}, env(), "must not hold each other"},
		{[]string{"serve", "--data-dir=" + data, "--fs-allow=" + link}, env(), "must not hold each other"},
		{[]string{"serve", "--data-dir=" + data, "--fs-allow=" + loop}, env(), "--fs-allow " + loop + ": EvalSymlinks: too many links"},
		{[]string{"serve", "--config=" + writeFile(t, "fs-allow = [1]")}, env(), "neither text"},
		{[]string{"serve", "--mysql-addr=0.0.0.0:0"}, env(), "--mysql-addr 0.0.0.0:0 is open"},
		{[]string{"serve", "--http-addr=:0"}, env(), "--http-addr :0 is open"},
		{[]string{"serve", "--mysql-addr=no host:0"}, env(), "--mysql-addr no host:0: lookup no host"},
		{[]string{"serve", "--root-password-file=" + absent}, env(), "--root-password-file cannot be \"" + absent + "\": no such file"},
		{[]string{"serve", "--root-password-file=" + pipe}, env(), "it is not a regular file"},
		{[]string{"serve", "--data-dir=" + absent, "--root-password-file=" + writeFile(t, "a\x00b")}, env(), "NUL"},
		{[]string{"serve", "--data-dir=" + absent}, env("WHARF_ROOT_PASSWORD", strings.Repeat("x", 257)), "longer than 256 bytes"},
		{[]string{"serve", "--root-password-file=" + writeFile(t, strings.Repeat("x", 1<<20))}, env(), "longer than 256 bytes"},
		{[]string{"serve"}, env("WHARF_ROOT_PASSWORD", "a", "WHARF_ROOT_PASSWORD_FILE", empty), "are both set"},
		{[]string{"serve", "--root-password-file=" + empty}, env(), "first line is empty"},
		{[]string{"serve", "--config=/nonexistent"}, env(), "cannot be read"},
		{[]string{"serve", "--config=" + writeFile(t, "a = 1")}, env(), `unknown key "a";`},
		{[]string{"serve", "--config=" + writeFile(t, "log-level = [1]")}, env(), "neither text"},
		{[]string{"serve", "--config=" + writeFile(t, "log-level")}, env(), "cannot be read"},
		{[]string{"serve", "--config=" + writeFile(t, "data_dir = \"a\"\ndata-dir = \"b\"")}, env(), "sets data-dir twice"},
	} {
		t.Run(strings.Join(tc.args, " "), func(t *testing.T) {
			var out, errOut bytes.Buffer
			code := run(context.Background(), tc.args, tc.env, &out, &errOut)
			if code != 2 {
				t.Errorf("exit status %d, want 2", code)
			}
			if _, err := os.Stat(absent); err == nil {
				t.Error("the data folder was made before the settings were checked")
			}
			if got := errOut.String(); !strings.Contains(got, tc.want) || strings.Count(got, "\n") != 1 || out.Len() != 0 {
				t.Errorf("standard error is %q, want one line with %q", got, tc.want)
			}
		})
	}
}

// TestNetworkSettingsRefused has settings of ports, proxies and TLS that open more
// than they say, or nothing.
func TestNetworkSettingsRefused(t *testing.T) {
	for _, tc := range []struct{ arg, want string }{
		{"--public-url=https://stage.example.com", "--public-url https://stage.example.com is of another machine while root has no password"},
		{"--https-addr=0.0.0.0:0", "--https-addr 0.0.0.0:0 is open"},
		{"--tls-cert=/c", "--tls-cert and --tls-key go together"},
		{"--tls-key=/c", "--tls-cert and --tls-key go together"},
		{"--require-tls", "set --https-addr"},
		{"--trusted-proxy=10.0.0.0/33", "neither an IP address nor a CIDR"},
		{"--trusted-proxy=proxy.lan", "neither an IP address nor a CIDR"},
		{"--s3-allow=http://minio:9000", "is a URL; write its host and port"},
		{"--audit-size=1KiB", "at least 1MiB"},
		{"--metrics-addr=9100", "HOST:PORT"},
	} {
		if _, err := loadConfig([]string{tc.arg}, env()); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", tc.arg, err, tc.want)
		}
	}
	for _, args := range [][]string{
		{"--public-url=https://stage.localhost/x"}, {"--public-url=http://127.0.0.1:80"}, {"--require-tls", "--https-addr=127.0.0.1:0"},
		{"--trusted-proxy=127.0.0.1,10.0.0.0/8,::1", "--trusted-proxy=fd00::/8"}, {"--s3-allow=minio.lan:9000", "--s3-allow=10.0.0.0/8"},
	} {
		if _, err := loadConfig(args, env()); err != nil {
			t.Errorf("%q: %v", args, err)
		}
	}
}

// TestPasswordSources has more than one way to set root's password at once.
func TestPasswordSources(t *testing.T) {
	one, two := writeFile(t, "one\n"), writeFile(t, "two\n")
	inFile := writeFile(t, "root-password-file = \""+one+"\"\n")
	lost := writeFile(t, "root-password-file = \"/nonexistent\"\n")
	for _, tc := range []struct {
		args []string
		env  environment
		want string
	}{
		{nil, env(), ""},
		{[]string{"--config", inFile}, env(), "one"},
		{[]string{"--config", inFile}, env("WHARF_ROOT_PASSWORD", "own"), "own"},
		{[]string{"--config", lost}, env("WHARF_ROOT_PASSWORD", "own"), "own"},
		{[]string{"--config", inFile}, env("WHARF_ROOT_PASSWORD_FILE", two), "two"},
		{[]string{"--config", inFile, "--root-password-file", two}, env("WHARF_ROOT_PASSWORD", "own"), "two"},
		{[]string{"--root-password-file="}, env("WHARF_ROOT_PASSWORD", "own"), "own"},
	} {
		c, err := loadConfig(tc.args, tc.env)
		if err != nil {
			t.Errorf("%v: %v", tc.args, err)
		} else if got := c.rootPassword.Reveal(); got != tc.want {
			t.Errorf("%v: the password is %q, want %q", tc.args, got, tc.want)
		}
	}
}

func TestBooleanFlags(t *testing.T) {
	for args, want := range map[string]bool{
		"": false, "--s3-server-credentials": true, "--s3-server-credentials=false": false, "--s3-server-credentials false": false,
		"--s3-server-credentials true": true, "--s3-server-credentials --data-dir=d": true,
	} {
		c, err := loadConfig(strings.Fields(args), env())
		if err != nil || c.s3ServerCredentials != want {
			t.Errorf("%q: %v, %v", args, c, err)
		}
	}
}

func TestHelpNamesEverySetting(t *testing.T) {
	var out, errOut bytes.Buffer
	for _, args := range [][]string{{"--help"}, {"serve", "--help"}, {"help"}} {
		out.Reset()
		if code := run(context.Background(), args, env(), &out, &errOut); code != 0 {
			t.Fatalf("%v: exit status %d: %s", args, code, errOut.String())
		}
		for _, s := range settings {
			if !strings.Contains(out.String(), "--"+s.name+" ") || !strings.Contains(out.String(), s.envName()) {
				t.Errorf("%v does not show %s", args, s.name)
			}
		}
	}
}

func TestPasswordLiftsLoopbackRule(t *testing.T) {
	file := writeFile(t, "hunter2 and more\n")
	for _, e := range []environment{env("WHARF_ROOT_PASSWORD", "hunter2 and more"), env("WHARF_ROOT_PASSWORD_FILE", file)} {
		c, err := loadConfig([]string{"--http-addr=0.0.0.0:0"}, e)
		if err != nil {
			t.Fatal(err)
		}
		if c.rootPassword.Reveal() != "hunter2 and more" {
			t.Error("the password was not taken as it is")
		}
	}
}

func TestForeignFolderIsRefused(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "thesis.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := openDataDir(dir); err == nil || !strings.Contains(err.Error(), "not a data folder") {
		t.Errorf("a folder of somebody else's was opened: %v", err)
	}
	if info, _ := os.Stat(dir); info.Mode().Perm() == 0o700 {
		t.Error("its mode was changed")
	}
}
