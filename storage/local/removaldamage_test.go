package local_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"wharf"
	"wharf/storage/local"
	"wharf/storage/local/fsck"
)

// TestRemovalWithOneBitFlipped flips a bit of each byte of the records of
// removals, in its heads, keys and checksums. It brings nothing back, and costs
// nothing else: after a stop and after a kill, before the removal was copied by a
// compaction and afterwards, for a start with its index or without, a compaction
// and a repair.
func TestRemovalWithOneBitFlipped(t *testing.T) {
	for _, stopped := range []bool{true, false} {
		for _, copied := range []bool{false, true} {
			t.Run(fmt.Sprintf("stopped %v, copied %v", stopped, copied), func(t *testing.T) {
				t.Parallel()
				r := newRemovals(t, stopped, copied)
				step := 3
				if local.RaceDetector || testing.Short() {
					step = 13
				}
				rng := rand.New(rand.NewPCG(1, 2))
				n := 0
				for _, x := range r.removals {
					for at := x.From; at < x.To; at++ {
						if n++; n%step == 0 {
							r.flip(x, at, byte(1)<<rng.IntN(8), (n/step)%len(r.ways()))
						}
					}
				}
				if len(r.removals) != 5 || n < 5*260 {
					t.Errorf("%d removals of %d bytes were tried", len(r.removals), n)
				}
			})
		}
	}
}

// removals is a data folder in which objects were removed.
type removals struct {
	t        *testing.T
	stopped  bool
	disk     *local.CrashDisk
	removals []local.Removal
	want     []string
}

// newRemovals removes an object in the log, one in a file, a stage, and, last of
// all, two other objects. Older records of these are left in the first segment.
func newRemovals(t *testing.T, stopped, copied bool) *removals {
	t.Helper()
	r := &removals{t: t, stopped: stopped, disk: local.NewCrashDisk()}
	e := r.open(r.disk)
	r.put(e, stages[0], "gone", 1900)
	r.put(e, stages[0], "gone, a file", 2500)
	r.put(e, stages[0], "gone last", 100)
	r.put(e, stages[0], "gone last, too", 100)
	r.put(e, stages[1], "cleared", 500)
	r.put(e, stages[1], "cleared, a file", 2500)
	for i := range 6 { // it stays in the first segment, and another one is begun
		r.put(e, stages[0], wharf.Key(fmt.Sprint("stays", i)), 1900)
	}
	r.do(e.Store(stages[0]).Delete(bg, []wharf.Key{"gone", "gone, a file"}))
	r.do(e.Store(stages[1]).Clear(bg))
	r.put(e, stages[1], "after", 300)
	if copied {
		r.copyRemovals(e)
	}
	r.do(e.Store(stages[0]).Delete(bg, []wharf.Key{"gone last", "gone last, too"}))
	if stopped {
		r.do(e.Close())
	} else {
		r.disk = r.disk.Crash(0, nil)
	}
	var err error
	r.removals, err = local.Removals(r.disk, "data")
	r.do(err)
	r.want = r.list(e, stopped)
	return r
}

// copyRemovals has the segments compacted that have removals.
func (r *removals) copyRemovals(e *local.Engine) {
	r.t.Helper()
	before, err := local.Removals(r.disk, "data")
	r.do(err)
	r.endSegment(e)
	r.do(local.CompactSegment(e, before[0].Segment))
	after, err := local.Removals(r.disk, "data")
	r.do(err)
	if len(after) != len(before) || slices.Contains(after, before[0]) || before[0].Segment == 1 {
		r.t.Fatalf("the removals were not copied: %v, now %v", before, after)
	}
}

// endSegment fills the segment that is written to.
func (r *removals) endSegment(e *local.Engine) {
	for i := range 6 {
		r.put(e, wharf.StageID{9}, wharf.Key(fmt.Sprint("fill", i)), 1900)
	}
}

