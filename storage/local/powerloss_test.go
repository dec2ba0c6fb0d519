package local

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"wharf"
)

// TestPowerLoss cuts the power at a random file operation of many random
// histories, keeps, loses or tears what was not synced, and starts again:
// every acknowledged object must be whole, and nothing else may show.
func TestPowerLoss(t *testing.T) {
	histories := 10_000
	if raceDetector || testing.Short() {
		histories = 500
	}
	const shards = 8
	for shard := range uint64(shards) {
		t.Run(fmt.Sprint(shard), func(t *testing.T) {
			t.Parallel()
			if err := (powerLoss{seed: shard}).run(histories / shards); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// TestPowerLossNoticesMissingSyncs leaves out one kind of sync at a time, and
// expects the simulation to notice.
func TestPowerLossNoticesMissingSyncs(t *testing.T) {
	segment := func(p string) bool { return strings.HasSuffix(p, segmentSuffix) }
	body := func(p string, digits int) bool {
		return strings.Contains(p, bodiesFolder+"/") && len(baseName(p)) == digits
	}
	for name, drop := range map[string]func(path string, dataOnly bool) bool{
		"the log's batches":     func(p string, dataOnly bool) bool { return segment(p) && dataOnly },
		"the log folder":        func(p string, _ bool) bool { return baseName(p) == logFolder },
		"body files":            func(p string, _ bool) bool { return body(p, 16) },
		"folders of body files": func(p string, _ bool) bool { return body(p, 8) },
		"the folder of these":   func(p string, _ bool) bool { return baseName(p) == bodiesFolder },
		"FORMAT":                func(p string, _ bool) bool { return strings.HasPrefix(baseName(p), formatFile) },
		"the data folder":       func(p string, _ bool) bool { return p == "data" },
		"the folder above":      func(p string, _ bool) bool { return p == "." },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := powerLoss{seed: 1, drop: drop, kills: 2}.run(10_000)
			if err == nil {
				t.Fatal("a missing sync was not noticed")
			}
			t.Log(err)
		})
	}
}

// TestDeadEnginesEnd: what works for an engine that failed, or that could not be
// opened, ends with its Close. A little may stay of what pebble leaves where it
// cannot open (v2.1.4, open.go).
func TestDeadEnginesEnd(t *testing.T) {
	before := runtime.NumGoroutine()
	if err := (powerLoss{seed: 1, kills: 2}).run(250); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(2 * time.Minute)
	for left := runtime.NumGoroutine() - before; left > 25; left = runtime.NumGoroutine() - before {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines are left of 250 engines", left)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func baseName(p string) string { return p[strings.LastIndexByte(p, '/')+1:] }

// powerLoss is a chain of histories: each begins with what the crash of the
// one before has left.
type powerLoss struct {
	seed  uint64
	drop  func(path string, dataOnly bool) bool // syncs to leave out
	kills int                                   // one end in so many is a kill; 0 is 4
}

// chain is how many histories share a data folder.
const chain = 25

func (p powerLoss) run(histories int) error {
	for n := 0; n < histories; n += chain {
		rng := rand.New(rand.NewPCG(p.seed, uint64(n)))
		w := &world{rng: rng, mem: NewCrashDisk(), drop: p.drop, kills: cmp.Or(p.kills, 4)}
		for i := range min(chain, histories-n) {
			if err := w.history(); err != nil {
				return fmt.Errorf("seed %d, folder %d, history %d: %w", p.seed, n, i, err)
			}
		}
		if err := w.check(); err != nil {
			return fmt.Errorf("seed %d, folder %d, at the end: %w", p.seed, n, err)
		}
	}
	return nil
}

type object struct {
	stage wharf.StageID
	key   wharf.Key
}

// body is what an object may hold: nothing if absent.
type body struct {
	data    []byte
	present bool
}

// world is a data folder, and what must be in it.
type world struct {
	rng  *rand.Rand
	mem  *CrashDisk
	drop func(path string, dataOnly bool) bool

	indexed bool // there is a whole index on the disk
	kills   int
	killed  bool // the history ends by a kill, after which the disk has all that was written

	mu      sync.Mutex        // guards what follows: file operations come from many goroutines
	torn    *rand.Rand        // chooses what of the unsynced is kept
	left    int               // file operations until the power fails
	objects map[object][]body // what each may be now: one, once a start has been checked
	pending map[object]body   // what the present call makes of them
	atomic  bool              // all of them at once
	group   map[object]body   // those that are there after the crash all together, or not at all
	after   *CrashDisk        // the disk after the crash, nil before
	then    map[object][]body // what each may be after the crash
}

// history opens what the last crash has left, checks it, and works on it
// until the power fails again, or the process is killed, which may be during
// the start.
func (w *world) history() error {
	w.mu.Lock()
	w.torn = rand.New(rand.NewPCG(w.rng.Uint64(), 0))
	w.pending, w.atomic, w.after, w.left = nil, false, nil, 1+w.rng.IntN(1+w.rng.IntN(300))
	w.killed = w.rng.IntN(w.kills) == 0
	w.mu.Unlock()
	if w.rng.IntN(12) == 0 {
		if err := w.mem.RemoveAll("data/" + indexFolder); err != nil {
			return err
		}
		w.indexed = false // a crash may bring a part of it back, until a start has made a new one
	}
	// What is left of a dead engine must not work on the disk of the next.
	var over atomic.Bool
	var fs vfs.FS = Mortal{errorfs.Wrap(w.mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if over.Load() {
			return errKilled
		}
		return w.tick(op)
	}))}
	if w.drop != nil {
		fs = dropFS{fs, w.drop}
	}
	err := w.work(fs)
	over.Store(true)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.mem, w.objects = w.after, w.then
	return nil
}

// Mortal is a file system whose locks end with the process.
type Mortal struct{ vfs.FS }

func (Mortal) Lock(string) (io.Closer, error) { return io.NopCloser(nil), nil }

func (w *world) work(fs vfs.FS) error {
	o := tinyOptions(fs)
	var log errorLog
	o.Logger = log.logger()
	e, err := Open("data", o)
	if w.crashed() && w.killed && err != nil {
		return nil
	}
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	if text := log.String(); !w.crashed() && w.indexed && text != "" {
		err = fmt.Errorf("a start after a crash speaks of damage: %s", text)
	} else {
		err = w.compare(e)
	}
	w.indexed = w.indexed || !w.crashed()
	for range 1 + w.rng.IntN(16) {
		if err != nil || w.crashed() {
			break
		}
		err = w.step(e)
	}
	w.crash() // if it did not come yet
	cerr := e.Close()
	if w.killed {
		return w.unlessKilled(err)
	}
	if err == nil && cerr != nil {
		err = fmt.Errorf("close: %w", cerr)
	}
	return err
}

// unlessKilled is for the errors of a process that is dead.
func (w *world) unlessKilled(err error) error {
	if errors.Is(err, errKilled) || err != nil && strings.Contains(err.Error(), "lost its disk") {
		return nil
	}
	return err
}

var errKilled = errors.New("the process was killed")

// check opens what the last crash has left.
func (w *world) check() error {
	e, err := Open("data", tinyOptions(w.mem))
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	if err := w.compare(e); err != nil {
		return err
	}
	return e.Close()
}

// tinyOptions make everything happen often: bodies over 2,000 bytes are
// files, four of them share a folder, and a segment is full after 8 KiB.
func tinyOptions(fs vfs.FS) Options {
	return Options{FS: fs, SegmentSize: 8 << 10, border: 2000, window: 4}
}

// tick counts an operation that changes something, and cuts the power before
// the last.
func (w *world) tick(op errorfs.Op) error {
	if op.Kind.ReadOrWrite() != errorfs.OpIsWrite {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.left--; w.left == 0 {
		w.cut()
	}
	if w.killed && w.after != nil {
		return errKilled
	}
	return nil
}

func (w *world) crashed() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.after != nil
}

func (w *world) crash() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.after == nil {
		w.cut()
	}
}

// cut takes what the disk holds at this moment, and what that may be.
func (w *world) cut() {
	if w.after = w.mem; !w.killed {
		kept := []int{0, 0, 30, 70, 100}[w.torn.IntN(5)]
		w.after = w.mem.Crash(kept, w.torn)
	}
	w.then, w.group = map[object][]body{}, nil
	maps.Copy(w.then, w.objects)
	if w.atomic {
		w.group = w.pending
	}
	for o, b := range w.pending {
		before := w.objects[o]
		if len(before) == 0 {
			before = []body{{}}
		}
		w.then[o] = append(slices.Clip(before), b)
	}
}

// step does one random thing to the engine. What it may change is pending
// until the engine has answered.
func (w *world) step(e *Engine) error {
	switch n := w.rng.IntN(20); {
	case n < 11:
		return w.put(e)
	case n < 13:
		return w.putAll(e)
	case n < 17:
		return w.remove(e)
	case n < 18:
		return w.ignoreEnd(e.checkpoint(bg))
	case n < 19:
		return w.ignoreEnd(e.compactor.rounds.do(e.compactor.work))
	case w.rng.IntN(2) == 0:
		return w.fail(e)
	default:
		return w.clear(e)
	}
}

// ignoreEnd is for work that nobody is told of.
func (w *world) ignoreEnd(err error) error {
	if w.crashed() {
		return nil
	}
	return err
}

func (w *world) someObject() object {
	return object{wharf.StageID{byte(w.rng.IntN(2))}, wharf.Key(fmt.Sprintf("k%d", w.rng.IntN(8)))}
}

func (w *world) someBody() body {
	size := []int{w.rng.IntN(100), 101 + w.rng.IntN(1800), 4000 + w.rng.IntN(9000)}[w.rng.IntN(3)]
	if w.rng.IntN(50) == 0 {
		size = blockSize + w.rng.IntN(100)
	}
	data := make([]byte, size)
	fill := byte(w.rng.Uint32())
	for i := range data {
		data[i] = fill + byte(i>>8)
	}
	return body{data, true}
}

func (w *world) put(e *Engine) error {
	o, b := w.someObject(), w.someBody()
	w.begin(map[object]body{o: b})
	_, err := e.Store(o.stage).Put(bg, o.key, bytes.NewReader(b.data), wharf.PutOptions{Size: int64(len(b.data))})
	return w.end(fmt.Sprintf("put %v", o), err)
}

func (w *world) putAll(e *Engine) error {
	stage := w.someObject().stage
	stored := map[object]body{}
	var files []wharf.NewFile
	for range 1 + w.rng.IntN(5) {
		k, b := w.someObject().key, w.someBody()
		if w.rng.IntN(2) == 0 { // records that lie on several blocks of the disk
			k = wharf.Key(strings.Repeat("long", 250)) + k
		}
		if _, twice := stored[object{stage, k}]; twice {
			continue
		}
		stored[object{stage, k}] = b
		files = append(files, wharf.NewFile{Key: k, Options: wharf.PutOptions{Size: int64(len(b.data))},
			Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.data)), nil }})
	}
	w.begin(stored)
	w.mu.Lock()
	w.atomic = true
	w.mu.Unlock()
	_, err := e.Store(stage).PutAll(bg, files)
	return w.end(fmt.Sprintf("put all of %d", len(files)), err)
}

