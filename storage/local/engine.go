package local

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"wharf"
)

const (
	indexFolder  = "index"
	bodiesFolder = "bodies"
	asideFolder  = "aside"
	formatFile   = "FORMAT"
	lockFile     = "LOCK"
)

// Engine holds the files of all internal stages of one data folder. It is
// safe for concurrent use.
type Engine struct {
	dir   string
	small int // the longest body that is stored within the log
	fs    *disk
	log   *slog.Logger
	tell  func(changes int, sync time.Duration)
	lock  io.Closer
	sizes sizes

	index     *index
	segs      segments
	spare     spare
	committer committer
	bodies    bodies
	usage     usages
	clears    clears
	space     space
	broken    failure
	pins      pins
	checks    checks
	extracts  atomic.Uint64 // names the files of extract

	reaper    reaper
	compactor compactor
	hash      hasher
	sweeper   sweeper

	users users // who is inside a method
}

// Open opens the engine of the data folder dir, making the folder if there is
// none or an empty one, and recovers from a crash before it returns. A folder
// that another process has open is [wharf.CodeUnavailable], one of another
// format [wharf.CodeUnsupported].
func Open(dir string, o Options) (*Engine, error) {
	o = o.withDefaults()
	e := newEngine(dir, o)
	if err := e.open(o); err != nil {
		return nil, fault("local.Open", errors.Join(err, e.release()))
	}
	return e, nil
}

func newEngine(dir string, o Options) *Engine {
	e := &Engine{dir: dir, small: o.border, log: o.Logger, tell: o.OnCommit, fs: &disk{FS: o.FS}}
	e.broken.init(o.Logger)
	e.spare.init(e)
	e.segs.spare = &e.spare
	e.committer.init(e)
	e.bodies.init(e, o.window)
	e.checks.init(e)
	e.usage.all = map[wharf.StageID]wharf.Usage{}
	e.reaper.init(e)
	e.compactor.init(e)
	e.hash.init(e)
	e.sweeper.init(e)
	return e
}

func (e *Engine) open(o Options) error {
	if err := e.prepareFolder(); err != nil {
		return err
	}
	e.sizes = chooseSizes(e.fs, e.dir, o)
	e.space.init(e.fs, e.dir, e.sizes)
	e.space.ballast.release() // recovery may need its room
	if err := e.recover(context.Background(), o.repairing); err != nil {
		return err
	}
	e.space.ballast.restore()
	e.spare.size = e.sizes.segment / spareShare
	if !o.repairing && !o.noSpare {
		e.spare.start()
	}
	e.committer.start()
	e.reaper.start()
	if !o.repairing {
		e.compactor.start()
	}
	e.hash.start()
	e.sweeper.start()
	return nil
}

// Store returns the store of the stage with that ID. It costs nothing, and
// stays valid until the engine is closed.
func (e *Engine) Store(id wharf.StageID) *Store { return &Store{e: e, id: id} }

// Queued reports how many changes wait to be written to the log.
func (e *Engine) Queued() int {
	e.committer.mu.Lock()
	defer e.committer.mu.Unlock()
	return len(e.committer.queue)
}

// Usage returns how much each stage that has files holds.
func (e *Engine) Usage() map[wharf.StageID]wharf.Usage {
	e.usage.mu.RLock()
	defer e.usage.mu.RUnlock()
	return maps.Clone(e.usage.all)
}

// Failed is closed when the log could not be written, or the index not be
// read. Nothing is stored or shown from then on, because it is not known what
// the disk holds; the process should end, and the next start recovers.
func (e *Engine) Failed() <-chan struct{} { return e.broken.ch }

// Close waits for the calls that are under way and closes the engine. Open
// files of it stay readable.
func (e *Engine) Close() error {
	if !e.users.close() {
		return nil
	}
	e.reaper.stop()
	e.spare.close()
	e.compactor.close()
	e.hash.close()
	e.sweeper.close()
	var err error
	if !e.broken.failed() {
		if err = e.settle(); fullDisk(err) || outOfFiles(err) {
			e.log.Warn("the index could not be written; the next start reads more of the log", "error", err)
			err = nil
		}
	}
	e.committer.stop()
	return wharf.WrapError(wharf.CodeInternal, "local.Close", "", errors.Join(err, e.release()))
}

// settle brings the index to the disk and writes down that it is there: the
// next start reads nothing again, and a check knows how long the log was.
func (e *Engine) settle() error {
	if err := e.checkpoint(context.Background()); err != nil {
		return err
	}
	return e.index.flush()
}

// checkpoint brings the index to the disk, and then writes to the log how far
// it was applied. An index that is found behind that has lost something.
func (e *Engine) checkpoint(ctx context.Context) error {
	at := e.committer.position()
	if err := e.index.flush(); err != nil {
		return err
	}
	return e.committer.do(ctx, "local.checkpoint", &op{prepare: func(t *turn) error {
		return t.add(&head{kind: kindMark, number: at.segment, size: at.offset}, nil, nil)
	}})
}

// release lets go of all that is open.
func (e *Engine) release() error {
	var err error
	if e.index != nil {
		err = e.index.closeAfter(e.committer.ended())
	}
	if !e.broken.failed() {
		e.segs.closeAll()
	}
	if e.lock != nil {
		err = errors.Join(err, e.lock.Close())
	}
	return err
}

func (e *Engine) path(elem ...string) string {
	return e.fs.PathJoin(append([]string{e.dir}, elem...)...)
}

// sizes are what the engine takes of the disk and of memory.
type sizes struct {
	segment int64 // when a segment gets a successor
	memory  int64 // what the index gathers before it writes a table
	reserve int64 // what uploads leave free for the work of the log and the index
	ballast int64 // what these can have if that was not enough

	openFiles int // of the index
}

// chooseSizes fits the engine to the disk: a folder on a disk of 64 MiB must
// not be filled by the engine's own files.
func chooseSizes(fs vfs.FS, dir string, o Options) sizes {
	z := sizes{segment: 64 << 20, memory: 4 << 20, reserve: 64 << 20, openFiles: o.OpenFiles}
	if u, err := fs.GetDiskUsage(dir); err == nil && u.TotalBytes > 0 {
		total := int64(min(u.TotalBytes, 1<<60))
		z.segment = max(1<<20, min(z.segment, total/64))
		z.memory = max(256<<10, min(z.memory, total/64))
		z.reserve = min(z.reserve, total/8)
	}
	if o.Reserve > 0 {
		z.reserve = o.Reserve
	}
	if o.SegmentSize > 0 {
		z.segment = max(4<<10, o.SegmentSize)
		z.memory = max(64<<10, min(z.memory, o.SegmentSize))
	}
	// Tables of what is in memory, a manifest, and the last records.
	z.ballast = 2*z.memory + 1<<20
	return z
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

// close keeps new calls out and waits for those inside. It reports whether it
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
