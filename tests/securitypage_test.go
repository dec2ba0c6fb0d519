package tests

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestSecurityPage wants each test that SECURITY.md names to exist.
func TestSecurityPage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join(root, "SECURITY.md"))
	if err != nil {
		t.Fatal(err)
	}
	exist := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(path)
		for _, m := range declared.FindAllSubmatch(text, -1) {
			exist[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`((?:Test|Fuzz)\\w+)`").FindAllSubmatch(page, -1)
	if len(named) < 50 {
		t.Errorf("%d tests are named", len(named))
	}
	for _, m := range named {
		if !exist[string(m[1])] {
			t.Errorf("there is no test %s", m[1])
		}
	}
	// Each promise names at least one.
	_, promises, _ := strings.Cut(string(page), "## Promises")
	promises, _, _ = strings.Cut(promises, "\n## ")
	rows := 0
	for line := range strings.Lines(promises) {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| promise |") {
			continue
		}
		rows++
		if cells := strings.Split(line, "|"); len(cells) != 4 || !strings.Contains(cells[2], "`") {
			t.Errorf("no test holds the promise %s", line)
		}
	}
	if rows < 15 {
		t.Errorf("%d promises were found", rows)
	}
}

// TestNetworkSetup runs the commands of SECURITY.md's "On a network", in other
// folders and on free ports, and looks for a plain way in.
func TestNetworkSetup(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join(root, "SECURITY.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "## On a network")
	block := func(language string) string {
		_, text, found := strings.Cut(section, "```"+language+"\n")
		text, _, ended := strings.Cut(text, "```")
		if !found || !ended {
			t.Fatalf("SECURITY.md has no block of %s", language)
		}
		return text
	}
	etc, logs := filepath.Join(t.TempDir(), "etc"), t.TempDir()
	shell := strings.NewReplacer("/etc/wharf", etc, "/var/log", logs, "0.0.0.0:3307", "0.0.0.0:0", "0.0.0.0:8443", "0.0.0.0:0").Replace(block("shell"))
	before, serve, found := strings.Cut(shell, "wharf serve ")
	if !found {
		t.Fatal("no wharf serve")
	}
	prepare := capture(t, exec.CommandContext(t.Context(), "/bin/sh", "-ec", before), "")
	if prepare.code != 0 {
		t.Fatalf("%s: %s", before, prepare.stderr)
	}
	_, flags, _ := strings.Cut(serve, "/var/lib/wharf")
	password, err := os.ReadFile(filepath.Join(etc, "password"))
	if err != nil {
		t.Fatal(err)
	}
	pw := strings.TrimSpace(string(password))
	s := start(t, settings{args: strings.Fields(strings.ReplaceAll(flags, "\\\n", " ")), secrets: []string{pw}})
	if s.http != "" {
		t.Errorf("there is a plain HTTP port, %s", s.http)
	}
	wantSQLError(t, s.dbAs("root:"+pw, "").PingContext(s.context()), 3159, "HY000")
	secure := s.dbAs("root:"+pw, "tls=skip-verify")
	for statement := range strings.SplitSeq(strings.TrimSpace(block("sql")), ";") {
		if statement = strings.TrimSpace(statement); statement != "" {
			if _, err := secure.ExecContext(s.context(), statement); err != nil {
				t.Errorf("%s: %v", statement, err)
			}
		}
	}
	base := "https://" + s.Ports["https"]
	for user, want := range map[string]int{"": 401, "root:guessed": 401, "loader:a long one 1": 200} {
		args := []string{"-k", base + "/v1/stage/landing/"}
		if user != "" {
			args = append(args, "-u", user)
		}
		if r := s.curl(args...); r.status != want {
			t.Errorf("as %q: %d %s", user, r.status, r.body)
		}
	}
	if text, err := os.ReadFile(filepath.Join(logs, "wharf-audit.log")); err != nil || len(text) == 0 {
		t.Errorf("the audit log: %d bytes, %v", len(text), err)
	}
}
