package meta

import (
	"errors"
	"syscall"

	bolterrors "go.etcd.io/bbolt/errors"

	"wharf"
)

// translate gives an error of bbolt or the system its code.
func translate(op string, err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG):
		return wharf.WrapError(wharf.CodeNoSpace, op, "no space left for the catalog", err)
	case errors.Is(err, bolterrors.ErrDatabaseNotOpen):
		return wharf.WrapError(wharf.CodeUnavailable, op, "", err)
	case errors.Is(err, bolterrors.ErrTimeout):
		return wharf.WrapError(wharf.CodeUnavailable, op, "the catalog is in use by another server", err)
	case errors.Is(err, bolterrors.ErrVersionMismatch):
		return wharf.WrapError(wharf.CodeUnsupported, op, "catalog.db has a format that this version of bbolt does not read", err)
	case errors.Is(err, bolterrors.ErrInvalid), errors.Is(err, bolterrors.ErrChecksum):
		return wharf.WrapError(wharf.CodeInternal, op, "catalog.db is damaged", err)
	}
	return wharf.WrapError(wharf.CodeInternal, op, "", err)
}

func errNoStage(name wharf.StageName) error {
	return wharf.Errorf(wharf.CodeNotFound, "there is no stage %q", name)
}
