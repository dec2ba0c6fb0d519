package tests

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/go-sql-driver/mysql"

	"wharf/tests/harness"
)

// What a process may find around it makes no difference.
func TestOddSurroundings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		env   []string
		shell string // what a shell does before it becomes the server
	}{
		"no HOME":        {nil, "unset HOME"},
		"a HOME nowhere": {[]string{"HOME=/nonexistent"}, ""},
		"another locale": {[]string{"LC_ALL=tr_TR.UTF-8", "LANG=C", "LANGUAGE=tr"}, ""},
		"umask 0":        {nil, "umask 0"},
		"umask 0777":     {nil, "umask 0777"},
		"no TMPDIR":      {[]string{"TMPDIR=/nonexistent"}, ""},
		"another zone":   {[]string{"TZ=Asia/Kathmandu"}, ""},
		"no zone":        {[]string{"TZ=Nowhere/None"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := &server{t: t, dir: filepath.Join(t.TempDir(), "data"), mysql: harness.FreeAddr(t), http: harness.FreeAddr(t)}
			for range 2 { // a start that makes the folder, and one that finds it
				inner := command(t, settings{env: c.env}, "serve", "--data-dir", s.dir, "--mysql-addr", s.mysql, "--http-addr", s.http)
				cmd := exec.Command("/bin/sh", append([]string{"-c", c.shell + "\n" + `exec "$0" "$@"`}, inner.Args...)...)
				cmd.Env, cmd.Dir = inner.Env, inner.Dir
				s.serveBy(cmd)
				content := random(2 << 20)
				s.mustUpload("s", "large", content)
				s.mustUpload("s", "small", content[:100])
				s.wantContent("s", "large", content)
				wantTermEnds(t, cmd)
				wantSealed(t, s.dir)
			}
			if out := check(t, s.dir); out.code != 0 {
				t.Errorf("check: status %d, %q", out.code, out.stdout)
			}
		})
	}
}

// The data folder is a symbolic link: it is one folder, by either name.
func TestLinkedDataFolder(t *testing.T) {
	t.Parallel()
	dir, files := filled(t)
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	s := start(t, settings{dir: link})
	s.wantAll(files)
	wantRefused(t, settings{}, serveArgs(dir), "in use by another wharf")
	if out := check(t, dir); out.code != 1 || !strings.Contains(out.stderr, "in use by another wharf") {
		t.Errorf("check of a folder in use: %d, %q, %q", out.code, out.stdout, out.stderr)
	}
	s.Stop()
	if out := check(t, link); out.code != 0 {
		t.Errorf("check by the link: %d, %q, %q", out.code, out.stdout, out.stderr)
	}
	if err := os.Rename(dir, dir+"-gone"); err != nil {
		t.Fatal(err)
	}
	wantRefused(t, settings{}, serveArgs(link), link)
}

