package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"wharf"
)

const nobody = 65534

// serveAsNobody runs wharf serve in a process of a user without rights, until
// it ends or is ready.
func serveAsNobody(t *testing.T, dir string) (status int, errOut string) {
	t.Helper()
	// By this name also a user who may not look into the test's folder can
	// start its program.
	cmd := exec.Command("/proc/self/exe", "serve", "--data-dir="+dir, "--mysql-addr=127.0.0.1:0", "--http-addr=127.0.0.1:0", "--log-level=error")
	cmd.Env, cmd.Dir = append(os.Environ(), asProgram+"=1"), "/"
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	ready, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if n, _ := ready.Read(make([]byte, 1)); n > 0 {
		cmd.Process.Kill()
	}
	if err := cmd.Wait(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), stderr.String()
}

// TestDeniedFolders has folders that the server may not use: each is a line
// that says which.
func TestDeniedFolders(t *testing.T) {
	for _, what := range []string{".", "wharf.lock", "catalog.db", "files", "files/FORMAT", "files/index", "files/index/LOCK"} {
		t.Run(what, func(t *testing.T) {
			dir := stopped(t)
			give(t, dir)
			if err := os.Chmod(filepath.Join(dir, what), 0); err != nil {
				t.Fatal(err)
			}
			// A folder of another user's is refused for that: see TestOwner.
			if os.Geteuid() == 0 && what != "." {
				if err := os.Chown(filepath.Join(dir, what), 0, 0); err != nil {
					t.Fatal(err)
				}
			}
			t.Cleanup(func() { os.Chmod(filepath.Join(dir, what), 0o700) })
			wantDenied(t, dir)
		})
	}
	t.Run("no place", func(t *testing.T) {
		dir := t.TempDir()
		give(t, dir)
		if err := os.Chmod(dir, 0o500); err != nil {
			t.Fatal(err)
		}
		wantDenied(t, filepath.Join(dir, "data"))
	})
}

// give makes a folder nobody's.
func give(t *testing.T, dir string) {
	t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	// t.TempDir's own folder is closed to others, which would hide the rest.
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		return errors.Join(err, os.Chown(path, nobody, nobody))
	})
	if err != nil {
		t.Fatal(err)
	}
}

func wantDenied(t *testing.T, dir string) {
	t.Helper()
	status, got := serveAsNobody(t, dir)
	if status != 1 || strings.Count(got, "\n") != 1 || !strings.Contains(got, dir) ||
		!strings.Contains(got, "permission denied") && !strings.Contains(got, "operation not permitted") {
		t.Errorf("status %d, %q", status, got)
	}
	for _, bad := range []string{"internal", "Open", "in use"} {
		if strings.Contains(strings.ReplaceAll(got, dir, ""), bad) {
			t.Errorf("%q has %q", got, bad)
		}
	}
}

func TestOneLine(t *testing.T) {
	denied := &fs.PathError{Op: "open", Path: "/d/f", Err: unix.EACCES}
	bare := wharf.WrapError(wharf.CodeInternal, "local.Open", "", denied)
	told := wharf.WrapError(wharf.CodeInternal, "meta.Open", "the catalog is damaged", errors.New("page 7"))
	for _, c := range []struct {
		err  error
		want string
	}{
		{errors.New("one\n two"), "one two"},
		{bare, "open /d/f: permission denied"},
		{told, "the catalog is damaged: page 7"},
		{wharf.WrapError(wharf.CodeInternal, "check", "", told), "the catalog is damaged: page 7"},
		{wharf.Errorf(wharf.CodeInvalid, "it is wrong"), "it is wrong"},
		{errors.Join(bare, told), "open /d/f: permission denied; the catalog is damaged: page 7"},
		{fmt.Errorf("the port failed: %w", errors.Join(told, errors.New("b"))), "the port failed: the catalog is damaged: page 7; b"},
		{fmt.Errorf("%w happened", denied), "open /d/f: permission denied happened"},
		{usagef("no"), "no"},
	} {
		if got := oneLine(c.err); got != c.want {
			t.Errorf("%v: %q, want %q", c.err, got, c.want)
		}
	}
}
