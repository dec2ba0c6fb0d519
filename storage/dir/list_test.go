package dir

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"wharf"
	"wharf/storage/memory"
)

// TestListLikeMemory lists random trees, whose names are of the characters
// around '/', from random places, and compares with the reference.
func TestListLikeMemory(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	word := func() string {
		b := make([]byte, 1+rng.IntN(2))
		for i := range b {
			b[i] = "a.-0!"[rng.IntN(5)]
		}
		if string(b) == "." || string(b) == ".." {
			return "b"
		}
		return string(b)
	}
	path := func() string {
		parts := make([]string, 1+rng.IntN(3))
		for i := range parts {
			parts[i] = word()
		}
		return strings.Join(parts, "/")
	}
	for range 5 {
		f, reference := newFolder(t), memory.New()
		f.pageNames = 1 + rng.IntN(4)
		for range 60 {
			key := path()
			if f.put(key, "x") != nil { // a folder has the name
				continue
			}
			_, err := reference.Put(t.Context(), wharf.Key(key), strings.NewReader("x"), wharf.PutOptions{Size: 1})
			f.do(err)
		}
		for i := range 200 {
			o := wharf.ListOptions{KeysOnly: i%2 == 0}
			if rng.IntN(3) > 0 {
				o.Prefix = path()[:1]
			}
			if rng.IntN(2) > 0 {
				o.Prefix = path() + "/"[:rng.IntN(2)]
			}
			if rng.IntN(2) > 0 {
				o.After = wharf.Key(path())
			}
			if got, want := keysOf(t, f, o), keysOf(t, reference, o); !slices.Equal(got, want) {
				t.Fatalf("List(%+v) with pages of %d gives %q, want %q", o, f.pageNames, got, want)
			}
		}
	}
}

func keysOf(t *testing.T, s wharf.Store, o wharf.ListOptions) []wharf.Key {
	t.Helper()
	var keys []wharf.Key
	for obj, err := range s.List(t.Context(), o) {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, obj.Key)
	}
	return keys
}

func BenchmarkList(b *testing.B) {
	const n = 10_000
	allow := b.TempDir()
	s := open(b, allow, "fs://"+allow+"/")
	for i := range n {
		if err := writeEmpty(allow, fmt.Sprintf("%06d", i)); err != nil {
			b.Fatal(err)
		}
	}
	for _, keysOnly := range []bool{false, true} {
		b.Run(fmt.Sprintf("keysonly=%v", keysOnly), func(b *testing.B) {
			for b.Loop() {
				seen := 0
				for _, err := range s.List(b.Context(), wharf.ListOptions{KeysOnly: keysOnly}) {
					if err != nil {
						b.Fatal(err)
					}
					seen++
				}
				if seen != n {
					b.Fatalf("%d files of %d", seen, n)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/file")
		})
	}
}

func BenchmarkPut(b *testing.B) {
	allow := b.TempDir()
	s := open(b, allow, "fs://"+allow+"/")
	for _, size := range []int{4 << 10, 64 << 20} {
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			body := strings.Repeat("x", size)
			b.SetBytes(int64(size))
			for b.Loop() {
				if _, err := s.Put(b.Context(), "k", strings.NewReader(body), wharf.PutOptions{Size: int64(size)}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