func (r *removals) open(fs vfs.FS) *local.Engine {
	r.t.Helper()
	e, err := local.Open("data", local.TinyOptions(local.Mortal{FS: fs}).WithoutCompactor())
	r.do(err)
	return e
}

func (r *removals) do(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *removals) put(e *local.Engine, stage wharf.StageID, key wharf.Key, size int) {
	r.t.Helper()
	_, err := e.Store(stage).Put(bg, key, bytes.NewReader(make([]byte, size)), wharf.PutOptions{Size: int64(size)})
	r.do(err)
}

// list reads all objects.
func (r *removals) list(e *local.Engine, closed bool) (all []string) {
	r.t.Helper()
	if closed {
		e = r.open(r.disk.Crash(0, nil))
	}
	for _, stage := range stages {
		for o, err := range e.Store(stage).List(bg, wharf.ListOptions{}) {
			r.do(err)
			data, err := read(e.Store(stage), o.Key)
			all = append(all, fmt.Sprintf("%s %d %v", name(stage, o.Key), len(data), err))
		}
	}
	return all
}

// way is what is done with the folder after the flip, and before all is read.
type way struct {
	name string
	do   func(disk *local.CrashDisk, x local.Removal)
}

func (r *removals) ways() []way {
	noIndex := func(disk *local.CrashDisk, _ local.Removal) { r.do(disk.RemoveAll("data/index")) }
	repair := func(disk *local.CrashDisk, _ local.Removal) {
		found := 0
		o := fsck.Options{Open: local.TinyOptions(local.Mortal{FS: disk}), Repair: true}
		r.do(fsck.Check(bg, "data", o, func(fsck.Finding) { found++ }))
		if found == 0 {
			r.t.Error("a check finds nothing")
		}
	}
	compact := func(disk *local.CrashDisk, x local.Removal) {
		e := r.open(disk)
		r.endSegment(e)
		r.do(local.CompactSegment(e, x.Segment))
		r.do(e.Close())
	}
	then := func(steps ...func(*local.CrashDisk, local.Removal)) func(*local.CrashDisk, local.Removal) {
		return func(disk *local.CrashDisk, x local.Removal) {
			for _, step := range steps {
				step(disk, x)
			}
		}
	}
	return []way{
		{"start", then()},
		{"new index", noIndex},
		{"compaction, new index", then(compact, noIndex)},
		{"new index, compaction, new index", then(noIndex, compact, noIndex)},
		{"repair", repair},
		{"repair, new index", then(repair, noIndex)},
		{"new index, repair, new index", then(noIndex, repair, noIndex)},
	}
}

// flip changes a bit of a removal, and goes one way.
func (r *removals) flip(x local.Removal, at int64, bit byte, which int) {
	r.t.Helper()
	disk := r.disk.Crash(0, nil)
	data, err := disk.UnsafeGetFileDataBuffer(x.File)
	r.do(err)
	data = bytes.Clone(data)
	data[at] ^= bit
	f, err := disk.Create(x.File, vfs.WriteCategoryUnspecified)
	r.do(err)
	_, err = f.Write(data)
	r.do(err)
	r.do(f.Sync())
	r.do(f.Close())
	w := r.ways()[which]
	w.do(disk, x)
	e := r.open(disk)
	if got := r.list(e, false); !slices.Equal(got, r.want) {
		r.t.Fatalf("bit %#x of byte %d of the removal of %q, %d bytes long, flipped; %s:\n%q, want\n%q",
			bit, at-x.From, x.Key, x.To-x.From, w.name, got, r.want)
	}
	r.do(e.Close())
	if !r.stopped && w.name == "start" && x == r.removals[len(r.removals)-1] {
		// It is the last record of all: the start has written its head anew.
		o := fsck.Options{Open: local.TinyOptions(local.Mortal{FS: disk})}
		r.do(fsck.Check(bg, "data", o, func(f fsck.Finding) { r.t.Errorf("a check after the start: %v", f) }))
	}
}
