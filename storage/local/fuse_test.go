package local

import (
	"io"
	"log/slog"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// TestFuse fails a write or a sync of the index's log. The index is told that
// it went well, the engine knows that it did not, and from then on nothing
// changes on the disk, whatever the index goes on to do.
func TestFuse(t *testing.T) {
	for name, do := range map[string]func(vfs.File) error{
		"write":     func(f vfs.File) error { _, err := f.Write([]byte("lost")); return err },
		"sync":      vfs.File.Sync,
		"sync data": vfs.File.SyncData,
		"sync to":   func(f vfs.File) error { _, err := f.SyncTo(4); return err },
	} {
		t.Run(name, func(t *testing.T) {
			mem, failing := vfs.NewMem(), false
			broken := &failure{}
			broken.init(slog.New(slog.DiscardHandler))
			fs := &fuse{errorfs.Wrap(mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
				if failing && op.Kind.ReadOrWrite() == errorfs.OpIsWrite {
					return syscall.EIO
				}
				return nil
			})), broken, &background{}}
			log := mustCreate(t, fs, "000001.log")
			must(t, mustCreate(t, fs, "other").Close())
			_, err := log.Write([]byte("kept"))
			must(t, err)
			must(t, log.Sync())
			if broken.failed() {
				t.Fatal("the fuse blew without a reason")
			}
			failing = true
			must(t, do(log))
			if !broken.failed() {
				t.Fatal("the engine does not know of the failure")
			}
			failing = false
			_, err = log.Write([]byte("after"))
			must(t, err)
			must(t, log.SyncData())
			must(t, fs.Remove("other"))
			must(t, fs.Rename("other", "renamed"))
			must(t, mustCreate(t, fs, "000002.log").Close())
			wantOnDisk(t, mem, "000001.log", "kept")
			wantOnDisk(t, mem, "other", "")
			if _, err := mem.Stat("000002.log"); err == nil {
				t.Error("a log was made after the fuse blew")
			}
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func mustCreate(t *testing.T, fs vfs.FS, name string) vfs.File {
	t.Helper()
	f, err := fs.Create(name, vfs.WriteCategoryUnspecified)
	must(t, err)
	return f
}

func wantOnDisk(t *testing.T, fs vfs.FS, name, want string) {
	t.Helper()
	f, err := fs.Open(name)
	must(t, err)
	defer f.Close()
	got, err := io.ReadAll(f)
	must(t, err)
	if string(got) != want {
		t.Errorf("%s holds %q, want %q", name, got, want)
	}
}
