package local

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"
	"golang.org/x/sync/errgroup"

	"wharf"
)

// The spaces of the index, by the first byte of a key. DESIGN.md has the
// layout of each.
const (
	spaceClear    = 'c' // stage: it was cleared, and what it had is being removed
	spaceDead     = 'd' // number: a body file that nothing refers to any more
	spaceFile     = 'f' // number: which object a body file belongs to
	spaceHash     = 'h' // sequence: whose MD5 is still to be worked out
	spaceObject   = 'o' // stage, key: what is known of an object
	spacePosition = 'p' // one entry: how far the log is applied
	spaceSegment  = 's' // number: what of a segment is needed
	spaceUsage    = 't' // stage: how much it holds
)

const objectKey = 1 + stageLen // where the user's key begins in an object's index key

// entry is what the index knows of an object.
type entry struct {
	seq    uint64 // of the record that stored it; its ETag
	at     position
	size   int64
	mtime  int64  // nanoseconds since 1970, UTC
	number uint64 // of its body file
	file   bool
	hasMD5 bool
	inline bool // the record that stored it has the MD5
	md5    [md5Len]byte
}

const (
	entryFile   = 1 << 0
	entryMD5    = 1 << 1
	entryInline = 1 << 2

	entryVersion = 1
	entryFixed   = 2 + 5*8
)

var errEntry = errors.New("an entry of the index is damaged")

// append encodes e as the value of the index key key.
func (e *entry) append(dst, key []byte) []byte {
	start := len(dst)
	var flags byte
	if e.file {
		flags |= entryFile
	}
	if e.hasMD5 {
		flags |= entryMD5
	}
	if e.inline {
		flags |= entryInline
	}
	be := binary.BigEndian
	dst = append(dst, entryVersion, flags)
	dst = be.AppendUint64(dst, e.seq)
	dst = be.AppendUint64(dst, e.at.segment)
	dst = be.AppendUint64(dst, uint64(e.at.offset))
	dst = be.AppendUint64(dst, uint64(e.size))
	dst = be.AppendUint64(dst, uint64(e.mtime))
	if e.file {
		dst = be.AppendUint64(dst, e.number)
	}
	if e.hasMD5 {
		dst = append(dst, e.md5[:]...)
	}
	return be.AppendUint32(dst, keyedSum(key, dst[start:]))
}

// parseEntry decodes and verifies the value of the index key key.
func parseEntry(key, value []byte) (entry, error) {
	n := len(value) - crcLen
	if n < entryFixed || value[0] != entryVersion || value[1] > entryFile|entryMD5|entryInline ||
		keyedSum(key, value[:n]) != binary.BigEndian.Uint32(value[n:]) {
		return entry{}, errEntry
	}
	be := binary.BigEndian
	e := entry{
		seq: be.Uint64(value[2:]), at: position{be.Uint64(value[10:]), int64(be.Uint64(value[18:]))},
		size: int64(be.Uint64(value[26:])), mtime: int64(be.Uint64(value[34:])),
		file: value[1]&entryFile != 0, hasMD5: value[1]&entryMD5 != 0, inline: value[1]&entryInline != 0,
	}
	rest := value[entryFixed:n]
	if e.file && len(rest) >= 8 {
		e.number, rest = be.Uint64(rest), rest[8:]
	}
	if e.hasMD5 && len(rest) >= md5Len {
		e.md5, rest = [md5Len]byte(rest), rest[md5Len:]
	}
	want := entryFixed
	if e.file {
		want += 8
	}
	if e.hasMD5 {
		want += md5Len
	}
	if len(rest) != 0 || n != want || e.size < 0 || e.at.offset < 0 {
		return entry{}, errEntry
	}
	return e, nil
}

// keyedSum guards a value together with the key that it stands under, so
// that one that landed under another's key is not believed.
func keyedSum(key, value []byte) uint32 {
	return crc32.Update(crc32.Update(0, castagnoli, key), castagnoli, value)
}

// recordLen is how long the record is that stored the object under key.
func (e *entry) recordLen(key wharf.Key) int64 {
	h := head{kind: kindPut, size: e.size, key: key}
	if e.file {
		h.kind = kindFile
	}
	return h.length()
}

