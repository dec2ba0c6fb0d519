package dir

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
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

// TestUnreadableFolder lists as a user who may not look into one of the
// folders, or not at the files in it.
func TestUnreadableFolder(t *testing.T) {
	for _, mode := range []os.FileMode{0, 0o444} {
		f := newFolder(t)
		f.write("a/file", "x")
		f.write("b/lost+found/file", "x")
		for _, name := range []string{"../..", "..", "", "a", "b"} {
			f.do(os.Chmod(filepath.Join(f.path, name), 0o755))
		}
		closed := filepath.Join(f.path, "b/lost+found")
		f.do(os.Chmod(closed, mode))
		t.Cleanup(func() { f.do(os.Chmod(closed, 0o700)) })
		f.asNobody(func() {
			var seen []wharf.Key
			var failed error
			for obj, err := range f.List(t.Context(), wharf.ListOptions{}) {
				if failed = err; err == nil {
					seen = append(seen, obj.Key)
				}
			}
			f.wantCode("List", failed, wharf.CodeDenied)
			if !strings.Contains(wharf.MessageOf(failed), `"b/lost+found/"`) || !slices.Equal(seen, []wharf.Key{"a/file"}) {
				t.Errorf("mode %o: the message is %q after %q", mode, wharf.MessageOf(failed), seen)
			}
			f.want("a list of another folder", f.list("a/"), "a/file")
		})
	}
}

// asNobody calls do with the rights on files of a user who is not root.
func (f *folder) asNobody(do func()) {
	if os.Getuid() == 0 {
		runtime.LockOSThread() // it is this thread's user alone
		defer runtime.UnlockOSThread()
		f.do(syscall.Setfsuid(65534))
		defer func() { f.do(syscall.Setfsuid(0)) }()
	}
	do()
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
