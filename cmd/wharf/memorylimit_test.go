package main

import (
	"bytes"
	"encoding/binary"
	"os"
	"runtime"
	"runtime/debug"
	"testing"
	"unsafe"
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

// TestHeapFloorTakesNoMemory has the runtime use memory that was in use before.
func TestHeapFloorTakesNoMemory(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	before := bytes.Repeat([]byte("x"), 2*heapFloor)
	runtime.KeepAlive(before)
	runtime.GC()
	floor := newHeapFloor()
	if n := residentPages(t, floor); n > 1 {
		t.Errorf("%d pages of the floor are in memory", n)
	}
	floor[len(floor)/2] = 1
	if n := residentPages(t, floor); n == 0 {
		t.Error("a page that was written to is not counted")
	}
}

// residentPages counts the pages of memory that take some: /proc/self/pagemap has
// eight bytes for each, the highest bit of which says so.
func residentPages(t *testing.T, memory []byte) int {
	f, err := os.Open("/proc/self/pagemap")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	size := os.Getpagesize()
	pages := make([]byte, len(memory)/size*8)
	first := uintptr(unsafe.Pointer(unsafe.SliceData(memory))) / uintptr(size)
	if _, err := f.ReadAt(pages, int64(first)*8); err != nil {
		t.Fatal(err)
	}
	n := 0
	for ; len(pages) > 0; pages = pages[8:] {
		n += int(binary.NativeEndian.Uint64(pages) >> 63)
	}
	return n
}