// Each of these is refused in a line that says what is wrong, changes nothing,
// and is served when it is put right.
func TestFolderThatCannotBeServed(t *testing.T) {
	t.Parallel()
	whole, files := filled(t)
	aside := func(dir, name string) error { return os.Rename(filepath.Join(dir, name), filepath.Join(dir, "aside")) }
	for name, c := range map[string]struct {
		file  string // that is in the way
		make  func(path string) error
		words []string
	}{
		"the catalog is a folder":         {"catalog.db", func(path string) error { return os.Mkdir(path, 0o700) }, []string{"catalog.db", "regular file"}},
		"the catalog is a pipe":           {"catalog.db", func(path string) error { return syscall.Mkfifo(path, 0o600) }, []string{"catalog.db", "regular file"}},
		"the catalog is empty":            {"catalog.db", func(path string) error { return os.WriteFile(path, nil, 0o600) }, []string{"catalog.db", "empty"}},
		"the catalog is a link to nobody": {"catalog.db", func(path string) error { return os.Symlink("/nonexistent", path) }, []string{"catalog.db"}},
		"the key is missing":              {"catalog.key", func(string) error { return nil }, []string{"catalog.key", "backup"}},
		"the key is another's":            {"catalog.key", func(path string) error { return os.WriteFile(path, random(32), 0o600) }, []string{"catalog.key", "not the key"}},
		"the key is a folder":             {"catalog.key", func(path string) error { return os.Mkdir(path, 0o700) }, []string{"catalog.key", "regular file"}},
		"the files are a file":            {"files", func(path string) error { return os.WriteFile(path, []byte("x"), 0o600) }, []string{"files"}},
		"the files are gone":              {"files", func(string) error { return nil }, []string{"files", "disk"}},
		"the lock is a folder":            {"wharf.lock", func(path string) error { return os.Mkdir(path, 0o700) }, []string{"data folder"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := copyOf(t, whole)
			path := filepath.Join(dir, c.file)
			if err := errors.Join(aside(dir, c.file), c.make(path)); err != nil {
				t.Fatal(err)
			}
			before := tree(t, dir)
			wantRefused(t, settings{}, serveArgs(dir), c.words...)
			wantSame(t, "a refused start", dir, before)
			if err := errors.Join(os.RemoveAll(path), os.Rename(filepath.Join(dir, "aside"), path)); err != nil {
				t.Fatal(err)
			}
			start(t, settings{dir: dir}).wantAll(files)
		})
	}
}

// A start without room says so, and leaves nothing that hinders the next one.
func TestStartOnFullDisk(t *testing.T) {
	t.Parallel()
	for _, free := range []int{0, 4 << 10, 16 << 10, 64 << 10, 200 << 10} {
		disk := smallDisk(t, 4)
		filler, err := os.Create(filepath.Join(disk, "filler"))
		if err != nil {
			t.Fatal(err)
		}
		for n := 4 << 20; n > 0; n -= 4 << 10 {
			if _, err := filler.Write(make([]byte, 4<<10)); err != nil {
				break
			}
		}
		info, err := filler.Stat()
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(filler.Truncate(info.Size()-int64(free)), filler.Close()); err != nil {
			t.Fatal(err)
		}
		dir := filepath.Join(disk, "data")
		ready, errOut := tryServe(t, dir)
		lines := strings.Split(strings.TrimSpace(errOut), "\n")
		if last := lines[len(lines)-1]; !ready && (!strings.HasPrefix(last, "wharf: ") || !strings.Contains(last, "no space")) {
			t.Errorf("with %d bytes free: %q", free, errOut)
		}
		if err := os.Remove(filler.Name()); err != nil {
			t.Fatal(err)
		}
		s := start(t, settings{dir: dir})
		s.exec("CREATE STAGE s")
		s.mustUpload("s", "f", random(100))
	}
}

// The server's own certificate is the same after a restart.
func TestCertificateIsKept(t *testing.T) {
	t.Parallel()
	var dir string
	seen := map[string]bool{}
	for range 2 {
		s := start(t, settings{dir: dir})
		dir = s.dir
		name := strings.ReplaceAll(t.Name()+s.mysql, ":", "_")
		err := mysql.RegisterTLSConfig(name, &tls.Config{InsecureSkipVerify: true,
			VerifyPeerCertificate: func(raw [][]byte, _ [][]*x509.Certificate) error { seen[string(raw[0])] = true; return nil }})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.db("tls=" + name).PingContext(s.context()); err != nil {
			t.Fatal(err)
		}
		s.Stop()
	}
	if len(seen) != 1 {
		t.Errorf("two starts show %d certificates", len(seen))
	}
}

// A folder of another user's is refused, and not touched.
func TestForeignOwner(t *testing.T) {
	t.Parallel()
	dir, _ := filled(t)
	asRoot(t, "chown", "12345", dir)
	t.Cleanup(func() { asRoot(t, "chown", strconv.Itoa(os.Getuid()), dir) })
	before := tree(t, dir)
	wantRefused(t, settings{}, serveArgs(dir), dir, "12345")
	wantSame(t, "a refused start", dir, before)
}
