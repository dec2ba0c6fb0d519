package local

import (
	"context"
	"fmt"
	"io"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"

	"wharf"
)

// pins are the body files that are read by their path. They are not removed
// before they are released.
type pins struct {
	mu     sync.Mutex // guards what follows
	counts map[uint64]int
	late   map[uint64]bool // files that died meanwhile
}

func (p *pins) add(n uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.counts == nil {
		p.counts, p.late = map[uint64]int{}, map[uint64]bool{}
	}
	p.counts[n]++
}

// remove reports whether the file is dead and was waited for.
func (p *pins) remove(n uint64) (dead bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.counts[n]--; p.counts[n] > 0 {
		return false
	}
	dead = p.late[n]
	delete(p.counts, n)
	delete(p.late, n)
	return dead
}

// unpinned returns the files that may be removed now. The others come when
// they are released.
func (p *pins) unpinned(numbers []uint64) (free []uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, n := range numbers {
		if p.counts[n] > 0 {
			p.late[n] = true
		} else {
			free = append(free, n)
		}
	}
	return free
}

// Local returns the path of a file that has exactly the object's bytes, and
// stays until release is called. The bytes are verified before Local returns.
// A long body is its own file; a shorter one is written to one, in local/.
func (s *Store) Local(ctx context.Context, key wharf.Key) (path string, release func(), err error) {
	const op = "local.Local"
	if err := s.e.enter(op); err != nil {
		return "", nil, err
	}
	defer s.e.leave()
	err = s.retry(key, func(e entry) (there bool, err error) {
		if !e.file {
			path, release, there, err = s.extract(ctx, key, e)
			return there, err
		}
		s.e.pins.add(e.number)
		release = sync.OnceFunc(func() { s.e.unpin(e.number) })
		path = s.e.bodyPath(e.number)
		if there, err = s.verify(ctx, key, e, io.Discard); !there || err != nil {
			release()
		}
		return there, err
	})
	if err != nil {
		return "", nil, fault(op, err)
	}
	return path, release, nil
}

func (e *Engine) unpin(n uint64) {
	if e.pins.remove(n) {
		e.reaper.add(n)
	}
}

// verify copies a body to w, or only verifies it.
func (s *Store) verify(ctx context.Context, key wharf.Key, e entry, w io.Writer) (there bool, err error) {
	f, there, err := s.openBody(key, e)
	if !there || err != nil {
		return there, err
	}
	defer f.Close()
	r, err := f.Range(ctx, 0, -1)
	if err != nil {
		return true, err
	}
	defer r.Close()
	_, err = io.Copy(w, r)
	return true, err
}

const extractFolder = "local"

// extract writes a body of the log to a file. The folder is emptied by each
// start, so that nothing here need be durable.
func (s *Store) extract(ctx context.Context, key wharf.Key, e entry) (path string, release func(), there bool, err error) {
	fs := s.e.fs
	if err := fs.MkdirAll(s.e.path(extractFolder), folderMode); err != nil {
		return "", nil, true, err
	}
	path = s.e.path(extractFolder, fmt.Sprintf("%016x.%d", e.seq, s.e.extracts.Add(1)))
	f, err := fs.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return "", nil, true, err
	}
	there, err = s.verify(ctx, key, e, f)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	release = sync.OnceFunc(func() {
		if err := fs.Remove(path); err != nil && !missing(err) {
			s.e.log.Warn("a file that was read by its path could not be removed", "error", err)
		}
	})
	if !there || err != nil {
		release()
	}
	return path, release, there, err
}
