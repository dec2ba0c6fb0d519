package tests

import (
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"wharf/tests/harness"
)

// refusedWithin is the two seconds that a refused start may take, many times over for a
// busy machine and the race detector.
const refusedWithin = time.Minute

// wantRefused wants the command to end soon, with a status that is not 0, and
// one clear line.
func wantRefused(t *testing.T, o settings, args []string, words ...string) {
	t.Helper()
	cmd := command(t, o, args...)
	timer := time.AfterFunc(refusedWithin, func() { cmd.Process.Kill() })
	defer timer.Stop()
	out := capture(t, cmd, "")
	var lines []string
	for line := range strings.Lines(out.stderr) {
		if !strings.Contains(line, "level=INFO") { // a port is refused after the data folder was made
			lines = append(lines, line)
		}
	}
	if out.code <= 0 || len(lines) != 1 || !strings.HasPrefix(lines[0], "wharf: ") || out.stdout != "" {
		t.Errorf("wharf %q: status %d, stdout %q, stderr %q, want one line and a status", args, out.code, out.stdout, out.stderr)
	}
	for _, w := range words {
		if !strings.Contains(out.stderr, w) {
			t.Errorf("wharf %q: %q does not tell %q", args, out.stderr, w)
		}
	}
}

// serveArgs are of a server that would start, but for more.
func serveArgs(dir string, more ...string) []string {
	return append([]string{"serve", "--mysql-addr", "127.0.0.1:0", "--http-addr", "127.0.0.1:0", "--data-dir", dir}, more...)
}

func TestRefusedStart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	config := filepath.Join(dir, "bad.toml")
	for path, text := range map[string]string{file: "", config: "nonsense = 1\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	data := filepath.Join(dir, "data")
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	for _, c := range []struct {
		name  string
		env   []string
		args  []string
		words []string
	}{
		{"no command", nil, nil, []string{"--help"}},
		{"unknown command", nil, []string{"sail"}, []string{"sail"}},
		{"unknown flag", nil, serveArgs(data, "--nonsense"), []string{"nonsense"}},
		{"word after the flags", nil, serveArgs(data, "stray"), []string{"stray"}},
		{"bad value", nil, serveArgs(data, "--upload-wait", "soon"), []string{"upload-wait", "soon"}},
		{"bad variable", []string{"WHARF_MAX_FILE_SIZE=big"}, serveArgs(data), []string{"WHARF_MAX_FILE_SIZE", "big"}},
		{"bad log level", nil, serveArgs(data, "--log-level", "loud"), []string{"log-level", "loud"}},
		{"no config file", nil, serveArgs(data, "--config", dir+"/none.toml"), []string{"none.toml"}},
		{"unknown key in the config file", nil, serveArgs(data, "--config", config), []string{"bad.toml", "nonsense"}},
		{"data folder is a file", nil, serveArgs(file), []string{file}},
		{"data folder below a file", nil, serveArgs(file + "/data"), []string{file}},
		{"data folder where none can be", nil, serveArgs("/proc/wharf"), []string{"/proc/wharf"}},
		{"MySQL port in use", nil, serveArgs(data, "--mysql-addr", busy.Addr().String()), []string{"mysql-addr", "in use"}},
		{"HTTP port in use", nil, serveArgs(data, "--http-addr", busy.Addr().String()), []string{"http-addr", "in use"}},
		{"MySQL open to all without a password", nil, serveArgs(data, "--mysql-addr", "0.0.0.0:0"), []string{"mysql-addr", "password"}},
		{"HTTP open to all without a password", nil, serveArgs(data, "--http-addr", ":0"), []string{"http-addr", "password"}},
		{"no password file", nil, serveArgs(data, "--root-password-file", dir+"/none"), []string{"root-password-file"}},
		{"empty password file", nil, serveArgs(data, "--root-password-file", file), []string{"root-password-file"}},
	} {
		t.Run(c.name, func(t *testing.T) { wantRefused(t, settings{env: c.env}, c.args, c.words...) })
	}
}

func TestSecondServerOnTheSameFolder(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	wantRefused(t, settings{}, serveArgs(s.dir), s.dir)
	s.alive()
}

func TestVersionAndHelp(t *testing.T) {
	t.Parallel()
	out := capture(t, command(t, settings{}, "version"), "")
	if out.code != 0 || out.stdout != "wharf 0.0.0-test\n" {
		t.Errorf("wharf version: %d %q", out.code, out.stdout)
	}
	for _, args := range [][]string{{"--help"}, {"-h"}, {"help"}, {"serve", "--help"}} {
		out := capture(t, command(t, settings{}, args...), "")
		if out.code != 0 || out.stderr != "" {
			t.Errorf("wharf %q: %d, stderr %q", args, out.code, out.stderr)
		}
		for _, name := range []string{"--data-dir", "--mysql-addr", "--http-addr", "--s3-endpoint", "--s3-region", "--log-level",
			"--log-format", "--max-file-size", "--upload-wait", "--upload-memory", "--shutdown-grace", "--root-password-file",
			"--public-url", "--config", "WHARF_DATA_DIR", "WHARF_ROOT_PASSWORD", "AWS_ENDPOINT_URL_S3", "127.0.0.1:3307"} {
			if strings.Count(out.stdout, name) == 0 {
				t.Errorf("wharf %q does not tell of %s", args, name)
			}
		}
	}
}

