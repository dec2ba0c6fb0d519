package local

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"wharf"
)

// content reads a file of a file system in memory.
func content(t *testing.T, mem *vfs.MemFS, path string) []byte {
	t.Helper()
	data, err := mem.UnsafeGetFileDataBuffer(path)
	must(t, err)
	return data
}

// killed gives what a kill leaves of an engine with some objects: the log, and
// an index that has nothing of it. It returns the versions that each key ever
// had, the last one last; nil is none.
func killed(t *testing.T, objects int) (*vfs.MemFS, map[wharf.Key][][]byte) {
	t.Helper()
	mem := vfs.NewCrashableMem()
	o := tinyOptions(mem)
	o.SegmentSize = 16 << 20
	e := openEngine(t, "data", o)
	s := e.Store(stageOne)
	versions := map[wharf.Key][][]byte{}
	for i := range objects {
		key := wharf.Key(fmt.Sprintf("k%03d", i))
		for v := range 1 + i%3 {
			data := bytes.Repeat([]byte(fmt.Sprintf("%s version %d. ", key, v)), 1+i*7%110)
			put(t, s, key, data)
			versions[key] = append(versions[key], data)
		}
		if i%5 == 4 {
			must(t, s.Delete(bg, []wharf.Key{key}))
			versions[key] = append(versions[key], nil)
		}
	}
	return mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 0}), versions
}

// TestOneBitAfterKill flips one bit of the log of a server that was killed, at
// many places: at most one object is lost, and none is back or an old version.
func TestOneBitAfterKill(t *testing.T) {
	mem, versions := killed(t, 100)
	name := onlySegment(t, mem)
	whole := bytes.Clone(content(t, mem, name))
	rng := rand.New(rand.NewPCG(1, 2))
	places := 300
	if testing.Short() || raceDetector {
		places = 30
	}
	for range places {
		at, bit := rng.IntN(len(whole)), rng.IntN(8)
		broken := bytes.Clone(whole)
		broken[at] ^= 1 << bit
		after := vfs.NewMem()
		copyFolder(t, mem, after, "data")
		writeFile(t, after, name, broken)
		wantVersions(t, fmt.Sprintf("bit %d of byte %d", bit, at), after, versions, 1)
	}
}

// TestCutAfterKill cuts the log of a server that was killed: what is before the
// cut is there, and that the end is not orderly is not taken for damage.
func TestCutAfterKill(t *testing.T) {
	mem, versions := killed(t, 30)
	name := onlySegment(t, mem)
	whole := bytes.Clone(content(t, mem, name))
	for at := range len(whole) {
		if at%97 != 0 && (at < len(whole)-300 || raceDetector) {
			continue
		}
		after := vfs.NewMem()
		copyFolder(t, mem, after, "data")
		writeFile(t, after, name, bytes.Clone(whole[:at]))
		e := openEngine(t, "data", tinyOptions(after))
		for o, err := range e.Store(stageOne).List(bg, wharf.ListOptions{}) {
			must(t, err)
			data, err := readAll(e.Store(stageOne), o.Key)
			if err != nil || !isOneOf(data, versions[o.Key]) {
				t.Fatalf("cut at %d: %s: %d bytes, %v", at, o.Key, len(data), err)
			}
		}
		put(t, e.Store(stageOne), "after", []byte("x"))
		must(t, e.Close())
		wantNoDamage(t, after)
	}
}

// wantNoDamage reads the whole log of a folder.
func wantNoDamage(t *testing.T, mem vfs.FS) {
	t.Helper()
	e := newEngine("data", tinyOptions(mem))
	list, err := e.segs.load(mem, "data/log")
	must(t, err)
	for i, g := range list {
		s, err := e.scanOf(g, list[i+1:])
		must(t, err)
		s.closed = true
		_, err = s.run(func(record) error { return nil })
		must(t, err)
		if len(s.damages) > 0 {
			t.Fatalf("damage in a log that a kill ended: %v", s.damages)
		}
		s.close()
	}
}

func isOneOf(data []byte, versions [][]byte) bool {
	for _, v := range versions {
		if bytes.Equal(data, v) {
			return true
		}
	}
	return false
}

func onlySegment(t *testing.T, mem *vfs.MemFS) string {
	t.Helper()
	names, err := mem.List("data/log")
	must(t, err)
	if len(names) != 1 {
		t.Fatalf("segments: %q", names)
	}
	return "data/log/" + names[0]
}