// fail begins an upload that ends too soon. It leaves nothing.
func (w *world) fail(e *Engine) error {
	o := w.someObject()
	_, err := e.Store(o.stage).Put(bg, o.key, bytes.NewReader(make([]byte, chunkSize+1)), wharf.PutOptions{Size: 2 * chunkSize})
	if wharf.CodeOf(err) == wharf.CodeInvalid || w.crashed() {
		return nil
	}
	return fmt.Errorf("an upload that ends too soon: %v", err)
}

func (w *world) remove(e *Engine) error {
	stage := w.someObject().stage
	gone := map[object]body{}
	var keys []wharf.Key
	for range 1 + w.rng.IntN(4) {
		k := w.someObject().key
		keys = append(keys, k)
		gone[object{stage, k}] = body{}
	}
	w.begin(gone)
	return w.end(fmt.Sprintf("delete %v", keys), e.Store(stage).Delete(bg, keys))
}

func (w *world) clear(e *Engine) error {
	stage := w.someObject().stage
	gone := map[object]body{}
	for o, b := range w.objects {
		if o.stage == stage && b[0].present {
			gone[o] = body{}
		}
	}
	w.begin(gone)
	return w.end(fmt.Sprintf("clear %v", stage), e.Store(stage).Clear(bg))
}

