package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wharf/meta"
)

// serveOnce starts a server in dir that stops at once, and gives its exit
// status and what it said.
func serveOnce(t *testing.T, dir string, args ...string) (status int, errOut string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, e bytes.Buffer
	args = append([]string{"serve", "--data-dir", dir, "--mysql-addr=127.0.0.1:0", "--http-addr=127.0.0.1:0", "--log-level=error"}, args...)
	status = run(ctx, args, env(), &out, &e)
	return status, e.String()
}

func wantServed(t *testing.T, dir string, args ...string) {
	t.Helper()
	if status, errOut := serveOnce(t, dir, args...); status != 0 || errOut != "" {
		t.Errorf("a start with %q: status %d, %q", args, status, errOut)
	}
}

func wantNotServed(t *testing.T, want, dir string, args ...string) {
	t.Helper()
	before := tree(t, dir)
	status, errOut := serveOnce(t, dir, args...)
	if status != 1 || !strings.Contains(errOut, want) || strings.Count(errOut, "\n") != 1 {
		t.Errorf("a start with %q: status %d, %q; want a line with %q", args, status, errOut, want)
	}
	wantSame(t, "a refused start", dir, before)
}

func removeAll(t *testing.T, paths ...string) {
	t.Helper()
	for _, path := range paths {
		if err := os.RemoveAll(path); err != nil {
			t.Fatal(err)
		}
	}
}

// TestLostPart has a folder that lost its catalog or its files. None is made
// anew beside what is left, unless that is asked for.
func TestLostPart(t *testing.T) {
	dir := stopped(t)
	catalog, key, files := filepath.Join(dir, "catalog.db"), filepath.Join(dir, "catalog.key"), filepath.Join(dir, filesFolder)
	aside := filepath.Join(t.TempDir(), "files")
	if err := os.Rename(files, aside); err != nil {
		t.Fatal(err)
	}
	wantNotServed(t, "missing beside a catalog", dir)
	if err := os.Mkdir(files, 0o700); err != nil { // where a disk is to be mounted
		t.Fatal(err)
	}
	wantNotServed(t, "missing beside a catalog", dir)
	if err := os.Mkdir(filepath.Join(files, "lost+found"), 0o700); err != nil {
		t.Fatal(err)
	}
	wantNotServed(t, "missing beside a catalog", dir)
	removeAll(t, files)
	if err := os.Symlink(aside+"-unmounted", files); err != nil {
		t.Fatal(err)
	}
	wantNotServed(t, "missing beside a catalog", dir)
	removeAll(t, files)
	if err := os.Symlink(aside, files); err != nil {
		t.Fatal(err)
	}
	wantServed(t, dir)
	wantNotServed(t, "--new-catalog makes one only where it is missing", dir, "--new-catalog")

	removeAll(t, catalog)
	wantNotServed(t, "catalog.db is missing", dir)
	removeAll(t, key)
	wantNotServed(t, "catalog.db is missing", dir)
	wantNotServed(t, "catalog.db is missing", dir, "--new-catalog=false")
	wantServed(t, dir, "--new-catalog")
	wantServed(t, dir)
	removeAll(t, files, catalog)
	wantNotServed(t, "catalog.db is missing", dir) // the key shows that it was there
	wantServed(t, dir, "--new-catalog")
	wantServed(t, dir)
}

// TestFirstStartCutShort has what a crash may leave of a first start.
func TestFirstStartCutShort(t *testing.T) {
	for name, make := range map[string]func(t *testing.T, dir string) error{
		"nothing":    func(*testing.T, string) error { return nil },
		"the lock":   func(_ *testing.T, dir string) error { return touch(dir, lockFile) },
		"a new disk": func(_ *testing.T, dir string) error { return os.Mkdir(filepath.Join(dir, "lost+found"), 0o700) },
		"the mark":   func(_ *testing.T, dir string) error { return touch(dir, lockFile, firstStartFile) },
		"the catalog": func(_ *testing.T, dir string) error {
			return errors.Join(touch(dir, lockFile, firstStartFile), newCatalog(dir))
		},
		"half a store": func(_ *testing.T, dir string) error {
			return errors.Join(touch(dir, lockFile, firstStartFile), newCatalog(dir),
				os.Mkdir(filepath.Join(dir, filesFolder), 0o700), touch(dir, filesFolder+"/FORMAT.new"))
		},
		"all but the end": func(t *testing.T, dir string) error {
			wantServed(t, dir)
			return touch(dir, firstStartFile)
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := make(t, dir); err != nil {
				t.Fatal(err)
			}
			wantServed(t, dir)
			if _, err := os.Stat(filepath.Join(dir, firstStartFile)); err == nil {
				t.Error("the first start is not over")
			}
			wantServed(t, dir)
			removeAll(t, filepath.Join(dir, "catalog.db"))
			wantNotServed(t, "catalog.db is missing", dir)
		})
	}
}

func touch(dir string, names ...string) error {
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func newCatalog(dir string) error {
	c, err := meta.Open(dir, meta.Options{})
	if err != nil {
		return err
	}
	return c.Close()
}

// TestOwner has a folder of another user's, which only the user root can make.
func TestOwner(t *testing.T) {
	dir := stopped(t)
	if os.Geteuid() != 0 {
		if err := checkOwner("/"); err == nil || !strings.Contains(err.Error(), "belongs to the user root") {
			t.Errorf("the folder of the user root: %v", err)
		}
		return
	}
	if err := os.Chown(dir, 12345, -1); err != nil {
		t.Fatal(err)
	}
	wantNotServed(t, "belongs to the user with the ID 12345, and this process runs as the user root", dir)
	if status, out, errOut := runCheck("--repair", "--data-dir", dir); status != 1 || out != "" || !strings.Contains(errOut, "12345") {
		t.Errorf("a repair: status %d, %q, %q", status, out, errOut)
	}
}

// A backup may leave locks out.
func TestFolderWithoutLock(t *testing.T) {
	dir := stopped(t)
	removeAll(t, filepath.Join(dir, lockFile))
	wantServed(t, dir)
	if names, err := namesIn(dir); err != nil || !slices.Contains(names, lockFile) {
		t.Errorf("the folder holds %q, %v", names, err)
	}
}
