package dir

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wharf"
)

// entries gives the names in a folder below the stage's, joined by blanks.
func (f *folder) entries(name string) string {
	f.t.Helper()
	entries, err := os.ReadDir(filepath.Join(f.path, name))
	f.do(err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

// TestLeftBehind finds the files of two uploads whose process was killed, one
// of them long ago, and what others put beside them.
func TestLeftBehind(t *testing.T) {
	f := newFolder(t)
	old, young := newName(), newName()
	others := []string{"keep", mark, mark + "notes.txt", old + "A", strings.ToLower(old), strings.TrimPrefix(old, mark)}
	then := time.Now().Add(-2 * leftAge)
	for _, name := range append(others, old, young) {
		f.write(uploads+"/"+name, "x")
		f.do(os.Chtimes(filepath.Join(f.path, uploads, name), then, then))
	}
	f.write(uploads+"/"+young, "x")
	f.do(os.Mkdir(filepath.Join(f.path, uploads, newName()), 0o700))
	f.want("list", f.list(""), "")
	f.do(f.put("k", "x"))
	got := " " + f.entries(uploads) + " "
	for _, name := range append(others, young) {
		if !strings.Contains(got, " "+name+" ") {
			t.Errorf("%q is gone after the first upload", name)
		}
	}
	if strings.Contains(got, " "+old+" ") {
		t.Error("the old upload is there after the next one")
	}
}

// TestAsideIsAFolder has something else where uploads are kept: nothing is
// written there and nothing removed.
func TestAsideIsAFolder(t *testing.T) {
	f := newFolder(t)
	name := newName()
	f.write("data/keep", "x")
	f.write("data/"+name, "x")
	then := time.Now().Add(-2 * leftAge)
	f.do(os.Chtimes(filepath.Join(f.path, "data/keep"), then, then))
	f.do(os.Chtimes(filepath.Join(f.path, "data", name), then, then))
	f.do(os.Symlink("data", filepath.Join(f.path, uploads)))
	f.wantCode("Put beside a link", f.put("k", "x"), wharf.CodeInvalid)
	f.want("where the link leads", f.entries("data"), "keep "+name)
	f.do(os.Remove(filepath.Join(f.path, uploads)))
	f.write(uploads, "a file")
	err := f.put("k", "x")
	f.wantCode("Put beside a file", err, wharf.CodeInvalid)
	if !strings.Contains(wharf.MessageOf(err), uploads) {
		t.Errorf("the message is %q", wharf.MessageOf(err))
	}
	f.do(os.Remove(filepath.Join(f.path, uploads)))
	f.do(f.put("k", "x"))
}
