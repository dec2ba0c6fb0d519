package server

import (
	"sync"
	"time"
)

// haste is why a client that stands still gets less time than it otherwise
// has: its statement is to end, and sees that only between two writes.
type haste struct {
	until time.Time // when the statement ends by itself; zero is never

	hasteMu sync.Mutex // guards hurried, and the deadline of a write under way
	hurried bool
}

// hurry gives a write under way, and each that follows, a moment only. It may
// run beside all else. The connection of a client that did not use that moment
// is closed: it has a part of a packet.
func (w *wire) hurry() {
	w.hasteMu.Lock()
	defer w.hasteMu.Unlock()
	w.hurried = true
	w.SetWriteDeadline(time.Now().Add(endGrace))
}

// calm ends the haste, between two commands.
func (w *wire) calm() {
	w.hasteMu.Lock()
	defer w.hasteMu.Unlock()
	if w.hurried {
		w.hurried, w.writeBy = false, time.Time{}
	}
	w.until = time.Time{}
}

// allowWrite sets the deadline of a write that is about to be.
func (w *wire) allowWrite() error {
	w.hasteMu.Lock()
	defer w.hasteMu.Unlock()
	if w.write == 0 {
		return nil
	}
	if w.hurried {
		return w.SetWriteDeadline(time.Now().Add(endGrace))
	}
	fresh := renew(&w.writeBy, w.write)
	if !w.until.IsZero() && w.until.Before(w.writeBy) {
		w.writeBy = time.Time{}
		// Past its end, the statement has its error to tell.
		return w.SetWriteDeadline(later(w.until, time.Now()).Add(endGrace))
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
