package dir

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"syscall"
	"time"

	"wharf"
)

// The stage's folder is shared with other programs. The umask of the process
// decides what they may do with its files.
const (
	fileMode   = 0o666
	folderMode = 0o777
)

// bufferSize is the length in bytes of the buffer of a Put.
const bufferSize = 128 << 10

// PutMemory implements [wharf.Budgeter].
func (s *Store) PutMemory(int64) int64 { return bufferSize }

// Put implements [wharf.Store].
func (s *Store) Put(ctx context.Context, key wharf.Key, r io.Reader, o wharf.PutOptions) (wharf.Object, error) {
	const op = "dir.Put"
	if err := ctx.Err(); err != nil {
		return wharf.Object{}, translate(op, err)
	}
	name, err := pathOf(key)
	if err != nil {
		return wharf.Object{}, err
	}
	body, err := wharf.NewBody(ctx, r, o)
	if err != nil {
		return wharf.Object{}, err
	}
	root, err := s.rootForWriting()
	if err != nil {
		return wharf.Object{}, translate(op, err)
	}
	defer root.Close()
	if s.leadsIntoUploads(path.Dir(name)) {
		return wharf.Object{}, errInUploads(key)
	}
	if _, err := root.Lstat(name); err == nil && o.IfAbsent {
		return wharf.Object{}, errExists(key)
	}
	u, err := s.begin(root)
	if err != nil {
		return wharf.Object{}, translate(op, err)
	}
	defer u.discard()
	info, err := u.fill(body)
	if err == nil {
		err = ctx.Err() // the sync may have taken long
	}
	if err == nil {
		err = u.publish(key, name, o.IfAbsent)
	}
	if err != nil {
		return wharf.Object{}, translate(op, err)
	}
	return objectOf(key, info), nil
}

// fill writes and syncs the body, and sets a time that no earlier version of
// the file has.
func (u *upload) fill(body *wharf.Body) (fs.FileInfo, error) {
	if err := u.s.step("write"); err != nil {
		return nil, err
	}
	// Without these wrappers, io.CopyBuffer would not use the buffer.
	if _, err := io.CopyBuffer(struct{ io.Writer }{u.f}, struct{ io.Reader }{body}, make([]byte, bufferSize)); err != nil {
		return nil, err
	}
	if err := u.s.step("sync"); err != nil {
		return nil, err
	}
	now := time.Now()
	if err := u.root.Chtimes(u.name, now, now); err != nil {
		return nil, err
	}
	if err := u.f.Sync(); err != nil {
		return nil, err
	}
	return u.f.Stat()
}

// publish gives the file its name, and syncs that.
func (u *upload) publish(key wharf.Key, name string, ifAbsent bool) error {
	if err := u.s.step("publish"); err != nil {
		return err
	}
	if err := u.place(key, name, ifAbsent); err != nil {
		return err
	}
	if err := u.s.step("sync folders"); err != nil {
		return err
	}
	return syncFolders(u.root, path.Dir(name))
}

// place moves the file to its name. It tries three times, because other programs
// may remove a folder between its creation and its use.
func (u *upload) place(key wharf.Key, name string, ifAbsent bool) (err error) {
	for range 3 {
		if err = u.root.MkdirAll(path.Dir(name), folderMode); err == nil {
			err = u.move(name, ifAbsent)
		}
		info, statErr := u.root.Lstat(name)
		isFolder := statErr == nil && info.IsDir()
		switch {
		case err == nil:
			return nil
		case isFolder && u.root.Remove(name) == nil:
			// An empty folder is not in the stage.
		case isFolder, errors.Is(err, syscall.ENOTDIR), !ifAbsent && errors.Is(err, fs.ErrExist):
			return wharf.Errorf(wharf.CodeInvalid, "the file %q cannot be stored: a stage on fs:// cannot have a file and a folder of one name", key)
		case ifAbsent && errors.Is(err, fs.ErrExist):
			return errExists(key)
		case errors.Is(err, syscall.EXDEV):
			return wharf.Errorf(wharf.CodeInvalid, "the file %q cannot be stored: another disk is mounted there in the stage's folder; make a stage on that disk", key)
		case !errors.Is(err, fs.ErrNotExist):
			return err
		}
	}
	return err
}

func (u *upload) move(name string, ifAbsent bool) error {
	if ifAbsent {
		// Unlike a rename, a link does not replace a file.
		return u.root.Link(u.name, name)
	}
	return u.root.Rename(u.name, name)
}

func (s *Store) step(name string) error {
	if s.fault == nil {
		return nil
	}
	return s.fault(name)
}

// syncFolders syncs a folder and those above it up to the root. All of them,
// because another upload may have created one just now and not synced it yet.
func syncFolders(root *os.Root, folder string) error {
	for {
		if err := syncFolder(root, folder); err != nil || folder == "." {
			return err
		}
		folder = path.Dir(folder)
	}
}

func syncFolder(root *os.Root, folder string) error {
	f, err := root.Open(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // another program removed it, with what was in it
	}
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
