package local

import (
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"wharf"
)

// TestFaultAtEveryOperation fails each file operation of a story once, in
// turn. A call that fails must have changed nothing, one that succeeds must
// have done all, now and after the next start; a body that cannot be read
// gives an error and never wrong bytes.
func TestFaultAtEveryOperation(t *testing.T) {
	for _, fault := range []struct {
		name string
		err  error
		half bool // a write does half of its work first
	}{
		{name: "EIO", err: syscall.EIO},
		{name: "ENOSPC", err: syscall.ENOSPC},
		{name: "EMFILE", err: syscall.EMFILE},
		{name: "short write", err: io.ErrShortWrite, half: true},
	} {
		t.Run(fault.name, func(t *testing.T) {
			t.Parallel()
			failed := 0
			for n := 1; ; n++ {
				f := &faults{at: n, err: fault.err, half: fault.half}
				if err := f.story(); err != nil {
					t.Fatalf("fault at operation %d (%s): %v", n, f.what, err)
				}
				if f.left() > 0 {
					t.Logf("%d operations, %d of them ended the engine", n, failed)
					return
				}
				if f.ended {
					failed++
				}
			}
		})
	}
}

// faults is a world in which one file operation fails.
type faults struct {
	w     world
	err   error
	half  bool
	ended bool // the engine failed

	mu   sync.Mutex // guards what follows
	at   int        // operations until the fault
	off  bool
	what string // the operation that failed
}

func (f *faults) left() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.at
}

// next tells whether this operation fails.
func (f *faults) next(what string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.off {
		return false
	}
	f.at--
	if f.at == 0 {
		f.what = what
	}
	return f.at == 0
}

// story opens a folder, does one thing of each kind, and starts again.
func (f *faults) story() error {
	f.w = world{mem: NewCrashDisk(), objects: map[object][]body{}}
	e, err := Open("data", tinyOptions(f.fs()))
	if err == nil {
		err = f.work(e)
	} else if f.what == "" {
		return fmt.Errorf("open: %w", err)
	} else {
		err = nil
	}
	f.mu.Lock()
	f.off = true
	f.mu.Unlock()
	if err != nil {
		return err
	}
	// A new process: whatever the old one still holds is gone.
	f.w.mem = f.w.mem.Crash(100, rand.New(rand.NewPCG(0, 0)))
	e, err = Open("data", tinyOptions(f.w.mem))
	if err != nil {
		return fmt.Errorf("the next start: %w", err)
	}
	if err := f.w.compare(e); err != nil {
		return fmt.Errorf("the next start: %w", err)
	}
	return e.Close()
}

func (f *faults) work(e *Engine) error {
	small, large := body{[]byte("small"), true}, body{make([]byte, 700), true}
	second := body{make([]byte, blockSize+300), true}
	a, b := object{wharf.StageID{0}, "a"}, object{wharf.StageID{1}, "b"}
	for _, change := range []map[object]body{
		{a: small}, {a: large}, {b: second}, {b: small}, {b: large}, {a: second}, {a: {}}, {a: large}, {b: {}},
	} {
		if err := f.change(e, change); err != nil {
			return err
		}
	}
	if e.broken.failed() {
		f.ended = true
	}
	// What Close says does not matter: all that was acknowledged is durable.
	_ = e.Close()
	return nil
}

// change does one thing, and checks at once what it did.
func (f *faults) change(e *Engine, change map[object]body) error {
	f.w.begin(change)
	for o, b := range change {
		err := f.do(e, o, b)
		switch {
		case err == nil:
			if err := f.w.end("", nil); err != nil {
				return err
			}
		case f.left() > 0:
			return fmt.Errorf("%v failed without a fault: %w", o, err)
		case e.broken.failed():
			f.w.objects[o] = append(f.w.objects[o], b)
			return nil
		}
		if err := f.look(e, o); err != nil {
			return fmt.Errorf("after %v (error %v): %w", o, err, err)
		}
	}
	return nil
}

func (f *faults) do(e *Engine, o object, b body) error {
	if !b.present {
		return e.Store(o.stage).Delete(bg, []wharf.Key{o.key})
	}
	_, err := e.Store(o.stage).Put(bg, o.key, &slowReader{rest: b.data}, wharf.PutOptions{Size: wharf.UnknownSize})
	return err
}

// look reads one object. It may fail where the fault has hit the reading.
func (f *faults) look(e *Engine, o object) error {
	data, err := readAll(e.Store(o.stage), o.key)
	may := f.w.objects[o]
	if len(may) == 0 {
		may = []body{{}}
	}
	switch wharf.CodeOf(err) {
	case "":
		if !matches(body{data, true}, may) {
			return fmt.Errorf("it holds %d bytes that it must not", len(data))
		}
	case wharf.CodeNotFound:
		if !matches(body{}, may) {
			return fmt.Errorf("it is lost")
		}
	default:
		if f.left() > 0 {
			return fmt.Errorf("it cannot be read without a fault: %w", err)
		}
	}
	return nil
}

// slowReader yields little at a time.
type slowReader struct{ rest []byte }

func (r *slowReader) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), 1000)], r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// fs is the memory with the fault in it.
func (f *faults) fs() vfs.FS {
	if f.half {
		return shortFS{f.w.mem, f}
	}
	return errorfs.Wrap(f.w.mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if f.next(fmt.Sprintf("%v of %s", op.Kind, op.Path)) {
			return f.err
		}
		return nil
	}))
}

// shortFS fails a write after half of it.
type shortFS struct {
	vfs.FS
	f *faults
}

func (s shortFS) wrap(file vfs.File, err error) (vfs.File, error) {
	if err != nil {
		return nil, err
	}
	return shortFile{file, s.f}, nil
}

func (s shortFS) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return s.wrap(s.FS.Create(name, c))
}

func (s shortFS) OpenReadWrite(name string, c vfs.DiskWriteCategory, o ...vfs.OpenOption) (vfs.File, error) {
	return s.wrap(s.FS.OpenReadWrite(name, c, o...))
}

func (s shortFS) ReuseForWrite(from, to string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return s.wrap(s.FS.ReuseForWrite(from, to, c))
}

type shortFile struct {
	vfs.File
	f *faults
}

func (s shortFile) Write(p []byte) (int, error) {
	if !s.f.next("write") {
		return s.File.Write(p)
	}
	n, err := s.File.Write(p[:len(p)/2])
	if err == nil {
		err = s.f.err
	}
	return n, err
}
