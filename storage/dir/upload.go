package dir

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"
	"time"

	"wharf"
)

const (
	// uploads is the folder, in the stage's, for files that are being written.
	uploads = ".wharf-uploads"
	// uploadPrefix starts the names of these files; the rest is random.
	uploadPrefix = "upload-"
	// abandonedAge is how old a file is before it is swept where the file
	// system has no locks. No upload pauses so long between two reads.
	abandonedAge = 24 * time.Hour
	// lockTries is how often an upload creates a file that the sweep of another
	// server removes before it is locked.
	lockTries = 10
)

// newUploadName returns a name that no other upload has.
func newUploadName() string { return uploadPrefix + rand.Text() }

// isUploadName reports whether newUploadName may have returned the name. Other
// files in the folder are not the server's to remove.
func isUploadName(name string) bool {
	rest, ok := strings.CutPrefix(name, uploadPrefix)
	return ok && len(rest) == len(rand.Text()) && strings.Trim(rest, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == ""
}

// upload is a file that is being written.
type upload struct {
	s    *Store
	root *os.Root
	f    *os.File
	name string // below root
}

// begin creates and locks the file of an upload.
func (s *Store) begin(root *os.Root) (u *upload, err error) {
	if err := s.step("create"); err != nil {
		return nil, err
	}
	if err := makeUploadsFolder(root); err != nil {
		return nil, err
	}
	s.sweepOnce(root)
	for range lockTries {
		u = &upload{s: s, root: root, name: path.Join(uploads, newUploadName())}
		if u.f, err = root.OpenFile(u.name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode); err != nil {
			return nil, err
		}
		if err = u.lock(); err == nil {
			return u, nil
		}
		u.discard()
	}
	return nil, err
}

// lock keeps sweeps from the file until it is closed or its process ends. It
// fails if a sweep was faster.
func (u *upload) lock() error {
	if err := u.s.lock(u.f); errors.Is(err, syscall.EWOULDBLOCK) {
		return err // the sweep has the lock, and removes the file
	}
	_, err := u.root.Lstat(u.name)
	return err
}

// lock locks a file. EWOULDBLOCK means that it is locked already, and other
// errors that the file system has no locks.
func (s *Store) lock(f *os.File) error {
	if err := s.step("lock"); err != nil {
		return err
	}
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}

// makeUploadsFolder creates the folder of uploads. It refuses a symbolic link in
// its place, which could lead to files of others.
func makeUploadsFolder(root *os.Root) error {
	err := root.Mkdir(uploads, 0o700)
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := root.Lstat(uploads)
	if err == nil && !info.IsDir() {
		err = wharf.Errorf(wharf.CodeInvalid, "%s in the stage's folder is not a folder; the server keeps uploads that are under way in a folder of that name", uploads)
	}
	return err
}

// discard removes the upload's name, and so the file if it was not published.
func (u *upload) discard() {
	u.root.Remove(u.name)
	u.f.Close() // what was published is synced
}

// sweepOnce removes the files that killed servers left, as far as it can. The
// next server tries the rest again.
func (s *Store) sweepOnce(root *os.Root) {
	s.swept.Do(func() {
		if folder, err := openUploadsFolder(root); err == nil {
			defer folder.Close()
			s.sweep(folder)
		}
	})
}

// openUploadsFolder opens the folder of uploads if there is one.
func openUploadsFolder(root *os.Root) (*os.Root, error) {
	if info, err := root.Lstat(uploads); err != nil || !info.IsDir() {
		return nil, fs.ErrNotExist
	}
	return root.OpenRoot(uploads)
}

func (s *Store) sweep(folder *os.Root) {
	f, err := folder.Open(".")
	if err != nil {
		return
	}
	defer f.Close()
	for {
		names, err := f.Readdirnames(pageRead)
		for _, name := range names {
			if isUploadName(name) {
				s.removeIfAbandoned(folder, name)
			}
		}
		if err != nil {
			return
		}
	}
}

// removeIfAbandoned removes a file that no upload is writing.
func (s *Store) removeIfAbandoned(folder *os.Root, name string) {
	info, err := folder.Lstat(name)
	if err != nil || !info.Mode().IsRegular() {
		return
	}
	// NFS locks only files that are open for writing.
	f, err := folder.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return
	}
	defer f.Close()
	err = s.lock(f)
	if err == nil || !errors.Is(err, syscall.EWOULDBLOCK) && time.Since(info.ModTime()) > abandonedAge {
		folder.Remove(name)
	}
}
