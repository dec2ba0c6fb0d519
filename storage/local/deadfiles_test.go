package local

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"wharf"
)

// TestDeadFilesGoBeforeTheirRecords: a segment has the record of an object that
// was removed, and the removal of its body file takes long. A compaction and a
// repair leave the segment where it is until the file is gone: without the record,
// no index that is made anew would know of the file.
func TestDeadFilesGoBeforeTheirRecords(t *testing.T) {
	for name, remove := range map[string]func(e *Engine) error{
		"compaction": func(e *Engine) error { return CompactSegment(e, 1) },
		"repair":     func(e *Engine) error { return (&Repairer{e}).Evacuate(bg, 1) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				mem, proceed := vfs.NewMem(), make(chan struct{})
				o := tinyOptions(errorfs.Wrap(mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
					if op.Kind == errorfs.OpRemove && strings.HasPrefix(op.Path, "data/"+bodiesFolder) {
						<-proceed
					}
					return nil
				})))
				e, err := Open("data", o.WithoutCompactor())
				must(t, err)
				s := e.Store(stageOne)
				put(t, s, "gone", make([]byte, 3000))
				for i := range 6 { // fill the segment, and begin another
					put(t, s, wharf.Key(fmt.Sprint(i)), make([]byte, 1900))
				}
				must(t, s.Delete(bg, []wharf.Key{"gone"}))
				ended := make(chan error, 1)
				go func() { ended <- remove(e) }()
				synctest.Wait()
				if len(bodyFiles(t, mem, "data")) == 0 || !hasSegment(t, mem, 1) {
					t.Error("the segment went before the file of which it has the record")
				}
				close(proceed)
				must(t, <-ended)
				if len(bodyFiles(t, mem, "data")) > 0 || hasSegment(t, mem, 1) {
					t.Error("the segment or the file is left")
				}
				must(t, e.Close())
			})
		})
	}
}

// hasSegment reports whether the log has the segment.
func hasSegment(t *testing.T, fs vfs.FS, number uint64) bool {
	t.Helper()
	names, err := fs.List("data/" + logFolder)
	must(t, err)
	for _, name := range names {
		if n, _, ok := parseSegmentName(name); ok && n == number {
			return true
		}
	}
	return false
}
