package tests

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// filled makes the data folder of a stopped server: two stages with small and
// large files, one that was dropped, and a connection.
func filled(t *testing.T) (dir string, files map[string][]byte) {
	t.Helper()
	s := start(t, settings{})
	s.exec("CREATE STAGE one", "CREATE STAGE two", "CREATE STAGE gone",
		"CREATE CONNECTION c STORAGE_TYPE = 's3' ACCESS_KEY_ID = 'k' SECRET_ACCESS_KEY = 'hidden-secret'")
	files = map[string][]byte{}
	for _, stage := range []string{"one", "two"} {
		for name, size := range map[string]int{"empty": 0, "small": 1000, "a/large": 3 << 20} {
			files[stage+"/"+name] = random(size)
			s.mustUpload(stage, name, files[stage+"/"+name])
		}
	}
	s.mustUpload("gone", "large", random(2<<20))
	s.exec("DROP STAGE gone")
	s.Stop()
	return s.dir, files
}

// wantAll wants the files of filled to be served.
func (s *server) wantAll(files map[string][]byte) {
	s.t.Helper()
	for path, content := range files {
		stage, name, _ := strings.Cut(path, "/")
		s.wantContent(stage, name, content)
	}
}

// tree describes each file and folder below dir: mode, owner, time of the last
// change, bytes.
func tree(t testing.TB, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		what := fmt.Sprint(info.Mode(), info.ModTime().UnixNano(), info.Sys().(*syscall.Stat_t).Uid)
		if info.Mode().IsRegular() {
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			what += fmt.Sprintf(" %d %x", len(data), sha256.Sum256(data))
		}
		relative, err := filepath.Rel(dir, path)
		all[relative] = what
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// wantSame wants dir to be as it was.
func wantSame(t testing.TB, what, dir string, before map[string]string) {
	t.Helper()
	after := tree(t, dir)
	for _, path := range slices.Sorted(maps.Keys(before)) {
		if before[path] != after[path] {
			t.Errorf("%s changed %s: %q, now %q", what, path, before[path], after[path])
		}
	}
	for _, path := range slices.Sorted(maps.Keys(after)) {
		if _, there := before[path]; !there {
			t.Errorf("%s made %s", what, path)
		}
	}
}

// check runs wharf check and returns what it printed.
func check(t testing.TB, dir string, args ...string) output {
	t.Helper()
	return capture(t, command(t, settings{}, append([]string{"check", "--data-dir", dir}, args...)...), "")
}

func copyOf(t testing.TB, dir string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "data")
	if out, err := exec.Command("cp", "-a", dir, to).CombinedOutput(); err != nil {
		t.Fatalf("cp: %v\n%s", err, out)
	}
	return to
}

