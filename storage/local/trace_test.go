package local

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"wharf"
)

// TestTrace holds the order of the file operations that change something, of
// each kind of call: a sync that is missing or too much is a change of
// testdata/trace. Run it with -rewrite to accept one.
func TestTrace(t *testing.T) {
	tr := &trace{}
	var e *Engine
	fs := errorfs.Wrap(vfs.NewCrashableMem(), errorfs.InjectorFunc(tr.record))
	open := func() {
		var err error
		o := tinyOptions(fs)
		o.noSpare = true
		if e, err = Open("data", o); err != nil {
			t.Fatal(err)
		}
		// They work when they like; here they must when they are told.
		if err := e.compactor.rounds.do(e.compactor.work); err != nil {
			t.Fatal(err)
		}
		e.hash.close()
		e.compactor.close()
		e.compactor.ctx = t.Context()
	}
	datadriven.RunTest(t, "testdata/trace", func(t *testing.T, d *datadriven.TestData) string {
		tr.take()
		var err error
		switch d.Cmd {
		case "open":
			open()
		case "close":
			if err := e.Close(); err != nil {
				t.Fatal(err)
			}
			return tr.take()
		case "compact":
			err = e.compactor.work()
		case "put":
			var size int
			d.ScanArgs(t, "size", &size)
			put(t, e.Store(stageOne), wharf.Key(d.CmdArgs[0].Key), bytes.Repeat([]byte{1}, size))
		case "fail":
			_, err = e.Store(stageOne).Put(t.Context(), wharf.Key(d.CmdArgs[0].Key),
				strings.NewReader(strings.Repeat("x", chunkSize+1)), wharf.PutOptions{Size: chunkSize + 2})
			wantCode(t, err, wharf.CodeInvalid)
			err = nil
		case "delete":
			var keys []wharf.Key
			for _, a := range d.CmdArgs {
				keys = append(keys, wharf.Key(a.Key))
			}
			err = e.Store(stageOne).Delete(t.Context(), keys)
		case "clear":
			err = e.Store(stageOne).Clear(t.Context())
		case "spare":
			err = e.spare.make()
		case "md5":
			e.hash.ctx = t.Context()
			err = e.hash.work()
		}
		if err != nil {
			t.Fatal(err)
		}
		<-e.reaper.idle()
		return tr.take()
	})
}

// trace records file operations.
type trace struct {
	mu    sync.Mutex // guards lines
	lines []string
}

// opNames are the operations that change something.
func opNames() map[errorfs.OpKind]string {
	return map[errorfs.OpKind]string{
		errorfs.OpCreate: "create", errorfs.OpLink: "link", errorfs.OpRemove: "remove",
		errorfs.OpRemoveAll: "remove all", errorfs.OpRename: "rename", errorfs.OpReuseForWrite: "reuse",
		errorfs.OpMkdirAll: "mkdir", errorfs.OpFileWrite: "write", errorfs.OpFileWriteAt: "write at",
		errorfs.OpFileSync: "sync", errorfs.OpFileSyncData: "sync data", errorfs.OpFileSyncTo: "sync to",
	}
}

var segmentPath = regexp.MustCompile(`[0-9a-f]{16}-[0-9a-f]{16}\.seg`)

func (tr *trace) record(op errorfs.Op) error {
	name, ok := opNames()[op.Kind]
	if !ok {
		return nil
	}
	path := strings.TrimSuffix(op.Path, "/")
	if strings.HasPrefix(path, "data/index/") || path == "data/index" {
		return nil // its work is its own, and partly in the background
	}
	tr.add(fmt.Sprintf("%s %s", name, segmentPath.ReplaceAllString(path, "a segment")))
	return nil
}

// add adds a line, unless it is the same as the last.
func (tr *trace) add(line string) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	if n := len(tr.lines); n == 0 || tr.lines[n-1] != line {
		tr.lines = append(tr.lines, line)
	}
}

// take gives what was recorded since the last time.
func (tr *trace) take() string {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	s := strings.Join(tr.lines, "\n")
	tr.lines = nil
	return s
}
