package dir

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"

	"wharf"
)

var _ wharf.Localizer = (*Store)(nil)

// Local implements [wharf.Localizer]. The file is the one in the stage's
// folder: Open has made sure that it is within that, and no symbolic link is
// followed afterwards.
func (s *Store) Local(ctx context.Context, key wharf.Key) (wharf.LocalFile, error) {
	f, err := s.Open(ctx, key)
	if err != nil {
		return nil, err
	}
	return &localFile{file: f.(*file)}, nil
}

// localFile is an open [wharf.LocalFile]. Another program may write to its
// bytes at any time: Whole finds that out, by what Read of a range does too.
type localFile struct {
	*file

	mu   sync.Mutex // guards link
	link string     // was made by Link; the file is closed from then on
}

// Link implements [wharf.LocalFile]. It links the file that is open, whatever
// is at its path by now. So many files can be linked as the disk takes: the
// link stands for the open file from then on.
func (l *localFile) Link(path string) error {
	const op = "dir.Link"
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.link != "" {
		return translate(op, os.Link(l.link, path))
	}
	open := fmt.Sprintf("/proc/self/fd/%d", l.f.Fd())
	if err := unix.Linkat(unix.AT_FDCWD, open, unix.AT_FDCWD, path, unix.AT_SYMLINK_FOLLOW); err != nil {
		return translate(op, &os.LinkError{Op: "link", Old: open, New: path, Err: err})
	}
	l.link = path
	return translate(op, l.f.Close())
}

// Whole implements [wharf.LocalFile].
func (l *localFile) Whole(ctx context.Context) error {
	const op = "dir.Read"
	if err := ctx.Err(); err != nil {
		return translate(op, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.link == "" {
		return translate(op, l.unchanged())
	}
	info, err := os.Lstat(l.link)
	if err == nil && etagOf(info) != l.object.ETag {
		err = changed(info)
	}
	return translate(op, err)
}

// Close implements [wharf.LocalFile].
func (l *localFile) Close() error {
	if err := l.file.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil
}
