package local

import (
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

// take asks for n bytes of the disk. CodeNoSpace if they are not there.
func (s *space) take(op string, n int64) error {
	if s.room.Add(-n) >= 0 {
		return nil
	}
	u, err := s.fs.GetDiskUsage(s.dir)
	if err != nil {
		return nil // a disk that cannot tell is found full by writing to it
	}
	free := int64(min(u.AvailBytes, 1<<62)) - s.reserve
	if free < n {
		s.room.Store(0)
		return &wharf.Error{Code: wharf.CodeNoSpace, Op: op, Msg: "no space left for the file"}
	}
	s.room.Store(min((free-n)/4, askAgain))
	if !s.ballast.here.Load() && free-n > s.ballast.size {
		s.ballast.restore()
	}
	return nil
}
