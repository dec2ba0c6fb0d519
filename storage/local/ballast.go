package local

import (
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// ballast is a file that is there to be removed when the disk is full
// nevertheless, because someone else filled it: what it frees lets the index
// finish the write that it cannot do without.
type ballast struct {
	fs   vfs.FS
	path string
	size int64
	here atomic.Bool
}

const ballastFile = "ballast"

func (b *ballast) init(fs vfs.FS, dir string, size int64) {
	b.fs, b.path, b.size = fs, fs.PathJoin(dir, ballastFile), size
}

// restore makes the file where it is missing. A disk without room for it
// is no error: it is made later, when there is.
func (b *ballast) restore() {
	if !b.here.CompareAndSwap(false, true) {
		return
	}
	f, err := b.fs.Create(b.path, vfs.WriteCategoryUnspecified)
	if err == nil {
		err = f.Preallocate(0, b.size)
		if cerr := f.Close(); err == nil {
			err = cerr
		}
	}
	if err != nil {
		b.release()
	}
}

// release gives the disk the file's room back.
func (b *ballast) release() {
	// Whether this helps shows at the write that is tried again.
	_ = b.fs.Remove(b.path)
	b.here.Store(false)
}
