package server

import (
	"context"
	"slices"
	"time"

	"wharf/sql/exec"
)

const (
	// freePacket is the most bytes of a packet that is not counted: all
	// connections together may always send that much.
	freePacket = 16 << 10

	// packetCopies is how many times its length a packet counts: what is read
	// of it, the statement's text, and what reading that takes.
	packetCopies = 4
)

// memory bounds what all connections together hold of what clients sent.
type memory struct {
	all  *exec.Memory
	wait time.Duration

	stopping context.Context // ends what waits
	stop     context.CancelFunc
}

func newMemory(o *Options) *memory {
	m := &memory{all: o.Memory, wait: o.MemoryWait}
	m.stopping, m.stop = context.WithCancel(context.Background())
	return m
}

// take waits for n bytes, or as many as there are, and returns how many.
func (m *memory) take(n int64) (int64, error) {
	ctx, cancel := context.WithTimeout(m.stopping, m.wait)
	defer cancel()
	n, err := m.all.Wait(ctx, n)
	if err != nil {
		return 0, errNoRoom
	}
	return n, nil
}

// reserve takes memory for a packet once it has turned out to be a large one:
// for all of it at once, since packets that had a part each would wait for
// each other. How long one of several fragments will be is not known, so that
// it takes the most.
func (w *wire) reserve() error {
	if w.memory == nil || w.reserved > 0 || len(w.body) < freePacket {
		return nil
	}
	size := w.size
	if w.more {
		size = w.limit
	}
	var err error
	if w.reserved, err = w.memory.take(packetCopies * int64(size)); err != nil {
		return err
	}
	w.pace = pace{time.Now(), len(w.body)}
	return nil
}

// grow makes room in the body for the next bytes. One that is counted grows to
// what was counted at once, so that no copies of it are left behind.
func (w *wire) grow() {
	const step = 64 << 10
	more := min(w.left, step)
	if w.reserved > 0 && cap(w.body)-len(w.body) < more {
		size := w.size
		if w.more {
			size = min(2*w.size, w.limit)
		}
		more = max(more, size-len(w.body))
	}
	w.body = slices.Grow(w.body, more)
}

// minRate is the fewest bytes per second, in each minute, of a packet that
// holds room that others wait for.
const minRate = 16 << 10

// pace is how far a packet was when it was last looked at.
type pace struct {
	at   time.Time
	have int
}

// keepsPace reports whether a packet that took room came at minRate in the last
// minute: a byte now and then would keep it from stalling for days.
func (w *wire) keepsPace() bool {
	if w.reserved == 0 {
		return true
	}
	took := time.Since(w.pace.at)
	if took < bodyTimeout {
		return true
	}
	came := len(w.body) - w.pace.have
	w.pace = pace{time.Now(), len(w.body)}
	return float64(came) >= minRate*took.Seconds()
}

// dropBody drops the last packet.
func (w *wire) dropBody() {
	w.forgetBody()
	if w.reserved > 0 {
		w.memory.all.Return(w.reserved)
		w.reserved = 0
	}
}

// forgetBody drops the last packet's bytes, of which there is a copy. They
// count until dropBody.
func (w *wire) forgetBody() {
	if w.body = w.body[:0]; cap(w.body) > readBuffer {
		w.body = nil
	}
}
