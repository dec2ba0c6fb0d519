package cache

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"wharf"
)

// upstream is an object elsewhere, which counts what is fetched of it.
type upstream struct {
	place string
	data  []byte
	etag  string
	md5   string
	open  func() error                   // nil: it is open to all
	read  func(r *reader, n int64) error // before each read; may be nil

	ranges atomic.Int64
	bytes  atomic.Int64
}

func newUpstream(place string, size int, seed uint64) *upstream {
	data := make([]byte, size)
	rand.NewChaCha8([32]byte{byte(seed)}).Read(data)
	sum := md5.Sum(data)
	return &upstream{place: place, data: data, etag: hex.EncodeToString(sum[:]), md5: hex.EncodeToString(sum[:])}
}

func (u *upstream) Open(context.Context) (wharf.File, error) {
	if u.open != nil {
		if err := u.open(); err != nil {
			return nil, err
		}
	}
	return u, nil
}

func (u *upstream) Object() wharf.Object {
	return wharf.Object{Key: "k", Size: int64(len(u.data)), ETag: u.etag, MD5: u.md5}
}

func (u *upstream) Close() error { return nil }

func (u *upstream) Range(ctx context.Context, off, n int64) (io.ReadCloser, error) {
	u.ranges.Add(1)
	return &reader{u: u, ctx: ctx, left: u.data[off : off+n]}, nil
}

type reader struct {
	u    *upstream
	ctx  context.Context
	left []byte
}

func (r *reader) Read(p []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, wharf.WrapError(wharf.CodeCanceled, "test", "", r.ctx.Err())
	}
	if r.u.read != nil {
		if err := r.u.read(r, int64(len(p))); err != nil {
			return 0, err
		}
	}
	if len(r.left) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.left)
	r.left = r.left[n:]
	r.u.bytes.Add(int64(n))
	return n, nil
}

func (r *reader) Close() error { return nil }

func openCache(t testing.TB, folder string, change func(*Options)) *Cache {
	t.Helper()
	o := Options{Folder: folder, Size: 1 << 30}
	if change != nil {
		change(&o)
	}
	c, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *Cache) local(t testing.TB, u *upstream) *file {
	t.Helper()
	f, err := c.Local(t.Context(), u.place, u.Open)
	if err != nil {
		t.Fatal(err)
	}
	return f.(*file)
}

