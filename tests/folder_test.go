package tests

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// folderStage starts a server with a stage f on a folder.
func folderStage(t *testing.T, folder string, o settings) *server {
	t.Helper()
	o.args = append(o.args, "--fs-allow", folder)
	s := start(t, o)
	s.exec("CREATE STAGE IF NOT EXISTS f 'fs://" + folder + "/'")
	return s
}

// What is no plain file is not there, and nothing waits for it; a disk that is
// mounted in the folder is told of.
func TestFolderOfSpecialFiles(t *testing.T) {
	t.Parallel()
	in := t.TempDir()
	for name, kind := range map[string]uint32{"pipe": syscall.S_IFIFO, "socket": syscall.S_IFSOCK} {
		if err := syscall.Mknod(filepath.Join(in, name), kind|0o600, 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(in, "disk"), 0o700); err != nil {
		t.Fatal(err)
	}
	mountDisk(t, filepath.Join(in, "disk"), 4)
	s := folderStage(t, in, settings{})
	for _, name := range []string{"pipe", "socket", "disk"} {
		for _, method := range []string{"GET", "HEAD"} {
			if r := s.do(method, fileURL(s, "f", name), ""); r.status != 404 {
				t.Errorf("%s of a %s: %d %s", method, name, r.status, r.body)
			}
		}
	}
	r := s.do("PUT", fileURL(s, "f", "disk/new/file"), "content")
	r.wantFailure(t, 400, "invalid", nil, "disk/new/file", "mounted")
	if err := os.WriteFile(filepath.Join(in, "disk/theirs"), []byte("theirs"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.wantContent("f", "disk/theirs", []byte("theirs"))
	s.wantRows("LIST @f", "disk/theirs")
	s.exec("CREATE STAGE d 'fs://" + in + "/disk/'")
	s.mustUpload("d", "new/file", []byte("content"))
	s.wantContent("f", "disk/new/file", []byte("content"))
}

// aside gives the files of uploads under way, which lie in the folder's
// .wharf-uploads.
func aside(t testing.TB, folder string) []os.FileInfo {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(folder, ".wharf-uploads"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	var files []os.FileInfo
	for _, e := range entries {
		if info, err := e.Info(); err == nil { // else it is whole or gone by now
			files = append(files, info)
		}
	}
	return files
}

// awaitAside waits until what is aside is as it should be.
func awaitAside(t testing.TB, folder, what string, fits func([]os.FileInfo) bool) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if fits(aside(t, folder)) {
			return
		}
	}
	t.Fatalf("not %s in .wharf-uploads: %v", what, aside(t, folder))
}

func awaitNothingAside(t testing.TB, folder string) {
	t.Helper()
	awaitAside(t, folder, "nothing", func(files []os.FileInfo) bool { return len(files) == 0 })
}

// halfUpload begins an upload, and returns when a part of it is on the disk;
// the text ends it.
func halfUpload(s *server, folder, stage, name string) (c *rawConn, end string) {
	s.t.Helper()
	c = s.dialHTTP()
	c.write(uploadHead(stage, -1) + chunk(rawPart(name, strings.Repeat("half", 1<<18))))
	awaitAside(s.t, folder, "a part of a file", func(files []os.FileInfo) bool { return len(files) == 1 && files[0].Size() > 0 })
	return c, chunk(rawEnd) + chunk("")
}

// A full disk under a folder: 507, nothing half-written stays, what was there
// is whole, and room is room again.
func TestFolderOnFullDisk(t *testing.T) {
	t.Parallel()
	in := smallDisk(t, 16)
	s := folderStage(t, in, settings{})
	content := random(5 << 20)
	s.mustUpload("f", "a", content)
	s.mustUpload("f", "b", content)
	for range 2 {
		for _, name := range []string{"a", "new"} {
			s.upload("f", part{name: name, content: random(9 << 20)}).wantFailure(t, 507, "no_space", []string{})
		}
		awaitNothingAside(t, in)
	}
	s.wantRows("LIST @f", "a", "b")
	s.wantContent("f", "a", content)
	s.wantRows("REMOVE @f/a", "a")
	s.mustUpload("f", "new", content)
	s.wantContent("f", "new", content)
}

// Bodies that end before they should leave nothing in a folder.
func TestFolderCutBodies(t *testing.T) {
	t.Parallel()
	in := t.TempDir()
	s := folderStage(t, in, settings{})
	s.mustUpload("f", "old", []byte("old"))
	for _, name := range []string{"old", "new"} {
		c, _ := halfUpload(s, in, "f", name)
		c.CloseWrite()
		c.reply().wantFailure(t, 400, "invalid", []string{})
		awaitNothingAside(t, in)
		c, _ = halfUpload(s, in, "f", name)
		c.SetLinger(0)
		c.Close()
		awaitNothingAside(t, in)
	}
	s.wantRows("LIST @f", "old")
	s.wantContent("f", "old", []byte("old"))
}

// What lands in a stage is out of reach for a stage on the folder above.
func TestFolderWithinFolder(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	in := filepath.Join(out, "in")
	s := folderStage(t, out, settings{})
	s.exec("CREATE STAGE inner 'fs://" + in + "/'")
	c, end := halfUpload(s, in, "inner", "k")
	key := "in/.wharf-uploads/" + aside(t, in)[0].Name()
	for _, method := range []string{"GET", "DELETE"} {
		if r := s.do(method, fileURL(s, "f", key), ""); r.status != 404 {
			t.Errorf("%s of %s: %d %s", method, key, r.status, r.body)
		}
	}
	s.do("PUT", fileURL(s, "f", key), "x").wantFailure(t, 400, "invalid", nil, ".wharf-uploads")
	if got := s.column("REMOVE @f/in/"); len(got) != 0 {
		t.Errorf("REMOVE takes %q", got)
	}
	s.wantError("CREATE STAGE x 'fs://"+in+"/.wharf-uploads/'", "1210 (HY000)", ".wharf-uploads")
	c.write(end)
	if r := c.reply(); r.status != 200 {
		t.Fatalf("the upload ends with %d %s", r.status, r.body)
	}
	s.wantRows("LIST @f", "in/k")
	s.wantError("COPY FILES INTO @inner FROM @f", "1210 (HY000)", "within each other")
}

// SIGKILL under 16 uploads into a folder: every acknowledged file is whole,
// every other is so or is not there, and the next upload tidies up.
func TestFolderKill(t *testing.T) {
	t.Parallel()
	t.Logf("seed %d", *killSeed)
	r := rand.New(rand.NewPCG(*killSeed, 2))
	out, dir := t.TempDir(), t.TempDir()+"/data"
	acked, left := 0, 0
	for round := 0; round < 4 || left == 0 && round < 40; round++ { // a kill between two uploads leaves nothing
		in := filepath.Join(out, stageOf(round))
		s := folderStage(t, out, settings{dir: dir, killed: true})
		s.exec("CREATE STAGE " + stageOf(round) + " 'fs://" + in + "/'")
		known := uploadUntilKilled(s, stageOf(round), r)
		left += len(aside(t, in))
		s = folderStage(t, out, settings{dir: dir})
		verify(s, stageOf(round), known)
		s.mustUpload(stageOf(round), "next", []byte("x"))
		if files := aside(t, in); len(files) != 0 {
			t.Errorf("%d files of the killed server are left", len(files))
		}
		for _, l := range known {
			if l.acked != nil {
				acked++
			}
		}
		s.Stop()
	}
	t.Logf("%d keys acknowledged, %d files were left aside", acked, left)
	if acked == 0 || left == 0 {
		t.Error("nothing was tested")
	}
}
