package local

import (
	"io"

	"github.com/cockroachdb/pebble/v2/vfs"

	"wharf"
)

// format is what the file FORMAT of a data folder says. It changes with
// every change of the layout that an older server would misread.
const format = "wharf-local 1\n"

// checkFormat makes sure that the folder is of the present format, or new.
// The file is written last when a folder is made: where it stands, there is
// an index.
func checkFormat(fs vfs.FS, dir string) (isNew bool, err error) {
	f, err := fs.Open(fs.PathJoin(dir, formatFile))
	switch {
	case missing(err):
		return true, nil
	case err != nil:
		return false, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, int64(len(format))+1))
	switch {
	case err != nil:
		return false, err
	case string(text) == format:
		return false, nil
	case len(text) < len(format) && format[:len(text)] == string(text):
		// A crash during the very first start, before anything was stored.
		return true, nil
	}
	return false, wharf.Errorf(wharf.CodeUnsupported,
		"the data folder's format is not one that this version of Wharf knows")
}

// writeFormat declares the folder made.
func writeFormat(fs vfs.FS, dir string) error {
	f, err := fs.Create(fs.PathJoin(dir, formatFile), vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	if _, err := f.Write([]byte(format)); err != nil {
		f.Close()
		return err
	}
	if err := f.Sync(); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return syncFolder(fs, dir)
}
