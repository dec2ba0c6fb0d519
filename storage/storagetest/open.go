package storagetest

import (
	"io"
	"math"
	"sync"

	"wharf"
)

func openCases() []testCase {
	return []testCase{
		{"open/missing", func(e *env) {
			e.wantAbsent("never/there")
			e.put("here/there", e.body(1))
			e.wantAbsent("here")
			e.wantAbsent("here/ther")
			e.wantAbsent("here/there/below")
			e.wantAbsent("Here/there")
		}},
		{"open/ranges", func(e *env) {
			for _, n := range bodySizes {
				body := e.body(n)
				e.put("k", body)
				e.ranges("k", body)
			}
		}},
		{"open/range-errors", rangeErrors},
		{"open/concurrent-ranges", concurrentRanges},
		{"open/pinned-overwrite", func(e *env) {
			e.pinned(func(key wharf.Key, n int) { e.put(key, e.body(n)) })
		}},
		{"open/pinned-overwrite-other-length", func(e *env) {
			e.pinned(func(key wharf.Key, n int) { e.put(key, e.body(n/2+7)) })
		}},
		{"open/pinned-delete", func(e *env) {
			e.pinned(func(key wharf.Key, _ int) {
				if err := e.store.Delete(e.ctx, []wharf.Key{key}); err != nil {
					e.Fatalf("Delete: %v", err)
				}
			})
		}},
	}
}

// ranges reads the object in pieces around its block boundaries.
func (e *env) ranges(key wharf.Key, body []byte) {
	e.Helper()
	f, err := e.store.Open(e.ctx, key)
	if err != nil {
		e.Errorf("Open(%q): %v", key, err)
		return
	}
	defer e.close("File", f)
	size := int64(len(body))
	for _, border := range []int64{0, 1, 4 << 10, 32 << 10, 64 << 10, 1 << 20, 8 << 20, size / 2, size - 1, size} {
		for off := max(border-1, 0); off <= min(border+1, size); off++ {
			for _, n := range []int64{0, 1, 2, 100, 64<<10 + 1} {
				if n <= size-off {
					e.wantRange(f, off, n, body[off:off+n])
				}
			}
		}
	}
	for _, off := range []int64{0, size / 3, size} {
		e.wantRange(f, off, -1, body[off:])
		e.wantRange(f, off, math.MinInt64, body[off:])
		e.wantRange(f, off, size-off, body[off:])
	}
}

func rangeErrors(e *env) {
	for _, size := range []int64{0, 1, 100, 100_000} {
		e.put("k", e.body(int(size)))
		f, err := e.store.Open(e.ctx, "k")
		if err != nil {
			e.Fatalf("Open: %v", err)
		}
		for _, r := range [][2]int64{
			{-1, 1}, {-1, -1}, {-1, 0}, {math.MinInt64, 1},
			{size, 1}, {size + 1, 0}, {size + 1, -1}, {size + 1, 1}, {size / 2, size/2 + 2}, {0, size + 1},
			{math.MaxInt64, 0}, {math.MaxInt64, -1}, {1, math.MaxInt64}, {0, math.MaxInt64}, {size, math.MaxInt64},
		} {
			got, err := f.Range(e.ctx, r[0], r[1])
			if err == nil {
				// A range may be checked with the first read.
				_, err = io.ReadAll(got)
				e.close("Reader", got)
			}
			if wharf.CodeOf(err) != wharf.CodeRange {
				e.Errorf("Range(%d, %d) of %d bytes: want the code %s: %v", r[0], r[1], size, wharf.CodeRange, err)
			}
		}
		e.close("File", f)
	}
}

func concurrentRanges(e *env) {
	body := e.body(3<<20 + 5)
	e.put("k", body)
	f, err := e.store.Open(e.ctx, "k")
	if err != nil {
		e.Fatalf("Open: %v", err)
	}
	defer e.close("File", f)
	var wg sync.WaitGroup
	for i := range int64(8) {
		wg.Go(func() {
			off := i * 300_001
			for range 3 {
				e.wantRange(f, off, 500_000, body[off:off+500_000])
			}
		})
	}
	wg.Wait()
	// A reader that is closed before its end does not disturb others.
	r, err := f.Range(e.ctx, 0, -1)
	if err != nil {
		e.Fatalf("Range: %v", err)
	}
	if _, err := io.ReadFull(r, make([]byte, 10)); err != nil {
		e.Errorf("Read: %v", err)
	}
	e.close("Reader", r)
	e.wantRange(f, 1<<20, 100, body[1<<20:1<<20+100])
}

// pinned opens a version, reads its first part, calls change to replace or remove
// it, and reads on. The rest is of the old version or an error.
func (e *env) pinned(change func(key wharf.Key, n int)) {
	e.Helper()
	for _, n := range []int{1, 4 << 10, 300_000, 9 << 20} {
		body := e.body(n)
		before := e.put("k", body)
		f, err := e.store.Open(e.ctx, "k")
		if err != nil {
			e.Fatalf("Open: %v", err)
		}
		r, err := f.Range(e.ctx, 0, -1)
		if err != nil {
			e.Fatalf("Range: %v", err)
		}
		head := make([]byte, n/4)
		if _, err := io.ReadFull(r, head); err != nil {
			e.Fatalf("Read: %v", err)
		}
		change("k", n)
		tail, err := io.ReadAll(r)
		e.wantVersion("a reader from before", append(head, tail...), err, body)
		e.close("Reader", r)
		for _, part := range [][2]int{{0, n}, {n / 2, n}, {0, n / 2}} {
			got, err := readRange(e.ctx, f, int64(part[0]), int64(part[1]-part[0]))
			e.wantVersion("Range of a File from before", got, err, body[part[0]:part[1]])
		}
		if got := f.Object(); got.Size != before.Size || got.ETag != before.ETag {
			e.Errorf("the open File has another version: %+v, want %+v", got, before)
		}
		e.close("File", f)
	}
}

// wantVersion accepts the bytes of the version, or a failure after some of
// them.
func (e *env) wantVersion(what string, got []byte, err error, want []byte) {
	e.Helper()
	if err != nil && len(got) <= len(want) {
		want = want[:len(got)]
	}
	if d := firstDifference(got, want); d != "" {
		e.Errorf("%s mixes versions: %s (%v)", what, d, err)
	}
}
