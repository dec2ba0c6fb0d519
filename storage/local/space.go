package local

import (
	"context"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2/vfs"

	"wharf"
)

// space refuses uploads before the disk is full. The index needs room to
// work, above all to give back the room of what is removed, and a log that
// cannot be written ends the engine.
type space struct {
	fs      vfs.FS
	dir     string
	reserve int64
	ballast ballast
	room    atomic.Int64 // what may still be taken before the disk is asked again
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

// reclaim waits until what was removed before has given its room back, or
// has failed to.
func (e *Engine) reclaim(ctx context.Context) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		// What fails is logged by those whose work it is; here it only means
		// that there is no room.
		_ = e.tidy.now()
	}()
	for _, c := range []<-chan struct{}{e.reaper.idle(), done} {
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

func (s *space) take(n int64) bool {
	if s.room.Add(-n) >= 0 {
		return true
	}
	u, err := s.fs.GetDiskUsage(s.dir)
	if err != nil {
		return true // a disk that cannot tell is found full by writing to it
	}
	free := int64(min(u.AvailBytes, 1<<62)) - s.reserve
	if free < n {
		s.room.Store(0)
		return false
	}
	s.room.Store(min((free-n)/4, askAgain))
	if !s.ballast.here.Load() && free-n > s.ballast.size {
		s.ballast.restore()
	}
	return true
}
