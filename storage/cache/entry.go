package cache

import (
	"container/list"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"sync"
	"time"
)

const (
	blockSize     = 16 << 10
	segmentBlocks = 64 // the bits of a word
)

// segment is what is known of 64 blocks.
type segment struct {
	sums    [segmentBlocks]uint32
	have    uint64 // is on the disk
	checked uint64 // came in this process, or was compared with its checksum
	claimed uint64 // is being fetched or checked
}

// entry is one version of an object.
type entry struct {
	c    *Cache
	name string

	// Guarded by Cache.mu.
	at      *list.Element
	refs    int
	disk    int64 // bytes
	gone    bool  // it was removed
	counted int   // segments that Cache.segments counts

	mu       sync.Mutex // guards what follows
	kept     bool       // its files are of an earlier process, and were not read yet
	loaded   bool
	size     int64
	segments map[int64]*segment // by number
	changed  chan struct{}      // closed when claims end
	torn     bool               // nothing more is written to its list of blocks
	summed   bool               // it was found to have its MD5
	summing  bool
}

func newEntry(c *Cache, name string) *entry {
	return &entry{c: c, name: name, disk: fixedCost, segments: map[int64]*segment{}, changed: make(chan struct{})}
}

func (e *entry) dataPath() string   { return e.c.path(e.name + dataSuffix) }
func (e *entry) blocksPath() string { return e.c.path(e.name + blocksSuffix) }

// removeFiles removes the files: first the list of blocks, without which the
// other is none of the cache's.
func (e *entry) removeFiles() error {
	var errs []error
	for _, path := range []string{e.blocksPath(), e.dataPath()} {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// load makes the entry usable: it reads what an earlier process left, or begins
// with nothing.
func (e *entry) load(id identity) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.loaded {
		now := time.Now()
		return os.Chtimes(e.blocksPath(), now, now)
	}
	if e.kept {
		err := e.read(id)
		if err == nil {
			e.loaded = true
			e.c.count(e, len(e.segments))
			now := time.Now()
			return os.Chtimes(e.blocksPath(), now, now)
		}
		e.c.counts.dropped.Add(1)
		e.c.o.Logger.Warn("a file of the cache cannot be used and is fetched again", "error", err)
		e.kept, e.segments, e.summed = false, map[int64]*segment{}, false
		e.c.spent(e)
	}
	if err := e.removeFiles(); err != nil {
		return err
	}
	if err := e.create(id); err != nil {
		return err
	}
	e.size, e.loaded = id.size, true
	return nil
}

// spent counts an entry as one without blocks.
func (c *Cache) spent(e *entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !e.gone {
		c.used += fixedCost - e.disk
		e.disk = fixedCost
	}
}

// create makes the files of an object of which nothing is there.
func (e *entry) create(id identity) error {
	if err := e.c.o.fault("create"); err != nil {
		return err
	}
	data, err := os.OpenFile(e.dataPath(), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(data.Truncate(id.size), data.Close()); err != nil {
		return err
	}
	return os.WriteFile(e.blocksPath(), id.header(), 0o600)
}

// read reads what an earlier process left.
func (e *entry) read(id identity) error {
	if err := e.c.o.fault("load"); err != nil {
		return err
	}
	info, err := os.Lstat(e.dataPath())
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() || info.Size() != id.size {
		return fmt.Errorf("it has %d bytes, and the object has %d", info.Size(), id.size)
	}
	e.size = id.size
	return e.readBlocks(id)
}

// unload forgets what is in memory. The entry is not in use; Cache.mu is held.
func (e *entry) unload() {
	e.c.segments -= e.counted
	e.counted = 0
	e.kept, e.loaded = e.loaded || e.kept, false
	e.segments, e.summed, e.torn = map[int64]*segment{}, false, false
}

// run is blocks from first to the one before end.
type run struct{ first, end int64 }

func (r run) blocks() int64 { return r.end - r.first }

// bytes returns where the run's bytes are in an object of that size.
func (r run) bytes(size int64) (off, n int64) {
	off = r.first * blockSize
	return off, min(r.end*blockSize, size) - off
}

// maxRun is how many blocks are fetched by one request: 4 MiB.
const maxRun = 256

// work is what a caller of claim has to do.
type work struct {
	fetch, check []run // are claimed for the caller
	rest         []run // of what it wants is not ready, its own work included
	changed      <-chan struct{}
}

// claim returns which of the wanted blocks are missing, and claims those that nobody
// else is fetching.
func (e *entry) claim(wanted []run) work {
	e.mu.Lock()
	defer e.mu.Unlock()
	w := work{changed: e.changed}
	for _, r := range wanted {
		for b := r.first; b < r.end; b++ {
			s, bit := e.segment(b)
			if s.have&s.checked&bit != 0 {
				continue
			}
			w.rest = extend(w.rest, b, math.MaxInt64)
			switch {
			case s.claimed&bit != 0:
			case s.have&bit != 0:
				s.claimed |= bit
				w.check = extend(w.check, b, maxRun)
			default:
				s.claimed |= bit
				w.fetch = extend(w.fetch, b, maxRun)
			}
		}
	}
	return w
}

// extend adds a block to runs of at most so many blocks.
func extend(runs []run, b, most int64) []run {
	if n := len(runs); n > 0 && runs[n-1].end == b && runs[n-1].blocks() < most {
		runs[n-1].end++
		return runs
	}
	return append(runs, run{b, b + 1})
}

// segment returns the segment of a block, and its bit there. e.mu is held.
func (e *entry) segment(b int64) (*segment, uint64) {
	n := b / segmentBlocks
	s := e.segments[n]
	if s == nil {
		s = &segment{}
		e.segments[n] = s
	}
	return s, 1 << (b % segmentBlocks)
}

// fetched notes that a run is there.
func (e *entry) fetched(r run, sums []uint32) {
	e.settle(r, func(s *segment, bit uint64, b int64) {
		s.sums[b%segmentBlocks] = sums[b-r.first]
		s.have |= bit
		s.checked |= bit
	})
}

// compared notes which blocks of a run have their checksums. The others are not
// there any more.
func (e *entry) compared(r run, sums []uint32) (bad int) {
	e.settle(r, func(s *segment, bit uint64, b int64) {
		if s.sums[b%segmentBlocks] == sums[b-r.first] {
			s.checked |= bit
			return
		}
		bad++
		s.have &^= bit
		e.summed = false
	})
	return bad
}

// abandoned notes that a run was not done.
func (e *entry) abandoned(r run) { e.settle(r, func(*segment, uint64, int64) {}) }

// settle ends the claims of a run.
func (e *entry) settle(r run, each func(s *segment, bit uint64, b int64)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for b := r.first; b < r.end; b++ {
		s, bit := e.segment(b)
		s.claimed &^= bit
		each(s, bit, b)
	}
	e.wake()
}

// wake tells all that wait for a change. e.mu is held.
func (e *entry) wake() {
	close(e.changed)
	e.changed = make(chan struct{})
}
