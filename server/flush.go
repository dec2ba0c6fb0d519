package server

import (
	"sync"
	"sync/atomic"
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
// The connection's goroutine appends to the buffer, and tells by ready how much of it
// is whole rows; the timer writes some of these. Only a write takes mu: to take it for
// each row made a tenth of what LIST costs the server.
//
// The timer is not stopped at the end of a result. Quick statements find it
// running, and need not set it.
type rowFlush struct {
	mu    sync.Mutex  // held to write, and guards what follows
	timer *time.Timer // nil until it is first needed
	// streaming is set from the columns of a result to its end.
	streaming bool
	array     []byte // what packets.buf is a part of
	written   int    // bytes of the buffer that the timer has written

	ready  atomic.Int64          // bytes of the buffer that are whole packets
	armed  atomic.Bool           // the timer runs; it takes this away before it reads ready
	failed atomic.Pointer[error] // why the timer could not write
}

// stream begins and ends the rows of a result, between which the timer writes.
func (p *packets) stream(begins bool) {
	f := &p.flushing
	f.mu.Lock()
	f.streaming = begins
	if begins {
		f.array = p.buf[:cap(p.buf)]
		whole := len(p.buf)
		if p.open { // a row that panicked
			whole = p.start
		}
		f.ready.Store(int64(whole))
	}
	p.timerFailed()
	f.mu.Unlock()
	if begins {
		p.arm() // for the columns
	}
}

// rowReady lets the timer write the row that was added last.
func (p *packets) rowReady() {
	f := &p.flushing
	if len(p.buf) == 0 {
		return // it is written
	}
	if cap(f.array) != cap(p.buf) { // append has moved it
		f.mu.Lock()
		f.array = p.buf[:cap(p.buf)]
		f.mu.Unlock()
	}
	f.ready.Store(int64(len(p.buf)))
	if !f.armed.Load() {
		p.arm()
	}
	p.timerFailed()
}

// timerFailed takes over the error of a write by the timer.
func (p *packets) timerFailed() {
	if err := p.flushing.failed.Load(); err != nil && p.err == nil {
		p.err = *err
	}
}

// arm makes sure that what is in the buffer is written in time.
func (p *packets) arm() {
	f := &p.flushing
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.armed.Swap(true) {
		return
	}
	if f.timer == nil {
		f.timer = time.AfterFunc(flushAfter, p.flushInTime)
		return
	}
	f.timer.Reset(flushAfter)
}

// flushInTime is what the timer runs.
func (p *packets) flushInTime() {
	f := &p.flushing
	f.mu.Lock()
	defer f.mu.Unlock()
	f.armed.Store(false)
	n := int(f.ready.Load())
	if !f.streaming || n <= f.written || f.failed.Load() != nil {
		return
	}
	_, err := p.w.Write(f.array[f.written:n])
	if f.written = n; err != nil {
		f.failed.Store(&err)
	}
}

// flush writes what is gathered.
func (p *packets) flush() {
	p.flushing.mu.Lock()
	defer p.flushing.mu.Unlock()
	p.sendTo(len(p.buf))
	p.empty()
}

// sendTo writes the first n bytes of the buffer that were not written. flushing.mu is
// held.
func (p *packets) sendTo(n int) {
	p.timerFailed()
	p.send(p.buf[p.flushing.written:n])
}

// empty forgets what is in the buffer. flushing.mu is held.
func (p *packets) empty() {
	if p.buf = p.buf[:0]; cap(p.buf) > keepAtMost {
		p.buf = nil
	}
	f := &p.flushing
	f.array, f.written = p.buf[:cap(p.buf)], 0
	f.ready.Store(0)
}
