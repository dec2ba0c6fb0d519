package main

// heapFloor is how much of the heap is never used. The garbage collector runs
// when the heap has doubled. What a server holds between requests is a few
// MiB, and small requests would double that a hundred times a second: a fifth
// of all they cost. With the floor that is 15 times a second, and a heap that is
// large anyway grows by no more than this beyond what it would.
//
// The runtime has no setting for it: GOGC is a factor, which would cost most
// where the heap is large.
const heapFloor = 16 << 20

// newHeapFloor allocates the floor. Nobody touches it, so that it takes
// addresses and no memory. It works as long as it is referred to.
func newHeapFloor() []byte { return make([]byte, heapFloor) }
