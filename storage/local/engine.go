package local

import (
	"errors"
	"io/fs"
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
	small int // the longest body that is stored within the index
	// openFiles is how many files the index may have open.
	openFiles int
	fs        *disk
	log       *slog.Logger
	index     *pebble.DB
	lock      *pebble.Lock

	background background // the index's own work

	gate    chan struct{} // holds a token while nobody is in a commit
	broken  failure
	stripes stripes
	ids     allocator
	space   space
	reaper  reaper
	tidy    tidier
	hash    hasher

	users users // who is inside a method
}

// Open opens the engine of the data folder dir, making the folder if there
// is none, and recovers from a crash before it returns: no body file is left
// that no object refers to. A folder that another process has open is
// [wharf.CodeUnavailable], one of an unknown format [wharf.CodeUnsupported].
func Open(dir string, o Options) (*Engine, error) {
	o = o.withDefaults()
	e := newEngine(dir, o)
	if err := e.open(o); err != nil {
		return nil, errors.Join(fault("local.Open", err), e.fs.dropSpare())
	}
	return e, nil
}

func newEngine(dir string, o Options) *Engine {
	e := &Engine{dir: dir, small: o.border, openFiles: o.OpenFiles, log: o.Logger, gate: make(chan struct{}, 1)}
	e.gate <- struct{}{}
	e.fs = &disk{FS: o.FS}
	e.broken.init(o.Logger)
	e.background.init(o.Logger)
	e.stripes.init()
	e.ids.init(e, o.window)
	e.reaper.init(e)
	e.tidy.init(e)
	e.hash.init(e)
	return e
}

func (e *Engine) open(o Options) error {
	isNew, err := checkFormat(e.fs, e.dir)
	if err != nil {
		return err
	}
	size := chooseSizes(e.fs, e.dir, o.LogSize)
	e.fs.logSize = size.log
	if isNew {
		err = e.makeFolders()
	} else {
		err = e.foldersThere()
	}
	if err != nil {
		return err
	}
	e.space.init(e.fs, e.dir, size)
	e.space.ballast.release() // recovery may need its room
	if err := e.openIndex(size, isNew); err != nil {
		return err
	}
	if err := e.settleIn(isNew); err != nil {
		return errors.Join(err, e.closeIndex())
	}
	e.space.ballast.restore()
	e.reaper.start()
	e.tidy.start()
	e.hash.start()
	return nil
}

// settleIn is what a start does with the index open.
func (e *Engine) settleIn(isNew bool) error {
	if err := e.recover(); err != nil {
		return err
	}
	if isNew {
		if err := writeFormat(e.fs, e.dir); err != nil {
			return err
		}
	}
	return e.fs.keepSpare(e.path(formatFile))
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
	e.background.stop()
	e.reaper.stop()
	e.tidy.close()
	e.hash.close()
	err := e.leaveTidy()
	return wharf.WrapError(wharf.CodeInternal, "local.Close", "", errors.Join(err, e.closeIndex()))
}

// leaveTidy writes down that nothing is in flight, and moves what is in the
// log to tables, where a check can tell whether something is missing.
func (e *Engine) leaveTidy() error {
	if e.broken.failed() {
		return nil
	}
	if err := e.ids.end(); err != nil {
		return err
	}
	return e.aside("local.Close", e.index.Flush)
}

// foldersThere refuses a folder that lost one of its folders.
func (e *Engine) foldersThere() error {
	for folder, lost := range map[string]error{indexFolder: noIndex(fs.ErrNotExist), bodiesFolder: errNoBodies} {
		if _, err := e.fs.Stat(e.path(folder)); missing(err) {
			return lost
		} else if err != nil {
			return err
		}
	}
	return nil
}

// makeFolders makes what is missing of the folders, durably.
func (e *Engine) makeFolders() error {
	top := existing(e.fs, e.dir)
	if err := e.fs.MkdirAll(e.dir, folderMode); err != nil {
		return err
	}
	if err := beginFormat(e.fs, e.dir); err != nil {
		return err
	}
	for _, d := range []string{e.path(indexFolder), e.path(bodiesFolder)} {
		if err := e.fs.MkdirAll(d, folderMode); err != nil {
			return err
		}
	}
	return e.syncUpTo(top)
}

// syncUpTo syncs the data folder and those above it, up to top, which was
// there before.
func (e *Engine) syncUpTo(top string) error {
	for d := e.dir; ; d = e.fs.PathDir(d) {
		if err := syncFolder(e.fs, d); err != nil || d == top {
			return err
		}
	}
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

var _ vfs.FS = (*disk)(nil)
