package dir

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"wharf"
)

// folder is a stage on a folder that other programs use too.
type folder struct {
	*Store
	t    *testing.T
	path string
}

func newFolder(t *testing.T) *folder {
	t.Helper()
	allow := t.TempDir()
	f := &folder{t: t, path: filepath.Join(allow, "stage")}
	f.do(os.Mkdir(f.path, 0o700))
	f.Store = open(t, allow, "fs://"+f.path+"/")
	return f
}

func (f *folder) do(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *folder) write(name, text string) {
	f.t.Helper()
	path := filepath.Join(f.path, name)
	f.do(os.MkdirAll(filepath.Dir(path), 0o700))
	f.do(os.WriteFile(path, []byte(text), 0o600))
}

func (f *folder) put(key, text string) error {
	_, err := f.Put(f.t.Context(), wharf.Key(key), strings.NewReader(text), wharf.PutOptions{Size: int64(len(text))})
	return err
}

// list gives the keys, joined by blanks.
func (f *folder) list(prefix string) string {
	f.t.Helper()
	var keys []string
	for obj, err := range f.List(f.t.Context(), wharf.ListOptions{Prefix: prefix}) {
		f.do(err)
		keys = append(keys, string(obj.Key))
	}
	return strings.Join(keys, " ")
}

func (f *folder) read(key string) (string, error) {
	file, err := f.Open(f.t.Context(), wharf.Key(key))
	if err != nil {
		return "", err
	}
	defer file.Close()
	r, err := file.Range(f.t.Context(), 0, -1)
	if err != nil {
		return "", err
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	return string(b), err
}

func (f *folder) want(what, got, want string) {
	f.t.Helper()
	if got != want {
		f.t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

func (f *folder) wantCode(what string, err error, code wharf.Code) {
	f.t.Helper()
	if wharf.CodeOf(err) != code {
		f.t.Errorf("%s: want the code %q: %v", what, code, err)
	}
	if err != nil && strings.Contains(wharf.MessageOf(err), f.path) {
		f.t.Errorf("%s: the message shows a path of the server: %v", what, err)
	}
}

func TestFilesOfOthers(t *testing.T) {
	f := newFolder(t)
	for _, name := range []string{"b.csv", "a/2", "a/1", "a-b", "a.b/c", "a0", ".hidden"} {
		f.write(name, name)
	}
	f.do(os.MkdirAll(filepath.Join(f.path, "empty/folder"), 0o700))
	f.do(syscall.Mkfifo(filepath.Join(f.path, "pipe"), 0o600))
	f.do(syscall.Mknod(filepath.Join(f.path, "socket"), syscall.S_IFSOCK|0o600, 0))
	f.write("bad\xffname", "")
	f.write("control\nname", "")
	f.want("list", f.list(""), ".hidden a-b a.b/c a/1 a/2 a0 b.csv")
	f.want("a prefix", f.list("a"), "a-b a.b/c a/1 a/2 a0")
	f.want("a folder", f.list("a/"), "a/1 a/2")
	for _, prefix := range []string{"a//", "/", "..", "../", "./", "a/../", "b.csv/", "nobody/", "empty", strings.Repeat("x", 300) + "/"} {
		f.want("prefix "+prefix, f.list(prefix), "")
	}
	got, err := f.read("a/1")
	f.do(err)
	f.want("what another wrote", got, "a/1")
	for _, key := range []string{"pipe", "socket", "empty", "empty/folder", "a", "a/1/x", "a//1", "nobody", "../stage/a/1", strings.Repeat("x", 300)} {
		_, err := f.read(key)
		f.wantCode("Open of "+key, err, wharf.CodeNotFound)
		_, err = f.Stat(t.Context(), wharf.Key(key))
		f.wantCode("Stat of "+key, err, wharf.CodeNotFound)
		f.do(f.Delete(t.Context(), []wharf.Key{wharf.Key(key)}))
	}
	for _, name := range []string{"pipe", "socket", "empty/folder", "a/1"} {
		if _, err := os.Lstat(filepath.Join(f.path, name)); err != nil {
			t.Errorf("Delete removed what is no object: %v", err)
		}
	}
	f.do(f.put("new/file", "mine"))
	text, err := os.ReadFile(filepath.Join(f.path, "new/file"))
	f.do(err)
	f.want("what others see", string(text), "mine")
	f.do(f.Delete(t.Context(), []wharf.Key{"a/1", "a/2"}))
	if _, err := os.Stat(filepath.Join(f.path, "a")); err != nil {
		t.Errorf("a folder that became empty is gone: %v", err)
	}
	f.do(f.put("a", "an empty folder is in nobody's way"))
	f.wantCode("Put of a folder's name", f.put("new", "x"), wharf.CodeInvalid)
	f.wantCode("Put below a file", f.put("b.csv/x", "x"), wharf.CodeInvalid)
	f.wantCode("Put into the folder of uploads", f.put(uploads+"/x", "x"), wharf.CodeInvalid)
	f.wantCode("Put of an empty part", f.put("x//y", "x"), wharf.CodeInvalid)
}

// TestNothingOutside tries to reach a secret beside the stage's folder.
func TestNothingOutside(t *testing.T) {
	f := newFolder(t)
	outside := filepath.Join(filepath.Dir(f.path), "secret")
	f.do(os.Mkdir(outside, 0o700))
	f.do(os.WriteFile(filepath.Join(outside, "file"), []byte("secret"), 0o600))
	f.write("in/file", "fine")
	for name, target := range map[string]string{
		"abs": outside, "rel": "../secret", "file": "../secret/file", "absfile": filepath.Join(outside, "file"),
		"in/up": "../../secret", "chain": "rel", "dangling": "nobody", "loop": "loop",
		"ok": "in/file", "okdir": "in", "round": ".",
	} {
		f.do(os.Symlink(target, filepath.Join(f.path, name)))
	}
	f.want("list", f.list(""), "in/file ok")
	for _, key := range []string{"abs/file", "rel/file", "file", "absfile", "in/up/file", "chain/file"} {
		_, err := f.read(key)
		f.wantCode("Open of "+key, err, wharf.CodeDenied)
		_, err = f.Stat(t.Context(), wharf.Key(key))
		f.wantCode("Stat of "+key, err, wharf.CodeDenied)
		f.do(f.Delete(t.Context(), []wharf.Key{wharf.Key(key)}))
	}
	for _, key := range []string{"abs/new", "rel/new", "in/up/new", "chain/new"} {
		f.wantCode("Put of "+key, f.put(key, "x"), wharf.CodeDenied)
	}
	for _, prefix := range []string{"abs/", "rel/", "chain/", "in/up/"} {
		var got error
		for obj, err := range f.List(t.Context(), wharf.ListOptions{Prefix: prefix}) {
			if got = err; err == nil {
				t.Errorf("List of %s yields %q", prefix, obj.Key)
			}
		}
		f.wantCode("List of "+prefix, got, wharf.CodeDenied)
	}
	entries, err := os.ReadDir(outside)
	f.do(err)
	text, err := os.ReadFile(filepath.Join(outside, "file"))
	f.do(err)
	if len(entries) != 1 || string(text) != "secret" {
		t.Errorf("what is outside was changed: %v, %q", entries, text)
	}
	got, err := f.read("okdir/file")
	f.do(err)
	f.want("a link within", got, "fine")
	for _, key := range []string{"dangling", "loop"} {
		_, err := f.read(key)
		f.wantCode("Open of "+key, err, wharf.CodeNotFound)
	}
	f.do(f.put("file", "mine")) // it takes the link's place
	text, err = os.ReadFile(filepath.Join(outside, "file"))
	f.do(err)
	f.want("the target of a link that was replaced", string(text), "secret")
}

// TestLinkedStage has the stage's folder itself be a link that leads out of
// the allowed one.
func TestLinkedStage(t *testing.T) {
	f := newFolder(t)
	f.do(os.Remove(f.path))
	f.do(os.Symlink(t.TempDir(), f.path))
	f.wantCode("Put", f.put("x", "x"), wharf.CodeDenied)
	_, err := f.read("x")
	f.wantCode("Open", err, wharf.CodeDenied)
	f.wantCode("Delete", f.Delete(t.Context(), []wharf.Key{"x"}), wharf.CodeDenied)
}

func TestFaults(t *testing.T) {
	for _, step := range []string{"create", "write", "sync", "publish"} {
		t.Run(step, func(t *testing.T) {
			f := newFolder(t)
			f.do(f.put("old", "old"))
			f.fault = func(s string) error {
				if s == step {
					return &fs.PathError{Op: "x", Path: f.path, Err: syscall.ENOSPC}
				}
				return nil
			}
			for _, key := range []string{"old", "new", "folder/new"} {
				f.wantCode("Put of "+key, f.put(key, "changed"), wharf.CodeNoSpace)
			}
			f.fault = nil
			f.want("list", f.list(""), "old")
			got, err := f.read("old")
			f.do(err)
			f.want("the old file", got, "old")
			f.want("what is left behind", f.entries(uploads), "")
		})
	}
	t.Run("sync folders", func(t *testing.T) {
		f := newFolder(t)
		f.fault = func(s string) error {
			if s == "sync folders" {
				return syscall.EIO
			}
			return nil
		}
		f.wantCode("Put whose name is not durable", f.put("k", "x"), wharf.CodeInternal)
	})
}

// TestStepsInOrder freezes the order in which a file becomes one.
func TestStepsInOrder(t *testing.T) {
	f := newFolder(t)
	var steps []string
	f.fault = func(s string) error {
		_, err := os.Stat(filepath.Join(f.path, "a/k"))
		if (err == nil) != (s == "sync folders") {
			t.Errorf("before %q: the file is there: %v", s, err == nil)
		}
		steps = append(steps, s)
		return nil
	}
	f.do(f.put("a/k", "x"))
	f.want("steps", strings.Join(steps, ", "), "create, lock, write, sync, publish, sync folders")
}

func TestChangedWhileRead(t *testing.T) {
	for name, change := range map[string]func(path string) error{
		"longer":      func(path string) error { return os.WriteFile(path, make([]byte, 200), 0o600) },
		"cut":         func(path string) error { return os.Truncate(path, 10) },
		"same length": func(path string) error { return os.WriteFile(path, make([]byte, 100), 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFolder(t)
			f.write("k", strings.Repeat("x", 100))
			then := time.Now().Add(-time.Hour) // so that the change has another time, however coarse it is
			f.do(os.Chtimes(filepath.Join(f.path, "k"), then, then))
			file, err := f.Open(t.Context(), "k")
			f.do(err)
			defer file.Close()
			r, err := file.Range(t.Context(), 0, -1)
			f.do(err)
			_, err = io.ReadFull(r, make([]byte, 20))
			f.do(err)
			f.do(change(filepath.Join(f.path, "k")))
			_, err = io.ReadAll(r)
			f.wantCode("Read", err, wharf.CodeInternal)
			if !strings.Contains(wharf.MessageOf(err), "changed") {
				t.Errorf("the message is %q", wharf.MessageOf(err))
			}
		})
	}
}

func TestAllowedFolderIsGone(t *testing.T) {
	f := newFolder(t)
	f.do(f.put("k", "x"))
	gone := filepath.Dir(f.path) + "-gone"
	f.do(os.Rename(filepath.Dir(f.path), gone))
	f.wantCode("Put", f.put("k", "x"), wharf.CodeInternal)
	_, err := f.read("k")
	f.wantCode("Open", err, wharf.CodeInternal)
	var listed error
	for _, err := range f.List(t.Context(), wharf.ListOptions{}) {
		listed = errors.Join(listed, err)
	}
	f.wantCode("List", listed, wharf.CodeInternal)
	f.wantCode("Delete", f.Delete(context.Background(), []wharf.Key{"k"}), wharf.CodeInternal)
	f.do(os.Rename(gone, filepath.Dir(f.path)))
	got, err := f.read("k")
	f.do(err)
	f.want("the file when the folder is back", got, "x")
}

// writeEmpty makes a file without the care that Put takes.
func writeEmpty(folder, name string) error {
	return os.WriteFile(filepath.Join(folder, name), nil, 0o600)
}
