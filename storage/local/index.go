package local

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"
	"golang.org/x/sync/errgroup"

	"wharf"
)

// index is the pebble database that finds objects in the log. It holds no
// bytes of them and nothing that is not in the log, and has no log of its own.
type index struct {
	db          *pebble.DB
	fs          *stopFS
	broken      *failure
	opened      atomic.Bool
	compactions scheduler
	background  *background // its own work

	mu        sync.Mutex // guards what follows
	flushing  *flushing  // nil if there is none
	abandoned bool       // nobody waits for the index to open any more
}

// openIndex opens the index in a folder. One that is only read must be there.
func openIndex(fs vfs.FS, folder string, z sizes, broken *failure, onFull func(), readOnly bool) (*index, error) {
	x := &index{broken: broken, background: newBackground(broken)}
	x.fs = &stopFS{vfs.OnDiskFull(fs, onFull), broken, x.background}
	o := x.options(z)
	o.ReadOnly = readOnly
	err := x.aside(func() error {
		db, err := pebble.Open(folder, o)
		if err != nil {
			return err
		}
		x.mu.Lock()
		defer x.mu.Unlock()
		if x.db = db; x.abandoned {
			return db.Close()
		}
		return nil
	})
	if err != nil {
		x.mu.Lock()
		defer x.mu.Unlock()
		x.abandoned = true
		x.background.stop()
		return nil, err
	}
	x.opened.Store(true)
	x.grant()
	return x, nil
}

func (x *index) options(z sizes) *pebble.Options {
	o := &pebble.Options{
		FS:                          x.fs,
		Logger:                      indexLogger{x},
		EventListener:               indexEvents(x),
		FormatMajorVersion:          pebble.FormatValueSeparation,
		DisableWAL:                  true,     // the log is ours
		CacheSize:                   16 << 20, // shared with the memtables, which mostly take 8 MiB
		MemTableSize:                uint64(z.memory),
		MemTableStopWritesThreshold: 3,
		L0CompactionThreshold:       4,
		L0StopWritesThreshold:       24,
		LBaseMaxBytes:               64 << 20,
		MaxOpenFiles:                z.openFiles,
		BytesPerSync:                1 << 20,
		CompactionConcurrencyRange:  func() (int, int) { return 1, max(2, runtime.GOMAXPROCS(0)/2) },
	}

	for i := range o.Levels {
		o.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
		o.Levels[i].BlockSize = 16 << 10
	}
	o.Levels[len(o.Levels)-1].FilterPolicy = pebble.NoFilterPolicy // a look-up does not read it
	// An index that is not compressed is quick to verify, and small beside
	// the bodies.
	o.ApplyCompressionSettings(func() pebble.DBCompressionSettings { return pebble.DBCompressionNone })
	o.TargetFileSizes[0] = z.memory
	// It looks whether there is something to do after each flush, which is often
	// enough for tables of keys, and not ten times a second.
	x.compactions = scheduler{pebble.NewConcurrencyLimitSchedulerWithNoPeriodicGrantingForTest(), &x.opened}
	o.Experimental.CompactionScheduler = x.compactions
	o.Experimental.ReadSamplingMultiplier = -1 // no compaction is for the sake of lists
	return o
}

// grant begins the compaction that was wanted while the index was not open.
// Without it none would ever run: one that waits is begun when another ends.
func (x *index) grant() {
	if free, handle := x.compactions.TrySchedule(); free {
		handle.Done()
	}
}

// scheduler begins no compaction before the index is open: one that runs when
// Open fails panics (pebble v2.1.4, open.go).
type scheduler struct {
	pebble.CompactionScheduler
	opened *atomic.Bool
}

// Register is called by Open.
func (s scheduler) Register(n int, db pebble.DBForCompaction) {
	s.CompactionScheduler.Register(n, compacted{db, s.opened})
}

type compacted struct {
	pebble.DBForCompaction
	opened *atomic.Bool
}

// GetAllowedWithoutPermission is how many compactions may run.
func (c compacted) GetAllowedWithoutPermission() int {
	if !c.opened.Load() {
		return 0
	}
	return c.DBForCompaction.GetAllowedWithoutPermission()
}

// indexEvents logs damage, of which readers get an error, and slows down what
// fails.
func indexEvents(x *index) *pebble.EventListener {
	return &pebble.EventListener{
		BackgroundError: x.background.failed,
		FlushEnd: func(i pebble.FlushInfo) {
			if i.Err == nil {
				x.background.succeeded()
			}
		},
		CompactionEnd: func(i pebble.CompactionInfo) {
			if i.Err == nil {
				x.background.succeeded()
			}
		},
		WriteStallBegin: func(pebble.WriteStallBeginInfo) { x.background.stall(true) },
		WriteStallEnd:   func() { x.background.stall(false) },
		DataCorruption: func(i pebble.DataCorruptionInfo) {
			x.broken.log.Error("the index is damaged; the next start makes it anew", "where", i.Path, "error", i.Details)
		},
	}
}

