package local

import (
	"io"

	"github.com/cockroachdb/pebble/v2/vfs"

	"wharf"
)

// format is what the file FORMAT of a data folder says. It changes with
// every change of the layout that an older server would misread.
const format = "wharf-local 1\n"

// checkFormat makes sure that the folder is of the present format. A folder
// without the file is new: nothing else is written before it.
func checkFormat(fs vfs.FS, dir string) error {
	name := fs.PathJoin(dir, formatFile)
	f, err := fs.Open(name)
	switch {
	case missing(err):
		return writeFormat(fs, name)
	case err != nil:
		return err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, int64(len(format))+1))
	switch {
	case err != nil:
		return err
	case string(text) == format:
		return nil
	case len(text) < len(format) && format[:len(text)] == string(text):
		// A crash during the very first start, before anything was stored.
		return writeFormat(fs, name)
	}
	return wharf.Errorf(wharf.CodeUnsupported,
		"the data folder's format is not one that this version of Wharf knows")
}

func writeFormat(fs vfs.FS, name string) error {
	f, err := fs.Create(name, vfs.WriteCategoryUnspecified)
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
	return f.Close()
}
