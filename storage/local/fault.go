package local

import (
	"errors"
	"io/fs"
	"log/slog"
	"sync"

	"wharf"
)

// fault gives err, which came from the disk, the code that callers know.
func fault(op string, err error) error {
	return wharf.WrapError(wharf.DiskCode(err), op, "", err)
}

func fullDisk(err error) bool { return err != nil && wharf.DiskCode(err) == wharf.CodeNoSpace }

// outOfFiles reports that the process or the system has no file handle left,
// which passes by itself.
func outOfFiles(err error) bool { return err != nil && wharf.DiskCode(err) == wharf.CodeUnavailable }

func missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }

func ignoreMissing(err error) error {
	if missing(err) {
		return nil
	}
	return err
}

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

// failure is the engine's last state. After a failed write or sync of the
// log it is not known what the disk holds, and no later sync tells:
// the kernel forgets a page that it could not write. So nothing is read or
// written any more until a new start has recovered the folder.
type failure struct {
	log  *slog.Logger
	once sync.Once
	ch   chan struct{} // closed when failed
	err  error         // set before ch is closed
}

func (f *failure) init(l *slog.Logger) { f.log, f.ch = l, make(chan struct{}) }

func (f *failure) fail(err error) {
	f.once.Do(func() {
		f.err = err
		// Logged here, because callers that come later are many, and the
		// goroutine that fails may have no caller.
		f.log.Error("the data folder cannot be written or read any more; restart the server", "error", err)
		close(f.ch)
	})
}

func (f *failure) failed() bool {
	select {
	case <-f.ch:
		return true
	default:
		return false
	}
}

func (f *failure) check(op string) error {
	if f.failed() {
		return f.error(op)
	}
	return nil
}

func (f *failure) error(op string) error {
	return &wharf.Error{Code: wharf.CodeInternal, Op: op,
		Msg: "the server lost its disk and must be restarted", Err: f.err}
}
