package server

import (
	"context"
	"time"

	"golang.org/x/sync/semaphore"
)

// freePacket is the most bytes of a packet that is not counted: all
// connections together may always send that much.
const freePacket = 1 << 20

// memory bounds what all connections together hold of what clients sent.
type memory struct {
	packets budget // of those over freePacket, until their command is done
	kept    budget // of prepared statements and of parameters in pieces
	wait    time.Duration

	stopping context.Context // ends what waits
	stop     context.CancelFunc
}

type budget struct {
	*semaphore.Weighted
	total int64
}

func newMemory(o *Options) *memory {
	m := &memory{
		packets: budget{semaphore.NewWeighted(int64(o.PacketMemory)), int64(o.PacketMemory)},
		kept:    budget{semaphore.NewWeighted(int64(o.StatementMemory)), int64(o.StatementMemory)},
		wait:    o.MemoryWait,
	}
	m.stopping, m.stop = context.WithCancel(context.Background())
	return m
}

// reserve takes room for a packet once it has turned out to be a large one:
// for all of it at once, since packets that had a part each would wait for
// each other. How long one of several fragments will be is not known, so that
// it takes the most.
func (w *wire) reserve() error {
	if w.memory == nil || w.reserved > 0 || len(w.body) < freePacket {
		return nil
	}
	size := int64(w.size)
	if w.more {
		size = int64(w.limit)
	}
	b := w.memory.packets
	size = min(size, b.total)
	ctx, cancel := context.WithTimeout(w.memory.stopping, w.memory.wait)
	defer cancel()
	if err := b.Acquire(ctx, size); err != nil {
		return errNoRoom
	}
	w.reserved = size
	w.pace = pace{time.Now(), len(w.body)}
	return nil
}

// minRate is the fewest bytes per second, in each minute, of a packet that
// holds room that others wait for.
const minRate = 16 << 10

// pace is how far a packet was when it was last looked at.
type pace struct {
	at   time.Time
	have int
}

// keepsPace tells whether a packet that took room came at minRate in the last
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

// dropBody lets go of the last packet.
func (w *wire) dropBody() {
	if w.body = w.body[:0]; cap(w.body) > readBuffer {
		w.body = nil
	}
	if w.reserved > 0 {
		w.memory.packets.Release(w.reserved)
		w.reserved = 0
	}
}

// keep takes room for n bytes that outlive their command. There is no waiting
// for it, since it may be held for hours.
func (c *conn) keep(n int) bool { return c.srv.memory.kept.TryAcquire(int64(n)) }

func (c *conn) unkeep(n int) { c.srv.memory.kept.Release(int64(n)) }