// A check changes nothing, whatever it finds, and so works where nothing can
// be changed.
func TestCheckOfReadOnlyFolder(t *testing.T) {
	t.Parallel()
	whole, _ := filled(t)
	killed := copyOf(t, whole)
	s := start(t, settings{dir: killed, killed: true})
	s.mustUpload("one", "last", random(2<<20))
	s.mustUpload("one", "last and small", random(10))
	s.Kill()
	first := filepath.Join(t.TempDir(), "data")
	s = start(t, settings{dir: first, killed: true})
	s.Kill()
	for name, c := range map[string]struct {
		dir    string
		change func(dir string) error
		status int
	}{
		"whole":       {whole, nil, 0},
		"killed":      {killed, nil, 0},
		"just made":   {first, nil, 0},
		"left over":   {whole, func(dir string) error { return os.WriteFile(dir+"/catalog.db.new", []byte("x"), 0o600) }, 0},
		"open modes":  {whole, func(dir string) error { return errors.Join(os.Chmod(dir, 0o755), os.Chmod(dir+"/catalog.db", 0o644)) }, 0},
		"no lock":     {whole, func(dir string) error { return os.Remove(dir + "/wharf.lock") }, 0},
		"no catalog":  {whole, func(dir string) error { return os.Remove(dir + "/catalog.db") }, 1},
		"no key":      {whole, func(dir string) error { return os.Remove(dir + "/catalog.key") }, 1},
		"bad catalog": {whole, func(dir string) error { return os.WriteFile(dir+"/catalog.db", random(9000), 0o600) }, 1},
		"no files":    {whole, func(dir string) error { return os.RemoveAll(dir + "/files") }, 1},
		"bad files": {whole, func(dir string) error {
			return filepath.WalkDir(dir+"/files", func(path string, d fs.DirEntry, err error) error {
				if err != nil || d.IsDir() {
					return err
				}
				return os.Truncate(path, 10)
			})
		}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			dir := copyOf(t, c.dir)
			if c.change != nil {
				if err := c.change(dir); err != nil {
					t.Fatal(err)
				}
			}
			before := tree(t, dir)
			out := check(t, dir)
			if out.code != c.status || out.stderr != "" && c.status == 0 {
				t.Errorf("status %d, %q, %q", out.code, out.stdout, out.stderr)
			}
			wantSame(t, "a check", dir, before)
			mount := t.TempDir()
			asRoot(t, "mount", "--bind", dir, mount)
			t.Cleanup(func() { asRoot(t, "umount", mount) })
			asRoot(t, "mount", "-o", "remount,bind,ro", mount)
			readOnly := check(t, mount)
			if readOnly.code != out.code || readOnly.stderr != out.stderr || strings.ReplaceAll(readOnly.stdout, mount, dir) != out.stdout {
				t.Errorf("where nothing can be written: status %d, %q, %q; else %d, %q, %q",
					readOnly.code, readOnly.stdout, readOnly.stderr, out.code, out.stdout, out.stderr)
			}
			wantRefused(t, settings{}, []string{"check", "--repair", "--data-dir", mount})
			if !strings.HasPrefix(name, "no f") && !strings.HasPrefix(name, "no c") {
				wantRefused(t, settings{}, serveArgs(mount))
			}
		})
	}
}