// content returns what a link of the file has.
func content(t testing.TB, f *file) []byte {
	t.Helper()
	path := filepath.Join(filepath.Dir(f.c.o.Folder), "links", fmt.Sprint(links.Add(1)))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := f.Link(path); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

var links atomic.Int64

// read fetches ranges and wants them to be right.
func (f *file) read(t testing.TB, u *upstream, ranges ...wharf.ByteRange) {
	t.Helper()
	if err := f.Fetch(context.Background(), ranges...); err != nil {
		t.Error(err)
		return
	}
	got := content(t, f)
	if len(got) != len(u.data) {
		t.Fatalf("the file has %d bytes, want %d", len(got), len(u.data))
	}
	if len(ranges) == 0 {
		ranges = []wharf.ByteRange{{Off: 0, Len: int64(len(u.data))}}
	}
	for _, r := range ranges {
		if !bytes.Equal(got[r.Off:r.Off+r.Len], u.data[r.Off:r.Off+r.Len]) {
			t.Errorf("%d bytes from %d on are wrong", r.Len, r.Off)
		}
	}
}

func folder(t testing.TB) string { return filepath.Join(t.TempDir(), "cache") }

func wantCode(t *testing.T, err error, code wharf.Code) {
	t.Helper()
	if wharf.CodeOf(err) != code {
		t.Errorf("%v, want %s", err, code)
	}
}

// TestRanges wants only the blocks of the ranges to be fetched, once, also over
// a restart.
func TestRanges(t *testing.T) {
	dir, u := folder(t), newUpstream("a", 20<<20+5, 1)
	c := openCache(t, dir, nil)
	f := c.local(t, u)
	f.read(t, u, wharf.ByteRange{Off: int64(len(u.data)) - 10, Len: 10}, wharf.ByteRange{Off: 100_000, Len: 50_000})
	if n := u.bytes.Load(); n > 6*blockSize {
		t.Errorf("%d bytes were fetched for 50,010", n)
	}
	if got := content(t, f); !bytes.Equal(got[1<<20:10<<20], make([]byte, 9<<20)) {
		t.Error("what was not fetched is no hole")
	}
	before := u.bytes.Load()
	f.read(t, u, wharf.ByteRange{Off: 110_000, Len: 1}, wharf.ByteRange{Off: 0, Len: 0})
	if u.bytes.Load() != before {
		t.Error("a block was fetched twice")
	}
	f.read(t, u)
	f.read(t, u)
	if n := u.bytes.Load(); n != int64(len(u.data)) {
		t.Errorf("%d bytes were fetched of %d", n, len(u.data))
	}
	wantCode(t, f.Fetch(t.Context(), wharf.ByteRange{Off: int64(len(u.data)), Len: 1}), wharf.CodeRange)
	wantCode(t, f.Fetch(t.Context(), wharf.ByteRange{Off: -1, Len: 1}), wharf.CodeRange)
	if err := errors.Join(f.Close(), f.Close(), c.Close()); err != nil {
		t.Error(err)
	}
	c = openCache(t, dir, nil)
	f = c.local(t, u)
	defer f.Close()
	f.read(t, u)
	if n := u.bytes.Load(); n != int64(len(u.data)) {
		t.Errorf("%d bytes were fetched after a restart", n-int64(len(u.data)))
	}
}

// TestEmpty wants an object without bytes to be a file without bytes.
func TestEmpty(t *testing.T) {
	c, u := openCache(t, folder(t), nil), newUpstream("a", 0, 1)
	f := c.local(t, u)
	defer f.Close()
	f.read(t, u)
	if u.ranges.Load() != 0 {
		t.Error("it was asked for")
	}
}

// TestIdentity wants objects that differ in place, ETag or size to be different
// files.
func TestIdentity(t *testing.T) {
	c := openCache(t, folder(t), nil)
	base := newUpstream("host\nbucket\nkey", 1000, 1)
	other := newUpstream("host\nbucket\nkey", 1000, 2)
	place := newUpstream("host\nbucket\nkey2", 1000, 3)
	place.etag, place.md5 = base.etag, ""
	size := newUpstream(base.place, 999, 4)
	size.etag, size.md5 = base.etag, ""
	glued := newUpstream("host\nbucket\nke", 1000, 5)
	glued.etag, glued.md5 = "y"+base.etag, ""
	for range 2 {
		for _, u := range []*upstream{base, other, place, size, glued} {
			f := c.local(t, u)
			f.read(t, u)
			f.Close()
		}
	}
}

// TestOneFetch wants many askers to share one fetch.
func TestOneFetch(t *testing.T) {
	c, u := openCache(t, folder(t), nil), newUpstream("a", 30<<20, 1)
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			f := c.local(t, u)
			defer f.Close()
			f.read(t, u)
		})
	}
	all.Wait()
	if n := u.bytes.Load(); n != int64(len(u.data)) {
		t.Errorf("%d bytes were fetched of %d", n, len(u.data))
	}
}

// TestCancelledAsker wants the others to go on where a cancelled one, or one
// that failed, came to.
func TestCancelledAsker(t *testing.T) {
	for name, failure := range map[string]error{"cancelled": context.Canceled, "failed": wharf.Errorf(wharf.CodeUpstream, "no answer")} {
		c, u := openCache(t, folder(t), nil), newUpstream("a", 64<<20, 1)
		ctx, cancel := context.WithCancel(t.Context())
		half := make(chan struct{})
		first := *newUpstream("a", 64<<20, 1)
		var once sync.Once
		first.read = func(r *reader, n int64) error {
			if r.u.bytes.Load() > 32<<20 {
				once.Do(func() { close(half) })
				<-ctx.Done()
				return failure
			}
			return nil
		}
		f, g := c.local(t, &first), c.local(t, u)
		failed := make(chan error)
		go func() { failed <- f.Fetch(ctx) }()
		<-half
		done := make(chan error)
		go func() { done <- g.Fetch(t.Context()) }()
		cancel()
		if err := <-failed; err == nil {
			t.Errorf("%s: the first asker has the file", name)
		}
		f.Close()
		if err := <-done; err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if n := u.bytes.Load(); n == 0 || n > 50<<20 {
			t.Errorf("%s: the second asker fetched %d bytes", name, n)
		}
		if !bytes.Equal(content(t, g), u.data) {
			t.Errorf("%s: the bytes are wrong", name)
		}
		g.Close()
	}
}

