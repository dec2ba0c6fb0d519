package local

import (
	"errors"
	"io"
	"strings"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"
	"golang.org/x/sys/unix"
)

const (
	fileMode   = 0o600
	folderMode = 0o700
)

// disk is what the engine and its index do file operations through: the FS
// of the Options, with every file private to the server.
type disk struct{ vfs.FS }

func private(f vfs.File, err error) (vfs.File, error) {
	if err != nil {
		return nil, err
	}
	if fd := f.Fd(); fd != vfs.InvalidFd {
		if err := unix.Fchmod(int(fd), fileMode); err != nil {
			f.Close()
			return nil, err
		}
	}
	return f, nil
}

// Create makes a file that only the server can read.
func (d *disk) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	if err := d.beforeMarker(name); err != nil {
		return nil, err
	}
	return private(d.FS.Create(name, c))
}

// Remove removes a file or an empty folder.
func (d *disk) Remove(name string) error {
	if err := d.beforeMarker(name); err != nil {
		return err
	}
	return d.FS.Remove(name)
}

// beforeMarker makes durable what a marker of the index refers to before the
// marker is written, and the new marker before the old one is removed. The
// index itself syncs the folder only afterwards (pebble v2.1.4,
// vfs/atomicfs/marker.go), which leaves it without a manifest where a file
// system writes the entries of a folder in another order.
func (d *disk) beforeMarker(name string) error {
	if !strings.HasPrefix(d.PathBase(name), "marker.") {
		return nil
	}
	return syncFolder(d.FS, d.PathDir(name))
}

// OpenReadWrite opens a file, and makes it if there is none.
func (d *disk) OpenReadWrite(name string, c vfs.DiskWriteCategory, o ...vfs.OpenOption) (vfs.File, error) {
	return private(d.FS.OpenReadWrite(name, c, o...))
}

// Lock locks a file that only the server can read. The file is made first,
// where there is none, and not opened otherwise: closing any handle of it
// would end a lock that this process has on it.
func (d *disk) Lock(name string) (io.Closer, error) {
	_, isReadOnly := d.FS.(readOnly) // it makes no file, and needs none
	if _, err := d.FS.Stat(name); missing(err) && !isReadOnly {
		f, err := d.Create(name, vfs.WriteCategoryUnspecified)
		if err != nil {
			return nil, err
		}
		if err := f.Close(); err != nil {
			return nil, err
		}
	}
	return d.FS.Lock(name)
}

// Unwrap tells pebble which FS is below.
func (d *disk) Unwrap() vfs.FS { return d.FS }

// write writes all of p.
func write(f vfs.File, p []byte) error {
	n, err := f.Write(p)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	return err
}

// writeAll writes buffers one after the other from the offset on, in one call
// where the file is a real one.
func writeAll(f vfs.File, bufs [][]byte, offset int64) error {
	if fd := f.Fd(); fd != vfs.InvalidFd {
		return writeVectors(int(fd), bufs, offset)
	}
	for _, b := range bufs {
		if len(b) == 0 {
			continue
		}
		if n, err := f.WriteAt(b, offset); err != nil {
			return err
		} else if n < len(b) {
			return io.ErrShortWrite
		}
		offset += int64(len(b))
	}
	return nil
}

// writeVectors writes buffers by as few calls as there can be.
func writeVectors(fd int, bufs [][]byte, offset int64) error {
	const most = 1024 // buffers that one call takes
	for len(bufs) > 0 {
		n, err := unix.Pwritev(fd, bufs[:min(len(bufs), most)], offset)
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return err
		case n == 0:
			return io.ErrShortWrite
		}
		offset += int64(n)
		for n > 0 || len(bufs) > 0 && len(bufs[0]) == 0 {
			m := min(n, len(bufs[0]))
			n -= m
			if bufs[0] = bufs[0][m:]; len(bufs[0]) == 0 {
				bufs = bufs[1:]
			}
		}
	}
	return nil
}

// readFull fills p from the offset on. A file that ends before is damaged.
func readFull(f io.ReaderAt, p []byte, offset int64) error {
	n, err := f.ReadAt(p, offset)
	if n == len(p) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// readStored reads what an object's record says is there. A file that ends
// before is damaged.
func readStored(f io.ReaderAt, p []byte, offset int64) error {
	err := readFull(f, p, offset)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return damaged("local.Read", "the file ends before the bytes that were stored")
	}
	return err
}

// setAttribute labels a body file. It is a help for the day when the log is
// lost, and not every file system has attributes: without it, that day is worse.
func setAttribute(f vfs.File, value []byte) {
	if fd := f.Fd(); fd != vfs.InvalidFd {
		_ = unix.Fsetxattr(int(fd), labelName, value, 0)
	}
}

// attribute reads the label of a body file; nil if it has none.
func attribute(f vfs.File) []byte {
	fd := f.Fd()
	if fd == vfs.InvalidFd {
		return nil
	}
	p := make([]byte, 2<<10)
	n, err := unix.Fgetxattr(int(fd), labelName, p)
	if err != nil {
		return nil
	}
	return p[:n]
}

// syncFile makes durable what is in a file.
func syncFile(fs vfs.FS, path string) error {
	f, err := fs.OpenReadWrite(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// syncFolder makes the entries of a folder durable.
func syncFolder(fs vfs.FS, name string) error {
	f, err := fs.OpenDir(name)
	if err != nil {
		return err
	}
	err = f.Sync()
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

// folder is a folder whose syncs are shared: one serves everyone who asked
// for it before it began.
type folder struct {
	fs    vfs.FS
	name  string
	syncs shared
}

func (f *folder) sync() error {
	return f.syncs.do(func() error { return syncFolder(f.fs, f.name) })
}

// shared runs a piece of work for many callers: each gets the result of a
// run that began after its call, and the calls that wait share one.
type shared struct {
	running sync.Mutex // held by the one who works

	mu   sync.Mutex // guards next
	next *round
}

// alone runs a piece of work while no other runs. Nobody shares it.
func (s *shared) alone(work func() error) error {
	s.running.Lock()
	defer s.running.Unlock()
	return work()
}

// round is one run that has not begun.
type round struct {
	done chan struct{}
	err  error // set before done is closed
}

// do returns when a run of work that began after the call has ended.
func (s *shared) do(work func() error) error {
	s.mu.Lock()
	r, leads := s.next, s.next == nil
	if leads {
		r = &round{done: make(chan struct{})}
		s.next = r
	}
	s.mu.Unlock()
	if !leads {
		<-r.done
		return r.err
	}
	s.running.Lock()
	defer s.running.Unlock()
	s.mu.Lock()
	s.next = nil
	s.mu.Unlock()
	r.err = work()
	close(r.done)
	return r.err
}
