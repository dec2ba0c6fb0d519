package local

import (
	"context"
	"errors"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// spare is the next segment, made beforehand and full of zeros. A sync of what
// was written over them is a write and a flush; in a file that grows, its length
// and its blocks have to be written as well, one after the other. So small batches
// are a third quicker. Long ones are not, and would write every byte twice: for
// these there is no spare.
//
// Nothing depends on it: where it is missing, or late, a segment grows as it is
// written.
type spare struct {
	e    *Engine
	path string
	size int64
	wake chan struct{} // has room for one
	ctx  context.Context
	stop context.CancelFunc
	done chan struct{} // closed when the goroutine has ended

	started bool

	mu     sync.Mutex // guards what follows
	here   bool
	giveUp bool // what is being made is not wanted any more
}

const (
	spareFile = "spare" // in the folder of the log; a start removes it
	// spareShare is by how much segments that were spares are shorter than
	// others: they take their room of the disk before they need it.
	spareShare = 4
	// spareBatch is how long batches may be, on average, that get a spare. In
	// longer ones, as of 64 connections with 4 KiB, writing the zeros costs what the
	// syncs save, and every byte is written twice.
	spareBatch = 48 << 10
	// spareFree is how many times its room a disk must have free for a spare.
	spareFree = 16
)

func (s *spare) init(e *Engine) {
	s.e, s.path, s.wake, s.done = e, e.path(logFolder, spareFile), make(chan struct{}, 1), make(chan struct{})
	s.ctx, s.stop = context.WithCancel(context.Background())
}

// start begins to make spares where they are wanted; without it make does.
func (s *spare) start() {
	s.started = true
	go s.run()
}

func (s *spare) close() {
	s.stop()
	if s.started {
		<-s.done
	}
	s.release()
}

func (s *spare) run() {
	defer close(s.done)
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-s.e.broken.ch:
			return
		case <-s.wake:
		}
		if err := s.make(); err != nil && s.ctx.Err() == nil {
			s.e.log.Warn("the next segment of the log could not be made beforehand", "error", err)
		}
	}
}

var errNotWanted = errors.New("it is not wanted any more")

// make makes the spare, unless it is there or the disk is short of space.
func (s *spare) make() error {
	if s.ready() || !s.e.space.has(spareFree*s.size) {
		return nil
	}
	s.mu.Lock()
	s.giveUp = false
	s.mu.Unlock()
	err := s.fill()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.here = err == nil && !s.giveUp; !s.here {
		_ = s.e.fs.Remove(s.path) // a start would
	}
	if errors.Is(err, errNotWanted) {
		err = nil
	}
	return err
}

// fill writes the file, and syncs it bit by bit: the syncs of the log wait for
// what the disk has not got yet.
func (s *spare) fill() (err error) {
	f, err := s.e.fs.Create(s.path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	c := chunks.Get().(*chunk)
	defer chunks.Put(c)
	for left := s.size; left > 0; left -= chunkSize {
		if s.ctx.Err() != nil || s.e.broken.failed() || s.unwanted() {
			return errNotWanted
		}
		clear(c[:]) // a write may use its buffer: vfs.File says so
		if err := write(f, c[:min(left, chunkSize)]); err != nil {
			return err
		}
		if err := f.SyncData(); err != nil {
			return err
		}
	}
	return nil
}

// ready reports whether the spare is there.
func (s *spare) ready() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.here
}

func (s *spare) unwanted() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.giveUp
}

// take makes the spare the file at path, and reports how long it is; 0 if there
// is none. The folder is still to be synced.
func (s *spare) take(path string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.here {
		return 0
	}
	s.here = false
	if err := s.e.fs.Rename(s.path, path); err != nil {
		return 0
	}
	return s.size
}

// release gives the room of the spare back to the disk.
func (s *spare) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.giveUp = true
	if s.here {
		_ = s.e.fs.Remove(s.path) // whether this helps shows at the write that is tried again
		s.here = false
	}
}
