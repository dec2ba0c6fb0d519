package local_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"wharf"
	"wharf/storage/local"
	"wharf/storage/local/fsck"
)

// stopped is a data folder in memory.
type stopped struct {
	t    *testing.T
	disk *local.CrashDisk
}

func (s stopped) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s stopped) open(log *bytes.Buffer) *local.Engine {
	s.t.Helper()
	o := local.TinyOptions(local.Mortal{FS: s.disk}).WithoutCompactor()
	if log != nil {
		o.Logger = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelError}))
	}
	e, err := local.Open("data", o)
	s.must(err)
	return e
}

func (s stopped) put(e *local.Engine, size int, keys ...wharf.Key) {
	s.t.Helper()
	for _, key := range keys {
		_, err := e.Store(stages[0]).Put(bg, key, bytes.NewReader(make([]byte, size)), wharf.PutOptions{Size: int64(size)})
		s.must(err)
	}
}

// file returns the path of the only file that matches, and what it holds.
func (s stopped) file(folder, prefix string) (path string, data []byte) {
	s.t.Helper()
	names, err := s.disk.List(folder)
	s.must(err)
	names = slices.DeleteFunc(names, func(name string) bool { return !strings.HasPrefix(name, prefix) })
	if len(names) != 1 {
		s.t.Fatalf("the files are %q", names)
	}
	path = folder + "/" + names[0]
	data, err = s.disk.UnsafeGetFileDataBuffer(path)
	s.must(err)
	return path, bytes.Clone(data)
}

// with returns a copy in which a file holds something else.
func (s stopped) with(path string, data []byte) stopped {
	s.t.Helper()
	after := stopped{s.t, s.disk.Crash(0, nil)}
	f, err := after.disk.Create(path, vfs.WriteCategoryUnspecified)
	s.must(err)
	_, err = f.Write(bytes.Clone(data))
	s.must(err)
	s.must(f.Sync())
	s.must(f.Close())
	return after
}

func (s stopped) check() (found []fsck.Finding) {
	s.t.Helper()
	o := fsck.Options{Open: local.TinyOptions(local.Mortal{FS: s.disk})}
	s.must(fsck.Check(bg, "data", o, func(f fsck.Finding) { found = append(found, f) }))
	return found
}

// TestTailOfSegment cuts a segment where a record begins, or has zeros from there on.
// Its successor, which said where it ended, has been compacted. A check finds what
// is missing, also where no object has a part in it, and names the objects that
// have.
func TestTailOfSegment(t *testing.T) {
	for _, newIndex := range []bool{false, true} {
		s := stopped{t, local.NewCrashDisk()}
		e := s.open(nil)
		s.put(e, 1300, "gone", "k0", "k1", "dead", "k2")
		s.must(e.Store(stages[0]).Delete(bg, []wharf.Key{"gone"})) // it is the last of its segment
		s.put(e, 1900, "dead", "f0", "f1", "f2", "f3", "f4", "f5")
		if newIndex {
			s.must(e.Close())
			s.must(s.disk.RemoveAll("data/index"))
			e = s.open(nil)
		}
		s.must(local.CompactSegment(e, 2))
		s.must(e.Close())
		path, data := s.file("data/log", fmt.Sprintf("%016x-", 1))
		if found := s.check(); len(found) > 0 {
			t.Fatalf("a whole folder: %v", found)
		}
		lost := []string{} // what is lost where the segment ends with a record
		records := []string{"start", "gone", "k0", "k1", "dead", "k2", "the removal"}
		for at := len(data); len(records) > 1; {
			at = bytes.LastIndex(data[:at], []byte("wrec"))
			record := records[len(records)-1]
			if records = records[:len(records)-1]; record[0] == 'k' {
				lost = append(lost, record)
			}
			for how, after := range map[string][]byte{"cut": data[:at], "zeros": append(bytes.Clone(data[:at]), make([]byte, len(data)-at)...)} {
				var named []string
				damaged := false
				for _, f := range s.with(path, after).check() {
					damaged = damaged || f.Key == "" && strings.HasSuffix(path, f.File)
					if f.Key != "" {
						named = append(named, string(f.Key))
					}
				}
				slices.Sort(named)
				if want := slices.Sorted(slices.Values(lost)); !damaged || !slices.Equal(named, want) {
					t.Errorf("new index %v, %s from %s on: the check finds damage: %v, names %q, want %q", newIndex, how, record, damaged, named, want)
				}
			}
		}
	}
}

// TestCutManifest cuts the index's manifest between its records: the index is an older one
// then, or none. Where a start finds that, so does a check; where neither does, a
// kill could have left the same.
//
// The tables that pebble's compactions replaced are still there, as after a kill: else
// it would depend on the time of these in which places the index is an older one.
func TestCutManifest(t *testing.T) {
	s := stopped{t, local.NewCrashDisk()}
	e, err := local.Open("data", local.TinyOptions(keptTables{local.Mortal{FS: s.disk}}).WithoutCompactor())
	s.must(err)
	for n := range 2 {
		for i := range 6 {
			s.put(e, 1900, wharf.Key(fmt.Sprintf("%d/%d", n, i)))
		}
		s.must(local.CompactSegment(e, local.Segments(e)[0]))
	}
	s.must(e.Close())
	behind, fine := 0, 0
	path, data := s.file("data/index", "MANIFEST-")
	const header = 7 // of a record: checksum, length, kind
	for n := 0; n+header < len(data); n += header + int(binary.LittleEndian.Uint16(data[n+4:])) {
		after := s.with(path, data[:n])
		found := after.check()
		isBad := slices.ContainsFunc(found, func(f fsck.Finding) bool { return f.File == "index" })
		if isBad != (len(found) > 0) {
			t.Errorf("cut at %d: found %v", n, found)
		}
		var log bytes.Buffer
		e := after.open(&log)
		for n := range 2 {
			for i := range 6 {
				if _, err := read(e.Store(stages[0]), wharf.Key(fmt.Sprintf("%d/%d", n, i))); err != nil {
					t.Error(err)
				}
			}
		}
		after.must(e.Close())
		if log.Len() > 0 && !isBad {
			t.Errorf("cut at %d of %d: the check finds %v, the start says %s", n, len(data), found, &log)
		}
		if strings.Contains(log.String(), local.ErrBehind.Error()) {
			behind++
		}
		if !isBad {
			fine++
		}
	}
	if behind == 0 || fine == 0 {
		t.Errorf("%d cuts left an index that is behind, and %d one that a kill could have left", behind, fine)
	}
}

// keptTables is a disk on which the index's tables stay.
type keptTables struct{ vfs.FS }

func (f keptTables) Remove(name string) error {
	if strings.HasSuffix(name, ".sst") {
		return nil
	}
	return f.FS.Remove(name)
}
