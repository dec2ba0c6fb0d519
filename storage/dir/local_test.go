package dir

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"wharf"
)

func (f *folder) local(key wharf.Key) wharf.LocalFile {
	f.t.Helper()
	l, err := f.Local(f.t.Context(), key)
	f.do(err)
	f.t.Cleanup(func() { f.do(l.Close()) })
	return l
}

// TestLocalIsTheFile wants a link to be the file itself, also when its name is
// another file's by then.
func TestLocalIsTheFile(t *testing.T) {
	f := newFolder(t)
	f.write("a/x.csv", "1,2\n")
	path := filepath.Join(f.path, "a/x.csv")
	before, err := os.Stat(path)
	f.do(err)
	l := f.local("a/x.csv")
	f.do(os.Rename(path, path+".old"))
	f.write("a/x.csv", "3,4\n")
	link, again := filepath.Join(t.TempDir(), "link"), filepath.Join(t.TempDir(), "again")
	f.do(l.Link(link))
	f.do(l.Link(again))
	for _, path := range []string{link, again} {
		if info, err := os.Lstat(path); err != nil || !os.SameFile(info, before) {
			t.Errorf("%s is not the file: %v", path, err)
		}
	}
	f.do(l.Whole(t.Context()))
	if l.Object().Size != 4 {
		t.Errorf("%+v", l.Object())
	}
}

// TestLocalChanged wants a file that another program writes to, before or after
// it was linked, not to be found whole.
func TestLocalChanged(t *testing.T) {
	for _, linked := range []bool{false, true} {
		f := newFolder(t)
		f.write("x.csv", "1,2\n")
		path := filepath.Join(f.path, "x.csv")
		f.do(os.Chtimes(path, time.Time{}, time.Now().Add(-time.Hour)))
		l := f.local("x.csv")
		if linked {
			f.do(l.Link(filepath.Join(t.TempDir(), "link")))
		}
		f.write("x.csv", "1,3\n")
		if err := l.Whole(t.Context()); wharf.CodeOf(err) != wharf.CodeInternal || wharf.MessageOf(err) != "the file was changed while it was read" {
			t.Errorf("linked %v: %v", linked, err)
		}
	}
}

// TestLocalStaysInside wants what a download refuses to be refused: links that
// lead out, what is no file, uploads that are under way.
func TestLocalStaysInside(t *testing.T) {
	f := newFolder(t)
	secret := filepath.Join(t.TempDir(), "secret")
	f.do(os.WriteFile(secret, []byte("secret"), 0o600))
	f.do(os.Symlink(secret, filepath.Join(f.path, "link.csv")))
	f.do(os.Symlink(filepath.Dir(secret), filepath.Join(f.path, "out")))
	f.do(os.Mkdir(filepath.Join(f.path, "folder.csv"), 0o700))
	f.write(uploads+"/x.csv", "1")
	f.write("inside.csv", "1,2\n")
	f.do(os.Symlink("inside.csv", filepath.Join(f.path, "alias.csv")))
	for key, want := range map[wharf.Key]wharf.Code{
		"link.csv": wharf.CodeDenied, "out/secret": wharf.CodeDenied, "folder.csv": wharf.CodeNotFound,
		uploads + "/x.csv": wharf.CodeNotFound, "none.csv": wharf.CodeNotFound, "../" + wharf.Key(filepath.Base(secret)): wharf.CodeNotFound,
	} {
		if _, err := f.Local(t.Context(), key); wharf.CodeOf(err) != want {
			t.Errorf("%s: %v, want %s", key, err, want)
		}
	}
	link := filepath.Join(t.TempDir(), "x")
	f.do(f.local("alias.csv").Link(link))
	if info, err := os.Lstat(link); err != nil || !info.Mode().IsRegular() {
		t.Errorf("a link to a symbolic link: %v, %v", info, err)
	}
}
