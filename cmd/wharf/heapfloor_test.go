package main

import (
	"runtime"
	"runtime/debug"
	"testing"
)

// TestHeapFloor: the collector lets the heap grow by at least the floor.
func TestHeapFloor(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(100)) // whatever GOGC says
	var with, after runtime.MemStats
	h := house{heapFloor: newHeapFloor()}
	runtime.GC()
	runtime.ReadMemStats(&with)
	runtime.KeepAlive(&h)
	runtime.GC()
	runtime.ReadMemStats(&after)
	if room := with.NextGC - with.HeapAlloc; room < heapFloor {
		t.Errorf("the next collection is %d bytes away, want %d", room, heapFloor)
	}
	if after.NextGC >= with.NextGC {
		t.Errorf("without the floor the next collection is at %d, with it at %d", after.NextGC, with.NextGC)
	}
}
