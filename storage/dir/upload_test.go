package dir

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"wharf"
)

// entries returns the names in a folder below the stage's, joined by blanks.
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

// left makes a file of an upload, written a while ago.
func (f *folder) left(name string, ago time.Duration) string {
	f.t.Helper()
	f.write(uploads+"/"+name, "x")
	path, then := filepath.Join(f.path, uploads, name), time.Now().Add(-ago)
	f.do(os.Chtimes(path, then, then))
	return path
}

// reopened is the same stage in another server.
func (f *folder) reopened() *folder {
	return &folder{t: f.t, path: f.path, Store: &Store{allow: f.allow, below: f.below, pageNames: f.pageNames}}
}

// TestAbandonedUploads finds the files of uploads whose process was killed, one of
// an upload that is under way, and what others put beside them.
func TestAbandonedUploads(t *testing.T) {
	f := newFolder(t)
	killed, held := newUploadName(), newUploadName()
	others := []string{"keep", uploadPrefix, uploadPrefix + "notes.txt", killed + "A", strings.ToLower(killed), strings.TrimPrefix(killed, uploadPrefix)}
	for _, name := range others {
		f.left(name, 2*abandonedAge)
	}
	writer, err := os.OpenFile(f.left(held, 2*abandonedAge), os.O_WRONLY, 0)
	f.do(err)
	f.do(syscall.Flock(int(writer.Fd()), syscall.LOCK_EX|syscall.LOCK_NB))
	f.do(os.Mkdir(filepath.Join(f.path, uploads, newUploadName()), 0o700))
	f.do(syscall.Mkfifo(filepath.Join(f.path, uploads, newUploadName()), 0o600))
	rest := f.entries(uploads)
	for what, write := range map[string]func(*folder) error{
		"Put":    func(f *folder) error { return f.put("k", "x") },
		"Delete": func(f *folder) error { return f.Delete(t.Context(), []wharf.Key{"nobody"}) },
	} {
		f.left(killed, 0)
		f.want("list", f.list("none"), "")
		f.do(write(f.reopened()))
		f.want("what is there after the first "+what, f.entries(uploads), rest)
	}
	f.do(writer.Close())
	f.do(f.reopened().put("k", "x"))
	if _, err := os.Lstat(filepath.Join(f.path, uploads, held)); !os.IsNotExist(err) {
		t.Errorf("a file whose writer is gone: %v", err)
	}
}

// TestAbandonedUploadsWithoutLocks goes by the time of the files.
func TestAbandonedUploadsWithoutLocks(t *testing.T) {
	f := newFolder(t)
	f.fault = func(step string) error {
		if step == "lock" {
			return syscall.ENOLCK
		}
		return nil
	}
	young, old := newUploadName(), newUploadName()
	f.left(young, abandonedAge/2)
	f.left(old, 2*abandonedAge)
	f.do(f.put("k", "x"))
	f.want("what is there after the first Put", f.entries(uploads), young)
}

// TestSweepMeetsUpload has another server sweep while an upload is under way,
// at each of its steps, and between the making of its file and its lock.
func TestSweepMeetsUpload(t *testing.T) {
	for _, at := range []string{"create", "lock", "write", "sync", "publish", "sync folders"} {
		f := newFolder(t)
		f.do(f.put("k", "old"))
		met := 0
		f.fault = func(step string) error {
			if step == at && met == 0 {
				met++
				f.do(f.reopened().Delete(t.Context(), nil))
			}
			return nil
		}
		f.do(f.put("k", "new"))
		got, err := f.read("k")
		f.do(err)
		f.want("after a sweep at "+at, got, "new")
		f.want("what is left", f.entries(uploads), "")
	}
}

// TestTidyHoldsUpload has the file of an upload locked by another before its
// own lock: the next one is free.
func TestTidyHoldsUpload(t *testing.T) {
	f := newFolder(t)
	met := 0
	f.fault = func(step string) error {
		if step != "lock" || met > 0 {
			return nil
		}
		met++
		other, err := os.OpenFile(filepath.Join(f.path, uploads, f.entries(uploads)), os.O_WRONLY, 0)
		f.do(err)
		t.Cleanup(func() { other.Close() })
		return syscall.Flock(int(other.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	}
	f.do(f.put("k", "x"))
	f.want("what is left", f.entries(uploads), "")
}

// TestAsideIsAFolder has something else where uploads are kept: nothing is
// written there and nothing removed.
func TestAsideIsAFolder(t *testing.T) {
	f := newFolder(t)
	name := newUploadName()
	f.write("data/keep", "x")
	f.write("data/"+name, "x")
	then := time.Now().Add(-2 * abandonedAge)
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

// TestNestedStages looks for what is landing in a stage from stages on the
// folders around it and through links.
func TestNestedStages(t *testing.T) {
	f := newFolder(t)
	outer := &folder{t: t, path: f.allow, Store: open(t, f.allow, "fs://"+f.allow+"/")}
	f.do(f.put("whole", "x"))
	inStage := "stage/" + uploads
	for link, target := range map[string]string{"dir": inStage, "up": "stage", "stage/in": uploads} {
		f.do(os.Symlink(target, filepath.Join(outer.path, link)))
	}
	behind := open(t, f.allow, "fs://"+f.allow+"/dir/")
	f.fault = func(step string) error {
		if step != "publish" {
			return nil
		}
		name := f.entries(uploads)
		f.do(os.Symlink(inStage+"/"+name, filepath.Join(outer.path, "file")))
		f.want("list", outer.list(""), "stage/whole")
		f.want("list of keys", fmt.Sprint(keysOf(t, outer, wharf.ListOptions{KeysOnly: true})), "[stage/whole]")
		for _, prefix := range []string{inStage, inStage + "/", "dir/", "dir/u", "up/" + uploads + "/", "up/in/", "stage/in/"} {
			f.want("list of "+prefix, outer.list(prefix), "")
		}
		for _, key := range []string{inStage + "/" + name, "dir/" + name, "up/" + uploads + "/" + name, "up/in/" + name, "stage/in/" + name, "file"} {
			outer.wantNotThere(key)
		}
		(&folder{t: t, path: f.path, Store: behind}).wantNotThere(name)
		return nil
	}
	f.do(f.put("k", "lands"))
	got, err := f.read("k")
	f.do(err)
	f.want("what landed", got, "lands")
	for _, key := range []string{inStage + "/x", "dir/x", "up/in/x", "up/in/new/x", "stage/in/x", "new/" + uploads + "/x", "new/" + uploads} {
		err := outer.put(key, "x")
		f.wantCode("Put of "+key, err, wharf.CodeInvalid)
		if !strings.Contains(wharf.MessageOf(err), uploads) {
			t.Errorf("Put of %s: the message is %q", key, wharf.MessageOf(err))
		}
	}
	f.want("what is in the folder of uploads", f.entries(uploads), "")
}

// wantNotThere wants no way to see or remove what has the key.
func (f *folder) wantNotThere(key string) {
	f.t.Helper()
	_, err := f.read(key)
	f.wantCode("Open of "+key, err, wharf.CodeNotFound)
	_, err = f.Stat(f.t.Context(), wharf.Key(key))
	f.wantCode("Stat of "+key, err, wharf.CodeNotFound)
	f.do(f.Delete(f.t.Context(), []wharf.Key{wharf.Key(key)}))
}
