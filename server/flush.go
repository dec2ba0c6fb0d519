package server

import (
	"sync"
	"time"
)

// flushAfter is the longest that a row waits in the buffer for others to be
// written with it.
const flushAfter = 100 * time.Millisecond

// rowFlush writes the rows that wait in the buffer when flushAfter is over, also
// while their source makes no other: it reads from a store, computes, or waits
// for its client's turn. Rows that fill the buffer before are written by
// [packets.end].
//
// The buffer has one user at a time: the connection's goroutine, or for as long
// as mu is held the timer's. Between two rows that is the timer's, so that a
// client that does not read stops the source as any write does.
//
// The timer is not stopped at the end of a result. Quick statements find it
// running, and need not set it.
type rowFlush struct {
	mu    sync.Mutex  // guards what follows, and while streaming is set all of packets
	timer *time.Timer // nil until it is first needed
	armed bool        // the timer runs
	// streaming is set from the columns of a result to its end.
	streaming bool
}

// stream begins and ends the rows of a result, between which only the holder of
// flushing.mu uses the buffer.
func (p *packets) stream(begins bool) {
	p.flushing.mu.Lock()
	defer p.flushing.mu.Unlock()
	if p.flushing.streaming = begins; begins {
		p.arm() // for the columns
	}
}

// arm makes sure that what is in the buffer is written in time. flushing.mu is
// held.
func (p *packets) arm() {
	f := &p.flushing
	if f.armed {
		return
	}
	f.armed = true
	if f.timer == nil {
		f.timer = time.AfterFunc(flushAfter, p.flushInTime)
		return
	}
	f.timer.Reset(flushAfter)
}

// flushInTime is what the timer runs.
func (p *packets) flushInTime() {
	p.flushing.mu.Lock()
	defer p.flushing.mu.Unlock()
	p.flushing.armed = false
	if p.flushing.streaming && !p.open { // a row that panicked is not whole
		p.flush()
	}
}
