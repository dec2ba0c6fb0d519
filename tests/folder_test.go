package tests

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
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
