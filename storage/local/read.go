package local

import (
	"context"
	"encoding/binary"
	"hash/crc32"
	"io"

	"github.com/cockroachdb/pebble/v2/vfs"

	"wharf"
)

// largeFile is an open body file.
type largeFile struct {
	obj  wharf.Object
	f    vfs.File
	size int64
}

// Object tells of the version that is open.
func (f *largeFile) Object() wharf.Object { return f.obj }

// Close lets go of the file; if it was replaced or removed, the disk gets
// its bytes back.
func (f *largeFile) Close() error {
	return wharf.WrapError(wharf.CodeInternal, "local.Close", "", f.f.Close())
}

// Range reads the blocks that the range touches, and hands out none that
// does not match its checksum.
func (f *largeFile) Range(ctx context.Context, off, n int64) (io.ReadCloser, error) {
	end, err := span(f.size, off, n)
	if err != nil {
		return nil, err
	}
	return &blockReader{ctx: ctx, file: f, off: off, end: end}, nil
}

// blockReader reads a range of a body file.
type blockReader struct {
	ctx      context.Context
	file     *largeFile
	off, end int64  // what is left of the range, apart from ready
	buf      *chunk // nil before the first and after the last read
	ready    []byte // verified bytes within buf
}

// Read hands out verified bytes.
func (r *blockReader) Read(p []byte) (int, error) {
	if err := r.load(); err != nil {
		return 0, err
	}
	n := copy(p, r.ready)
	r.ready = r.ready[n:]
	return n, nil
}

// WriteTo hands out verified bytes without a copy.
func (r *blockReader) WriteTo(w io.Writer) (total int64, err error) {
	for {
		switch err := r.load(); {
		case err == io.EOF:
			return total, nil
		case err != nil:
			return total, err
		}
		n, err := w.Write(r.ready)
		total += int64(n)
		r.ready = r.ready[n:]
		if err != nil {
			return total, err
		}
	}
}

// Close gives the buffer back.
func (r *blockReader) Close() error {
	if r.buf != nil {
		chunks.Put(r.buf)
		r.buf, r.ready = nil, nil
	}
	r.off = r.end
	return nil
}

// load makes sure that something is ready, or returns io.EOF.
func (r *blockReader) load() error {
	const op = "local.Read"
	if len(r.ready) > 0 {
		return nil
	}
	if r.off == r.end {
		return io.EOF
	}
	if err := r.ctx.Err(); err != nil {
		return wharf.WrapError(wharf.CodeInternal, op, "", err)
	}
	if r.buf == nil {
		r.buf = chunks.Get().(*chunk)
	}
	first := r.off / blockSize
	start := first * blockSize
	stop := min(start+chunkSize, (r.end+blockSize-1)/blockSize*blockSize, r.file.size)
	data := r.buf[:stop-start]
	if _, err := r.file.f.ReadAt(data, start); err != nil {
		return fault(op, err)
	}
	if err := r.file.verify(first, data); err != nil {
		return err
	}
	r.ready = data[r.off-start : min(r.end, stop)-start]
	r.off += int64(len(r.ready))
	return nil
}

// verify compares whole blocks, the first of which is number first, with
// their checksums.
func (f *largeFile) verify(first int64, data []byte) error {
	var table [crcLen * chunkSize / blockSize]byte
	sums := table[:crcLen*blocks(int64(len(data)))]
	if _, err := f.f.ReadAt(sums, f.size+crcLen*first); err != nil {
		return fault("local.Read", err)
	}
	for ; len(data) > 0; sums = sums[crcLen:] {
		b := data[:min(blockSize, len(data))]
		if crc32.Checksum(b, castagnoli) != binary.BigEndian.Uint32(sums) {
			return damaged("local.Read", "a block does not match its checksum")
		}
		data = data[len(b):]
	}
	return nil
}
