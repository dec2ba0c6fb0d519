package local

import (
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

const (
	leastPause = 5 * time.Millisecond
	mostPause  = 5 * time.Second
	// logEvery is how often an error of the background work is logged.
	logEvery = time.Minute
)

// background slows down work of the index that fails. The index tries again at
// once (pebble v2.1.4, compaction.go: flush, handleCompactFailure), which was
// 12,000 times a second and a line in the log for each.
type background struct {
	broken  *failure
	log     *slog.Logger
	stopped chan struct{} // closed when the index is about to be closed

	last chan error // the last failure; has room for one

	mu       sync.Mutex // guards what follows
	lastErr  error
	stalled  bool // a change waits until there is room in memory
	failures int  // in a row
	logged   time.Time
	unlogged int // since then
}

func newBackground(broken *failure) *background {
	return &background{broken: broken, log: broken.log, stopped: make(chan struct{}), last: make(chan error, 1)}
}

// stop ends the pause under way and makes those that follow short: closing the
// index waits for its work. It is called once.
func (b *background) stop() { close(b.stopped) }

// failed counts a failure.
func (b *background) failed(err error) {
	b.mu.Lock()
	b.failures++
	b.lastErr = err
	b.giveUp()
	b.mu.Unlock()
	select {
	case b.last <- err:
	default:
	}
	b.warn(fmt.Sprintf("background error: %s", err))
}

// stall is told when a change has to wait until a table is written, and when it
// need not any more.
func (b *background) stall(begins bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stalled = begins
	b.giveUp()
}

// giveUp fails the engine where a change would wait for ever: a table cannot be
// written, and not for want of room or of file handles, which pass.
func (b *background) giveUp() {
	if b.stalled && b.failures > 0 && !fullDisk(b.lastErr) && !outOfFiles(b.lastErr) {
		b.broken.fail(b.lastErr)
	}
}

// succeeded ends a row of failures.
func (b *background) succeeded() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failures = 0
}

// warn logs what the index reports, unless it did so a moment ago.
func (b *background) warn(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	if now.Sub(b.logged) < logEvery {
		b.unlogged++
		return
	}
	b.log.Warn("index", "error", text, "not_logged_before", b.unlogged)
	b.logged, b.unlogged = now, 0
}

// pause waits before a try that follows failures, the longer the more there
// were. The index must not be locked, as it is in the calls of its events.
func (b *background) pause() {
	b.mu.Lock()
	failures := b.failures
	b.mu.Unlock()
	if failures == 0 {
		return
	}
	long := time.NewTimer(min(mostPause, leastPause<<min(failures-1, 20)))
	defer long.Stop()
	select {
	case <-long.C:
	case <-b.stopped:
		time.Sleep(leastPause)
	}
}

// Create makes a file. Those that are not vital are made by background work.
func (f *stopFS) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	if !f.vital(name) {
		f.background.pause()
	}
	return f.create(name, c)
}

// Open opens a file for reading, which may be the first thing that background
// work does.
func (f *stopFS) Open(name string, o ...vfs.OpenOption) (vfs.File, error) {
	file, err := f.FS.Open(name, o...)
	if err != nil && !missing(err) {
		f.background.pause()
	}
	return file, err
}
