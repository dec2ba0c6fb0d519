package local

import (
	"errors"
	"io/fs"
	"syscall"

	"wharf"
)

// fault gives err, which came from the disk, the code that callers know.
func fault(op string, err error) error {
	code := wharf.CodeInternal
	switch {
	case fullDisk(err):
		code = wharf.CodeNoSpace
	case outOfFiles(err):
		code = wharf.CodeUnavailable
	}
	return wharf.WrapError(code, op, "", err)
}

func fullDisk(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// outOfFiles tells that the process or the system has no file handle left,
// which passes by itself.
func outOfFiles(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

func missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }

func ignoreNotFound(err error) error {
	if wharf.CodeOf(err) == wharf.CodeNotFound {
		return nil
	}
	return err
}

// damaged is the error of bytes that are not what was stored.
func damaged(op, what string) error {
	return &wharf.Error{Code: wharf.CodeInternal, Op: op, Msg: "the stored file is damaged",
		Err: errors.New(what)}
}