// wantVersions starts an engine. Each key must have its last version; so many
// may be lost.
func wantVersions(t *testing.T, what string, mem *vfs.MemFS, versions map[wharf.Key][][]byte, most int) {
	t.Helper()
	e := openEngine(t, "data", tinyOptions(mem))
	defer func() { must(t, e.Close()) }()
	lost := 0
	for key, all := range versions {
		last := all[len(all)-1]
		data, err := readAll(e.Store(stageOne), key)
		switch {
		case err != nil && last != nil:
			lost++
		case err == nil && (last == nil || !bytes.Equal(data, last)):
			t.Errorf("%s: %s is %.30q, want %.30q", what, key, data, last)
		}
	}
	if lost > most {
		t.Errorf("%s: %d objects are lost", what, lost)
	}
}

func writeFile(t *testing.T, mem vfs.FS, path string, data []byte) {
	t.Helper()
	f, err := mem.Create(path, vfs.WriteCategoryUnspecified)
	must(t, err)
	must(t, write(f, data))
	must(t, f.Close())
}

func copyFolder(t *testing.T, from *vfs.MemFS, to vfs.FS, dir string) {
	t.Helper()
	must(t, to.MkdirAll(dir, folderMode))
	names, err := from.List(dir)
	must(t, err)
	for _, n := range names {
		path := from.PathJoin(dir, n)
		info, err := from.Stat(path)
		must(t, err)
		if info.IsDir() {
			copyFolder(t, from, to, path)
		} else {
			writeFile(t, to, path, bytes.Clone(content(t, from, path)))
		}
	}
}

// TestSequenceDecides: the clock was set back between two versions, and between
// an object and its removal. The later record counts, also for a new index.
func TestSequenceDecides(t *testing.T) {
	mem := vfs.NewMem()
	e := openEngine(t, "data", tinyOptions(mem))
	store := func(h head, body string) {
		t.Helper()
		table := appendTable(nil, []byte(body))
		h.stage, h.size, h.sum = stageOne, int64(len(body)), crc32.Checksum(table, castagnoli)
		must(t, e.committer.do(bg, "test", &op{prepare: func(t *turn) error { return t.add(&h, table, []byte(body)) }}))
	}
	store(head{kind: kindPut, key: "k", mtime: 2e18}, "old")
	store(head{kind: kindPut, key: "k", mtime: 1e18}, "new")
	store(head{kind: kindPut, key: "gone", mtime: 2e18}, "old")
	store(head{kind: kindDelete, key: "gone", mtime: 1e18}, "")
	for _, rebuilt := range []bool{false, true} {
		if data, err := readAll(e.Store(stageOne), "k"); string(data) != "new" {
			t.Errorf("a new index %v: %q, %v", rebuilt, data, err)
		}
		if _, err := e.Store(stageOne).Stat(bg, "gone"); wharf.CodeOf(err) != wharf.CodeNotFound {
			t.Errorf("a new index %v: what was removed is back: %v", rebuilt, err)
		}
		must(t, e.Close())
		must(t, mem.RemoveAll("data/"+indexFolder))
		e = openEngine(t, "data", tinyOptions(mem))
	}
}

// TestRebuildGivesTheSame makes the index anew and compares all of it with what
// it was, after a history with removals, a cleared stage and compactions.
func TestRebuildGivesTheSame(t *testing.T) {
	mem := vfs.NewMem()
	e := openEngine(t, "data", tinyOptions(mem))
	rng := rand.New(rand.NewPCG(3, 4))
	for i := range 400 {
		s := e.Store(wharf.StageID{byte(1 + rng.IntN(2))})
		key := wharf.Key(fmt.Sprintf("k%d", rng.IntN(30)))
		switch {
		case i%4 == 3:
			must(t, s.Delete(bg, []wharf.Key{key}))
		case i == 200:
			must(t, s.Clear(bg))
		default:
			put(t, s, key, bytes.Repeat([]byte{byte(i)}, 1+rng.IntN(2500)))
		}
		if i%50 == 49 {
			must(t, e.hash.work())
			must(t, e.compactor.rounds.do(e.compactor.work))
		}
	}
	must(t, e.Close())
	before := dumpIndex(t, mem)
	must(t, mem.RemoveAll("data/index"))
	e = openEngine(t, "data", tinyOptions(mem))
	must(t, e.Close())
	if after := dumpIndex(t, mem); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
}

// dumpIndex describes what the index says of objects and stages.
func dumpIndex(t *testing.T, mem vfs.FS) string {
	t.Helper()
	e := openEngine(t, "data", tinyOptions(mem))
	defer func() { must(t, e.Close()) }()
	must(t, e.hash.work())
	var b bytes.Buffer
	for _, space := range []byte{spaceObject, spaceFile, spaceUsage, spaceHash} {
		must(t, e.index.each(bg, space, nil, func(k, v []byte) (bool, error) {
			if space == spaceObject {
				x, err := parseEntry(k, v)
				must(t, err)
				// A compaction may have moved it, with its MD5.
				x.at, x.inline = position{}, false
				fmt.Fprintf(&b, "%q %+v\n", k, x)
			} else {
				fmt.Fprintf(&b, "%q %x\n", k, v)
			}
			return true, nil
		}))
	}
	return b.String()
}

