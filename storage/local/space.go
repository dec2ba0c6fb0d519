package local

import (
	"context"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2/vfs"

	"wharf"
)

// space refuses uploads before the disk is full. The log and the
// index need space to work, above all to free the space of what is removed.
type space struct {
	fs      vfs.FS
	dir     string
	reserve int64
	ballast ballast
	left    atomic.Int64 // what may still be taken before the disk is asked again
}

// askAgain is after how many bytes the disk is asked again, at the latest.
const askAgain = 8 << 20

func (s *space) init(fs vfs.FS, dir string, z sizes) {
	s.fs, s.dir, s.reserve = fs, dir, z.reserve
	s.ballast.init(fs, dir, z.ballast)
}

// take asks for n bytes of the disk. Where they are not there it waits for
// what is being given back, and then is CodeNoSpace.
func (e *Engine) take(ctx context.Context, op string, n int64) error {
	if e.space.take(n) {
		return nil
	}
	if err := e.reclaim(ctx); err != nil {
		return err
	}
	if e.space.take(n) {
		return nil
	}
	return &wharf.Error{Code: wharf.CodeNoSpace, Op: op, Msg: "no space left for the file"}
}

// reclaim waits until what was removed before has freed its space, or
// has failed to.
func (e *Engine) reclaim(ctx context.Context) error {
	e.spare.release()
	for _, c := range []<-chan struct{}{e.reaper.idle(), e.compactor.reclaim()} {
		select {
		case <-c:
		case <-ctx.Done():
			return ctx.Err()
		case <-e.broken.ch:
			return e.broken.error("local.reclaim")
		}
	}
	return nil
}

// has reports whether the disk has n bytes beside the reserve.
func (s *space) has(n int64) bool {
	u, err := s.fs.GetDiskUsage(s.dir)
	return err != nil || int64(min(u.AvailBytes, 1<<62))-s.reserve >= n
}

func (s *space) take(n int64) bool {
	if s.left.Add(-n) >= 0 {
		return true
	}
	u, err := s.fs.GetDiskUsage(s.dir)
	if err != nil {
		return true // a disk that cannot tell is found full by writing to it
	}
	free := int64(min(u.AvailBytes, 1<<62)) - s.reserve
	if free < n {
		s.left.Store(0)
		return false
	}
	s.left.Store(min((free-n)/4, askAgain))
	if !s.ballast.here.Load() && free-n > s.ballast.size {
		s.ballast.restore()
	}
	return true
}

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

// restore makes the file where it is missing. A disk without space for it
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

// release frees the space of the file.
func (b *ballast) release() {
	// Whether this helps shows at the write that is tried again.
	_ = b.fs.Remove(b.path)
	b.here.Store(false)
}
