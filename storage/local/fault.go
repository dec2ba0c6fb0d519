package local

import (
	"errors"
	"io/fs"

	"wharf"
)

// fault gives err, which came from the disk, the code that callers know.
func fault(op string, err error) error {
	return wharf.WrapError(wharf.DiskCode(err), op, "", err)
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
