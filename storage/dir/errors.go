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

func errTaken(key wharf.Key) error {
	return wharf.Errorf(wharf.CodePrecondition, "the file %q exists already", key)
}

func errAside(key wharf.Key) error {
	return wharf.Errorf(wharf.CodeInvalid, "the file name %q leads into %s, where uploads are kept until they are whole", key, uploads)
}

// errFolder names the folder of the stage that the system does not let the
// server read.
func errFolder(folder string, err error) error {
	if folder == "" || !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return &wharf.Error{Code: wharf.CodeDenied, Op: "dir.List", Err: err,
		Msg: fmt.Sprintf("the system does not let the server read the folder %q, which is in the stage", folder)}
}

// translateAt is translate for what is about one key, which may not be there.
func translateAt(op string, key wharf.Key, err error) error {
	if isMissing(err) {
		return errNoFile(key)
	}
	return translate(op, err)
}

// translate gives an error of the system its code. No message tells a path.
func translate(op string, err error) error {
	switch {
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return wharf.WrapError(wharf.CodeDenied, op, "the system does not let the server do that in the stage's folder", err)
	case leadsOut(err):
		return wharf.WrapError(wharf.CodeDenied, op, "a symbolic link leads out of the stage's folder", err)
	}
	return wharf.WrapError(wharf.DiskCode(err), op, "", err)
}

// leadsOut tells that os.Root refused a path. Its error has no name (Go 1.26,
// os/file.go, errPathEscapes); it is the one cause of a PathError or LinkError
// of Root's that is not from the system.
func leadsOut(err error) bool {
	var at *fs.PathError
	var link *os.LinkError
	var errno syscall.Errno
	return (errors.As(err, &at) || errors.As(err, &link)) && !errors.As(err, &errno) &&
		!errors.Is(err, fs.ErrClosed) && !errors.Is(err, fs.ErrInvalid) && !errors.Is(err, fs.ErrNotExist)
}
