package local

import (
	"strings"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"

	"wharf"
)

// spareHandle is a file handle kept for the moment when the process has no
// other: the index cannot go on without its next log (pebble v2.1.4, db.go,
// rotateWAL panics).
type spareHandle struct {
	mu sync.Mutex // guards f
	f  vfs.File   // nil while it is lent
}

// keepSpare opens the spare handle, on any file that is there.
func (d *disk) keepSpare(name string) error {
	f, err := d.FS.Open(name)
	if err != nil {
		return err
	}
	d.spare.mu.Lock()
	defer d.spare.mu.Unlock()
	d.spare.f = f
	return nil
}

// dropSpare closes it.
func (d *disk) dropSpare() error {
	d.spare.mu.Lock()
	defer d.spare.mu.Unlock()
	if d.spare.f == nil {
		return nil
	}
	f := d.spare.f
	d.spare.f = nil
	return f.Close()
}

// withSpare opens a file of the index's log, at the cost of the spare handle
// if there is no other. The handle is not taken back: a process in that
// state has too few handles, and its next start has the spare again.
func (d *disk) withSpare(name string, open func() (vfs.File, error)) (vfs.File, error) {
	f, err := open()
	if err == nil || wharf.DiskCode(err) != wharf.CodeUnavailable || !strings.HasSuffix(name, logSuffix) {
		return f, err
	}
	if err := d.dropSpare(); err != nil {
		return nil, err
	}
	return open()
}

const logSuffix = ".log"
