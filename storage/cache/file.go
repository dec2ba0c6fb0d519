package cache

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"sync/atomic"

	"wharf"
)

var _ wharf.PartialFile = (*file)(nil)

// file is an open object. It fetches with its own store what no other has
// fetched.
type file struct {
	c    *Cache
	e    *entry
	from wharf.File

	proven  atomic.Bool // a range of the version was read with the asker's rights
	closing sync.Once
}

// Object implements [wharf.LocalFile].
func (f *file) Object() wharf.Object { return f.from.Object() }

// Link implements [wharf.LocalFile].
func (f *file) Link(path string) error {
	f.c.mu.Lock()
	defer f.c.mu.Unlock()
	if f.e.gone {
		return fault("cache.Link", os.ErrNotExist)
	}
	return fault("cache.Link", os.Link(f.e.dataPath(), path))
}

// Whole implements [wharf.LocalFile]: what Fetch returned for is verified.
func (f *file) Whole(context.Context) error { return nil }

// Close implements [wharf.LocalFile].
func (f *file) Close() (err error) {
	f.closing.Do(func() {
		f.c.release(f.e)
		err = f.from.Close()
	})
	return err
}

// maxGap is how many blocks between two ranges are fetched with them.
const maxGap = 2

// runsOf returns the blocks of the ranges, in order.
func runsOf(size int64, ranges []wharf.ByteRange) ([]run, error) {
	if len(ranges) == 0 {
		ranges = []wharf.ByteRange{{Off: 0, Len: size}}
	}
	var runs []run
	for _, r := range ranges {
		if r.Off < 0 || r.Len < 0 || r.Off > size || r.Len > size-r.Off {
			return nil, wharf.Errorf(wharf.CodeRange, "the range of %d bytes from %d on is not within the file's %d bytes", r.Len, r.Off, size)
		}
		if r.Len > 0 {
			runs = append(runs, run{r.Off / blockSize, (r.Off + r.Len + blockSize - 1) / blockSize})
		}
	}
	slices.SortFunc(runs, func(a, b run) int { return int(min(max(a.first-b.first, -1), 1)) })
	merged := runs[:0]
	for _, r := range runs {
		if n := len(merged); n > 0 && r.first <= merged[n-1].end+maxGap {
			merged[n-1].end = max(merged[n-1].end, r.end)
			continue
		}
		merged = append(merged, r)
	}
	return merged, nil
}

// Fetch implements [wharf.PartialFile].
func (f *file) Fetch(ctx context.Context, ranges ...wharf.ByteRange) error {
	const op = "cache.Fetch"
	size := f.Object().Size
	wanted, err := runsOf(size, ranges)
	if err != nil {
		return err
	}
	if err := f.c.pin(f.e); err != nil {
		return err
	}
	defer f.c.release(f.e)
	for _, r := range wanted {
		_, n := r.bytes(size)
		f.c.counts.asked.Add(n)
	}
	all := len(wanted) == 1 && wanted[0].first == 0 && wanted[0].end*blockSize >= size
	if err := f.bring(ctx, wanted); err != nil {
		return fault(op, err)
	}
	f.e.mu.Lock()
	segments := len(f.e.segments)
	f.e.mu.Unlock()
	f.c.count(f.e, segments)
	if all {
		err = f.sum(ctx)
	}
	if err == nil && len(wanted) > 0 {
		err = f.prove(ctx)
	}
	return fault(op, err)
}

// bring returns when all wanted blocks are there.
func (f *file) bring(ctx context.Context, wanted []run) error {
	for {
		w := f.e.claim(wanted)
		switch {
		case len(w.fetch)+len(w.check) > 0:
			if err := f.do(ctx, w); err != nil {
				return err
			}
		case len(w.rest) == 0:
			return nil
		default:
			select {
			case <-w.changed:
			case <-ctx.Done():
				return wharf.WrapError(wharf.CodeCanceled, "cache.Fetch", "", context.Cause(ctx))
			}
		}
		wanted = w.rest
	}
}

// prove makes sure that the asker may read the bytes. Who may ask for an
// object's head may read it, except of an object that is encrypted with a key
// that the asker may not use. Such an object has no MD5 that is known.
func (f *file) prove(ctx context.Context) error {
	if f.proven.Load() || f.Object().MD5 != "" {
		return nil
	}
	r, err := f.from.Range(ctx, 0, 1)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, r)
	if err = errors.Join(err, r.Close()); err == nil {
		f.proven.Store(true)
	}
	return err
}

// sum compares the whole object with its MD5, if that is known, once for a
// version.
func (f *file) sum(ctx context.Context) error {
	want := f.Object().MD5
	if want == "" {
		return nil
	}
	if mine, err := f.e.beginSum(ctx); !mine || err != nil {
		return err
	}
	sum, err := f.md5(ctx)
	f.e.endSum(err == nil && sum == want)
	if err != nil || sum == want {
		return err
	}
	f.c.drop(f.e)
	return &wharf.Error{Code: wharf.CodeUpstream, Op: "cache.Fetch", Err: errors.New("the bytes do not have the MD5 that the ETag gives"),
		Msg: fmt.Sprintf("the file %q was replaced or removed while it was read", f.Object().Key)}
}

// beginSum returns that the caller is to work out the sum, when nobody else
// does and it is not known.
func (e *entry) beginSum(ctx context.Context) (mine bool, err error) {
	for {
		e.mu.Lock()
		summed, summing, changed := e.summed, e.summing, e.changed
		if !summed && !summing {
			e.summing = true
		}
		e.mu.Unlock()
		switch {
		case summed:
			return false, nil
		case !summing:
			return true, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false, wharf.WrapError(wharf.CodeCanceled, "cache.Fetch", "", context.Cause(ctx))
		}
	}
}

func (e *entry) endSum(ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.summing, e.summed = false, e.summed || ok
	e.wake()
}

// md5 works out the MD5 of the whole object, and notes it where it is right.
func (f *file) md5(ctx context.Context) (string, error) {
	data, list, err := f.open()
	if err != nil {
		return "", err
	}
	defer data.Close()
	defer list.Close()
	h, buf := md5.New(), make([]byte, bufferSize)
	for {
		if ctx.Err() != nil {
			return "", wharf.WrapError(wharf.CodeCanceled, "cache.Fetch", "", context.Cause(ctx))
		}
		n, err := data.Read(buf)
		h.Write(buf[:n])
		if err == io.EOF {
			break
		}
		if err != nil {
			return "", err
		}
	}
	sum := hex.EncodeToString(h.Sum(nil))
	if sum == f.Object().MD5 {
		f.e.write(list, record(kindSummed, 0, nil))
	}
	return sum, nil
}

// open opens the files of the entry. While it is not gone, the names are its
// own.
func (f *file) open() (data, list *os.File, err error) {
	if err := f.c.o.fault("open"); err != nil {
		return nil, nil, err
	}
	if data, err = os.OpenFile(f.e.dataPath(), os.O_RDWR, 0); err == nil {
		list, err = os.OpenFile(f.e.blocksPath(), os.O_WRONLY|os.O_APPEND, 0)
	}
	f.c.mu.Lock()
	gone := f.e.gone
	f.c.mu.Unlock()
	if err == nil && !gone {
		return data, list, nil
	}
	for _, f := range []*os.File{data, list} {
		if f != nil {
			f.Close()
		}
	}
	if gone || errors.Is(err, os.ErrNotExist) {
		err = errGone()
	}
	return nil, nil, err
}

// errGone is the error of a file that was dropped while it was in use.
func errGone() error {
	return wharf.Errorf(wharf.CodeUnavailable, "the file left the cache while it was read; run the query again")
}
