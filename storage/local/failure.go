package local

import (
	"log/slog"
	"sync"

	"wharf"
)

// failure is the engine's last state. After a failed write or sync of the
// log nobody can say what the disk holds, and no later sync tells either:
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
		// goroutine that fails may be nobody's.
		f.log.Error("the index's log is lost; restart the server", "error", err)
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