func (w *world) begin(changes map[object]body) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pending, w.atomic = changes, false
}

// end acknowledges what is pending.
func (w *world) end(what string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for o, b := range w.pending {
		w.objects[o] = []body{b}
	}
	w.pending = nil
	return nil
}

// compare reads everything, and compares it with what it may be.
func (w *world) compare(e *Engine) error {
	found := map[object][]body{}
	for _, stage := range []wharf.StageID{{0}, {1}} {
		var usage wharf.Usage
		for o, err := range e.Store(stage).List(bg, wharf.ListOptions{}) {
			if err != nil {
				return fmt.Errorf("list: %w", err)
			}
			data, err := readAll(e.Store(stage), o.Key)
			if err != nil {
				return fmt.Errorf("read %s: %w", o.Key, err)
			}
			found[object{stage, o.Key}] = []body{{data, true}}
			usage.Files, usage.Bytes = usage.Files+1, usage.Bytes+o.Size
		}
		if got := e.usage.of(stage); got != usage {
			return fmt.Errorf("stage %v counts %v and has %v", stage, got, usage)
		}
	}
	if err := w.judge(found); err != nil {
		return err
	}
	if w.crashed() {
		return nil // the disk is another's
	}
	return noStrays(e)
}

// judge compares what was found with what it may be.
func (w *world) judge(found map[object][]body) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for o, b := range found {
		if !matches(b[0], w.objects[o]) {
			return fmt.Errorf("%v holds %d bytes that it must not", o, len(b[0].data))
		}
	}
	for o, may := range w.objects {
		if len(found[o]) == 0 && !matches(body{}, may) {
			return fmt.Errorf("%v is lost", o)
		}
	}
	if err := w.allOrNone(found); err != nil {
		return err
	}
	w.objects, w.group = found, nil
	return nil
}

