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
	// uploads is the folder, in the stage's, of files that are not whole.
	uploads = ".wharf-uploads"
	// mark is what the names of such files start with; the rest is random.
	mark = "upload-"
	// leftAge is how long a file there is left alone where the file system has
	// no locks: so long does no upload pause between two reads.
	leftAge = 24 * time.Hour
	// holdTries is how often an upload makes a file that another server's
	// tidy takes away before it is locked.
	holdTries = 10
)

// newName makes a name that no other upload has.
func newName() string { return mark + rand.Text() }

// isOurs tells whether newName may have made a name: what else somebody put
// into the folder is not for the server to remove.
func isOurs(name string) bool {
	rest, ok := strings.CutPrefix(name, mark)
	return ok && len(rest) == len(rand.Text()) && strings.Trim(rest, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == ""
}

// upload is a file that is not whole yet.
type upload struct {
	s    *Store
	root *os.Root
	f    *os.File
	name string // below root
}

// begin makes the file of an upload.
func (s *Store) begin(root *os.Root) (u *upload, err error) {
	if err := s.step("create"); err != nil {
		return nil, err
	}
	if err := makeAside(root); err != nil {
		return nil, err
	}
	s.tidyOnce(root)
	for range holdTries {
		u = &upload{s: s, root: root, name: path.Join(uploads, newName())}
		if u.f, err = root.OpenFile(u.name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode); err != nil {
			return nil, err
		}
		if err = u.hold(); err == nil {
			return u, nil
		}
		u.abandon()
	}
	return nil, err
}

// hold tells every tidy that the file is being written, until it is closed or
// its process ends. It fails where one was faster.
func (u *upload) hold() error {
	if err := u.s.lock(u.f); errors.Is(err, syscall.EWOULDBLOCK) {
		return err // it holds the file now, and removes it
	}
	_, err := u.root.Lstat(u.name)
	return err
}

// lock takes the lock on a file, with EWOULDBLOCK if another holds it. Other
// errors mean that the file system has no locks.
func (s *Store) lock(f *os.File) error {
	if err := s.step("lock"); err != nil {
		return err
	}
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}

// makeAside makes the folder of uploads. A link in its place could lead to
// files of others, which would be taken for uploads.
func makeAside(root *os.Root) error {
	err := root.Mkdir(uploads, 0o700)
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := root.Lstat(uploads)
	if err == nil && !info.IsDir() {
		err = wharf.Errorf(wharf.CodeInvalid, "%s in the stage's folder is not a folder; the server makes one of that name for files that are not whole yet", uploads)
	}
	return err
}

// abandon removes the file where it has no other name, and closes it.
func (u *upload) abandon() {
	u.root.Remove(u.name)
	u.f.Close() // it is durable, or of no use
}

// tidyOnce removes what uploads that ended with their process left behind, as
// far as it can: what stays is tried again by the next server.
func (s *Store) tidyOnce(root *os.Root) {
	s.tidied.Do(func() {
		if folder, err := openAside(root); err == nil {
			defer folder.Close()
			s.tidy(folder)
		}
	})
}

// openAside opens the folder of uploads if it is one.
func openAside(root *os.Root) (*os.Root, error) {
	if info, err := root.Lstat(uploads); err != nil || !info.IsDir() {
		return nil, fs.ErrNotExist
	}
	return root.OpenRoot(uploads)
}

func (s *Store) tidy(folder *os.Root) {
	f, err := folder.Open(".")
	if err != nil {
		return
	}
	defer f.Close()
	for {
		names, err := f.Readdirnames(pageRead)
		for _, name := range names {
			if isOurs(name) {
				s.removeLeft(folder, name)
			}
		}
		if err != nil {
			return
		}
	}
}

// removeLeft removes a file that nobody is writing.
func (s *Store) removeLeft(folder *os.Root, name string) {
	info, err := folder.Lstat(name)
	if err != nil || !info.Mode().IsRegular() {
		return
	}
	// For writing: a lock over NFS takes that.
	f, err := folder.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return
	}
	defer f.Close()
	err = s.lock(f)
	if err == nil || !errors.Is(err, syscall.EWOULDBLOCK) && time.Since(info.ModTime()) > leftAge {
		folder.Remove(name)
	}
}
