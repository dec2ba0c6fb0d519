package dir

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"

	"wharf"
)

// maxSegment is the longest name of a file or folder on the file systems of
// Linux, in bytes.
const maxSegment = 255

// Store is the files of one stage. Make it with [Backend.Open].
type Store struct {
	allow string // the allowed folder, an absolute path
	below string // the stage's folder below it, or "."

	pageNames int // how many names of a folder List keeps at once

	creating sync.Mutex // held while the stage's folder is created
	swept    sync.Once  // the files of killed servers are removed

	// fault makes a step of Put fail, in tests.
	fault func(step string) error
}

var (
	_ wharf.Store    = (*Store)(nil)
	_ wharf.Budgeter = (*Store)(nil)
	_ wharf.Placer   = (*Store)(nil)
)

// root opens the stage's folder. Its error is fs.ErrNotExist only if the allowed
// folder is there and the stage's is not.
func (s *Store) root() (*os.Root, error) {
	allowed, err := os.OpenRoot(s.allow)
	if err != nil {
		return nil, &wharf.Error{Code: wharf.CodeInternal, Op: "dir.root", Err: err, Msg: "the folder that --fs-allow names for this stage cannot be opened"}
	}
	if s.below == "." {
		return allowed, nil
	}
	defer allowed.Close()
	return allowed.OpenRoot(s.below)
}

// rootForWriting opens the stage's folder, and creates it if it is missing.
func (s *Store) rootForWriting() (*os.Root, error) {
	root, err := s.root()
	if !isNotFound(err) {
		return root, err
	}
	s.creating.Lock()
	defer s.creating.Unlock()
	allowed, err := os.OpenRoot(s.allow)
	if err != nil {
		return nil, err
	}
	defer allowed.Close()
	if err := allowed.MkdirAll(s.below, folderMode); err != nil {
		return nil, err
	}
	if err := syncFolders(allowed, s.below); err != nil {
		return nil, err
	}
	return allowed.OpenRoot(s.below)
}

// isNotFound reports whether a path leads to nothing, also because a part of it
// is a file, too long, or a symbolic link in a circle.
func isNotFound(err error) bool {
	var coded *wharf.Error
	if errors.As(err, &coded) {
		return false
	}
	for _, is := range []error{fs.ErrNotExist, syscall.ENOTDIR, syscall.ENAMETOOLONG, syscall.ELOOP} {
		if errors.Is(err, is) {
			return true
		}
	}
	return false
}

// pathOf returns the path of a key below the stage's folder. It is CodeInvalid
// for a key that no file can have, and for one in a folder of uploads, also that
// of a stage on a folder below.
func pathOf(key wharf.Key) (string, error) {
	for segment := range strings.SplitSeq(string(key), "/") {
		switch {
		case segment == "" || segment == "." || segment == "..":
			return "", wharf.Errorf(wharf.CodeInvalid, "the file name %q has an empty segment, \".\" or \"..\"; a stage on fs:// cannot have it", key)
		case len(segment) > maxSegment:
			return "", wharf.Errorf(wharf.CodeInvalid, "the file name %q has a segment of %d bytes; a stage on fs:// takes at most %d", key, len(segment), maxSegment)
		case segment == uploads:
			return "", errInUploads(key)
		}
	}
	return string(key), nil
}

// find opens the stage's folder and returns the path of the key in it.
// CodeNotFound if no file can have the key.
func (s *Store) find(ctx context.Context, op string, key wharf.Key) (*os.Root, string, error) {
	if err := ctx.Err(); err != nil {
		return nil, "", translate(op, err)
	}
	name, err := pathOf(key)
	if err != nil {
		return nil, "", errNoFile(key)
	}
	root, err := s.root()
	if err != nil {
		return nil, "", translateAt(op, key, err)
	}
	return root, name, nil
}

// Stat implements [wharf.Store].
func (s *Store) Stat(ctx context.Context, key wharf.Key) (wharf.Object, error) {
	const op = "dir.Stat"
	root, name, err := s.find(ctx, op, key)
	if err != nil {
		return wharf.Object{}, err
	}
	defer root.Close()
	info, err := root.Stat(name)
	if err != nil {
		return wharf.Object{}, translateAt(op, key, err)
	}
	if !info.Mode().IsRegular() || s.leadsIntoUploads(name) {
		return wharf.Object{}, errNoFile(key)
	}
	return objectOf(key, info), nil
}

// Delete implements [wharf.Store].
func (s *Store) Delete(ctx context.Context, keys []wharf.Key) error {
	const op = "dir.Delete"
	if err := ctx.Err(); err != nil {
		return translate(op, err)
	}
	root, err := s.root()
	if isNotFound(err) {
		return nil
	}
	if err != nil {
		return translate(op, err)
	}
	defer root.Close()
	s.sweepOnce(root)
	changed := map[string]bool{}
	for _, key := range keys {
		if err := ctx.Err(); err != nil {
			return translate(op, err)
		}
		name, err := pathOf(key)
		if err != nil || s.leadsIntoUploads(name) {
			continue
		}
		removed, err := remove(root, name)
		if err != nil {
			return translate(op, err)
		}
		if removed {
			changed[path.Dir(name)] = true
		}
	}
	for folder := range changed {
		if err := syncFolder(root, folder); err != nil {
			return translate(op, err)
		}
	}
	return nil
}

// remove removes the file, if there is one, and reports whether it did. It keeps
// an empty folder, which [os.Root.Remove] alone would remove.
func remove(root *os.Root, name string) (bool, error) {
	info, err := root.Stat(name)
	if err == nil && !info.Mode().IsRegular() {
		return false, nil
	}
	if err == nil {
		err = root.Remove(name)
	}
	if isNotFound(err) || leadsOutside(err) {
		return false, nil
	}
	return err == nil, err
}

// Place implements [wharf.Placer]: the path without symbolic links.
func (s *Store) Place(prefix string) wharf.Place {
	folder, base := path.Split(prefix)
	real := s.real(folder)
	if real != "/" {
		real += "/"
	}
	return wharf.Place{Space: "fs", Path: real + base}
}

// real returns the absolute path that a name below the stage's folder leads to.
// Symbolic links are resolved as far as their targets exist.
func (s *Store) real(name string) string {
	at := "/"
	for segment := range strings.SplitSeq(path.Join(s.allow, s.below, name), "/") {
		at = path.Join(at, segment)
		if info, err := os.Lstat(at); err != nil || info.Mode().Type() != fs.ModeSymlink {
			continue
		}
		if to, err := filepath.EvalSymlinks(at); err == nil {
			at = to
		}
	}
	return at
}

// leadsIntoUploads reports whether a symbolic link in the name leads into a
// folder of uploads, that of this stage or of one below.
func (s *Store) leadsIntoUploads(name string) bool { return inUploads(s.real(name)) }

// inUploads reports whether a path is in a folder of uploads.
func inUploads(path string) bool { return slices.Contains(strings.Split(path, "/"), uploads) }
