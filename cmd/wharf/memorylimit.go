package main

import (
	"os"
	"runtime/debug"

	"golang.org/x/sys/unix"
)

const (
	// heapFloor is how much of the heap is never used. The garbage collector
	// runs when the heap has grown by a share. What a server holds between
	// requests is a few MiB, and small requests would add that a hundred times
	// a second: a fifth of all they cost. With the floor that is 20 times a
	// second.
	//
	// The runtime has no setting for it: GOGC is a factor, which would cost
	// most where the heap is large.
	heapFloor = 32 << 20

	// heapGrowth is that share, in percent. Go's own is 100, and lets garbage
	// take as much as the buffers of all uploads: with 64 at once that was 20
	// MiB more. GOGC in the environment goes before.
	heapGrowth = 50

	// beyondBudgets is what the server holds beside the memory of uploads and
	// of MySQL sessions: connections, downloads, the index, garbage.
	beyondBudgets = 256 << 20
)

// limitMemory lets garbage be collected sooner as the process nears what its
// budgets allow it: a share of a large heap would be more than a small machine
// has left. GOMEMLIMIT in the environment goes before.
func limitMemory(cfg *config) {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(beyondBudgets + cfg.uploadMemory + cfg.sqlMemory)
	}
}

// newHeapFloor allocates the floor. It works as long as it is referred to. Nothing
// writes to it, but the runtime clears all of it where a part of it was in use
// before: its pages are given back, so that it takes addresses and no memory.
func newHeapFloor() []byte {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(heapGrowth)
	}
	floor := make([]byte, heapFloor)
	_ = unix.Madvise(floor, unix.MADV_DONTNEED) // it works without, too
	return floor
}
