package dir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"wharf"
)

func errNoFile(key wharf.Key) error {
	return wharf.Errorf(wharf.CodeNotFound, "there is no file %q", key)
}

func errExists(key wharf.Key) error {
	return wharf.Errorf(wharf.CodePrecondition, "the file %q exists already", key)
}

func errInUploads(key wharf.Key) error {
	return wharf.Errorf(wharf.CodeInvalid, "the file name %q leads into %s, the folder of uploads that are under way", key, uploads)
}

// errFolder is the error of a folder of the stage that the server may not read;
// other errors are returned as they are.
func errFolder(folder string, err error) error {
	if folder == "" || !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return &wharf.Error{Code: wharf.CodeDenied, Op: "dir.List", Err: err,
		Msg: fmt.Sprintf("the server has no permission to read the folder %q of the stage", folder)}
}

// translateAt is translate for the operation on one key, which may be missing.
func translateAt(op string, key wharf.Key, err error) error {
	if isNotFound(err) {
		return errNoFile(key)
	}
	return translate(op, err)
}

// translate returns an error of the operating system with its code. No message
// has a path.
func translate(op string, err error) error {
	switch {
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return wharf.WrapError(wharf.CodeDenied, op, "the server has no permission for this in the stage's folder", err)
	case leadsOutside(err):
		return wharf.WrapError(wharf.CodeDenied, op, "a symbolic link leads out of the stage's folder", err)
	}
	return wharf.WrapError(wharf.DiskCode(err), op, "", err)
}

// leadsOutside reports whether os.Root refused a path. Its error is not exported
// (Go 1.26, os/file.go, errPathEscapes); it is the only cause of a PathError or
// LinkError of Root's that is not from the operating system.
func leadsOutside(err error) bool {
	var at *fs.PathError
	var link *os.LinkError
	var errno syscall.Errno
	return (errors.As(err, &at) || errors.As(err, &link)) && !errors.As(err, &errno) &&
		!errors.Is(err, fs.ErrClosed) && !errors.Is(err, fs.ErrInvalid) && !errors.Is(err, fs.ErrNotExist)
}
