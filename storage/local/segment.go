package local

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"
	"golang.org/x/sys/unix"
)

const (
	logFolder     = "log"
	segmentSuffix = ".seg"

	// openSegments is how many segments stay open for readers to come.
	openSegments = 32
)

// segment is one file of the log. Its tag, a random number, stands in its name
// and in each of its records, so that they can be found behind damage and are
// not confused with what users upload.
type segment struct {
	number uint64
	tag    uint64
	path   string

	// What follows is guarded by segments.mu.
	account
	size    int64    // where its last record ends
	room    int64    // so long the file was beforehand: see spare; 0 is not at all
	damaged bool     // it is left as it is until a repair
	leaving bool     // it is not in the index any more, and about to be removed
	file    vfs.File // nil while it is not open
	users   int
	gone    bool
}

// account is what of a segment is needed. The rest is dead.
type account struct {
	live int64 // bytes of records that objects have their bodies in
	kept int64 // bytes of other records, which a compaction may have to keep
	end  int64 // of the segment; 0 while it has no successor
}

func (a account) plus(b account) account {
	return account{a.live + b.live, a.kept + b.kept, max(a.end, b.end)}
}

func (s *segment) dead() int64 { return s.size - s.live - s.kept }

// needless reports whether nothing of the segment is needed.
func (a account) needless() bool { return a.live == 0 && a.kept == 0 }

// position is a place in the log.
type position struct {
	segment uint64
	offset  int64
}

func (p position) before(q position) bool {
	return p.segment < q.segment || p.segment == q.segment && p.offset < q.offset
}

// segments are the files of the log.
type segments struct {
	fs    vfs.FS
	dir   string
	spare *spare

	mu     sync.Mutex // guards what follows
	all    map[uint64]*segment
	active *segment // nil before the first write
	idle   int      // open ones that are not in use
	high   uint64   // the highest number that was used
}

func segmentName(number, tag uint64) string {
	return fmt.Sprintf("%016x-%016x%s", number, tag, segmentSuffix)
}

func parseSegmentName(name string) (number, tag uint64, ok bool) {
	base, found := strings.CutSuffix(name, segmentSuffix)
	a, b, dash := strings.Cut(base, "-")
	number, err1 := strconv.ParseUint(a, 16, 64)
	tag, err2 := strconv.ParseUint(b, 16, 64)
	return number, tag, found && dash && err1 == nil && err2 == nil && segmentName(number, tag) == name
}

// load finds the segments of the folder, in order.
func (s *segments) load(fs vfs.FS, dir string) ([]*segment, error) {
	s.fs, s.dir, s.all = fs, dir, map[uint64]*segment{}
	names, err := fs.List(dir)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		number, tag, ok := parseSegmentName(name)
		if !ok || s.all[number] != nil {
			continue // not ours
		}
		info, err := fs.Stat(fs.PathJoin(dir, name))
		if err != nil {
			return nil, err
		}
		s.high = max(s.high, number)
		s.all[number] = &segment{number: number, tag: tag, path: fs.PathJoin(dir, name), size: info.Size()}
	}
	return s.sorted(), nil
}

func (s *segments) sorted() []*segment {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []*segment
	for _, n := range slices.Sorted(maps.Keys(s.all)) {
		list = append(list, s.all[n])
	}
	return list
}

// after lists the segments that follow g.
func (s *segments) after(g *segment) []*segment {
	list := s.sorted()
	return list[slices.Index(list, g)+1:]
}

// create makes a segment with a number above last, durably but for its content,
// and writes to it from now on. A number is used once, also where that fails.
func (s *segments) create(last uint64) (*segment, error) {
	s.high = max(s.high, last) + 1 // only the committer does this
	g := &segment{number: s.high, tag: rand.Uint64()}
	g.path = s.fs.PathJoin(s.dir, segmentName(g.number, g.tag))
	if g.room = s.spare.take(g.path); g.room == 0 {
		f, err := s.fs.Create(g.path, vfs.WriteCategoryUnspecified)
		if err != nil {
			return nil, err
		}
		if err := f.Close(); err != nil {
			return nil, err
		}
	}
	f, err := s.fs.OpenReadWrite(g.path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return nil, err
	}
	// Without this, a crash could take the file with all that is in it.
	if err := syncFolder(s.fs, s.dir); err != nil {
		f.Close()
		return nil, err
	}
	g.file = f
	s.activate(g)
	return g, nil
}

