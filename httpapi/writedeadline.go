package httpapi

import (
	"errors"
	"net"
	"os"
	"time"

	"wharf"
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
	// holds is set while the answer is a download that others may wait for.
	holds *wharf.Service

	written int64     // bytes, of all answers
	since   time.Time // when the client's rate was last looked at
	taken   int64     // of written, at that time
}

// patience is that of one write.
type patience struct {
	since  time.Time // of the last sign that the client takes something
	queued int       // bytes that the kernel held when it was last asked; -1 before
}

// While others wait for a download to end, its client has to take minRate, which
// is looked at after each sixth of a stall: clients that take a byte now and
// then would keep the others out for ever.
const looksPerStall = 6

// hold says that the answers that follow are downloads of s; nil ends that.
func (p *pace) hold(s *wharf.Service) {
	if p.holds = s; s != nil {
		p.since = time.Now()
	}
}

// begin readies c for a write.
func (p *pace) begin(c *net.TCPConn) patience {
	now := time.Now()
	// Not at each write, because every move wakes the runtime's timers.
	if now.Sub(p.armed) > p.stall/24 {
		p.arm(c, now)
	}
	return patience{since: now, queued: -1}
}

func (p *pace) arm(c *net.TCPConn, now time.Time) {
	c.SetWriteDeadline(now.Add(p.stall / 12))
	p.armed = now
}

// goOn reports whether to go on with a write that ended with err after n
// bytes.
func (p *pace) goOn(c *net.TCPConn, patient *patience, n int64, err error) bool {
	p.written += n
	if err == nil || !errors.Is(err, os.ErrDeadlineExceeded) {
		return false
	}
	now, queued := time.Now(), unacknowledged(c)
	if n > 0 || queued < patient.queued {
		patient.since = now
	}
	patient.queued = queued
	if now.Sub(patient.since) >= p.stall || !p.keepsRate(now, p.written-int64(queued)) && p.pressed() {
		return false
	}
	p.arm(c, now)
	return true
}

func (p *pace) pressed() bool { return p.holds != nil && p.holds.DownloadsWait() }

// keepsRate reports whether the client took minRate since it was last looked at.
// taken is what it took so far.
func (p *pace) keepsRate(now time.Time, taken int64) bool {
	passed := now.Sub(p.since)
	if passed < p.stall/looksPerStall {
		return true
	}
	came := taken - p.taken
	p.since, p.taken = now, taken
	return float64(came) >= minRate*passed.Seconds()
}
