package local

import (
	"io"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"
	"golang.org/x/sys/unix"
)

const (
	fileMode   = 0o600
	folderMode = 0o700
)

// disk is what the engine and its index do file operations through: the FS
// of the Options, with every file private to the server, and with the
// index's logs laid out in full before their first use.
type disk struct {
	vfs.FS
	logSize int64
	spare   spareHandle
}

func private(f vfs.File, err error) (vfs.File, error) {
	if err != nil {
		return nil, err
	}
	if fd := f.Fd(); fd != vfs.InvalidFd {
		if err := unix.Fchmod(int(fd), fileMode); err != nil {
			f.Close()
			return nil, err
		}
	}
	return f, nil
}

// Create makes a file that only the server can read.
func (d *disk) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	if err := d.beforeMarker(name); err != nil {
		return nil, err
	}
	f, err := private(d.withSpare(name, func() (vfs.File, error) { return d.FS.Create(name, c) }))
	if err != nil || !strings.HasSuffix(name, logSuffix) || d.logSize == 0 {
		return f, err
	}
	// A log that grows makes each sync write the file's new size, too, which
	// costs a transaction of the file system's own journal. Written in place,
	// a sync is one write. It also makes sure that a full disk is met here
	// and not in the middle of a commit.
	if err := fillZeros(f, d.logSize); err != nil {
		f.Close()
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	return d.FS.OpenReadWrite(name, c)
}

// Remove removes a file or an empty folder.
func (d *disk) Remove(name string) error {
	if err := d.beforeMarker(name); err != nil {
		return err
	}
	return d.FS.Remove(name)
}

// beforeMarker makes durable what a marker of the index refers to before the
// marker is written, and the new marker before the old one is removed. The
// index itself syncs the folder only afterwards (pebble v2.1.4,
// vfs/atomicfs/marker.go), which leaves it without a manifest where a file
// system writes the entries of a folder in another order.
func (d *disk) beforeMarker(name string) error {
	if !strings.HasPrefix(d.PathBase(name), "marker.") {
		return nil
	}
	return syncFolder(d.FS, d.PathDir(name))
}

// ReuseForWrite renames a log that is done with, to be written over.
func (d *disk) ReuseForWrite(from, to string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return d.withSpare(to, func() (vfs.File, error) { return d.FS.ReuseForWrite(from, to, c) })
}

// OpenReadWrite opens a file, and makes it if there is none.
func (d *disk) OpenReadWrite(name string, c vfs.DiskWriteCategory, o ...vfs.OpenOption) (vfs.File, error) {
	return private(d.FS.OpenReadWrite(name, c, o...))
}

// Lock locks a file that only the server can read. The file is made first,
// where there is none, and not opened otherwise: closing any handle of it
// would end a lock that this process has on it.
func (d *disk) Lock(name string) (io.Closer, error) {
	if _, ok := d.FS.(readOnly); ok {
		return d.FS.Lock(name)
	}
	if _, err := d.FS.Stat(name); missing(err) {
		f, err := d.Create(name, vfs.WriteCategoryUnspecified)
		if err != nil {
			return nil, err
		}
		if err := f.Close(); err != nil {
			return nil, err
		}
	}
	return d.FS.Lock(name)
}

// Unwrap tells pebble which FS is below.
func (d *disk) Unwrap() vfs.FS { return d.FS }

func fillZeros(f vfs.File, size int64) error {
	zeros := make([]byte, min(size, 1<<20))
	for left := size; left > 0; {
		n, err := f.Write(zeros[:min(left, int64(len(zeros)))])
		if err != nil {
			return err
		}
		left -= int64(n)
	}
	return f.SyncData()
}

// syncFolder makes the entries of a folder durable.
func syncFolder(fs vfs.FS, name string) error {
	f, err := fs.OpenDir(name)
	if err != nil {
		return err
	}
	err = f.Sync()
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

// folder is a folder whose syncs are shared: one serves everyone who asked
// for it before it began.
type folder struct {
	fs    vfs.FS
	name  string
	syncs shared
}

func (f *folder) sync() error {
	return f.syncs.do(func() error { return syncFolder(f.fs, f.name) })
}