// Flags beat the environment, which beats the file, which beats the default.
func TestConfigPrecedence(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	config := filepath.Join(dir, "wharf.toml")
	text := "max-file-size = \"1KiB\"\nlog-level = \"warn\"\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		o     settings
		limit int
	}{
		{"file", settings{args: []string{"--config", config}}, 1 << 10},
		{"file by the environment", settings{env: []string{"WHARF_CONFIG=" + config}}, 1 << 10},
		{"environment", settings{args: []string{"--config", config}, env: []string{"WHARF_MAX_FILE_SIZE=2KiB"}}, 2 << 10},
		{"flag", settings{args: []string{"--config", config, "--max-file-size", "3KiB"}, env: []string{"WHARF_MAX_FILE_SIZE=2KiB"}}, 3 << 10},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := start(t, c.o)
			s.exec("CREATE STAGE s")
			s.mustUpload("s", "fits", random(c.limit))
			s.upload("s", part{name: "over", content: random(c.limit + 1)}).wantFailure(t, 413, "too_large", []string{})
		})
	}
}

// TERM while an upload runs: it finishes within the grace, new ones are
// turned away, and the server ends with status 0.
func TestTermLetsUploadsFinish(t *testing.T) {
	t.Parallel()
	s := start(t, settings{args: []string{"--shutdown-grace", "60s"}})
	s.exec("CREATE STAGE s")
	idle := s.db("")
	if err := idle.PingContext(s.context()); err != nil {
		t.Fatal(err)
	}
	content := random(2 << 20)
	conn := s.halfUpload("slow.bin", string(content[:1<<20]))
	s.Signal(syscall.SIGTERM)
	s.awaitClosed(s.http)
	s.awaitClosed(s.mysql)
	conn.write(chunk(string(content[1<<20:])) + chunk(rawEnd) + chunk(""))
	if r := conn.reply(); r.status != 200 {
		t.Errorf("the upload that was under way: %d %s", r.status, r.body)
	}
	if err := s.AwaitExit(); err != nil {
		t.Errorf("the server ended with %v", err)
	}
	again := start(t, settings{dir: s.dir})
	again.wantContent("s", "slow.bin", content)
}

// An upload that does not finish within the grace is cut, and leaves nothing.
func TestGraceEnds(t *testing.T) {
	t.Parallel()
	s := start(t, settings{args: []string{"--shutdown-grace", "300ms"}})
	s.exec("CREATE STAGE s")
	s.halfUpload("never.bin", strings.Repeat("x", 1<<20))
	s.Stop()
	again := start(t, settings{dir: s.dir})
	if got := again.list("s"); !slices.Equal(got, []string{}) {
		t.Errorf("LIST shows %q", got)
	}
	again.wantBodies(0)
}

// HUP, which a terminal sends when it is closed, stops the server as TERM does.
func TestHangUpStopsInOrder(t *testing.T) {
	t.Parallel()
	// Under nohup it is ignored, and by the server too. What is caught here is
	// not ignored there.
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, syscall.SIGHUP)
	defer signal.Stop(caught)
	s := start(t, settings{})
	s.Signal(syscall.SIGHUP)
	if err := s.AwaitExit(); err != nil {
		t.Errorf("the server ended with %v", err)
	}
}

// A second signal ends the server at once, whatever is under way.
func TestSecondSignalKills(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		s := start(t, settings{args: []string{"--shutdown-grace", "10m"}})
		s.exec("CREATE STAGE s")
		s.halfUpload("never.bin", "x")
		s.Signal(sig)
		s.awaitClosed(s.http)
		s.Signal(sig)
		if err := s.AwaitExit(); err == nil {
			t.Errorf("after a second %v the server ended with status 0, as if in order", sig)
		}
	}
}

// halfUpload begins an upload to the stage s that the server is reading.
func (s *server) halfUpload(name, content string) *rawConn {
	s.t.Helper()
	conn := s.dialHTTP()
	conn.write(uploadHead("s", -1, "Expect: 100-continue"))
	if r := conn.reply(); r.status != 100 {
		s.t.Fatalf("status %d %s, want 100", r.status, r.body)
	}
	conn.write(chunk(rawPart(name, content)))
	return conn
}

// awaitClosed waits until the port takes no connections.
func (s *server) awaitClosed(addr string) {
	s.t.Helper()
	for deadline := time.Now().Add(harness.StopWithin); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			return
		}
		c.Close()
	}
	s.t.Errorf("%s still takes connections", addr)
}
