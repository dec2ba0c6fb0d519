package local

import (
	"errors"
	"log/slog"
	"sync"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"wharf"
)

const (
	indexFolder  = "index"
	bodiesFolder = "bodies"
	formatFile   = "FORMAT"
)

// Engine holds the files of all internal stages of one data folder. It is
// safe for concurrent use.
type Engine struct {
	dir   string
	fs    *disk
	log   *slog.Logger
	index *pebble.DB
	lock  *pebble.Lock

	gate    chan struct{} // holds a token while nobody is in a commit
	broken  failure
	stripes stripes
	ids     allocator
	space   space
	reaper  reaper

	users users // who is inside a method
}

// Open opens the engine of the data folder dir, making the folder if there
// is none, and recovers from a crash before it returns: no body file is left
// that no object refers to. A folder that another process has open is
// [wharf.CodeUnavailable], one of an unknown format [wharf.CodeUnsupported].
func Open(dir string, o Options) (*Engine, error) {
	const op = "local.Open"
	o = o.withDefaults()
	e := &Engine{dir: dir, log: o.Logger, gate: make(chan struct{}, 1)}
	e.gate <- struct{}{}
	e.broken.init(o.Logger)
	size := chooseSizes(o.FS, dir, o.LogSize)
	e.fs = &disk{FS: o.FS, logSize: size.log}
	if err := e.prepareFolders(); err != nil {
		return nil, fault(op, err)
	}
	if err := e.openIndex(size); err != nil {
		return nil, fault(op, err)
	}
	e.space.init(e.fs, dir, size.reserve)
	e.ids.init(e)
	e.reaper.init(e)
	if err := e.recover(); err != nil {
		return nil, errors.Join(fault(op, err), e.closeIndex())
	}
	e.reaper.start()
	return e, nil
}

// Store gives the store of the stage with that ID. It costs nothing, and
// stays valid until the engine is closed.
func (e *Engine) Store(id wharf.StageID) *Store { return &Store{e: e, id: id} }

// Failed is closed when the index could not write its log. Nothing is stored
// or shown from then on, because it is not known what the disk holds; the
// process should end, and the next start recovers.
func (e *Engine) Failed() <-chan struct{} { return e.broken.ch }

// Close waits for the calls that are under way and closes the engine. Open
// files of it stay readable.
func (e *Engine) Close() error {
	if !e.users.close() {
		return nil
	}
	e.reaper.stop()
	return wharf.WrapError(wharf.CodeInternal, "local.Close", "", e.closeIndex())
}

func (e *Engine) prepareFolders() error {
	for _, d := range []string{e.dir, e.path(indexFolder), e.path(bodiesFolder)} {
		if err := e.fs.MkdirAll(d, folderMode); err != nil {
			return err
		}
	}
	if err := e.checkFormat(); err != nil {
		return err
	}
	for _, d := range []string{e.dir, e.fs.PathDir(e.dir)} {
		if err := syncFolder(e.fs, d); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) path(elem ...string) string {
	return e.fs.PathJoin(append([]string{e.dir}, elem...)...)
}

// users counts the calls that are inside the engine, so that Close can wait
// for them.
type users struct {
	mu     sync.Mutex // guards closed, and Add against Wait
	closed bool
	wg     sync.WaitGroup
}

func (u *users) enter() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closed {
		return wharf.Errorf(wharf.CodeUnavailable, "the server is stopping")
	}
	u.wg.Add(1)
	return nil
}

func (u *users) leave() { u.wg.Done() }

// close keeps new calls out and waits for those inside. It tells whether it
// was the first to do so.
func (u *users) close() bool {
	u.mu.Lock()
	first := !u.closed
	u.closed = true
	u.mu.Unlock()
	u.wg.Wait()
	return first
}

// enter begins a call of the engine; leave ends it.
func (e *Engine) enter(op string) error {
	if err := e.users.enter(); err != nil {
		return wharf.WrapError(wharf.CodeUnavailable, op, "", err)
	}
	if err := e.broken.check(op); err != nil {
		e.users.leave()
		return err
	}
	return nil
}

func (e *Engine) leave() { e.users.leave() }

// checkFormat reads the folder's format, or writes it where there is none.
func (e *Engine) checkFormat() error {
	return checkFormat(e.fs, e.dir)
}

var _ vfs.FS = (*disk)(nil)