// allOrNone wants what was stored at once when the power failed to be there all
// together, or not at all.
func (w *world) allOrNone(found map[object][]body) error {
	var there, lacking []object
	for o, b := range w.group {
		before := w.objects[o]
		if len(before) > 1 && before[0].present && bytes.Equal(before[0].data, b.data) {
			continue // it tells nothing
		}
		if len(found[o]) > 0 && bytes.Equal(found[o][0].data, b.data) {
			there = append(there, o)
		} else {
			lacking = append(lacking, o)
		}
	}
	if len(there) > 0 && len(lacking) > 0 {
		return fmt.Errorf("of what was stored at once %v is there, and %v is not", there, lacking)
	}
	return nil
}

func matches(b body, may []body) bool {
	return slices.ContainsFunc(may, func(m body) bool {
		return m.present == b.present && bytes.Equal(m.data, b.data)
	}) || len(may) == 0 && !b.present
}

// noStrays checks that each body file is an object's or recorded as dead, and
// that nothing else lies about.
func noStrays(e *Engine) error {
	return e.eachBody(0, func(n uint64) error {
		owner, err1 := e.index.get(numberKey(spaceFile, n))
		dead, err2 := e.index.get(numberKey(spaceDead, n))
		if err1 != nil || err2 != nil {
			return fmt.Errorf("look up %d: %v, %v", n, err1, err2)
		}
		if _, err := e.fs.Stat(e.bodyPath(n)); owner == nil && dead == nil && err == nil {
			return fmt.Errorf("a stray file %d", n)
		}
		return nil
	}, func(path string) error { return fmt.Errorf("a strange file %q", path) })
}

// dropFS leaves out the syncs of some files and folders.
type dropFS struct {
	vfs.FS
	drop func(path string, dataOnly bool) bool
}

func (d dropFS) wrap(name string, f vfs.File, err error) (vfs.File, error) {
	if err != nil {
		return nil, err
	}
	return droppingFile{f, strings.TrimSuffix(name, "/"), d.drop}, nil
}

func (d dropFS) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := d.FS.Create(name, c)
	return d.wrap(name, f, err)
}

func (d dropFS) OpenReadWrite(name string, c vfs.DiskWriteCategory, o ...vfs.OpenOption) (vfs.File, error) {
	f, err := d.FS.OpenReadWrite(name, c, o...)
	return d.wrap(name, f, err)
}

func (d dropFS) ReuseForWrite(from, to string, c vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := d.FS.ReuseForWrite(from, to, c)
	return d.wrap(to, f, err)
}

func (d dropFS) OpenDir(name string) (vfs.File, error) {
	f, err := d.FS.OpenDir(name)
	return d.wrap(name, f, err)
}

type droppingFile struct {
	vfs.File
	path string
	drop func(path string, dataOnly bool) bool
}

func (f droppingFile) Sync() error {
	if f.drop(f.path, false) {
		return nil
	}
	return f.File.Sync()
}

func (f droppingFile) SyncData() error {
	if f.drop(f.path, true) {
		return nil
	}
	return f.File.SyncData()
}
