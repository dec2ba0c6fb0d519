package local

import (
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// stopFS is between the index and the disk. Where a manifest, or a folder,
// cannot be written or synced, the index would panic or end the process (pebble
// v2.1.4, version_set.go and vfs/atomicfs/marker.go), with its locks held. So the
// engine is declared failed instead, and from then on nothing changes on the
// disk any more, while the index is told that all went well. Callers are not told
// so: the engine answers every call with the failure. What the next start finds
// is what the process would have left if it had died at that moment.
type stopFS struct {
	vfs.FS
	broken     *failure
	background *background
}

// vital reports whether the index cannot do without the file.
func (f *stopFS) vital(name string) bool {
	base := f.PathBase(name)
	return strings.HasPrefix(base, "MANIFEST-") || strings.HasPrefix(base, "marker.")
}

// stop fails the engine, unless err is nil.
func (f *stopFS) stop(err error) {
	if err != nil {
		f.broken.fail(err)
	}
}

// create makes a file, or one that keeps nothing once the engine has failed.
// Tables are made in the background, where waiting until the index is closed
// does no harm.
func (f *stopFS) create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	if f.broken.failed() {
		if !f.vital(name) {
			<-f.background.stopped
			return nil, f.broken.error("local.create")
		}
		return f.wrap(nil), nil
	}
	file, err := f.FS.Create(name, c)
	return f.opened(name, file, err)
}

func (f *stopFS) opened(name string, file vfs.File, err error) (vfs.File, error) {
	if !f.vital(name) {
		return file, err
	}
	if err != nil {
		f.stop(err)
		file = nil
	}
	return f.wrap(file), nil
}

// OpenDir opens a folder, for its syncs.
func (f *stopFS) OpenDir(name string) (vfs.File, error) {
	file, err := f.FS.OpenDir(name)
	if err != nil {
		return nil, err
	}
	return f.wrap(file), nil
}

// Remove removes nothing once the engine has failed: what the index no longer
// needs, the next start may.
func (f *stopFS) Remove(name string) error {
	if f.broken.failed() {
		return nil
	}
	return f.FS.Remove(name)
}

// Rename renames nothing once the engine has failed.
func (f *stopFS) Rename(from, to string) error {
	if f.broken.failed() {
		return nil
	}
	return f.FS.Rename(from, to)
}

// Unwrap tells pebble which FS is below.
func (f *stopFS) Unwrap() vfs.FS { return f.FS }

func (f *stopFS) wrap(file vfs.File) vfs.File {
	w := &stopFile{File: file, fs: f, null: file == nil}
	if w.null {
		w.File = vfs.NewMemFile(nil)
	}
	return w
}

// stopFile is a vital file. What else a file can do the index does not ask of
// these (pebble v2.1.4, version_set.go and vfs/atomicfs/marker.go).
type stopFile struct {
	vfs.File
	fs   *stopFS
	null bool // there is no file
}

func (f *stopFile) dead() bool { return f.null || f.fs.broken.failed() }

func (f *stopFile) Write(p []byte) (int, error) {
	if f.dead() {
		return len(p), nil
	}
	n := len(p)
	f.fs.stop(write(f.File, p))
	return n, nil
}

func (f *stopFile) Sync() error {
	if !f.dead() {
		f.fs.stop(f.File.Sync())
	}
	return nil
}

func (f *stopFile) Stat() (vfs.FileInfo, error) {
	info, err := f.File.Stat()
	if err != nil {
		f.fs.stop(err)
		return vfs.NewMemFile(nil).Stat()
	}
	return info, nil
}

func (f *stopFile) Close() error {
	f.fs.stop(f.File.Close())
	return nil
}
