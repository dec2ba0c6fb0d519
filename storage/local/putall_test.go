package local

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"wharf"
)

// newFile is a file for PutAll.
func newFile(key wharf.Key, data []byte, o wharf.PutOptions) wharf.NewFile {
	o.Size = int64(len(data))
	return wharf.NewFile{Key: key, Options: o, Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }}
}

// TestPutAllCut stores objects at once, loses parts of that write, by a cut or
// by a hole, and starts again: all objects are there, or none.
func TestPutAllCut(t *testing.T) {
	mem := vfs.NewCrashableMem()
	o := tinyOptions(mem)
	o.SegmentSize = 16 << 20
	s := openEngine(t, "data", o).Store(stageOne)
	put(t, s, "k2", []byte("before"))
	put(t, s, "other", []byte("other"))
	name := onlySegment(t, mem)
	begin := len(content(t, mem, name))
	var files []wharf.NewFile
	want := map[wharf.Key][]byte{}
	for i := range 5 {
		key := wharf.Key(fmt.Sprintf("k%d", i))
		want[key] = bytes.Repeat([]byte(key), 10+i*1000)
		files = append(files, newFile(key, want[key], wharf.PutOptions{}))
	}
	_, err := s.PutAll(bg, files)
	must(t, err)
	mem = mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 0})
	whole := bytes.Clone(content(t, mem, name))
	dropped := 0
	for at := begin; at <= len(whole); at += 17 {
		cut := bytes.Clone(whole[:at])
		hole := bytes.Clone(whole)
		clear(hole[at:min(at+100, len(hole))])
		for _, broken := range [][]byte{cut, hole} {
			if !startsWithAllOrNone(t, mem, name, broken, want) {
				dropped++
			}
		}
	}
	if dropped < 50 {
		t.Errorf("%d starts dropped the commit", dropped)
	}
}

// startsWithAllOrNone starts an engine over a log, and reports whether it has
// what was wanted.
func startsWithAllOrNone(t *testing.T, mem *vfs.MemFS, name string, log []byte, want map[wharf.Key][]byte) bool {
	t.Helper()
	after := vfs.NewMem()
	copyFolder(t, mem, after, "data")
	writeFile(t, after, name, log)
	e := openEngine(t, "data", tinyOptions(after))
	there := 0
	for key, data := range want {
		got, err := readAll(e.Store(stageOne), key)
		if err == nil && bytes.Equal(got, data) {
			there++
		} else if key == "k2" && string(got) != "before" || key != "k2" && err == nil {
			t.Errorf("%s: %d bytes, %v", key, len(got), err)
		}
	}
	if there != 0 && there != len(want) {
		t.Errorf("%d of %d bytes of the log: %d of %d objects are there", len(log), len(content(t, mem, name)), there, len(want))
	}
	if got, err := readAll(e.Store(stageOne), "other"); err != nil || string(got) != "other" {
		t.Errorf("another object: %q, %v", got, err)
	}
	must(t, noStrays(e))
	put(t, e.Store(stageOne), "after", []byte("x"))
	must(t, e.Close())
	wantNoDamage(t, after)
	return there > 0
}

// TestPutAllFails stores nothing where one of the files fails.
func TestPutAllFails(t *testing.T) {
	e := openEngine(t, t.TempDir(), Options{})
	s := e.Store(stageOne)
	put(t, s, "there", []byte("old"))
	good := newFile("a", []byte("a"), wharf.PutOptions{})
	for what, c := range map[string]struct {
		second wharf.NewFile
		code   wharf.Code
	}{
		"a key that is there":       {newFile("there", []byte("new"), wharf.PutOptions{IfAbsent: true}), wharf.CodePrecondition},
		"a key that is there twice": {newFile("a", []byte("b"), wharf.PutOptions{}), wharf.CodeInvalid},
		"a body that is too long":   {newFile("b", []byte("long"), wharf.PutOptions{Limit: 3}), wharf.CodeTooLarge},
		"a body that fails": {wharf.NewFile{Key: "b", Open: func() (io.ReadCloser, error) {
			return io.NopCloser(io.MultiReader(strings.NewReader("x"), failing{})), nil
		}, Options: wharf.PutOptions{Size: wharf.UnknownSize}}, wharf.CodeInternal},
		"a body that cannot be opened": {wharf.NewFile{Key: "b", Open: func() (io.ReadCloser, error) { return nil, io.ErrUnexpectedEOF }}, wharf.CodeInternal},
	} {
		if _, err := s.PutAll(bg, []wharf.NewFile{good, c.second}); wharf.CodeOf(err) != c.code {
			t.Errorf("%s: %v", what, err)
		}
		for o, err := range s.List(bg, wharf.ListOptions{}) {
			if must(t, err); o.Key != "there" || o.Size != 3 {
				t.Errorf("%s: there is %v", what, o)
			}
		}
		must(t, noStrays(e))
	}
	empty := newFile("empty", nil, wharf.PutOptions{})
	objects, err := s.PutAll(bg, []wharf.NewFile{good, empty})
	if err != nil || len(objects) != 2 || objects[1].Size != 0 {
		t.Errorf("%v, %v", objects, err)
	}
	if got, err := readAll(s, "empty"); err != nil || len(got) != 0 {
		t.Errorf("an empty file: %q, %v", got, err)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrClosedPipe }
