package local

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"io/fs"
	"path/filepath"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"wharf"
)

// folderSize is what the files of a folder take of the disk.
func folderSize(t *testing.T, dir string) (size int64) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == ballastFile {
			return ignoreMissing(err)
		}
		info, err := d.Info()
		if err == nil {
			size += info.Size()
		}
		return ignoreMissing(err)
	})
	if err != nil {
		t.Fatal(err)
	}
	return size
}

// shrinks waits until the folder takes at most limit bytes. What frees them
// works in the background, and tells nobody.
func shrinks(t *testing.T, dir string, limit int64) {
	t.Helper()
	deadline := time.Now().Add(2 * time.Minute)
	for size := folderSize(t, dir); size > limit; size = folderSize(t, dir) {
		if time.Now().After(deadline) {
			t.Fatalf("the folder takes %d bytes, want at most %d", size, limit)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestSpaceIsGivenBack(t *testing.T) {
	dir := t.TempDir()
	s := openEngine(t, dir, Options{SegmentSize: 1 << 20}).Store(stageOne)
	high, first, rounds := int64(0), int64(0), 100
	if testing.Short() || raceDetector {
		rounds = 10
	}
	for round := range rounds {
		var keys []wharf.Key
		for i := range 100 {
			for _, size := range []int{300, 20_000, 100_000} {
				if size == 100_000 && i%10 != 0 {
					continue
				}
				k := wharf.Key(fmt.Sprintf("%d/%d", i, size))
				put(t, s, k, randomBytes(size))
				keys = append(keys, k)
			}
		}
		high = max(high, folderSize(t, dir))
		if round == 0 {
			t.Logf("filled once: %d bytes", high)
		}
		if round%2 == 0 {
			if err := s.Delete(bg, keys); err != nil {
				t.Fatal(err)
			}
		} else if err := s.Clear(bg); err != nil {
			t.Fatal(err)
		}
		if round == 0 {
			first = high
		}
		shrinks(t, dir, first) // in the background, which a busy machine keeps waiting
	}
	if high > 2*first {
		t.Errorf("it grew to %d bytes, more than twice %d", high, first)
	}
	shrinks(t, dir, high/2)
}

func TestHalfOfTheBodiesGiveTheirRoomBack(t *testing.T) {
	dir := t.TempDir()
	s := openEngine(t, dir, Options{SegmentSize: 1 << 20}).Store(stageOne)
	var odd []wharf.Key
	for i := range 600 {
		k := wharf.Key(fmt.Sprint(i))
		put(t, s, k, randomBytes(20_000))
		if i%2 == 1 {
			odd = append(odd, k)
		}
	}
	if err := s.Delete(bg, odd); err != nil {
		t.Fatal(err)
	}
	// Half is left, a quarter of what stays may be dead, and there are the logs.
	shrinks(t, dir, 600*20_000*5/6)
	if data, err := readAll(s, "2"); err != nil || len(data) != 20_000 {
		t.Errorf("what was kept: %d bytes, %v", len(data), err)
	}
}

// fullFS says how much space there is.
type fullFS struct {
	vfs.FS
	free func() uint64
}

func (f fullFS) GetDiskUsage(string) (vfs.DiskUsage, error) {
	return vfs.DiskUsage{AvailBytes: f.free(), TotalBytes: 64 << 20}, nil
}

func TestReserveIsKeptFree(t *testing.T) {
	free := uint64(64 << 20)
	o := Options{FS: fullFS{vfs.NewMem(), func() uint64 { return free }}, SegmentSize: 1 << 20}
	s := openEngine(t, "data", o).Store(stageOne)
	put(t, s, "before", []byte("x"))
	s.e.space.left.Store(0)
	free = 8<<20 + 100 // the reserve is 8 MiB
	for _, size := range []int64{10, 200_000, wharf.UnknownSize} {
		r := &slowReader{rest: make([]byte, 300_000)}
		if size > 0 {
			r.rest = r.rest[:size]
		}
		_, err := s.Put(bg, "more", r, wharf.PutOptions{Size: size})
		wantCode(t, err, wharf.CodeNoSpace)
	}
	if err := s.Delete(bg, []wharf.Key{"before"}); err != nil {
		t.Errorf("Delete on a full disk: %v", err)
	}
	free = 64 << 20
	put(t, s, "after", make([]byte, 300_000))
}

// TestQuotaWritesNothing: what a quota refuses is not in the log, and the file of a
// long body is gone. A batch of refused and admitted ones is exact.
func TestQuotaWritesNothing(t *testing.T) {
	mem := vfs.NewMem()
	e := openEngine(t, "data", tinyOptions(mem).WithoutCompactor())
	s := e.Store(stageOne)
	put(t, s, "a", make([]byte, 100))
	full := wharf.PutOptions{Size: wharf.UnknownSize, Quota: wharf.Quota{Files: 1, Bytes: 100}}
	before := e.committer.position()
	for _, size := range []int{1, 10_000} {
		_, err := s.Put(bg, "b", bytes.NewReader(make([]byte, size)), full)
		wantCode(t, err, wharf.CodeNoSpace)
		_, err = s.Put(bg, "a", bytes.NewReader(make([]byte, 100+size)), full)
		wantCode(t, err, wharf.CodeNoSpace)
	}
	if at := e.committer.position(); at != before {
		t.Errorf("the log went from %v to %v", before, at)
	}
	<-e.reaper.idle()
	if files := bodyFiles(t, mem, "data"); len(files) > 0 {
		t.Errorf("files are left: %v", files)
	}
	// One batch: the second of three fits no more, and the third replaces the first.
	var ops []*op
	for _, key := range []wharf.Key{"a", "c", "a"} {
		h := &head{kind: kindPut, stage: stageOne, key: key, mtime: now(), size: 60}
		body := make([]byte, 60)
		table := appendTable(nil, body)
		h.sum = crc32.Checksum(table, castagnoli)
		u := &upload{o: wharf.PutOptions{Quota: wharf.Quota{Bytes: 100}}}
		ops = append(ops, &op{done: make(chan struct{}), prepare: func(turn *turn) error {
			if err := turn.admit([]*upload{u}, []*head{h}); err != nil {
				return err
			}
			return turn.add(h, table, body)
		}})
	}
	must(t, s.Delete(bg, []wharf.Key{"a"}))
	e.committer.mu.Lock()
	e.committer.queue = append(e.committer.queue, ops...)
	e.committer.mu.Unlock()
	wakeUp(e.committer.wake)
	for _, o := range ops {
		<-o.done
	}
	must(t, ops[0].err)
	wantCode(t, ops[1].err, wharf.CodeNoSpace)
	must(t, ops[2].err)
	if u := e.Usage()[stageOne]; u != (wharf.Usage{Files: 1, Bytes: 60}) {
		t.Errorf("the stage holds %+v", u)
	}
}
