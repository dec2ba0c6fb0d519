package dir

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"syscall"
	"time"

	"wharf"
)

const (
	// uploads is the folder, in the stage's, of files that are not whole.
	uploads = ".wharf-uploads"
	// leftAge is how long a file there is left alone: so long does no upload
	// pause between two reads.
	leftAge = 24 * time.Hour

	// The stage's folder is shared with other programs: what they may do with
	// its files is for the process's umask to say.
	fileMode   = 0o666
	folderMode = 0o777
)

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
	if o.Limit > 0 && o.Size > o.Limit {
		return wharf.Object{}, errLimit(o)
	}
	root, err := s.rootForWriting()
	if err != nil {
		return wharf.Object{}, translate(op, err)
	}
	defer root.Close()
	if _, err := root.Lstat(name); err == nil && o.IfAbsent {
		return wharf.Object{}, errTaken(key)
	}
	u, err := s.begin(root)
	if err != nil {
		return wharf.Object{}, translate(op, err)
	}
	defer u.abandon()
	info, err := u.fill(&body{ctx: ctx, r: r, o: o})
	if err == nil {
		err = ctx.Err() // the bytes may have taken long to arrive
	}
	if err == nil {
		err = u.publish(key, name, o.IfAbsent)
	}
	if err != nil {
		return wharf.Object{}, translate(op, err)
	}
	return objectOf(key, info), nil
}

// upload is a file that is not whole yet.
type upload struct {
	s    *Store
	root *os.Root
	f    *os.File
	name string // below root
}

// begin makes the file of an upload.
func (s *Store) begin(root *os.Root) (*upload, error) {
	if err := s.step("create"); err != nil {
		return nil, err
	}
	if err := root.Mkdir(uploads, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	s.tidy.Do(func() { tidy(root, time.Now().Add(-leftAge)) })
	u := &upload{s: s, root: root, name: path.Join(uploads, rand.Text())}
	f, err := root.OpenFile(u.name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return nil, err
	}
	u.f = f
	return u, nil
}

// tidy removes the files of uploads that ended with their process, as far as
// it can: what stays is tried again by the next server.
func tidy(root *os.Root, before time.Time) {
	folder, err := root.OpenRoot(uploads)
	if err != nil {
		return
	}
	defer folder.Close()
	f, err := folder.Open(".")
	if err != nil {
		return
	}
	defer f.Close()
	for {
		names, err := f.Readdirnames(pageRead)
		for _, name := range names {
			if info, err := folder.Lstat(name); err == nil && info.Mode().IsRegular() && info.ModTime().Before(before) {
				folder.Remove(name)
			}
		}
		if err != nil {
			return
		}
	}
}

// fill writes the body and makes it durable, under a time that no earlier
// version of the file has.
func (u *upload) fill(b *body) (fs.FileInfo, error) {
	if err := u.s.step("write"); err != nil {
		return nil, err
	}
	if err := b.copyTo(u.f); err != nil {
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

// abandon closes the file, and removes it where it has no other name.
func (u *upload) abandon() {
	u.f.Close() // it is durable, or of no use
	u.root.Remove(u.name)
}

// publish gives the file its name, and makes that durable.
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

// place puts the file where it belongs. A folder may be removed by others
// between its making and its use, hence the attempts.
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
			// It was empty, and so not there as far as the stage goes.
		case isFolder, errors.Is(err, syscall.ENOTDIR), !ifAbsent && errors.Is(err, fs.ErrExist):
			return wharf.Errorf(wharf.CodeInvalid, "the file %q cannot be stored: a stage on fs:// cannot have a file and a folder of one name", key)
		case ifAbsent && errors.Is(err, fs.ErrExist):
			return errTaken(key)
		case !errors.Is(err, fs.ErrNotExist):
			return err
		}
	}
	return err
}

func (u *upload) move(name string, ifAbsent bool) error {
	if ifAbsent {
		// Other than a rename, a link does not replace.
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

// syncFolders makes the names in a folder durable, and those of the folders
// above it up to the root. Who finds a folder that another upload just made
// cannot know whether that is durable.
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
		return nil // removed by others, with what was in it
	}
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
