package local

import (
	"context"
	"sync/atomic"
	"time"
)

// tidier gives the disk back what small bodies took that are removed. The
// index does so by itself in time, with the work that later uploads cause;
// the tidier does it when a good part of the index is dead, or when someone
// needs the room now.
type tidier struct {
	e      *Engine
	dead   atomic.Int64 // bytes of removed bodies, about
	enough atomic.Int64 // how many dead bytes are worth a look
	rounds shared
	wake   chan struct{} // has room for one
	ctx    context.Context
	stop   context.CancelFunc
	done   chan struct{} // closed when the goroutine has ended
}

const (
	leastTidy = 1 << 20 // fewer dead bytes are not worth the work
	deadShare = 3       // nor is less than this part of the index
)

func (t *tidier) init(e *Engine) {
	t.e, t.wake, t.done = e, make(chan struct{}, 1), make(chan struct{})
	t.ctx, t.stop = context.WithCancel(context.Background())
	t.enough.Store(leastTidy)
}

// start begins the work in the background. What the last run left dead it
// did not write down; that it left something shows in the index.
func (t *tidier) start() {
	if t.e.index.Metrics().Keys.TombstoneCount > 0 {
		t.dead.Store(1)
		t.enough.Store(1)
		t.add(0)
	}
	go t.run()
}

func (t *tidier) close() {
	t.stop()
	<-t.done
}

// add counts dead bytes.
func (t *tidier) add(n int64) {
	if t.dead.Add(n) < t.enough.Load() {
		return
	}
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

func (t *tidier) run() {
	defer close(t.done)
	for {
		select {
		case <-t.ctx.Done():
			return
		case <-t.e.broken.ch:
			return
		case <-t.wake:
		}
		if !t.due() {
			continue
		}
		if err := t.now(); err != nil && t.ctx.Err() == nil {
			t.e.log.Warn("giving back the room of removed files failed", "error", err)
		}
	}
}

// due tells whether enough of the index is dead, and otherwise, how much
// would be.
func (t *tidier) due() bool {
	if t.enough.Load() <= 1 {
		return true
	}
	m := t.e.index.Metrics()
	share := int64(m.Table.Local.LiveSize+m.BlobFiles.Local.LiveSize) / deadShare
	t.enough.Store(max(leastTidy, share))
	return t.dead.Load() >= t.enough.Load()
}

// now rewrites the index without what is dead, unless nothing is. Callers
// share a round.
func (t *tidier) now() error {
	return t.rounds.do(func() error {
		dead := t.dead.Load()
		if dead == 0 {
			return nil
		}
		if err := t.rewrite(); err != nil {
			return err
		}
		t.dead.Add(-dead)
		t.enough.Store(leastTidy)
		return t.waitRemoved()
	})
}

// rewrite compacts the whole index. Values of 1 KiB and more are apart from
// it, so that this moves about a hundred bytes an object.
func (t *tidier) rewrite() error {
	flush := func() error {
		_, err := t.e.index.AsyncFlush()
		return err
	}
	// What can fail for good is the change of the log, which a compaction
	// begins with: mostly it is done here, where others do not wait for it.
	if err := t.e.change(t.ctx, "local.tidy", flush); err != nil {
		return err
	}
	return t.e.aside("local.tidy", func() error {
		return t.e.index.Compact(t.ctx, []byte{spaceAlloc}, []byte{spaceObject + 1}, false)
	})
}

// waitRemoved waits until the index has removed its old files. It tells
// nobody when it has (pebble v2.1.4, obsolete_files.go), so this must ask.
func (t *tidier) waitRemoved() error {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for range 500 {
		m := t.e.index.Metrics()
		if m.Table.ObsoleteSize+m.BlobFiles.ObsoleteSize == 0 {
			return nil
		}
		select {
		case <-t.ctx.Done():
			return t.ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}