// reopen writes on to a segment of the last run.
func (s *segments) reopen(g *segment) error {
	f, err := s.fs.OpenReadWrite(g.path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	g.file = f
	s.activate(g)
	return nil
}

// activate makes g the segment that is written to. The one before stays open
// as long as readers of it are likely.
func (s *segments) activate(g *segment) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.active
	if old != nil {
		old.trim()
	}
	g.users++ // the committer
	s.all[g.number], s.active = g, g
	if old != nil {
		s.release(old)
	}
}

// trim gives back what the segment did not take of its room.
func (s *segment) trim() {
	if fd := s.file.Fd(); s.room > s.size && fd != vfs.InvalidFd {
		_ = unix.Ftruncate(int(fd), s.size) // else a compaction does
	}
}

// open gives a segment to read from, until its close; nil if it does not exist
// any more.
func (s *segments) open(number uint64) (*segment, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.all[number]
	if g == nil {
		return nil, nil
	}
	if g.file == nil {
		f, err := s.openFile(g.path)
		if err != nil {
			return nil, err
		}
		g.file = f
		s.idle++
	}
	if g.users == 0 {
		s.idle--
	}
	g.users++
	return g, nil
}

// openFile closes the files that wait for readers where there is no other file
// handle left.
func (s *segments) openFile(path string) (vfs.File, error) {
	f, err := s.fs.Open(path)
	if outOfFiles(err) && s.idle > 0 {
		s.closeIdle(0)
		f, err = s.fs.Open(path)
	}
	return f, err
}

func (s *segments) close(g *segment) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.release(g)
}

func (s *segments) release(g *segment) {
	if g.users--; g.users > 0 {
		return
	}
	s.idle++
	if g.gone {
		s.closeFile(g)
		return
	}
	s.closeIdle(openSegments)
}

func (s *segments) closeIdle(keep int) {
	for _, g := range s.all {
		if s.idle <= keep {
			return
		}
		if g.users == 0 && g.file != nil {
			s.closeFile(g)
		}
	}
}

func (s *segments) closeFile(g *segment) {
	g.file.Close() // it was only read: nothing can be lost
	g.file = nil
	s.idle--
}

// forget takes a segment out of the list. Its readers read on.
func (s *segments) forget(g *segment) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, g.number)
	g.gone = true
	if g.users == 0 && g.file != nil {
		s.closeFile(g)
	}
}

// oldest is the lowest number that there is, without the segment but.
func (s *segments) oldest(but uint64) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	low := ^uint64(0)
	for n := range s.all {
		if n != but {
			low = min(low, n)
		}
	}
	return low
}

// closeAll ends all use of the log.
func (s *segments) closeAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.active != nil {
		active := s.active
		s.active = nil
		active.trim()
		s.release(active)
	}
	s.closeIdle(0)
}

const (
	leastSegment = 1 << 20 // a segment is at least so long before it is left
)

// full reports whether the active segment should get a successor: it is long
// enough, or grows while a spare is there, or most of it is dead, which only a
// segment that is not written to any more gives back.
func (s *segments) full(g *segment, limit int64) bool {
	spare := s.spare.ready()
	s.mu.Lock()
	defer s.mu.Unlock()
	if g.room > 0 {
		limit = min(limit, g.room)
	}
	return g.damaged || g.size >= limit || g.size >= min(limit, leastSegment) && (g.dead() > g.size/2 || spare && g.size > g.room)
}

// leave reports whether the next write begins a segment and leaves one that is
// mostly dead.
func (s *segments) leave(limit int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.active
	return g != nil && g.size >= min(limit, leastSegment) && g.dead() > g.size/2
}

// grow counts what was written.
func (s *segments) grow(g *segment, size int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g.size = size
}

// add adds to the accounts of segments, and returns what they are now.
func (s *segments) add(more map[uint64]account) map[uint64]account {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := make(map[uint64]account, len(more))
	for number, a := range more {
		if g := s.all[number]; g != nil {
			g.account = g.account.plus(a)
			if !g.leaving {
				now[number] = g.account
			}
		}
	}
	return now
}

// endOf returns where a segment ends, as the index has it; 0 is not known.
func (s *segments) endOf(g *segment) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return g.end
}

func (s *segments) needless(g *segment) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return g.needless()
}

func (s *segments) markDamaged(g *segment) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g.damaged = true
}

func (s *segments) isDamaged(g *segment) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return g.damaged
}

// mostlyDead reports whether less than half of the log is needed.
func (s *segments) mostlyDead() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all, dead int64
	for _, g := range s.all {
		all, dead = all+g.size, dead+g.dead()
	}
	return dead > all/2
}

// leaveOut keeps the account of a segment out of the index from now on.
func (s *segments) leaveOut(number uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g := s.all[number]; g != nil {
		g.leaving = true
	}
}
