package local

import (
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"

	"wharf"
)

// format is what the file FORMAT of a data folder says. It changes with
// every change of the layout that an older server would misread.
const format = "wharf-local 1\n"

// formatBegun is the name of the file FORMAT until the folder is made. It is
// made first and renamed last, so that a folder with neither is not one that a
// crash left half made, and where FORMAT stands, there is an index.
const formatBegun = formatFile + ".new"

// checkFormat makes sure that the folder is of the present format, or new.
func checkFormat(fs vfs.FS, dir string) (isNew bool, err error) {
	f, err := fs.Open(fs.PathJoin(dir, formatFile))
	switch {
	case missing(err):
		return true, checkNew(fs, dir)
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
	case strings.HasPrefix(format, string(text)):
		return true, errNoFormat
	}
	return false, wharf.Errorf(wharf.CodeUnsupported,
		"the data folder's format is not one that this version of Wharf knows")
}

// errNoFormat is a folder that lost its FORMAT, as one that was restored in part.
var errNoFormat = wharf.Errorf(wharf.CodeInvalid, "the file %s is missing or cut short in a folder of files that is not empty; "+
	"restore what is missing, or let wharf check --repair find out what is there", formatFile)

// checkNew refuses a folder without FORMAT that holds anything: a start would
// take the bodies in it for strays.
func checkNew(fs vfs.FS, dir string) error {
	names, err := fs.List(dir)
	if missing(err) {
		return nil
	}
	names = slices.DeleteFunc(names, foreign)
	if err != nil || len(names) == 0 || slices.Contains(names, formatBegun) {
		return err
	}
	return errNoFormat
}

// foreign reports whether a file is one that file systems make by themselves.
func foreign(name string) bool {
	return name == "lost+found" || strings.HasPrefix(name, ".nfs")
}

// beginFormat declares the folder one that is being made.
func beginFormat(fs vfs.FS, dir string) error { return writeSynced(fs, dir, formatBegun, "") }

// writeFormat declares the folder made.
func writeFormat(fs vfs.FS, dir string) error {
	if err := writeSynced(fs, dir, formatBegun, format); err != nil {
		return err
	}
	if err := fs.Rename(fs.PathJoin(dir, formatBegun), fs.PathJoin(dir, formatFile)); err != nil {
		return err
	}
	return syncFolder(fs, dir)
}

func writeSynced(fs vfs.FS, dir, name, text string) error {
	f, err := fs.Create(fs.PathJoin(dir, name), vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = f.Write([]byte(text))
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return syncFolder(fs, dir)
}
