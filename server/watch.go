package server

import (
	"errors"
	"os"
	"sync/atomic"
	"time"
)

// watchAfter is how long a statement runs before anybody looks whether its
// client is still there: a quick one is not worth a goroutine.
const watchAfter = 20 * time.Millisecond

// watch calls gone if the client leaves before stop is called. Nobody may
// read from the wire in between.
func (w *wire) watch(gone func()) (stop func()) {
	var stopping atomic.Bool
	done := make(chan struct{})
	timer := time.AfterFunc(watchAfter, func() {
		defer close(done)
		for !stopping.Load() {
			err := w.peek()
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				if err != nil {
					gone()
				}
				return
			}
			// The deadline was stop's, or one that was left from waiting for
			// the command. Stop sets its flag first, so looking at the flag
			// again after this cannot miss it.
			w.SetReadDeadline(time.Time{})
		}
	})
	return func() {
		if timer.Stop() {
			return
		}
		stopping.Store(true)
		w.SetReadDeadline(time.Unix(1, 0))
		<-done
		w.SetReadDeadline(time.Time{})
	}
}
