package local

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"

	"wharf"
)

// blockFile is an open body that is read block by block: a file, or a part of
// a segment. The checksums lie in the segment.
type blockFile struct {
	e     *Engine
	obj   wharf.Object
	seg   *segment
	own   vfs.File // the body file; nil if the body lies in the segment
	file  vfs.File // where the body lies
	start int64    // and where it begins there
	table int64    // where in the segment the checksums begin
	once  sync.Once
}

// Object tells of the version that is open.
func (f *blockFile) Object() wharf.Object { return f.obj }

// Close lets go of the files; if the body was replaced or removed, the disk
// gets its bytes back.
func (f *blockFile) Close() (err error) {
	f.once.Do(func() {
		f.e.segs.close(f.seg)
		if f.own != nil {
			err = f.own.Close()
		}
	})
	return wharf.WrapError(wharf.CodeInternal, "local.Close", "", err)
}

// Range reads the blocks that the range touches, and hands out none that
// does not match its checksum.
func (f *blockFile) Range(ctx context.Context, off, n int64) (io.ReadCloser, error) {
	end, err := extent(f.obj.Size, off, n)
	if err != nil {
		return nil, err
	}
	return &blockReader{ctx: ctx, file: f, off: off, end: end}, nil
}

// blockReader reads a range of a body.
type blockReader struct {
	ctx      context.Context
	file     *blockFile
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
	stop := min(start+chunkSize, (r.end+blockSize-1)/blockSize*blockSize, r.file.obj.Size)
	data := r.buf[:stop-start]
	if err := readStored(r.file.file, data, r.file.start+start); err != nil {
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
func (f *blockFile) verify(first int64, data []byte) error {
	var table [crcLen * chunkSize / blockSize]byte
	sums := table[:crcLen*blocks(int64(len(data)))]
	if err := readStored(f.seg.file, sums, f.table+crcLen*first); err != nil {
		return fault("local.Read", err)
	}
	if !verifyBlocks(data, sums) {
		return damaged("local.Read", "a block does not match its checksum")
	}
	return nil
}

// smallFile is an open small body: bytes that were verified when they were
// read, in a buffer that is used again after Close.
type smallFile struct {
	obj    wharf.Object
	data   []byte // nil after Close
	buffer *[]byte
}

// Object tells of the version that is open.
func (f *smallFile) Object() wharf.Object { return f.obj }

// Close gives the buffer back.
func (f *smallFile) Close() error {
	if f.buffer != nil {
		buffers.give(f.buffer)
		f.data, f.buffer = nil, nil
	}
	return nil
}

// Range reads from memory.
func (f *smallFile) Range(ctx context.Context, off, n int64) (io.ReadCloser, error) {
	end, err := extent(f.obj.Size, off, n)
	if err != nil {
		return nil, err
	}
	return &memoryReader{ctx: ctx, file: f, off: off, end: end}, nil
}

// memoryReader hands out bytes until its context ends.
type memoryReader struct {
	ctx      context.Context
	file     *smallFile
	off, end int64 // what is left of the range
}

// rest is what is left to read.
func (r *memoryReader) rest() ([]byte, error) {
	const op = "local.Read"
	if err := r.ctx.Err(); err != nil {
		return nil, wharf.WrapError(wharf.CodeInternal, op, "", err)
	}
	if r.file.buffer == nil {
		// The buffer may be another file's by now.
		return nil, wharf.WrapError(wharf.CodeInternal, op, "", errFileClosed)
	}
	return r.file.data[r.off:r.end], nil
}

var errFileClosed = errors.New("the file is closed already")

func (r *memoryReader) Read(p []byte) (int, error) {
	rest, err := r.rest()
	if err != nil {
		return 0, err
	}
	if len(rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, rest)
	r.off += int64(n)
	return n, nil
}

// WriteTo saves io.Copy its buffer.
func (r *memoryReader) WriteTo(w io.Writer) (int64, error) {
	rest, err := r.rest()
	if err != nil {
		return 0, err
	}
	n, err := w.Write(rest)
	r.off += int64(n)
	return int64(n), err
}

func (r *memoryReader) Close() error { return nil }