// changePosition changes what the index of a closed engine says of how far the log
// is in it.
func changePosition(t *testing.T, fs vfs.FS, change func(db *pebble.DB, position []byte) error) {
	t.Helper()
	db, err := pebble.Open("data/index", &pebble.Options{FS: fs, FormatMajorVersion: pebble.FormatValueSeparation, DisableWAL: true})
	must(t, err)
	v, done, err := db.Get([]byte{spacePosition})
	must(t, err)
	must(t, change(db, bytes.Clone(v)))
	must(t, done.Close())
	must(t, db.Flush())
	must(t, db.Close())
}

// TestPowerLossWhileIndexIsReplaced: the power fails at each operation of a start
// that finds an index of another version. The next start has all objects.
func TestPowerLossWhileIndexIsReplaced(t *testing.T) {
	disk := NewCrashDisk()
	e := openEngine(t, "data", tinyOptions(Mortal{disk}))
	for i := range 20 {
		put(t, e.Store(stageOne), wharf.Key(fmt.Sprintf("k%02d", i)), []byte("x"))
	}
	must(t, e.Store(stageOne).Delete(bg, []wharf.Key{"k00"}))
	must(t, e.Close())
	changePosition(t, Mortal{disk}, func(db *pebble.DB, p []byte) error { return db.Set([]byte{spacePosition}, p[1:], pebble.NoSync) })
	for at, more := 0, true; more; at++ {
		for seed := range uint64(2) {
			after, ops := startCut(t, disk, at, rand.New(rand.NewPCG(seed, uint64(at))))
			if more = at < ops; !more {
				break
			}
			e := openEngine(t, "data", tinyOptions(Mortal{after}))
			if _, err := readAll(e.Store(stageOne), "k19"); err != nil || e.Usage()[stageOne] != (wharf.Usage{Files: 19, Bytes: 19}) {
				t.Fatalf("power lost at operation %d, seed %d: %v, %+v", at, seed, err, e.Usage()[stageOne])
			}
			must(t, e.Close())
		}
	}
}

// TestIndexOfAnotherVersion: an index that does not say how far the log is in it,
// or says so in another layout, is made anew, and a check says what it is.
func TestIndexOfAnotherVersion(t *testing.T) {
	for name, spoil := range map[string]func(db *pebble.DB, position []byte) error{
		"no position": func(db *pebble.DB, _ []byte) error { return db.Delete([]byte{spacePosition}, pebble.NoSync) },
		"version 1, whose position had no version": func(db *pebble.DB, p []byte) error {
			return db.Set([]byte{spacePosition}, p[1:], pebble.NoSync)
		},
		"the next version": func(db *pebble.DB, p []byte) error {
			return db.Set([]byte{spacePosition}, append([]byte{indexVersion + 1}, p[1:]...), pebble.NoSync)
		},
	} {
		t.Run(name, func(t *testing.T) {
			mem := vfs.NewMem()
			e := openEngine(t, "data", tinyOptions(mem))
			for i := range 20 {
				put(t, e.Store(stageOne), wharf.Key(fmt.Sprintf("k%02d", i)), []byte("x"))
			}
			must(t, e.Close())
			changePosition(t, mem, spoil)

			f, _, err := OpenFolder("data", tinyOptions(mem))
			must(t, err)
			if err := f.OpenIndex(t.Context()); !errors.Is(err, errOtherIndex) {
				t.Errorf("a check says %v", err)
			}
			must(t, f.Close())

			var log errorLog
			o := tinyOptions(mem)
			o.Logger = slog.New(slog.NewTextHandler(&log, nil))
			e = openEngine(t, "data", o)
			if s := log.String(); !strings.Contains(s, errOtherIndex.Error()) || strings.Contains(s, "level=ERROR") {
				t.Errorf("the log should say that the index was made anew, and not call it damaged: %s", s)
			}
			for i := range 20 {
				if data, err := readAll(e.Store(stageOne), wharf.Key(fmt.Sprintf("k%02d", i))); err != nil || string(data) != "x" {
					t.Errorf("k%02d: %q, %v", i, data, err)
				}
			}
			must(t, e.Close())

			var again errorLog
			o.Logger = slog.New(slog.NewTextHandler(&again, nil))
			must(t, openEngine(t, "data", o).Close())
			if s := again.String(); strings.Contains(s, "index") {
				t.Errorf("the index that was made anew is not believed: %s", s)
			}
			if _, err := mem.Stat("data/aside"); !missing(err) {
				t.Errorf("an index that is whole was put aside: %v", err)
			}
		})
	}
}

