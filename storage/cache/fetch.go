package cache

import (
	"context"
	"hash/crc32"
	"io"
	"os"

	"golang.org/x/sync/errgroup"

	"wharf"
)

const (
	// fetchesAtOnce bounds the requests and the buffers of one Fetch.
	fetchesAtOnce = 4
	bufferSize    = 16 * blockSize
)

// do does the claimed work. It returns when no claim of it is left.
func (f *file) do(ctx context.Context, w work) error {
	data, list, err := f.open()
	if err != nil {
		for _, r := range append(w.fetch, w.check...) {
			f.e.abandoned(r)
		}
		return err
	}
	defer data.Close()
	defer list.Close()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(fetchesAtOnce)
	for _, r := range w.check {
		group.Go(func() error { return f.compare(ctx, data, r) })
	}
	for _, r := range w.fetch {
		group.Go(func() error { return f.fetchRun(ctx, data, list, r) })
	}
	return group.Wait()
}

// compare compares the blocks of a run with their checksums.
func (f *file) compare(ctx context.Context, data *os.File, r run) (err error) {
	sums, err := f.sums(ctx, r, func(p []byte, off int64) error {
		if err := f.c.o.fault("read"); err != nil {
			return err
		}
		_, err := data.ReadAt(p, off)
		return err
	})
	if err != nil {
		f.e.abandoned(r)
		return err
	}
	if bad := f.e.compared(r, sums); bad > 0 {
		f.c.o.Logger.Warn("blocks of the cache are damaged and are fetched again", "blocks", bad)
	}
	return nil
}

// sums reads the blocks of a run, in buffers of a few blocks, and returns their
// checksums.
func (f *file) sums(ctx context.Context, r run, read func(p []byte, off int64) error) ([]uint32, error) {
	off, left := r.bytes(f.Object().Size)
	sums := make([]uint32, 0, r.blocks())
	buf := make([]byte, min(left, bufferSize))
	for left > 0 {
		if ctx.Err() != nil {
			return nil, wharf.WrapError(wharf.CodeCanceled, "cache.Fetch", "", context.Cause(ctx))
		}
		p := buf[:min(left, bufferSize)]
		if err := read(p, off); err != nil {
			return nil, err
		}
		off, left = off+int64(len(p)), left-int64(len(p))
		for len(p) > 0 {
			n := min(len(p), blockSize)
			sums = append(sums, crc32.Checksum(p[:n], castagnoli))
			p = p[n:]
		}
	}
	return sums, nil
}

// fetchRun fetches the blocks of a run by one request. They count when all of
// them have come: the store may find only at their end that they are not those
// of the version.
func (f *file) fetchRun(ctx context.Context, data, list *os.File, r run) error {
	_, n := r.bytes(f.Object().Size)
	err := f.c.reserve(f.e, n)
	if err != nil {
		f.e.abandoned(r)
		return err
	}
	sums, err := f.fetchOnce(ctx, data, r)
	if wharf.DiskCode(err) == wharf.CodeNoSpace && f.c.empty() {
		sums, err = f.fetchOnce(ctx, data, r)
	}
	if err != nil {
		f.c.unreserve(f.e, n)
		f.e.abandoned(r)
		return err
	}
	f.proven.Store(true)
	f.c.counts.fetched.Add(n)
	f.e.write(list, record(kindBlocks, r.first, sums))
	if o := f.Object(); n == o.Size && o.MD5 != "" {
		// The store has compared what was read whole with it.
		f.e.write(list, record(kindSummed, 0, nil))
		f.e.endSum(true)
	}
	f.e.fetched(r, sums)
	return nil
}

func (f *file) fetchOnce(ctx context.Context, data *os.File, r run) ([]uint32, error) {
	off, n := r.bytes(f.Object().Size)
	body, err := f.from.Range(ctx, off, n)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return f.sums(ctx, r, func(p []byte, off int64) error {
		if _, err := io.ReadFull(body, p); err != nil {
			return wharf.WrapError(wharf.CodeUpstream, "cache.Fetch", "", err)
		}
		if err := f.c.o.fault("write"); err != nil {
			return err
		}
		_, err := data.WriteAt(p, off)
		return err
	})
}