// indexLogger is what the index reports to. Its Fatalf must not return.
type indexLogger struct{ x *index }

func (indexLogger) Infof(string, ...any) {}

func (l indexLogger) Errorf(format string, args ...any) {
	l.x.background.warn(fmt.Sprintf(format, args...))
}

// Fatalf declares the index lost. It never returns, as pebble demands, and
// does not end the process, which is not the engine's to do: it parks the
// goroutine, and every call of the engine fails from now on.
func (l indexLogger) Fatalf(format string, args ...any) {
	l.x.broken.fail(fmt.Errorf(format, args...))
	select {}
}

// aside calls what may fail by never returning (see Fatalf), or by a panic,
// and makes an error of either.
func (x *index) aside(do func() error) error {
	done := make(chan error, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				done <- fmt.Errorf("index: %v", p)
			}
		}()
		done <- do()
	}()
	select {
	case err := <-done:
		return err
	case <-x.broken.ch:
		return x.broken.error("local.index")
	}
}

// get reads a value; nil if there is none.
func (x *index) get(key []byte) ([]byte, error) {
	v, done, err := x.db.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer done.Close()
	return append([]byte{}, v...), nil
}

// errOtherIndex is what an index is that another version of the server wrote.
var errOtherIndex = errors.New("the index has the layout of another version of the server")

// position reads how far the log is applied: not at all to an index that is empty.
func (x *index) position() (applied, error) {
	v, err := x.get([]byte{spacePosition})
	if err == nil && v != nil {
		return parseApplied(v)
	}
	if err == nil {
		err = x.wantEmpty()
	}
	return applied{}, err
}

// wantEmpty is for an index without a position.
func (x *index) wantEmpty() error {
	it, err := x.db.NewIter(nil)
	if err != nil {
		return err
	}
	some := it.First()
	if err := it.Close(); err != nil {
		return err
	}
	if some {
		return errOtherIndex
	}
	return nil
}

// lookup reads what is known of an object.
func (x *index) lookup(key []byte) (e entry, found bool, err error) {
	v, done, err := x.db.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return entry{}, false, nil
	}
	if err != nil {
		return entry{}, false, err
	}
	defer done.Close()
	e, err = parseEntry(key, v)
	return e, err == nil, err
}

// each calls do for every entry of a space from the key from on, until do
// wants no more.
func (x *index) each(ctx context.Context, space byte, from []byte, do func(key, value []byte) (more bool, err error)) (err error) {
	it, err := x.db.NewIterWithContext(ctx, &pebble.IterOptions{
		LowerBound: append([]byte{space}, from...), UpperBound: []byte{space + 1},
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	for ok := it.First(); ok; ok = it.Next() {
		v, err := it.ValueAndErr()
		if err != nil {
			return err
		}
		if more, err := do(it.Key(), v); err != nil || !more {
			return err
		}
	}
	return it.Error()
}

// cleared reads which stages were cleared and still have objects in the index,
// each with the sequence up to which these are gone.
func (x *index) cleared(ctx context.Context) (map[wharf.StageID]uint64, error) {
	all := map[wharf.StageID]uint64{}
	err := x.each(ctx, spaceClear, nil, func(k, v []byte) (bool, error) {
		seq, ok := parseNumberKey(append([]byte{0}, v...))
		if !ok || len(k) != 1+stageLen {
			return false, errEntry
		}
		all[wharf.StageID(k[1:])] = seq
		return true, nil
	})
	return all, err
}

// verify reads all tables of the index and verifies the checksums of their
// blocks. It costs a second for a few GiB.
func (x *index) verify(ctx context.Context, fs vfs.FS, folder string) error {
	levels, err := x.db.SSTables()
	if err != nil {
		return err
	}
	names := map[string]bool{}
	for _, level := range levels {
		for _, table := range level {
			names[fmt.Sprintf("%06d.sst", uint64(table.BackingSSTNum))] = true
		}
	}
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for name := range names {
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			// One that is missing was compacted meanwhile: Open saw all.
			err := ignoreMissing(verifyTable(ctx, fs, fs.PathJoin(folder, name)))
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			return nil
		})
	}
	return g.Wait()
}

func verifyTable(ctx context.Context, fs vfs.FS, path string) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	f, err := fs.Open(path)
	if err != nil {
		return err
	}
	readable, err := sstable.NewSimpleReadable(f)
	if err != nil {
		return errors.Join(err, f.Close())
	}
	r, err := sstable.NewReader(ctx, readable, sstable.ReaderOptions{})
	if err != nil {
		return errors.Join(err, readable.Close())
	}
	return errors.Join(r.ValidateBlockChecksums(), r.Close())
}
