package local

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	iofs "io/fs"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/cockroachdb/pebble/v2/vfs"

	"wharf"
)

// formatVersion changes with every change of the layout that an older server
// would misread.
const formatVersion = 2

// format is what the file FORMAT of a data folder says.
var format = formatText(formatVersion)

// formatText is the line of a version. Its checksum tells a version that this
// server does not know from a digit that was damaged.
func formatText(version uint64) string {
	text := fmt.Sprintf("wharf-local %d", version)
	return fmt.Sprintf("%s %08x\n", text, crc32.Checksum([]byte(text), castagnoli))
}

// otherFormat returns the version that the file FORMAT names, if it is another.
// Version 1 had no checksum.
func otherFormat(text string) (version uint64, ok bool) {
	rest, ours := strings.CutPrefix(strings.TrimSuffix(text, "\n"), "wharf-local ")
	number, sum, hasSum := strings.Cut(rest, " ")
	version, err := strconv.ParseUint(number, 10, 32)
	return version, ours && err == nil && version != formatVersion && (!hasSum || strings.HasSuffix(formatText(version), " "+sum+"\n"))
}

// prepareFolder makes sure that the folder is ours and of the present format,
// or makes it, and locks it. A folder that is refused is left as it is.
func (e *Engine) prepareFolder() error {
	isNew, err := checkFormat(e.fs, e.dir)
	if err != nil {
		return err
	}
	if isNew {
		return e.makeFolder()
	}
	if lost := lostFolders(e.fs, e.dir); len(lost) > 0 {
		return wharf.Errorf(wharf.CodeInvalid, "the folder %s is missing in the folder of files; restore it, or let wharf check --repair "+
			"find out what is there", strings.Join(lost, " and "))
	}
	e.lock, err = lockFolder(e.fs, e.dir)
	return err
}

// makeFolder makes a data folder. FORMAT.new comes first and becomes FORMAT last:
// where that stands, all else is there and durable.
func (e *Engine) makeFolder() (err error) {
	if err := e.fs.MkdirAll(e.dir, folderMode); err != nil {
		return err
	}
	if err := writeSynced(e.fs, e.dir, formatBegun, ""); err != nil {
		return err
	}
	if e.lock, err = lockFolder(e.fs, e.dir); err != nil {
		return err
	}
	for _, d := range []string{logFolder, bodiesFolder} {
		if err := e.fs.MkdirAll(e.path(d), folderMode); err != nil {
			return err
		}
	}
	if err := syncAbove(e.fs, e.dir); err != nil {
		return err
	}
	return writeFormat(e.fs, e.dir, formatBegun)
}

// lostFolders lists the folders that each data folder has and this one has not.
func lostFolders(fs vfs.FS, dir string) (lost []string) {
	for _, d := range []string{logFolder, bodiesFolder} {
		if _, err := fs.Stat(fs.PathJoin(dir, d)); missing(err) {
			lost = append(lost, d)
		}
	}
	return lost
}

// syncAbove makes durable that the folder is there. Those above it may have been
// made by this start, or by one that was killed.
func syncAbove(fs vfs.FS, dir string) error {
	for up := fs.PathDir(dir); up != dir; dir, up = up, fs.PathDir(up) {
		if err := syncFolder(fs, up); err != nil && !errors.Is(err, iofs.ErrPermission) {
			return err
		}
	}
	return nil
}

// formatBegun is the name of the file FORMAT until it is on the disk.
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
	text, err := io.ReadAll(io.LimitReader(f, 64))
	if err != nil || string(text) == format {
		return false, err
	}
	switch version, ok := otherFormat(string(text)); {
	case !ok:
		return true, errNoFormat
	case version == 1:
		return false, wharf.Errorf(wharf.CodeUnsupported, "the data folder has format 1, of Wharf 0.1.0-dev before December 2026; "+
			"this version reads format %d only: fetch the files with that version, and upload them to a new data folder", formatVersion)
	default:
		return false, wharf.Errorf(wharf.CodeUnsupported, "the data folder has format %d; this version of Wharf reads format %d only: "+
			"start the version that wrote it", version, formatVersion)
	}
}

// errNoFormat is a folder whose FORMAT is missing or damaged, as that of one that
// was restored in part.
var errNoFormat = wharf.Errorf(wharf.CodeInvalid, "the file %s is missing or damaged in a folder of files that is not empty; "+
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

// formatMended is the name of the file FORMAT that a repair makes until it is on
// the disk. A folder that has it is not taken for a new one.
const formatMended = formatFile + ".repair"

// writeFormat declares the folder made. The file has another name before.
func writeFormat(fs vfs.FS, dir, before string) error {
	if err := writeSynced(fs, dir, before, format); err != nil {
		return err
	}
	if err := fs.Rename(fs.PathJoin(dir, before), fs.PathJoin(dir, formatFile)); err != nil {
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

// lockFolder makes sure that no other process works in the folder.
func lockFolder(fs vfs.FS, dir string) (io.Closer, error) {
	lock, err := fs.Lock(fs.PathJoin(dir, lockFile))
	if err != nil && heldElsewhere(err) {
		return nil, wharf.WrapError(wharf.CodeUnavailable, "local.lock",
			"the data folder is in use by another server", errors.New(err.Error()))
	}
	return lock, err
}

// heldElsewhere reports that a folder's lock is another process's, or another
// engine's of this one. For the latter pebble has only a text (v2.1.4,
// vfs/file_lock_unix.go). A folder that this user may not use is not held.
func heldElsewhere(err error) bool {
	return errors.Is(err, syscall.EAGAIN) || strings.Contains(err.Error(), "lock held by current process")
}
