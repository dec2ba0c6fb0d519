package local

import "errors"

// flushing is one flush on its way.
type flushing struct {
	done chan struct{}
	err  error // set before done is closed
}

// flush brings all that was applied to the disk. Where that fails the index
// tries it again, but flush does not wait for it.
func (x *index) flush() error {
	select {
	case <-x.background.last: // an old one
	default:
	}
	for {
		f, mine := x.beginFlush()
		select {
		case <-f.done:
			if mine {
				return f.err
			}
		case <-x.broken.ch:
			return x.broken.error("local.flush")
		case err := <-x.background.last:
			return err
		}
	}
}

// beginFlush begins a flush, or returns the one that is still tried, which does
// not have what was applied since.
func (x *index) beginFlush() (f *flushing, mine bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.flushing != nil {
		return x.flushing, false
	}
	f = &flushing{done: make(chan struct{})}
	x.flushing = f
	go func() {
		f.err = x.flushAll()
		x.mu.Lock()
		x.flushing = nil
		x.mu.Unlock()
		close(f.done)
	}()
	return f, true
}

// flushAll writes to the disk what is in memory. That may be tried for ever: the
// index is closed at last.
func (x *index) flushAll() error {
	var done <-chan struct{}
	err := x.aside(func() (err error) {
		done, err = x.db.AsyncFlush()
		return err
	})
	if err != nil {
		return err
	}
	select {
	case <-done:
		return nil
	case <-x.broken.ch:
	case <-x.background.stopped:
	}
	return errStopped
}

var errStopped = errors.New("the index is closed")

// close closes an index that nobody uses.
func (x *index) close() error { return x.closeAfter(ended) }

// ended is closed.
var ended = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// closeAfter closes the index when the one who may use it still has ended. The
// index of an engine that failed may have work that does not end, so nobody
// waits for that.
func (x *index) closeAfter(done <-chan struct{}) error {
	x.background.stop()
	if !x.broken.failed() {
		<-done
		return x.aside(x.db.Close)
	}
	go func() {
		<-done
		defer func() { _ = recover() }() // it may miss what was never written
		_ = x.db.Close()
	}()
	return nil
}
