package tests

import (
	"bytes"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// bodies gives the body files of a data folder: what large files of internal
// stages are on disk. Small ones lie in the log.
func bodies(t testing.TB, dir string) []string {
	t.Helper()
	var found []string
	folders := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case os.IsNotExist(err):
			return nil // removed while we look
		case err != nil:
			return err
		case d.IsDir() && d.Name() == "bodies":
			folders++
		case !d.IsDir() && strings.Contains(path, "/bodies/"):
			found = append(found, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if folders != 1 {
		t.Fatalf("the data folder has %d folders named bodies, want 1: the layout has changed, and this check with it", folders)
	}
	return found
}

// wantBodies wants there to be just n body files, as soon as the server has
// swept.
func (s *server) wantBodies(n int) {
	s.t.Helper()
	var got []string
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if got = bodies(s.t, s.dir); len(got) == n {
			return
		}
	}
	s.t.Errorf("%d body files on disk, want %d: %q", len(got), n, got[:min(len(got), 20)])
}

// smallDisk mounts a real, small disk for the test.
func smallDisk(t testing.TB, mib int) string {
	t.Helper()
	dir := t.TempDir()
	mountDisk(t, dir, mib)
	return dir
}

func mountDisk(t testing.TB, dir string, mib int) {
	t.Helper()
	options := "size=" + strconv.Itoa(mib) + "m,mode=0700,uid=" + strconv.Itoa(os.Getuid())
	asRoot(t, "mount", "-t", "tmpfs", "-o", options, "wharf-test", dir)
	t.Cleanup(func() { asRoot(t, "umount", dir) })
}

// asRoot runs a command that needs root's rights.
func asRoot(t testing.TB, args ...string) {
	t.Helper()
	if os.Getuid() != 0 {
		args = append([]string{"sudo", "-n"}, args...)
	}
	if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s(the test of a full disk mounts a small one, which takes root, or sudo without a password)",
			strings.Join(args, " "), err, out)
	}
}

// sparseFile makes a file of zeros that takes no room.
func sparseFile(t testing.TB, size int64) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sparse.bin")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
	return path
}

// drawn counts the contents that random made.
var drawn atomic.Uint64

// random makes a content that is unlike every other of the run, and does not
// compress.
func random(n int) []byte {
	var seed [32]byte
	copy(seed[:], strconv.FormatUint(drawn.Add(1), 10))
	b := make([]byte, n)
	rand.NewChaCha8(seed).Read(b)
	return b
}

// A full disk: uploads are told 507, what landed stays whole, everything
// else goes on, and what is deleted makes room again.
func TestFullDisk(t *testing.T) {
	s := start(t, settings{dir: smallDisk(t, 96) + "/data"})
	s.exec("CREATE STAGE s")
	content := random(4 << 20)
	landed := 0
	for ; landed < 100; landed++ {
		name := "f" + strconv.Itoa(landed)
		r := s.upload("s", part{name: name, content: content})
		if r.status != 200 {
			r.wantFailure(t, 507, "no_space", []string{})
			break
		}
	}
	if landed == 0 || landed == 100 {
		t.Fatalf("%d files of 4 MiB landed on a disk of 96 MiB", landed)
	}
	t.Logf("%d files landed", landed)
	r := s.send("s", "multipart/form-data; boundary="+boundary, bytes.NewReader(
		[]byte(rawPart("huge", strings.Repeat("x", 128<<20))+rawEnd)))
	r.wantFailure(t, 507, "no_space", []string{})
	if got := s.list("s"); len(got) != landed {
		t.Errorf("LIST shows %q, want the %d files that landed", got, landed)
	}
	s.wantContent("s", "f0", content)
	s.alive()
	roomAgain(t, s, content)
}

func roomAgain(t *testing.T, s *server, content []byte) {
	t.Helper()
	if got := s.column("REMOVE @s PATTERN = 'f[0-2]'"); len(got) != 3 {
		t.Fatalf("REMOVE on a full disk removed %q, want 3", got)
	}
	s.uploadAgain("again", content)
	s.exec("CREATE OR REPLACE STAGE s")
	s.wantBodies(0)
	s.mustUpload("s", "last", content)
	s.Stop()
	after := start(t, settings{dir: s.dir})
	if got := after.list("s"); !slices.Equal(got, []string{"last"}) {
		t.Errorf("after a restart LIST shows %q", got)
	}
	after.wantContent("s", "last", content)
}

// Small files fill the disk through the log, which has no body files.
func TestFullDiskSmallFiles(t *testing.T) {
	s := start(t, settings{dir: smallDisk(t, 64) + "/data"})
	s.exec("CREATE STAGE s")
	content := random(2 << 10)
	var landed []string
	var r reply
	for n := 0; n < 60; n++ {
		var parts []part
		for i := range 1000 {
			parts = append(parts, part{name: strconv.Itoa(n*1000 + i), content: content})
		}
		r = s.upload("s", parts...)
		landed = append(landed, r.uploaded(t).Files...)
		if r.status != 200 {
			break
		}
	}
	r.wantFailure(t, 507, "no_space", r.uploaded(t).Files)
	slices.Sort(landed)
	if got := s.list("s"); !slices.Equal(got, landed) {
		t.Errorf("LIST shows %d files, the answers named %d", len(got), len(landed))
	}
	s.wantContent("s", landed[len(landed)-1], content)
	s.alive()
	if got := s.column("REMOVE @s PATTERN = '[0-4].*'"); len(got) == 0 {
		t.Error("REMOVE on a full disk removed nothing")
	}
	s.uploadAgain("after-remove", content)
	s.exec("DROP STAGE s", "CREATE STAGE s")
	s.uploadAgain("after-drop", random(4<<20))
}

// uploadAgain uploads as soon as there is room: it comes back in the
// background.
func (s *server) uploadAgain(name string, content []byte) {
	s.t.Helper()
	var r reply
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if r = s.upload("s", part{name: name, content: content}); r.status == 200 {
			s.wantContent("s", name, content)
			return
		}
	}
	s.t.Errorf("upload of %s: %d %s", name, r.status, r.body)
}
