package local

import (
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// fuse is between the index and the disk. Where a file of the log or of the
// manifest cannot be written, the index would end the process, and not in
// order (pebble v2.1.4, db.go: rotateWAL panics while a deferred function
// expects a mutex). So the fuse blows instead: the engine is declared failed,
// and from then on nothing changes on the disk any more, while the index is
// told that all went well. Nobody is told so who asked the engine, for it
// answers every call with the failure. What the next start finds is what the
// process would have left if it had died at that moment.
type fuse struct {
	vfs.FS
	broken     *failure
	background *background
}

// vital tells the files that the index cannot do without. It gets over a
// failure to write a table by trying again.
func (f *fuse) vital(name string) bool {
	base := f.PathBase(name)
	return strings.HasSuffix(base, logSuffix) || strings.HasPrefix(base, "MANIFEST-") ||
		strings.HasPrefix(base, "marker.")
}

// blow fails the engine, unless err is nil.
func (f *fuse) blow(err error) {
	if err != nil {
		f.broken.fail(err)
	}
}

// create makes a file, or one that keeps nothing once the fuse has blown.
// Tables are made in the background, where waiting for ever harms nobody.
func (f *fuse) create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	if f.broken.failed() {
		if !f.vital(name) {
			select {}
		}
		return f.wrap(nil), nil
	}
	file, err := f.FS.Create(name, c)
	return f.opened(name, file, err)
}

// ReuseForWrite is Create with an old file.
func (f *fuse) ReuseForWrite(from, to string, c vfs.DiskWriteCategory) (vfs.File, error) {
	if f.broken.failed() {
		return f.wrap(nil), nil
	}
	file, err := f.FS.ReuseForWrite(from, to, c)
	return f.opened(to, file, err)
}

func (f *fuse) opened(name string, file vfs.File, err error) (vfs.File, error) {
	if !f.vital(name) {
		return file, err
	}
	if err != nil {
		f.blow(err)
		file = nil
	}
	return f.wrap(file), nil
}

// OpenDir opens a folder, for its syncs.
func (f *fuse) OpenDir(name string) (vfs.File, error) {
	file, err := f.FS.OpenDir(name)
	if err != nil {
		return nil, err
	}
	return f.wrap(file), nil
}

// Remove removes nothing once the fuse has blown: what the index no longer
// needs, the next start may.
func (f *fuse) Remove(name string) error {
	if f.broken.failed() {
		return nil
	}
	return f.FS.Remove(name)
}

// Rename renames nothing once the fuse has blown.
func (f *fuse) Rename(from, to string) error {
	if f.broken.failed() {
		return nil
	}
	return f.FS.Rename(from, to)
}

// Unwrap tells pebble which FS is below.
func (f *fuse) Unwrap() vfs.FS { return f.FS }

func (f *fuse) wrap(file vfs.File) vfs.File {
	w := &fusedFile{File: file, fuse: f, null: file == nil}
	if w.null {
		w.File = vfs.NewMemFile(nil)
	}
	return w
}

// fusedFile is a vital file.
type fusedFile struct {
	vfs.File
	fuse *fuse
	null bool // there is no file
}

func (f *fusedFile) dead() bool { return f.null || f.fuse.broken.failed() }

func (f *fusedFile) Write(p []byte) (int, error) {
	if f.dead() {
		return len(p), nil
	}
	n := len(p)
	f.fuse.blow(writeAll(f.File, p))
	return n, nil
}

func (f *fusedFile) Sync() error {
	if !f.dead() {
		f.fuse.blow(f.File.Sync())
	}
	return nil
}

func (f *fusedFile) SyncData() error {
	if !f.dead() {
		f.fuse.blow(f.File.SyncData())
	}
	return nil
}

func (f *fusedFile) SyncTo(length int64) (bool, error) {
	if f.dead() {
		return false, nil
	}
	full, err := f.File.SyncTo(length)
	f.fuse.blow(err)
	return full, nil
}

func (f *fusedFile) Stat() (vfs.FileInfo, error) {
	info, err := f.File.Stat()
	if err != nil {
		f.fuse.blow(err)
		return vfs.NewMemFile(nil).Stat()
	}
	return info, nil
}

func (f *fusedFile) Close() error {
	f.fuse.blow(f.File.Close())
	return nil
}
