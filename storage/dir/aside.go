package dir

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"

	"wharf"
)

const (
	// uploads is the folder, in the stage's, of files that are not whole.
	uploads = ".wharf-uploads"
	// mark is what the names of such files start with; the rest is random.
	mark = "upload-"
	// leftAge is how long a file there is left alone: so long does no upload
	// pause between two reads.
	leftAge = 24 * time.Hour
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
func (s *Store) begin(root *os.Root) (*upload, error) {
	if err := s.step("create"); err != nil {
		return nil, err
	}
	if err := makeAside(root); err != nil {
		return nil, err
	}
	s.tidy.Do(func() { tidy(root, time.Now().Add(-leftAge)) })
	u := &upload{s: s, root: root, name: path.Join(uploads, newName())}
	f, err := root.OpenFile(u.name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return nil, err
	}
	u.f = f
	return u, nil
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

// abandon closes the file, and removes it where it has no other name.
func (u *upload) abandon() {
	u.f.Close() // it is durable, or of no use
	u.root.Remove(u.name)
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
			if info, err := folder.Lstat(name); err == nil && isOurs(name) && info.Mode().IsRegular() && info.ModTime().Before(before) {
				folder.Remove(name)
			}
		}
		if err != nil {
			return
		}
	}
}