// TestRights wants an asker that may not read the object to reach no byte of
// it, also when the cache has them all.
func TestRights(t *testing.T) {
	c, u := openCache(t, folder(t), nil), newUpstream("a", 100_000, 1)
	u.md5 = "" // as that of an object that is encrypted with a key of its own
	f := c.local(t, u)
	f.read(t, u)
	f.Close()
	denied := wharf.Errorf(wharf.CodeUpstream, "denied")
	blind := newUpstream("a", 100_000, 1)
	blind.open = func() error { return denied }
	if _, err := c.Local(t.Context(), "a", blind.Open); !errors.Is(err, denied) {
		t.Errorf("who may not see the object gets %v", err)
	}
	headOnly := newUpstream("a", 100_000, 1)
	headOnly.md5 = ""
	headOnly.read = func(*reader, int64) error { return denied }
	f = c.local(t, headOnly)
	defer f.Close()
	for range 2 {
		if err := f.Fetch(t.Context()); !errors.Is(err, denied) {
			t.Errorf("who may see the object and not its bytes gets %v", err)
		}
	}
}

// TestReplaced wants the end of a version to be told, and none of its bytes to
// be kept.
func TestReplaced(t *testing.T) {
	c, u := openCache(t, folder(t), nil), newUpstream("a", 1<<20, 1)
	u.read = func(*reader, int64) error {
		return &wharf.Error{Code: wharf.CodeUpstream, Msg: "replaced", Err: wharf.ErrReplaced}
	}
	f := c.local(t, u)
	if err := f.Fetch(t.Context()); !errors.Is(err, wharf.ErrReplaced) || wharf.CodeOf(err) != wharf.CodeUpstream {
		t.Errorf("%v", err)
	}
	f.Close()
	u.read = nil
	f = c.local(t, u)
	defer f.Close()
	f.read(t, u)
	if n := u.bytes.Load(); n != 1<<20 {
		t.Errorf("%d bytes were fetched", n)
	}
}

// TestMixedVersions wants bytes that do not have the object's MD5 not to be
// used, and to be fetched anew the next time.
func TestMixedVersions(t *testing.T) {
	c, u := openCache(t, folder(t), nil), newUpstream("a", 20<<20, 1)
	good := u.md5
	u.etag, u.md5 = strings.Repeat("0", 32), strings.Repeat("0", 32)
	f := c.local(t, u)
	wantCode(t, f.Fetch(t.Context()), wharf.CodeUpstream)
	wantCode(t, f.Fetch(t.Context()), wharf.CodeUnavailable)
	f.Close()
	u.md5 = good
	f = c.local(t, u)
	defer f.Close()
	f.read(t, u)
	if n := u.bytes.Load(); n != 40<<20 || c.Stats().Dropped != 1 {
		t.Errorf("%d bytes were fetched, %+v", n, c.Stats())
	}
}