// TestStartSyncsTheLog: a server is killed after a record was written and before
// it was synced. The next start reads it, so that it must be durable before the
// index has it.
func TestStartSyncsTheLog(t *testing.T) {
	mem := vfs.NewCrashableMem()
	var fail atomic.Bool
	e := openEngine(t, "data", tinyOptions(errorfs.Wrap(mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if fail.Load() && op.Kind == errorfs.OpFileSyncData {
			return syscall.EIO
		}
		return nil
	}))))
	put(t, e.Store(stageOne), "first", []byte("1"))
	fail.Store(true)
	if _, err := e.Store(stageOne).Put(bg, "second", bytes.NewReader([]byte("2")), wharf.PutOptions{Size: 1}); err == nil {
		t.Fatal("a sync that fails is not noticed")
	}
	must(t, e.Close())
	again := openEngine(t, "data", tinyOptions(Mortal{mem}))
	if data, err := readAll(again.Store(stageOne), "second"); err != nil || string(data) != "2" {
		t.Fatalf("the start does not see what was written: %q, %v", data, err)
	}
	must(t, again.index.flush())
	after := openEngine(t, "data", tinyOptions(mem.CrashClone(vfs.CrashCloneCfg{})))
	for key, want := range map[wharf.Key]string{"first": "1", "second": "2"} {
		if data, err := readAll(after.Store(stageOne), key); err != nil || string(data) != want {
			t.Errorf("%s, after a loss of power: %q, %v", key, data, err)
		}
	}
}

// TestLastHeadCutOff cuts a segment that has a successor in the last head of its
// last record. All in it was synced: the object is there, with the index and with
// a new one, also when a compaction has copied it.
func TestLastHeadCutOff(t *testing.T) {
	mem := vfs.NewMem()
	o := tinyOptions(mem).WithoutCompactor()
	e := openEngine(t, "data", o)
	want := bytes.Repeat([]byte("x"), 1900)
	for i := range 6 {
		put(t, e.Store(stageOne), wharf.Key(fmt.Sprint("k", i)), want)
	}
	must(t, e.Close())
	list, err := e.segs.load(mem, "data/log")
	must(t, err)
	path, length := list[0].path, int(list[0].size)
	h := head{key: "k0"}
	for cut := 1; cut <= int(h.prefix()); cut += 3 {
		after := vfs.NewMem()
		copyFolder(t, mem, after, "data")
		writeFile(t, after, path, bytes.Clone(content(t, mem, path)[:length-cut]))
		o.FS = after
		for _, then := range []string{"start", "new index", "compaction", "new index"} {
			if then == "new index" {
				must(t, after.RemoveAll("data/"+indexFolder))
			}
			e := openEngine(t, "data", o)
			if then == "compaction" {
				must(t, CompactSegment(e, list[0].number))
			}
			for i := range 6 {
				if data, err := readAll(e.Store(stageOne), wharf.Key(fmt.Sprint("k", i))); err != nil || !bytes.Equal(data, want) {
					t.Fatalf("%d bytes cut off, %s: k%d: %d bytes, %v", cut, then, i, len(data), err)
				}
			}
			must(t, e.Close())
		}
	}
}

// TestOldIndexIsNoticed: the index is one of before a compaction, as one that is
// cut short may be. The log has what it was applied to, so that it is made anew:
// what was removed, and whose removal is forgotten, stays away.
func TestOldIndexIsNoticed(t *testing.T) {
	mem := vfs.NewMem()
	e := openEngine(t, "data", tinyOptions(mem).WithoutCompactor())
	s := e.Store(stageOne)
	put(t, s, "gone", make([]byte, 1900))
	fill := func(name string) {
		for i := range 6 {
			put(t, s, wharf.Key(fmt.Sprint(name, i)), make([]byte, 1900))
		}
	}
	fill("a")
	must(t, e.Close())
	old := vfs.NewMem()
	copyFolder(t, mem, old, "data/index")

	e = openEngine(t, "data", tinyOptions(mem).WithoutCompactor())
	s = e.Store(stageOne)
	must(t, s.Delete(bg, []wharf.Key{"gone"}))
	fill("b")
	for _, number := range Segments(e) { // the object's record, and then that of its removal
		must(t, CompactSegment(e, number))
	}
	if left, err := Removals(mem, "data"); err != nil || len(left) > 0 {
		t.Fatalf("the removal is not forgotten: %v, %v", left, err)
	}
	must(t, e.Close())
	must(t, mem.RemoveAll("data/index"))
	copyFolder(t, old, mem, "data/index")
	e = openEngine(t, "data", tinyOptions(mem))
	for o, err := range e.Store(stageOne).List(bg, wharf.ListOptions{}) {
		must(t, err)
		if _, err := readAll(e.Store(stageOne), o.Key); err != nil || o.Key == "gone" {
			t.Errorf("%s: %v", o.Key, err)
		}
	}
	must(t, e.Close())
}
