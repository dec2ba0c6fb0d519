package local

import (
	"fmt"
	"path"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"wharf"
)

// TestVitalFilesAreOnlySynced: stopFile stands between the index and a failure of
// the writes and syncs of its vital files. Were the index to sync these in another
// way, a failure of that would not stop the engine.
func TestVitalFilesAreOnlySynced(t *testing.T) {
	tr := &trace{}
	e := openEngine(t, "data", tinyOptions(errorfs.Wrap(vfs.NewCrashableMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		if base := path.Base(op.Path); strings.HasPrefix(base, "MANIFEST-") || strings.HasPrefix(base, "marker.") || base == indexFolder {
			tr.add(strings.TrimSpace(fmt.Sprint(opNames()[op.Kind])))
		}
		return nil
	}))))
	for i := range 40 {
		put(t, e.Store(stageOne), wharf.Key(fmt.Sprint("k", i%9)), make([]byte, 1900))
	}
	must(t, e.compactor.rounds.do(e.compactor.work))
	must(t, e.Close())
	ops := tr.take()
	if !strings.Contains(ops, "sync\n") || !strings.Contains(ops, "write") {
		t.Errorf("the vital files were not seen: %q", ops)
	}
	for _, other := range []string{"sync data", "sync to", "write at"} {
		if strings.Contains(ops, other) {
			t.Errorf("the index uses %q on a vital file, which stopFile does not know", other)
		}
	}
}