// TestEviction wants what was used least recently to go first, also over a
// restart, and what is in use to stay.
func TestEviction(t *testing.T) {
	dir := folder(t)
	small := func(o *Options) { o.Size = 3<<20 + 5*fixedCost }
	c := openCache(t, dir, small)
	var us []*upstream
	for i := range 4 {
		us = append(us, newUpstream(fmt.Sprint(i), 1<<20, uint64(i)))
	}
	use := func(i int) (fetched bool) {
		t.Helper()
		before := us[i].bytes.Load()
		f := c.local(t, us[i])
		f.read(t, us[i])
		f.Close()
		return us[i].bytes.Load() > before
	}
	for i, want := range []bool{true, true, true} {
		if use(i) != want {
			t.Errorf("object %d", i)
		}
	}
	use(0)
	use(3) // in the place of 1
	if s := c.Stats(); s.Evicted != 1 || s.Bytes > c.o.Size || s.Objects != 3 {
		t.Errorf("%+v", s)
	}
	for i, name := range map[int]string{2: "2", 0: "0", 3: "3"} {
		if use(i) {
			t.Errorf("%s was evicted", name)
		}
	}
	use(2)
	use(0) // 3 was used least recently
	c.Close()
	c = openCache(t, dir, small)
	if use(1); use(2) || use(0) {
		t.Error("the order of use was forgotten over the restart")
	}
	f := c.local(t, us[1])
	for _, i := range []int{0, 2, 3, 0, 2, 3} {
		use(i)
	}
	before := us[1].bytes.Load()
	f.read(t, us[1])
	if us[1].bytes.Load() != before {
		t.Error("an object in use was evicted")
	}
	f.Close()
	c.Close()
	c = openCache(t, dir, func(o *Options) { o.Size = 1 })
	if s := c.Stats(); s.Objects != 0 || s.Bytes != 0 {
		t.Errorf("a smaller cache has %+v", s)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// TestLargerThanTheCache wants an object that is larger than the cache to be
// there while it is in use, and to go then.
func TestLargerThanTheCache(t *testing.T) {
	c, u := openCache(t, folder(t), func(o *Options) { o.Size = 1 << 20 }), newUpstream("a", 20<<20, 1)
	f := c.local(t, u)
	f.read(t, u)
	f.Close()
	if s := c.Stats(); s.Objects != 0 || s.Bytes != 0 {
		t.Errorf("%+v", s)
	}
}

// TestFullDisk wants room to be made of what is not in use, and a clear error
// where there is none.
func TestFullDisk(t *testing.T) {
	var free atomic.Int64
	var writes atomic.Int64
	c := openCache(t, folder(t), func(o *Options) {
		o.free = func(string) (int64, int64, error) { return free.Load(), 100 << 30, nil }
		o.fault = func(step string) error {
			if step == "write" && writes.Add(-1) == 0 {
				return syscall.ENOSPC
			}
			return nil
		}
	})
	free.Store(1 << 40)
	old, u := newUpstream("old", 1<<20, 1), newUpstream("new", 1<<20, 2)
	f := c.local(t, old)
	f.read(t, old)
	g := c.local(t, u)
	defer g.Close()
	free.Store(maxReserve)
	wantCode(t, g.Fetch(t.Context()), wharf.CodeNoSpace)
	if c.Stats().Objects != 2 {
		t.Error("an object in use went")
	}
	free.Store(1 << 40)
	writes.Store(1)
	wantCode(t, g.Fetch(t.Context()), wharf.CodeNoSpace)
	f.Close()
	writes.Store(1)
	g.read(t, u)
	if s := c.Stats(); s.Objects != 1 || s.Bytes != 1<<20+fixedCost {
		t.Errorf("%+v", s)
	}
}

// TestFaults fails each step at disk in turn: the answer is an error or right,
// and right when the disk works again.
func TestFaults(t *testing.T) {
	for _, step := range []string{"create", "open", "write", "record", "read", "load"} {
		dir, u := folder(t), newUpstream("a", 20<<20, 1)
		c := openCache(t, dir, nil)
		f := c.local(t, u)
		f.read(t, u, wharf.ByteRange{Off: 0, Len: 3 << 20})
		f.Close()
		var fails atomic.Bool
		c = openCache(t, dir, func(o *Options) {
			o.fault = func(s string) error {
				if s == step && fails.Load() {
					return syscall.EIO
				}
				return nil
			}
		})
		fails.Store(true)
		if f, err := c.Local(t.Context(), u.place, u.Open); err == nil {
			if err = f.(*file).Fetch(t.Context()); err == nil && !bytes.Equal(content(t, f.(*file)), u.data) {
				t.Errorf("%s: wrong bytes", step)
			} else if err != nil && wharf.CodeOf(err) != wharf.CodeInternal {
				t.Errorf("%s: %v", step, err)
			}
			f.Close()
		}
		fails.Store(false)
		f = c.local(t, u)
		f.read(t, u)
		f.Close()
		c = openCache(t, dir, nil)
		f = c.local(t, u)
		f.read(t, u)
		f.Close()
	}
}