// object returns e as callers see it. The texts share one allocation.
func (e *entry) object(key wharf.Key) wharf.Object {
	var text [16 + 32]byte
	s := string(e.appendText(text[:0]))
	o := wharf.Object{Key: key, Size: e.size, ETag: s[:16], ModTime: time.Unix(0, e.mtime).UTC()}
	if e.hasMD5 {
		o.MD5 = s[16:]
	}
	return o
}

// appendText appends the ETag, 16 hexadecimal digits, and the MD5 if known.
func (e *entry) appendText(dst []byte) []byte {
	var seq [8]byte
	binary.BigEndian.PutUint64(seq[:], e.seq)
	dst = hex.AppendEncode(dst, seq[:])
	if e.hasMD5 {
		dst = hex.AppendEncode(dst, e.md5[:])
	}
	return dst
}

// appendObjectKey appends the index key of an object.
func appendObjectKey(dst []byte, stage wharf.StageID, key wharf.Key) []byte {
	dst = append(dst, spaceObject)
	dst = append(dst, stage[:]...)
	return append(dst, key...)
}

// splitObjectKey takes apart an object's index key, without the space's
// letter.
func splitObjectKey(k []byte) (stage wharf.StageID, key wharf.Key, ok bool) {
	if len(k) <= stageLen {
		return stage, "", false
	}
	return wharf.StageID(k[:stageLen]), wharf.Key(k[stageLen:]), true
}

// numberKey is the index key of what is recorded of a number in space.
func numberKey(space byte, n uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{space}, n)
}

// parseNumberKey is the inverse of numberKey.
func parseNumberKey(k []byte) (uint64, bool) {
	if len(k) != 1+8 {
		return 0, false
	}
	return binary.BigEndian.Uint64(k[1:]), true
}

// stageKey is the index key of what is recorded of a stage in space.
func stageKey(space byte, stage wharf.StageID) []byte {
	return append([]byte{space}, stage[:]...)
}

// stageSpan returns the bounds of the index keys of a stage's objects.
func stageSpan(stage wharf.StageID) (lower, upper []byte) {
	lower = stageKey(spaceObject, stage)
	return lower, successor(lower)
}

// successor is the smallest key after all that start with prefix. A prefix
// starts with a space's letter, so that there always is one.
func successor(prefix []byte) []byte {
	s := append([]byte(nil), prefix...)
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] != 0xff {
			s[i]++
			return s[:i+1]
		}
	}
	return nil
}

// applied is how far the log is applied to the index. It is written with each
// change, so that whatever part of the changes the index has on the disk, it
// says which.
type applied struct {
	position
	seq  uint64 // the last that was given out
	low  uint64 // body files below this number were not in flight
	next uint64 // the next number of a body file
}

const appliedLen = 5 * 8

func (a applied) append(dst []byte) []byte {
	for _, n := range []uint64{a.segment, uint64(a.offset), a.seq, a.low, a.next} {
		dst = binary.BigEndian.AppendUint64(dst, n)
	}
	return dst
}

func parseApplied(v []byte) (applied, error) {
	if len(v) != appliedLen {
		return applied{}, errEntry
	}
	n := func(i int) uint64 { return binary.BigEndian.Uint64(v[8*i:]) }
	return applied{position{n(0), int64(n(1))}, n(2), n(3), n(4)}, nil
}

// pairs of numbers are the values of spaceSegment and spaceUsage.
func appendPair(dst []byte, a, b int64) []byte {
	dst = binary.BigEndian.AppendUint64(dst, uint64(a))
	return binary.BigEndian.AppendUint64(dst, uint64(b))
}

func parsePair(v []byte) (a, b int64, err error) {
	if len(v) != 16 {
		return 0, 0, errEntry
	}
	return int64(binary.BigEndian.Uint64(v)), int64(binary.BigEndian.Uint64(v[8:])), nil
}

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
		DisableWAL:                  true, // the log is ours
		CacheSize:                   16 << 20,
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
	// An index that is not compressed is quick to verify, and small beside
	// the bodies.
	o.ApplyCompressionSettings(func() pebble.DBCompressionSettings { return pebble.DBCompressionNone })
	o.TargetFileSizes[0] = z.memory
	// It looks whether there is something to do after each flush, which is often
	// enough for tables of keys, and not ten times a second.
	x.compactions = scheduler{pebble.NewConcurrencyLimitSchedulerWithNoPeriodicGrantingForTest(), &x.opened}
	o.Experimental.CompactionScheduler = x.compactions
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
