package httpapi

import (
	"context"
	"errors"
	"os"
	"sync"
	"syscall"
	"time"
)

// clientWatch notices a client that leaves while its request is answered, which ends
// the request's context. net/http does that by a read in a goroutine, which it begins
// when the request's body has come, and ends before the answer: a twentieth of the
// time that a small upload takes. Most requests are answered at once. So that read
// returns nothing here, and only a request that takes longer than unwatched is
// watched.
type clientWatch struct {
	conn   *readDeadline
	cancel context.CancelFunc // of the connection's context

	mu    sync.Mutex // guards what follows
	since time.Time  // when the watch was asked for; zero if it is not
	timer *time.Timer
	armed bool          // timer runs
	done  chan struct{} // closed when the watch has ended; nil if there is none
}

// unwatched is how long a request runs without a look at whether its client is
// there.
const unwatched = 100 * time.Millisecond

// begin asks for a watch, until end.
func (w *clientWatch) begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.since = time.Now()
	switch {
	case w.armed:
	case w.timer == nil:
		w.timer = time.AfterFunc(unwatched, w.check)
	default:
		w.timer.Reset(unwatched)
	}
	w.armed = true
}

// end ends the watch, before net/http reads again.
func (w *clientWatch) end() {
	w.mu.Lock()
	done := w.done
	w.since, w.done = time.Time{}, nil
	w.mu.Unlock()
	if done == nil {
		return
	}
	w.conn.set(time.Unix(1, 0))
	<-done
	w.conn.set(time.Time{})
}

// close ends the watch with its connection.
func (w *clientWatch) close() {
	w.end()
	if w.cancel != nil {
		w.cancel()
	}
}

// check is called by the timer, which is not stopped at each request's end.
func (w *clientWatch) check() {
	w.mu.Lock()
	w.armed = false
	if w.since.IsZero() {
		w.mu.Unlock()
		return
	}
	if left := unwatched - time.Since(w.since); left > 0 {
		w.timer.Reset(left)
		w.armed = true
		w.mu.Unlock()
		return
	}
	done := make(chan struct{})
	w.done = done
	w.mu.Unlock()
	defer close(done)
	if w.left() {
		w.cancel()
	}
}

// left waits until the client sends more, which is its next request, or leaves, and
// reports the latter. It takes nothing from what the client sends.
func (w *clientWatch) left() bool {
	raw, err := w.conn.conn.SyscallConn()
	for err == nil {
		left := false
		err = raw.Read(func(fd uintptr) bool {
			n, err := peek(int(fd))
			left = n <= 0
			return err != syscall.EAGAIN
		})
		if err == nil {
			return left
		}
		if !w.conn.expired(err) {
			err = nil
		}
	}
	return !errors.Is(err, os.ErrDeadlineExceeded)
}

// peek tells how many bytes of the next one have come, without waiting for it.
func peek(fd int) (n int, err error) {
	var b [1]byte
	for {
		n, _, err = syscall.Recvfrom(fd, b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		if err != syscall.EINTR {
			return n, err
		}
	}
}
