package dir

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
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

	making sync.Mutex // held while the stage's folder is made
	tidied sync.Once  // what uploads that ended badly left behind is removed

	// fault fails a step of Put before it is taken, in tests.
	fault func(step string) error
}

var (
	_ wharf.Store    = (*Store)(nil)
	_ wharf.Budgeter = (*Store)(nil)
)

// root opens the stage's folder. An error that errors.Is says is
// fs.ErrNotExist means that the allowed folder is there and has no such
// folder.
func (s *Store) root() (*os.Root, error) {
	allowed, err := os.OpenRoot(s.allow)
	if err != nil {
		return nil, &wharf.Error{Code: wharf.CodeInternal, Op: "dir.root", Err: err, Msg: "the folder that holds the stage's cannot be opened"}
	}
	if s.below == "." {
		return allowed, nil
	}
	defer allowed.Close()
	return allowed.OpenRoot(s.below)
}

// rootForWriting makes the stage's folder if it is not there.
func (s *Store) rootForWriting() (*os.Root, error) {
	root, err := s.root()
	if !isMissing(err) {
		return root, err
	}
	s.making.Lock()
	defer s.making.Unlock()
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

// isMissing tells that a path leads to nothing: by itself, or because a part
// of it is a file, too long, or a link in a circle.
func isMissing(err error) bool {
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

// pathOf gives the path of a key below the stage's folder, CodeInvalid for a
// key that no file can have. What is aside is so in the stages on the folders
// above too.
func pathOf(key wharf.Key) (string, error) {
	for segment := range strings.SplitSeq(string(key), "/") {
		switch {
		case segment == "" || segment == "." || segment == "..":
			return "", wharf.Errorf(wharf.CodeInvalid, "the file name %q holds an empty part; a stage on fs:// cannot have it", key)
		case len(segment) > maxSegment:
			return "", wharf.Errorf(wharf.CodeInvalid, "the file name %q has a part of %d bytes; a stage on fs:// takes at most %d", key, len(segment), maxSegment)
		case segment == uploads:
			return "", errAside(key)
		}
	}
	return string(key), nil
}

// find opens the stage's folder for one look at one key. CodeNotFound where
// no file can be.
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
	if !info.Mode().IsRegular() || s.leadsAside(name) {
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
	if isMissing(err) {
		return nil
	}
	if err != nil {
		return translate(op, err)
	}
	defer root.Close()
	s.tidyOnce(root)
	changed := map[string]bool{}
	for _, key := range keys {
		if err := ctx.Err(); err != nil {
			return translate(op, err)
		}
		name, err := pathOf(key)
		if err != nil || s.leadsAside(name) {
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

// remove removes the file, if there is one. Remove alone would take an empty
// folder too.
func remove(root *os.Root, name string) (bool, error) {
	info, err := root.Stat(name)
	if err == nil && !info.Mode().IsRegular() {
		return false, nil
	}
	if err == nil {
		err = root.Remove(name)
	}
	if isMissing(err) || leadsOut(err) {
		return false, nil
	}
	return err == nil, err
}
