package server

import (
	"errors"
	"os"
	"time"
)

// watchAfter is how long a statement runs before the server looks whether its
// client is still there: a quick one is not worth a goroutine. It is at most
// twice that for a statement that follows others.
const watchAfter = 50 * time.Millisecond

// watch is when to look whether the client is still there. Quick statements
// do not touch its timer: once set it fires, finds another statement or none
// running, and is set again only in the first case.
type watch struct {
	timer   *time.Timer   // guarded by state.mu, as all of this
	armed   bool          // the timer runs, or a look is under way
	runs    uint64        // how many statements were started
	seen    uint64        // runs when the timer was set
	looking chan struct{} // closed when the look under way ends; nil if none is
}

// beginWatch watches over the statement that starts. c.mu is held.
func (c *conn) beginWatch() {
	c.runs++
	if !c.armed {
		c.armed = true
		c.arm()
	}
}

func (c *conn) arm() {
	c.seen = c.runs
	if c.timer == nil {
		c.timer = time.AfterFunc(watchAfter, c.look)
		return
	}
	c.timer.Reset(watchAfter)
}

// endWatch returns the look that is to be ended, if there is one. c.mu is held.
func (c *conn) endWatch() <-chan struct{} {
	looking := c.looking
	if looking != nil {
		c.looking, c.armed = nil, false
	}
	return looking
}

// look interrupts the statement if the client leaves before it is done.
func (c *conn) look() {
	looking := c.beginLook()
	if looking == nil {
		return
	}
	defer close(looking)
	for c.isRunning() {
		err := c.wire.peek()
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			if err != nil {
				c.interrupt(interrupted())
			}
			return
		}
		// The deadline was finish's, or one that was left from waiting for
		// the command. Finish ends the statement first, so asking for it
		// again after this cannot miss it.
		c.wire.SetReadDeadline(time.Time{})
	}
}

func (c *conn) beginLook() chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.cancel == nil:
		c.armed = false
	case c.seen != c.runs:
		c.arm()
	default:
		c.looking = make(chan struct{})
		return c.looking
	}
	return nil
}
