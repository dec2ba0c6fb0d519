package server

import (
	"sync"
	"time"
)

// writeDeadline shortens the time that a client has to take a write: when its
// statement is to end, which the statement sees only between two writes.
type writeDeadline struct {
	until time.Time // when the statement ends by itself; zero is never

	deadlineMu sync.Mutex // guards ending, and the deadline of a write under way
	ending     bool
}

// endSoon gives a write under way, and each that follows, the grace only. It is safe
// for concurrent use. A connection that did not take the write by then is closed:
// its client has a part of a packet.
func (w *wire) endSoon() {
	w.deadlineMu.Lock()
	defer w.deadlineMu.Unlock()
	w.ending = true
	w.SetWriteDeadline(time.Now().Add(w.grace))
}

// resetDeadline undoes endSoon, between two commands.
func (w *wire) resetDeadline() {
	w.deadlineMu.Lock()
	defer w.deadlineMu.Unlock()
	if w.ending {
		w.ending, w.writeBy = false, time.Time{}
	}
	w.until = time.Time{}
}

// allowWrite sets the deadline of a write that is about to be.
func (w *wire) allowWrite() error {
	w.deadlineMu.Lock()
	defer w.deadlineMu.Unlock()
	if w.write == 0 {
		return nil
	}
	if w.ending {
		return w.SetWriteDeadline(time.Now().Add(w.grace))
	}
	fresh := renew(&w.writeBy, w.write)
	if !w.until.IsZero() && w.until.Before(w.writeBy) {
		w.writeBy = time.Time{}
		// Past its end, the statement has its error to tell.
		return w.SetWriteDeadline(later(w.until, time.Now()).Add(w.grace))
	}
	if !fresh {
		return nil
	}
	return w.SetWriteDeadline(w.writeBy)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
