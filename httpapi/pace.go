package httpapi

import (
	"errors"
	"net"
	"os"
	"time"
)

// pace holds a client to taking something of what is written to it at least
// every stall.
//
// That a write waits says little: the kernel holds megabytes of an answer, and
// lets a writer go on only when a good part of them is gone, which takes a slow
// client minutes. So a write that waits is woken now and then to ask the kernel
// whether the client took any.
type pace struct {
	stall time.Duration
	armed time.Time // when the write deadline was last set
}

// patience is that of one write.
type patience struct {
	since  time.Time // of the last sign that the client takes something
	queued int       // bytes that the kernel held when it was last asked; -1 before
}

// begin readies c for a write.
func (p *pace) begin(c *net.TCPConn) patience {
	now := time.Now()
	// Not at each write, because every move wakes the runtime's timers.
	if now.Sub(p.armed) > p.stall/8 {
		p.arm(c, now)
	}
	return patience{since: now, queued: -1}
}

func (p *pace) arm(c *net.TCPConn, now time.Time) {
	c.SetWriteDeadline(now.Add(p.stall / 4))
	p.armed = now
}

// goOn tells whether to go on with a write that ended with err after n bytes.
func (p *pace) goOn(c *net.TCPConn, patient *patience, n int64, err error) bool {
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		return false
	}
	now, queued := time.Now(), unacknowledged(c)
	if n > 0 || queued < patient.queued {
		patient.since = now
	}
	patient.queued = queued
	if now.Sub(patient.since) >= p.stall {
		return false
	}
	p.arm(c, now)
	return true
}
