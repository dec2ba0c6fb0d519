package local

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"wharf"
)

func randomBytes(n int) []byte {
	rng := rand.New(rand.NewPCG(1, uint64(n)))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

// BenchmarkPut stores objects of one size from some uploaders at once.
func BenchmarkPut(b *testing.B) {
	for _, size := range []int{4 << 10, 16 << 10, 32 << 10, 64 << 10, 128 << 10, 1 << 20, 64 << 20} {
		for _, workers := range []int{1, 16, 64} {
			b.Run(fmt.Sprintf("%dKiB/%d", size>>10, workers), func(b *testing.B) {
				benchmarkPut(b, Options{}, size, workers)
			})
		}
	}
}

func benchmarkPut(b *testing.B, o Options, size, workers int) {
	s := openEngine(b, b.TempDir(), o).Store(stageOne)
	data := randomBytes(size)
	b.SetBytes(int64(size))
	b.ReportAllocs()
	var next atomic.Int64
	var wg sync.WaitGroup
	cpu := cpuTime()
	b.ResetTimer()
	for range workers {
		wg.Go(func() {
			for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
				key := wharf.Key("some/folder/file-" + strconv.FormatUint(uint64(i)*0x9e3779b97f4a7c15, 36))
				if _, err := s.Put(b.Context(), key, bytes.NewReader(data), wharf.PutOptions{Size: int64(size)}); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "files/s")
	b.ReportMetric(float64((cpuTime()-cpu).Microseconds())/float64(b.N), "cpu-µs/file")
}

// cpuTime is what the process has used so far: on a machine that others use,
// too, it says more than the clock.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkBorder stores the same sizes within the log and as files.
func BenchmarkBorder(b *testing.B) {
	for _, size := range []int{8 << 10, 16 << 10, 32 << 10, 64 << 10, 128 << 10, 256 << 10, 512 << 10, 1 << 20} {
		for name, border := range map[string]int{"log": size, "file": 1} {
			b.Run(fmt.Sprintf("%dKiB/%s", size>>10, name), func(b *testing.B) {
				benchmarkPut(b, Options{border: border}, size, 16)
			})
		}
	}
}

// fill stores n short objects, without the cost of uploads.
func fill(b testing.TB, e *Engine, stage wharf.StageID, n int) {
	b.Helper()
	data := []byte("0123456789")
	table := appendTable(nil, data)
	for i := 0; i < n; i += 500 {
		err := e.committer.do(bg, "fill", &op{prepare: func(t *turn) error {
			for j := i; j < min(i+500, n); j++ {
				key := wharf.Key(fmt.Sprintf("year=2026/month=%02d/part-%08d.parquet", j%12, j))
				h := head{kind: kindPut, stage: stage, key: key, mtime: now(), size: int64(len(data)), hasMD5: true,
					sum: crc32.Checksum(table, castagnoli)}
				if err := t.add(&h, table, data); err != nil {
					return err
				}
			}
			return nil
		}})
		if err != nil {
			b.Fatal(err)
		}
	}
}

const million = 1_000_000

// BenchmarkList lists a million objects.
func BenchmarkList(b *testing.B) {
	e := openEngine(b, b.TempDir(), Options{})
	fill(b, e, stageOne, million)
	if err := e.index.db.Compact(b.Context(), []byte{0}, []byte{255}, false); err != nil { // so that nothing works beside the list
		b.Fatal(err)
	}
	b.ReportAllocs()
	cpu := cpuTime()
	for b.Loop() {
		n := 0
		for _, err := range e.Store(stageOne).List(b.Context(), wharf.ListOptions{}) {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != million {
			b.Fatalf("%d objects", n)
		}
	}
	b.ReportMetric(float64(b.N)*million/b.Elapsed().Seconds(), "objects/s")
	b.ReportMetric(float64((cpuTime()-cpu).Nanoseconds())/float64(b.N)/million, "cpu-ns/object")
}

// BenchmarkRemoveMillion removes a million objects in the pages of a list.
func BenchmarkRemoveMillion(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		e := openEngine(b, b.TempDir(), Options{})
		fill(b, e, stageOne, million)
		s := e.Store(stageOne)
		b.StartTimer()
		var keys []wharf.Key
		for o, err := range s.List(b.Context(), wharf.ListOptions{}) {
			if err != nil {
				b.Fatal(err)
			}
			if keys = append(keys, o.Key); len(keys) == 1000 {
				if err := s.Delete(b.Context(), keys); err != nil {
					b.Fatal(err)
				}
				keys = keys[:0]
			}
		}
	}
}

// BenchmarkClearMillion clears a stage of a million objects.
func BenchmarkClearMillion(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		e := openEngine(b, b.TempDir(), Options{})
		fill(b, e, stageOne, million)
		b.StartTimer()
		if err := e.Store(stageOne).Clear(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkOpenMillion starts on a folder with a million objects.
func BenchmarkOpenMillion(b *testing.B) {
	dir := b.TempDir()
	e, err := Open(dir, Options{})
	if err != nil {
		b.Fatal(err)
	}
	fill(b, e, stageOne, million)
	if err := e.Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		e, err := Open(dir, Options{})
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := e.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}
