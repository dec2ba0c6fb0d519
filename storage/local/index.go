package local

import (
	"errors"
	"fmt"
	"runtime"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/vfs"

	"wharf"
)

// sizes are what the engine takes of the disk and of memory for its index.
type sizes struct {
	log     int64 // one log file, and one table in memory
	reserve int64 // what uploads leave free for the index's own work
	ballast int64 // what the index can have if that was not enough
}

const (
	maxLog = 8 << 20
	minLog = 256 << 10
)

// chooseSizes fits the index to the disk: a folder on a disk of 64 MiB must
// not be filled by the server's own logs.
func chooseSizes(fs vfs.FS, dir string, log int64) sizes {
	s := sizes{log: maxLog, reserve: 64 << 20}
	if u, err := fs.GetDiskUsage(existing(fs, dir)); err == nil && u.TotalBytes > 0 {
		total := int64(u.TotalBytes)
		s.log = max(minLog, min(maxLog, total/64))
		s.reserve = min(s.reserve, total/8)
	}
	if log > 0 {
		s.log = max(64<<10, log)
	}
	// A new log, a table of the size of the last one, and the manifest.
	s.ballast = 2*s.log + 1<<20
	return s
}

// existing is the nearest folder above dir, or dir itself, that is there.
func existing(fs vfs.FS, dir string) string {
	for {
		if _, err := fs.Stat(dir); err == nil {
			return dir
		}
		up := fs.PathDir(dir)
		if up == dir {
			return dir
		}
		dir = up
	}
}

func (e *Engine) openIndex(s sizes, isNew bool) error {
	lock, err := lockIndex(e, indexFolder)
	if missing(err) {
		return noIndex(err)
	}
	if err != nil {
		return err
	}
	o := indexOptions(e, lock, s)
	o.ErrorIfNotExists = !isNew
	var db *pebble.DB
	err = e.aside("local.Open", func() (err error) {
		db, err = pebble.Open(e.path(indexFolder), o)
		return err
	})
	if errors.Is(err, pebble.ErrDBDoesNotExist) {
		err = noIndex(err)
	}
	if err != nil {
		return errors.Join(err, lock.Close())
	}
	e.index, e.lock = db, lock
	return nil
}

func noIndex(err error) error {
	return wharf.WrapError(wharf.CodeInternal, "local.Open",
		"the data folder's index is missing; wharf check --repair makes a new one", err)
}

// lockIndex makes sure that no other process works in the folder.
func lockIndex(e *Engine, folder string) (*pebble.Lock, error) {
	lock, err := pebble.LockDirectory(e.path(folder), e.fs)
	if err != nil && heldElsewhere(err) {
		return nil, wharf.WrapError(wharf.CodeUnavailable, "local.lock",
			"the data folder is in use by another server", errors.New(err.Error()))
	}
	return lock, err
}

// closeIndex closes the index. One that failed is left as it is: closing it
// would wait for work that cannot end.
func (e *Engine) closeIndex() error {
	if e.broken.failed() {
		return errors.Join(e.lock.Close(), e.fs.dropSpare())
	}
	return errors.Join(e.aside("local.Close", e.index.Close), e.lock.Close(), e.fs.dropSpare())
}

func indexOptions(e *Engine, lock *pebble.Lock, s sizes) *pebble.Options {
	o := &pebble.Options{
		FS:                          &fuse{vfs.OnDiskFull(e.fs, e.space.ballast.release), &e.broken, &e.background},
		Lock:                        lock,
		Logger:                      indexLogger{e},
		EventListener:               indexEvents(e),
		FormatMajorVersion:          pebble.FormatValueSeparation,
		CacheSize:                   16 << 20,
		MemTableSize:                uint64(s.log),
		MemTableStopWritesThreshold: 3,
		L0CompactionThreshold:       4,
		L0StopWritesThreshold:       24,
		LBaseMaxBytes:               64 << 20,
		MaxOpenFiles:                e.openFiles,
		BytesPerSync:                1 << 20,
		CompactionConcurrencyRange:  func() (int, int) { return 1, max(2, runtime.GOMAXPROCS(0)/2) },
	}
	for i := range o.Levels {
		o.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
		o.Levels[i].BlockSize = 16 << 10
	}
	// Bodies are mostly compressed already, and what is left of the index is
	// small beside them.
	o.ApplyCompressionSettings(func() pebble.DBCompressionSettings { return pebble.DBCompressionNone })
	o.TargetFileSizes[0] = s.log
	// Small bodies are written in the order of their numbers, so that their
	// tables never overlap and need no compaction, as long as they are not
	// in one table with the objects' records, which come in any order.
	o.Experimental.SpanPolicyFunc = func(start []byte) (pebble.SpanPolicy, []byte, error) {
		return pebble.SpanPolicy{}, []byte{start[0] + 1}, nil
	}
	// A compaction of small bodies then moves references and not the bytes.
	o.Experimental.ValueSeparationPolicy = func() pebble.ValueSeparationPolicy {
		return pebble.ValueSeparationPolicy{
			Enabled: true, MinimumSize: 1 << 10, MaxBlobReferenceDepth: 10,
			RewriteMinimumAge: 0, TargetGarbageRatio: 0.25,
		}
	}
	return o
}

// indexEvents keeps the index from ending the engine over a damaged block:
// who reads it gets an error, and the rest stays readable.
func indexEvents(e *Engine) *pebble.EventListener {
	return &pebble.EventListener{
		BackgroundError: e.background.failed,
		FlushEnd: func(i pebble.FlushInfo) {
			if i.Err == nil {
				e.background.succeeded()
			}
		},
		CompactionEnd: func(i pebble.CompactionInfo) {
			if i.Err == nil {
				e.background.succeeded()
			}
		},
		DataCorruption: func(i pebble.DataCorruptionInfo) {
			e.log.Error("the index is damaged; stop the server and run wharf check", "where", i.Path, "error", i.Details)
		},
	}
}

// indexLogger is what the index reports to. Its Fatalf must not return.
type indexLogger struct{ e *Engine }

func (indexLogger) Infof(string, ...any) {}

func (l indexLogger) Errorf(format string, args ...any) {
	l.e.background.warn(fmt.Sprintf(format, args...))
}

// Fatalf declares the index lost. It never returns, as pebble demands, and
// does not end the process, which is not the engine's to do: it parks the
// goroutine, and every call of the engine fails from now on.
func (l indexLogger) Fatalf(format string, args ...any) {
	l.e.broken.fail(fmt.Errorf(format, args...))
	select {}
}
