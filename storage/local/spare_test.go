package local

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"wharf"
)

// onSpare returns an engine that has just begun to write to a segment that was a
// spare, and that segment.
func onSpare(t *testing.T, dir string, o Options) (*Engine, *segment) {
	t.Helper()
	e := openEngine(t, dir, o)
	before := e.segs.spare.size
	must(t, e.spare.make())
	for n := 0; ; n++ {
		put(t, e.Store(stageOne), wharf.Key(fmt.Sprintf("before/%d", n)), bytes.Repeat([]byte("x"), 500))
		e.segs.mu.Lock()
		g := e.segs.active
		e.segs.mu.Unlock()
		if g.room == before {
			return e, g
		}
		if int64(n) > 4*before/500 {
			t.Fatal("the spare is not used")
		}
	}
}

// TestSpareAfterKill ends a server by a kill while it writes over zeros, with and
// without what a torn write leaves among them. The start finds the log's end, and
// neither it nor a check takes the zeros for damage.
func TestSpareAfterKill(t *testing.T) {
	for name, torn := range map[string]string{"whole": "", "torn": "part of a record", "far": string(make([]byte, 200)) + "x"} {
		t.Run(name, func(t *testing.T) {
			mem := vfs.NewMem()
			o := tinyOptions(mem).WithoutCompactor()
			o.SegmentSize = 32 << 10
			e, g := onSpare(t, "data", o)
			want := []byte("what was acknowledged last\x00\x00\x00")
			put(t, e.Store(stageOne), "last", want)
			must(t, e.Store(wharf.StageID{2}).Clear(bg))
			put(t, e.Store(wharf.StageID{2}), "k", []byte("gone"))
			must(t, e.Store(wharf.StageID{2}).Clear(bg)) // its record may end with zeros
			end := e.committer.position().offset
			if length := int64(len(content(t, mem, g.path))); length != g.room || end >= length {
				t.Fatalf("the segment is %d bytes long and used up to %d, want %d and less", length, end, g.room)
			}
			after := vfs.NewMem()
			copyFolder(t, mem, after, "data")
			spoiled := bytes.Clone(content(t, mem, g.path))
			copy(spoiled[end:], torn)
			writeFile(t, after, g.path, spoiled)

			f, _, err := OpenFolder("data", tinyOptions(Mortal{after}))
			must(t, err)
			must(t, f.Log(bg, func(Record) error { return nil }, func(d Damage) { t.Errorf("a check finds %v damaged", d) }))
			must(t, f.Close())
			var log errorLog
			o.FS, o.Logger = Mortal{after}, log.logger()
			for range 2 {
				again := openEngine(t, "data", o)
				if data, err := readAll(again.Store(stageOne), "last"); err != nil || !bytes.Equal(data, want) {
					t.Fatalf("the last object: %q, %v", data, err)
				}
				if n := again.Usage()[wharf.StageID{2}].Files; n != 0 {
					t.Fatalf("a stage that was cleared has %d files", n)
				}
				if at := again.committer.position().offset; at > end+int64(len(torn))+2*headLen+1000 {
					t.Fatalf("the log ends at %d, and ended at %d", at, end)
				}
				put(t, again.Store(stageOne), "more", want)
				must(t, again.Close())
			}
			wantNoDamage(t, after)
			if log.String() != "" {
				t.Fatal(&log)
			}
		})
	}
}

// TestSpareIsTrimmed: what a segment did not take of its room is given back when
// the next begins, and when the server stops; the spare that waits, too.
func TestSpareIsTrimmed(t *testing.T) {
	dir := t.TempDir()
	e, g := onSpare(t, dir, Options{SegmentSize: 64 << 10})
	var second *segment
	for n := 0; second == nil; n++ {
		put(t, e.Store(stageOne), wharf.Key(fmt.Sprintf("k%d", n)), make([]byte, 1000))
		e.segs.mu.Lock()
		if e.segs.active != g {
			second = e.segs.active
		}
		e.segs.mu.Unlock()
	}
	must(t, e.spare.make())
	must(t, e.Close())
	for _, s := range []*segment{g, second} {
		if info, err := os.Stat(s.path); err != nil || info.Size() != s.size {
			t.Errorf("segment %d: %v, %v; its records end at %d", s.number, info, err, s.size)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, logFolder, spareFile)); !missing(err) {
		t.Errorf("the spare is left: %v", err)
	}
}

// TestSpareIsForShortBatches: long ones would write every byte twice. Where the
// disk is short of space its room goes first.
func TestSpareIsForShortBatches(t *testing.T) {
	for size, want := range map[int]bool{1000: true, spareBatch: false} {
		e := openEngine(t, "data", Options{FS: vfs.NewMem(), SegmentSize: 1 << 20, noSpare: true})
		e.hash.close() // its batches are short
		for n := range 600_000 / size {
			put(t, e.Store(stageOne), wharf.Key(fmt.Sprintf("k%d", n)), make([]byte, size))
		}
		if wanted := len(e.spare.wake) > 0; wanted != want {
			t.Errorf("batches of %d bytes: a spare is wanted: %v, want %v", size, wanted, want)
		}
	}
	e := openEngine(t, "data", Options{FS: vfs.NewMem(), SegmentSize: 1 << 20, noSpare: true})
	must(t, e.spare.make())
	must(t, e.reclaim(bg))
	if _, err := e.fs.Stat(e.path(logFolder, spareFile)); e.spare.ready() || !missing(err) {
		t.Errorf("a disk without space keeps the spare: %v", err)
	}
}
