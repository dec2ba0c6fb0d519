package main

import (
	"runtime"
	"runtime/debug"
	"testing"
)

// TestHeapFloor: the collector lets the heap grow by at least the floor's share.
func TestHeapFloor(t *testing.T) {
	t.Setenv("GOGC", "")
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	var with, after runtime.MemStats
	h := app{heapFloor: newHeapFloor()}
	runtime.GC()
	runtime.ReadMemStats(&with)
	runtime.KeepAlive(&h)
	runtime.GC()
	runtime.ReadMemStats(&after)
	if room, want := with.NextGC-with.HeapAlloc, uint64(heapFloor*heapGrowth/100); room < want || room > 2*want {
		t.Errorf("the next collection is %d bytes away, want %d", room, want)
	}
	if after.NextGC >= with.NextGC {
		t.Errorf("without the floor the next collection is at %d, with it at %d", after.NextGC, with.NextGC)
	}
}
