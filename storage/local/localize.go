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

// Local opens the object under key as a file. A long body is a file already;
// it is verified beside its use, once after a start. A shorter one is written
// to a file in local/, verified.
func (s *Store) Local(ctx context.Context, key wharf.Key) (wharf.LocalFile, error) {
	const op = "local.Local"
	if err := s.e.enter(op); err != nil {
		return nil, err
	}
	defer s.e.leave()
	var f *localFile
	err := s.retry(key, func(e entry) (there bool, err error) {
		if e.file {
			f, there, err = s.pinBody(key, e)
		} else {
			f, there, err = s.extract(ctx, key, e)
		}
		return there, err
	})
	if err != nil {
		return nil, fault(op, err)
	}
	return f, nil
}

// localFile is an open [wharf.LocalFile].
type localFile struct {
	e       *Engine
	object  wharf.Object
	path    string
	check   *check // nil where the bytes are known to be whole
	release func() // once
}

// Object returns what is known of the version that is open.
func (f *localFile) Object() wharf.Object { return f.object }

// Link links the file.
func (f *localFile) Link(path string) error { return f.e.fs.Link(f.path, path) }

// Whole waits for the verification.
func (f *localFile) Whole(ctx context.Context) error {
	if f.check == nil {
		return nil
	}
	return f.check.wait(ctx)
}

// Close releases the file.
func (f *localFile) Close() error {
	f.release()
	return nil
}

// pinBody opens a body file, and begins its verification where that is owed.
func (s *Store) pinBody(key wharf.Key, e entry) (*localFile, bool, error) {
	s.e.pins.add(e.number)
	unpin := func() { s.e.unpin(e.number) }
	own, there, err := s.openOwn(e)
	if !there || err != nil {
		unpin()
		return nil, there, err
	}
	own.Close() // was only read
	f := &localFile{e: s.e, object: e.object(key), path: s.e.bodyPath(e.number)}
	if f.check, there, err = s.e.checks.begin(s, key, e); !there || err != nil {
		unpin()
		return nil, there, err
	}
	f.release = sync.OnceFunc(func() {
		s.e.checks.leave(f.check)
		unpin()
	})
	return f, true, nil
}

func (e *Engine) unpin(n uint64) {
	if e.pins.remove(n) {
		e.reaper.add(n)
	}
}

const extractFolder = "local"

// extract writes a body of the log to a file. The folder is emptied by each
// start, so that nothing here need be durable.
func (s *Store) extract(ctx context.Context, key wharf.Key, e entry) (f *localFile, there bool, err error) {
	fs := s.e.fs
	if err := fs.MkdirAll(s.e.path(extractFolder), folderMode); err != nil {
		return nil, true, err
	}
	path := s.e.path(extractFolder, fmt.Sprintf("%016x.%d", e.seq, s.e.extracts.Add(1)))
	out, err := fs.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return nil, true, err
	}
	there, err = s.verify(ctx, key, e, out)
	if cerr := out.Close(); err == nil {
		err = cerr
	}
	f = &localFile{e: s.e, object: e.object(key), path: path, release: sync.OnceFunc(func() {
		if err := fs.Remove(path); err != nil && !missing(err) {
			s.e.log.Warn("a file that was read by its path could not be removed", "error", err)
		}
	})}
	if !there || err != nil {
		f.release()
		return nil, there, err
	}
	return f, true, nil
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
