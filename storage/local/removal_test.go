package local

import (
	"fmt"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"wharf"
)

// TestRemovalOutlivesOlderRecords: a removal is kept as long as a segment may be
// left that has an older record of its key, also one whose own removal a crash
// undoes. Else an index that is made anew would bring the object back.
func TestRemovalOutlivesOlderRecords(t *testing.T) {
	mem := vfs.NewCrashableMem()
	o := tinyOptions(mem)
	e := openEngine(t, "data", o)
	s := e.Store(stageOne)
	fill := func(name string) { // a segment and more
		for i := range 6 {
			put(t, s, wharf.Key(fmt.Sprintf("%s%d", name, i)), make([]byte, 1900))
		}
	}
	put(t, s, "gone", make([]byte, 1900))
	fill("stays") // in the segment with the object: it stays where it is
	must(t, s.Delete(bg, []wharf.Key{"gone"}))
	fill("a")
	var dead []wharf.Key
	for i := range 6 {
		dead = append(dead, wharf.Key(fmt.Sprintf("a%d", i)))
	}
	must(t, s.Delete(bg, dead)) // most of the segment with the removal is dead
	must(t, e.compactor.rounds.do(e.compactor.work))
	if !knowsSegment(e, 1) {
		t.Fatal("the segment of the object is gone: this tests nothing")
	}
	wantGone(t, mem)

	// Now that goes, too, and the removal with it: in this order.
	var more []wharf.Key
	for i := range 6 {
		more = append(more, wharf.Key(fmt.Sprintf("stays%d", i)))
	}
	must(t, s.Delete(bg, more))
	fill("b")
	must(t, e.compactor.rounds.do(e.compactor.work))
	if knowsSegment(e, 1) {
		t.Fatal("the segment of the object is left: this tests nothing")
	}
	names, err := mem.CrashClone(vfs.CrashCloneCfg{}).List("data/log")
	must(t, err)
	for _, name := range names {
		if n, _, ok := parseSegmentName(name); ok && !knowsSegment(e, n) {
			t.Errorf("segment %d counts as removed, and a crash brings it back", n)
		}
	}
	wantGone(t, mem)
}

// TestSegmentIsKnownUntilItIsGone: a segment whose removal could not be made
// durable still counts as one that may have older records.
func TestSegmentIsKnownUntilItIsGone(t *testing.T) {
	mem := NewCrashDisk()
	var armed, fail atomic.Bool // file operations come from many goroutines
	e := openEngine(t, "data", tinyOptions(errorfs.Wrap(mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if armed.Load() && op.Kind == errorfs.OpRemove && strings.HasSuffix(op.Path, segmentSuffix) {
			fail.Store(true)
		}
		if fail.Load() && op.Kind == errorfs.OpFileSync && strings.TrimSuffix(op.Path, "/") == "data/"+logFolder {
			return syscall.EIO
		}
		return nil
	}))))
	s := e.Store(stageOne)
	e.compactor.close() // it works when it is told
	e.compactor.ctx = t.Context()
	for range 2 { // a segment and more, of which the first is dead
		for i := range 6 {
			put(t, s, wharf.Key(fmt.Sprint(i)), make([]byte, 1900))
		}
	}
	armed.Store(true)
	if err := e.compactor.work(); err == nil {
		t.Fatal("a sync that fails is not noticed: this tests nothing")
	}
	names, err := mem.Crash(0, nil).List("data/log")
	must(t, err)
	for _, name := range names {
		if n, _, ok := parseSegmentName(name); ok && !knowsSegment(e, n) {
			t.Errorf("segment %d counts as removed, and a crash brings it back", n)
		}
	}
	armed.Store(false)
	fail.Store(false)
	must(t, e.compactor.work())
}

// wantGone makes the index anew on what a crash leaves.
func wantGone(t *testing.T, mem *vfs.MemFS) {
	t.Helper()
	after := mem.CrashClone(vfs.CrashCloneCfg{})
	must(t, after.RemoveAll("data/index"))
	e := openEngine(t, "data", tinyOptions(after))
	if _, err := e.Store(stageOne).Stat(bg, "gone"); wharf.CodeOf(err) != wharf.CodeNotFound {
		t.Errorf("what was removed is back: %v", err)
	}
	must(t, e.Close())
}
