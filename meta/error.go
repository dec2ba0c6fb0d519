package meta

import (
	"errors"
	"strings"
	"syscall"

	bolterrors "go.etcd.io/bbolt/errors"

	"wharf"
)

// translate gives an error of bbolt or the system its code.
func translate(op string, err error) error {
	switch {
	case noSpace(err):
		return wharf.WrapError(wharf.CodeNoSpace, op, "no space left for the catalog", err)
	case errors.Is(err, bolterrors.ErrDatabaseNotOpen):
		return wharf.WrapError(wharf.CodeUnavailable, op, "", err)
	case errors.Is(err, bolterrors.ErrTimeout):
		return wharf.WrapError(wharf.CodeUnavailable, op, "the catalog is in use by another server", err)
	case errors.Is(err, bolterrors.ErrVersionMismatch):
		return wharf.WrapError(wharf.CodeUnsupported, op, "catalog.db has a format that this version of bbolt does not read", err)
	case errors.Is(err, bolterrors.ErrInvalid), errors.Is(err, bolterrors.ErrChecksum), err != nil && strings.Contains(err.Error(), "file size too small"):
		// bbolt has no error of its own for the last (v1.5.0, db.go, (*DB).mmap).
		return wharf.WrapError(wharf.CodeInternal, op, "catalog.db is damaged; "+restoreOrRepair, err)
	}
	return wharf.WrapError(wharf.CodeInternal, op, "", err)
}

// restoreOrRepair is what to do about a catalog that cannot be opened.
const restoreOrRepair = "restore it from a backup, or let wharf check --repair save what can be read"

// noSpace reports whether the disk is full. bbolt puts some causes into its own
// error by %s and not by %w (v1.5.0, db.go, (*DB).grow), so that the text at the
// end is all that is left of them.
func noSpace(err error) bool {
	if err == nil || wharf.DiskCode(err) == wharf.CodeNoSpace {
		return err != nil
	}
	for errno := syscall.Errno(1); errno < maxErrno; errno++ {
		if wharf.DiskCode(errno) == wharf.CodeNoSpace && strings.HasSuffix(err.Error(), ": "+errno.Error()) {
			return true
		}
	}
	return false
}

// maxErrno is above the numbers of errors that systems have.
const maxErrno = 256

func errPanic(cause error) error {
	return &wharf.Error{
		Code: wharf.CodeInternal, Op: "bbolt", Err: cause,
		Msg: "the catalog is damaged; the server's log says more",
	}
}

func errNoStage(name wharf.StageName) error {
	return wharf.Errorf(wharf.CodeNotFound, "there is no stage %q", name)
}
