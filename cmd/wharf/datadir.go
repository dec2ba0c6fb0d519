package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"wharf/meta"
)

const (
	// lockFile marks a folder as Wharf's, from its first start on.
	lockFile = "wharf.lock"
	// filesFolder is where in the data folder the internal stages' files are.
	filesFolder = "files"
	// firstStartFile stands in a data folder from the beginning of its first
	// start until that is done. Without it the catalog and the files belong
	// together, and one without the other is a loss.
	firstStartFile = "first-start"
)

// openDataDir makes the data folder if it is not there, for its owner only,
// and locks it for this process. The lock is the kernel's, so that it goes
// with the process however that ends.
func openDataDir(dir string) (unlock func() error, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("the data folder cannot be made: %w", err)
	}
	if err := checkOurs(dir); err != nil {
		return nil, err
	}
	if err := checkOwner(dir); err != nil {
		return nil, err
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return nil, fmt.Errorf("the data folder cannot be kept from others: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the data folder cannot be written: %w", err)
	}
	return lock(dir, f)
}

// openToCheck locks a data folder that is there. For a repair it is opened as
// a server opens it; otherwise nothing is changed, and need not be allowed to.
func openToCheck(dir string, repair bool) (unlock func() error, err error) {
	names, err := namesIn(dir)
	if err != nil {
		return nil, fmt.Errorf("the data folder cannot be read: %w", err)
	}
	catalog, err := meta.Exists(dir)
	if err != nil {
		return nil, err
	}
	hasLock := slices.Contains(names, lockFile)
	switch {
	case !hasLock && !catalog:
		return nil, fmt.Errorf("%s is not a data folder of Wharf's", dir)
	case repair:
		return openDataDir(dir)
	case !hasLock:
		return func() error { return nil }, nil // no server has it
	}
	f, err := os.Open(filepath.Join(dir, lockFile))
	if err != nil {
		return nil, fmt.Errorf("the data folder cannot be read: %w", err)
	}
	return lock(dir, f)
}

func lock(dir string, f *os.File) (unlock func() error, err error) {
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EBADF) { // NFS has no such lock for a file that is opened to be read
		err = unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB)
	}
	if errors.Is(err, unix.EWOULDBLOCK) {
		err = fmt.Errorf("the data folder %s is in use by another wharf", dir)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f.Close, nil
}

// checkOurs refuses a folder that holds something else, before its mode is
// changed: --data-dir /tmp would otherwise shut everybody out of it. A backup
// may have left out the lock.
func checkOurs(dir string) error {
	names, err := namesIn(dir)
	if err != nil {
		return fmt.Errorf("the data folder cannot be read: %w", err)
	}
	catalog, err := meta.Exists(dir)
	if err != nil {
		return err
	}
	if len(names) > 0 && !catalog && !slices.Contains(names, lockFile) {
		return fmt.Errorf("the folder %s is not empty and not a data folder of Wharf's", dir)
	}
	return nil
}

// checkOwner refuses a folder of another user's: what this process makes in it,
// that user could not open any more.
func checkOwner(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("the data folder cannot be read: %w", err)
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if us := os.Geteuid(); ok && int(owner.Uid) != us {
		return fmt.Errorf("the data folder %s belongs to %s, and this process runs as %s; run it as the owner, or give it the folder with chown -R",
			dir, userName(int(owner.Uid)), userName(us))
	}
	return nil
}

func userName(id int) string {
	if u, err := user.LookupId(strconv.Itoa(id)); err == nil {
		return "the user " + u.Username
	}
	return "the user with the ID " + strconv.Itoa(id)
}

// namesIn lists a folder, without what file systems put there themselves. A
// folder that is not there is empty.
func namesIn(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	var names []string
	for _, e := range entries {
		if name := e.Name(); name != "lost+found" && !strings.HasPrefix(name, ".nfs") {
			names = append(names, name)
		}
	}
	return names, err
}

// parts is what a data folder has of what belongs together.
type parts struct {
	catalog bool // catalog.db
	files   bool // something in files/
	begun   bool // a first start that has not been finished
	other   bool // anything but these and the lock
}

func readParts(dir string) (p parts, err error) {
	names, err := namesIn(dir)
	if err != nil {
		return p, err
	}
	files, err := namesIn(filepath.Join(dir, filesFolder))
	if err != nil {
		return p, fmt.Errorf("the folder of the files cannot be read: %w", err)
	}
	if p.catalog, err = meta.Exists(dir); err != nil {
		return p, err
	}
	p.files = len(files) > 0
	p.begun = slices.Contains(names, firstStartFile)
	for _, name := range names {
		p.other = p.other || name != lockFile && name != filesFolder
	}
	return p, nil
}

// isNew reports whether nothing can be missing, because nothing was there yet.
func (p parts) isNew() bool { return p.begun || !p.catalog && !p.files && !p.other }

// check refuses a data folder that has lost its catalog or its files: a server
// that made what is missing would hide all that the folder holds.
func (p parts) check(dir string, newCatalog bool) error {
	switch {
	case p.catalog && newCatalog:
		return fmt.Errorf("catalog.db is in the data folder %s; --new-catalog makes one only where it is missing", dir)
	case p.isNew(), newCatalog, p.catalog && p.files:
		return nil
	case p.catalog:
		return fmt.Errorf("the files of the stages, the folder %s of the data folder %s, are missing beside a catalog that is not new: "+
			"mount their disk or restore them; if they are lost, wharf check --repair begins an empty folder", filesFolder, dir)
	}
	return fmt.Errorf("catalog.db is missing in the data folder %s, which is not new: restore it and catalog.key from a backup; "+
		"or run wharf check --repair, which makes a stage recovered_ID of each stage's files; "+
		"or start with --new-catalog, with which no stage shows the files that are there", dir)
}

// beginStart looks at what the folder holds before anything is made in it.
// The caller calls done when both the catalog and the files are there.
func beginStart(dir string, newCatalog bool) (done func() error, err error) {
	p, err := readParts(dir)
	if err != nil {
		return nil, err
	}
	if err := p.check(dir, newCatalog); err != nil {
		return nil, err
	}
	mark := filepath.Join(dir, firstStartFile)
	if p.catalog && p.files && !p.begun {
		return func() error { return nil }, nil
	}
	if err := os.WriteFile(mark, nil, 0o600); err != nil {
		return nil, fmt.Errorf("the data folder cannot be written: %w", err)
	}
	if err := syncDir(dir); err != nil {
		return nil, err
	}
	return func() error { return errors.Join(os.Remove(mark), syncDir(dir)) }, nil
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
