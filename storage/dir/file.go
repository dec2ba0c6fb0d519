package dir

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"

	"wharf"
)

// objectOf returns the object that a file is.
func objectOf(key wharf.Key, info fs.FileInfo) wharf.Object {
	return wharf.Object{Key: key, Size: info.Size(), ETag: etagOf(info), ModTime: info.ModTime().UTC()}
}

// etagOf returns the version of a file. A new upload has a new inode and a new
// time, and a change in place has a new time.
func etagOf(info fs.FileInfo) string {
	var inode uint64
	if sys, ok := info.Sys().(*syscall.Stat_t); ok {
		inode = sys.Ino
	}
	return fmt.Sprintf("%x-%x-%x", inode, info.ModTime().UnixNano(), info.Size())
}

// Open implements [wharf.Store].
func (s *Store) Open(ctx context.Context, key wharf.Key) (wharf.File, error) {
	const op = "dir.Open"
	root, name, err := s.find(ctx, op, key)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	// Opening a device may have an effect, and a socket cannot be opened.
	info, err := root.Stat(name)
	if err != nil {
		return nil, translateAt(op, key, err)
	}
	if !info.Mode().IsRegular() || s.leadsIntoUploads(name) {
		return nil, errNoFile(key)
	}
	// By now it may be a pipe; opening one waits for its writer.
	f, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, translateAt(op, key, err)
	}
	info, err = f.Stat()
	if err == nil && info.Mode().IsRegular() {
		return &file{f: f, object: objectOf(key, info)}, nil
	}
	f.Close()
	if err != nil {
		return nil, translate(op, err)
	}
	return nil, errNoFile(key)
}

// file is an open version of an object.
type file struct {
	f      *os.File
	object wharf.Object
}

// Object implements [wharf.File].
func (f *file) Object() wharf.Object { return f.object }

// Close implements [wharf.File].
func (f *file) Close() error { return translate("dir.Close", f.f.Close()) }

// Range implements [wharf.File].
func (f *file) Range(ctx context.Context, off, n int64) (io.ReadCloser, error) {
	if err := ctx.Err(); err != nil {
		return nil, translate("dir.Range", err)
	}
	size := f.object.Size
	if n < 0 {
		n = size - off
	}
	// Not off+n > size, which could overflow.
	if off < 0 || off > size || n > size-off {
		return nil, wharf.Errorf(wharf.CodeRange, "the range is not within the %d bytes of the file", size)
	}
	return &rangeReader{ctx: ctx, f: f, off: off, left: n}, nil
}

// rangeReader reads a part of a file, and fails if the file is changed.
type rangeReader struct {
	ctx  context.Context
	f    *file
	off  int64
	left int64
}

func (r *rangeReader) Read(p []byte) (int, error) {
	const op = "dir.Read"
	if err := r.ctx.Err(); err != nil {
		return 0, translate(op, err)
	}
	if r.left == 0 {
		return 0, io.EOF
	}
	if int64(len(p)) > r.left {
		p = p[:r.left]
	}
	n, err := r.f.f.ReadAt(p, r.off)
	if err == io.EOF {
		err = nil // the file was truncated: unchanged says so
	}
	if err == nil {
		err = r.f.unchanged()
	}
	if err != nil {
		return 0, translate(op, err)
	}
	r.off += int64(n)
	r.left -= int64(n)
	return n, nil
}

func (r *rangeReader) Close() error { return nil }

// unchanged returns an error if another program wrote to the file since it was
// opened.
func (f *file) unchanged() error {
	info, err := f.f.Stat()
	if err == nil && etagOf(info) != f.object.ETag {
		err = changed(info)
	}
	return err
}

func changed(info fs.FileInfo) error {
	return &wharf.Error{Code: wharf.CodeInternal, Op: "dir.Read", Msg: "the file was changed while it was read",
		Err: fmt.Errorf("its time is now %s", info.ModTime().Format(time.RFC3339Nano))}
}
