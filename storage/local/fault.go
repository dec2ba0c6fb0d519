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
	if fullDisk(err) {
		code = wharf.CodeNoSpace
	}
	return wharf.WrapError(code, op, "", err)
}

func fullDisk(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

func missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// damaged is the error of bytes that are not what was stored.
func damaged(op, what string) error {
	return &wharf.Error{Code: wharf.CodeInternal, Op: op, Msg: "the stored file is damaged",
		Err: errors.New(what)}
}