// Files of others below the folder of the files are left alone by every start,
// check and repair.
func TestForeignFiles(t *testing.T) {
	t.Parallel()
	dir, files := filled(t)
	var made []string
	err := filepath.WalkDir(filepath.Join(dir, "files"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			made = append(made, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, folder := range made {
		nfs, found := filepath.Join(folder, ".nfs0000000000001234"), filepath.Join(folder, "lost+found")
		if err := errors.Join(os.WriteFile(nfs, []byte("theirs"), 0o600), os.Mkdir(found, 0o700)); err != nil {
			t.Fatal(err)
		}
		made[i] = nfs
	}
	if err := os.Mkdir(filepath.Join(dir, "lost+found"), 0o700); err != nil {
		t.Fatal(err)
	}
	s := start(t, settings{dir: dir, killed: true})
	s.wantAll(files)
	s.mustUpload("one", "new", random(2<<20)) // begins a new folder, where the store has such
	s.Kill()
	err = filepath.WalkDir(filepath.Join(dir, "files"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() || d.Name() == "lost+found" {
			return err
		}
		foreign := filepath.Join(path, ".nfs0000000000001234")
		if !slices.Contains(made, foreign) {
			made = append(made, foreign)
		}
		return os.WriteFile(foreign, []byte("theirs"), 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	s = start(t, settings{dir: dir})
	s.wantAll(files)
	s.exec("REMOVE @one/a/")
	s.Stop()
	for _, args := range [][]string{nil, {"--repair"}} {
		if out := check(t, dir, args...); out.code != 0 {
			t.Errorf("check %q: status %d, %q, %q", args, out.code, out.stdout, out.stderr)
		}
	}
	for _, path := range made {
		if text, err := os.ReadFile(path); string(text) != "theirs" {
			t.Errorf("%s is not what it was: %q, %v", path, text, err)
		}
	}
}

// Of the folder of the files only a part was restored, or its disk is not
// mounted. A start either serves all, or refuses and changes nothing; when the
// rest is there again, all is served.
func TestPartialRestore(t *testing.T) {
	t.Parallel()
	whole, files := filled(t)
	entries, err := os.ReadDir(filepath.Join(whole, "files"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	var subsets [][]string // what is lost
	for i := range names {
		subsets = append(subsets, []string{names[i]}, slices.Delete(slices.Clone(names), i, i+1))
	}
	subsets = append(subsets, names)
	for _, lost := range subsets {
		t.Run(strings.Join(lost, ","), func(t *testing.T) {
			dir := copyOf(t, whole)
			for _, name := range lost {
				if err := os.RemoveAll(filepath.Join(dir, "files", name)); err != nil {
					t.Fatal(err)
				}
			}
			before := tree(t, dir)
			if ready, _ := tryServe(t, copyOf(t, dir)); ready {
				start(t, settings{dir: dir}).wantAll(files)
				return
			}
			wantRefused(t, settings{}, serveArgs(dir))
			wantSame(t, "a start without "+strings.Join(lost, ", "), filepath.Join(dir, "files"), below(before, "files"))
			for _, name := range lost {
				if out, err := exec.Command("cp", "-a", filepath.Join(whole, "files", name), filepath.Join(dir, "files", name)).CombinedOutput(); err != nil {
					t.Fatalf("cp: %v\n%s", err, out)
				}
			}
			start(t, settings{dir: dir}).wantAll(files)
		})
	}
}

// tryServe starts a server in dir, kills it when it is ready, and returns
// whether it came to that, and else what it said.
func tryServe(t *testing.T, dir string) (ready bool, errOut string) {
	t.Helper()
	cmd := command(t, settings{}, serveArgs(dir)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	n, _ := out.Read(make([]byte, 1))
	if n > 0 {
		cmd.Process.Kill()
	}
	cmd.Wait()
	return n > 0, stderr.String()
}

// below gives what a tree has below one of its folders.
func below(all map[string]string, folder string) map[string]string {
	sub := map[string]string{}
	for path, what := range all {
		if relative, err := filepath.Rel(folder, path); err == nil && filepath.IsLocal(relative) {
			sub[relative] = what
		}
	}
	return sub
}

// The catalog is lost: no start hides the files, and a repair brings them back
// as stages named by their IDs.
func TestLostCatalog(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(dir string) error{
		"missing": func(dir string) error { return os.Remove(dir + "/catalog.db") },
		"missing, no key": func(dir string) error {
			return errors.Join(os.Remove(dir+"/catalog.db"), os.Remove(dir+"/catalog.key"))
		},
		"empty":       func(dir string) error { return os.Truncate(dir+"/catalog.db", 0) },
		"overwritten": func(dir string) error { return os.WriteFile(dir+"/catalog.db", random(20_000), 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			dir, files := filled(t)
			if err := lose(dir); err != nil {
				t.Fatal(err)
			}
			before := tree(t, dir)
			wantRefused(t, settings{}, serveArgs(dir), "catalog.db")
			wantSame(t, "a refused start", dir, before)
			out := check(t, dir, "--repair")
			if out.code != 1 || !strings.Contains(out.stdout, "recovered_") {
				t.Errorf("repair: status %d, %q, %q", out.code, out.stdout, out.stderr)
			}
			if out := check(t, dir); out.code != 0 {
				t.Errorf("after the repair: status %d, %q, %q", out.code, out.stdout, out.stderr)
			}
			s := start(t, settings{dir: dir})
			found := map[string]bool{}
			for _, stage := range s.column("SHOW STAGES LIKE 'recovered\\_%'") {
				for _, path := range s.list(stage) {
					_, content := s.fetch(stage, path)
					for name, want := range files {
						if strings.HasSuffix(name, "/"+path) && string(want) == string(content) {
							found[name] = true
						}
					}
				}
			}
			if len(found) != len(files) {
				t.Errorf("found %v of %d files again", slices.Sorted(maps.Keys(found)), len(files))
			}
		})
	}
}

// --new-catalog begins anew beside the files; without it no server does.
func TestNewCatalog(t *testing.T) {
	t.Parallel()
	dir, _ := filled(t)
	if err := os.Remove(dir + "/catalog.db"); err != nil {
		t.Fatal(err)
	}
	wantRefused(t, settings{}, serveArgs(dir), "--new-catalog", "check --repair")
	s := start(t, settings{dir: dir, args: []string{"--new-catalog"}})
	if got := s.column("SHOW STAGES"); len(got) != 0 {
		t.Errorf("a new catalog has the stages %q", got)
	}
	s.exec("CREATE STAGE one")
	s.Stop()
	wantRefused(t, settings{}, serveArgs(dir, "--new-catalog"), "--new-catalog")
	if got := start(t, settings{dir: dir}).column("SHOW STAGES"); !slices.Equal(got, []string{"one"}) {
		t.Errorf("after a restart the stages are %q", got)
	}
}
