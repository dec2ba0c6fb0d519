package local

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"

	"github.com/cockroachdb/pebble/v2/vfs"
	"golang.org/x/sys/unix"
)

// readOnly is an FS through which nothing can be changed: what a check without
// a repair works on, also where the file system itself allows no more.
type readOnly struct{ vfs.FS }

func refused(op, name string) error {
	return &fs.PathError{Op: op, Path: name, Err: syscall.EROFS}
}

// Create refuses.
func (readOnly) Create(name string, _ vfs.DiskWriteCategory) (vfs.File, error) {
	return nil, refused("create", name)
}

// OpenReadWrite refuses.
func (readOnly) OpenReadWrite(name string, _ vfs.DiskWriteCategory, _ ...vfs.OpenOption) (vfs.File, error) {
	return nil, refused("open", name)
}

// ReuseForWrite refuses.
func (readOnly) ReuseForWrite(name, _ string, _ vfs.DiskWriteCategory) (vfs.File, error) {
	return nil, refused("rename", name)
}

// Link refuses.
func (readOnly) Link(name, _ string) error { return refused("link", name) }

// Rename refuses.
func (readOnly) Rename(name, _ string) error { return refused("rename", name) }

// Remove refuses.
func (readOnly) Remove(name string) error { return refused("remove", name) }

// RemoveAll refuses.
func (readOnly) RemoveAll(name string) error { return refused("remove", name) }

// MkdirAll refuses.
func (readOnly) MkdirAll(name string, _ os.FileMode) error { return refused("mkdir", name) }

// Lock keeps others from writing, as far as that can be done without writing:
// where there is no lock file, no server has the folder.
func (r readOnly) Lock(name string) (io.Closer, error) {
	if r.FS != vfs.Default {
		return r.FS.Lock(name)
	}
	f, err := os.Open(name)
	if missing(err) {
		return io.NopCloser(nil), nil
	}
	if err != nil {
		return nil, err
	}
	// It excludes the lock of a server: pebble v2.1.4, vfs/file_lock_unix.go.
	shared := unix.Flock_t{Type: unix.F_RDLCK, Whence: io.SeekStart}
	if err := unix.FcntlFlock(f.Fd(), unix.F_SETLK, &shared); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Unwrap tells pebble which FS is below.
func (r readOnly) Unwrap() vfs.FS { return r.FS }
