package local

import (
	"bytes"
	"fmt"
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

// BenchmarkBorder stores the same sizes within the index and as files.
func BenchmarkBorder(b *testing.B) {
	for _, size := range []int{8 << 10, 16 << 10, 32 << 10, 64 << 10, 128 << 10, 256 << 10} {
		for name, border := range map[string]int{"index": size, "file": 1} {
			b.Run(fmt.Sprintf("%dKiB/%s", size>>10, name), func(b *testing.B) {
				benchmarkPut(b, Options{border: border}, size, 16)
			})
		}
	}
}
