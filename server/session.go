package server

import (
	"context"
	"time"

	"wharf"
	"wharf/sql/exec"
)

// Session runs the statements of one connection. It is used by one goroutine
// at a time.
type Session interface {
	// Parse reads the first statement of text and gives the rest of it. The
	// statement is nil where there are only blanks and comments.
	Parse(text string) (Stmt, string, error)
	// Columns tells the columns that Run will give, or nil where that is not
	// known beforehand or there are none.
	Columns(Stmt) []wharf.Column
	// Run runs a statement that this session parsed.
	Run(ctx context.Context, s Stmt, args []wharf.Value) (exec.Result, error)
	Status() exec.Status
	// Warnings is the number of warnings of the statement that ran last, to its
	// last row.
	Warnings() uint16
	// Reset makes the session as it was when it was new.
	Reset()
	UseDatabase(name string) error
	Database() string
	// WaitTimeout is how long to wait for the next command. It is
	// more than 0.
	WaitTimeout() time.Duration
	// Memory bounds what the session holds, and the connection for it.
	Memory() *exec.Memory
	Close()
}

// Stmt is a parsed statement. Its methods are safe for concurrent use.
type Stmt interface {
	NumParams() int
	// Redacted prints it with its string values as '…'.
	Redacted() string
	// Bytes is about how much memory it takes.
	Bytes() int64
}

// TypedSession is a Session with a statement type of its own, as
// *exec.Session is.
type TypedSession[S Stmt] interface {
	Parse(text string) (S, string, error)
	Columns(S) []wharf.Column
	Run(ctx context.Context, s S, args []wharf.Value) (exec.Result, error)
	Status() exec.Status
	Warnings() uint16
	Reset()
	UseDatabase(name string) error
	Database() string
	WaitTimeout() time.Duration
	Memory() *exec.Memory
	Close()
}

// Sessions makes what Options.NewSession wants of a function that opens
// sessions with a statement type of their own.
func Sessions[T TypedSession[S], S interface {
	comparable
	Stmt
}](open func(exec.Client) T) func(exec.Client) Session {
	return func(c exec.Client) Session { return adapter[T, S]{open(c)} }
}

type adapter[T TypedSession[S], S interface {
	comparable
	Stmt
}] struct{ inner T }

func (a adapter[T, S]) Parse(text string) (Stmt, string, error) {
	st, rest, err := a.inner.Parse(text)
	var none S
	if st == none {
		return nil, rest, err
	}
	return st, rest, err
}

func (a adapter[T, S]) Columns(s Stmt) []wharf.Column { return a.inner.Columns(s.(S)) }

func (a adapter[T, S]) Run(ctx context.Context, s Stmt, args []wharf.Value) (exec.Result, error) {
	return a.inner.Run(ctx, s.(S), args)
}

func (a adapter[T, S]) Status() exec.Status           { return a.inner.Status() }
func (a adapter[T, S]) Warnings() uint16              { return a.inner.Warnings() }
func (a adapter[T, S]) Reset()                        { a.inner.Reset() }
func (a adapter[T, S]) UseDatabase(name string) error { return a.inner.UseDatabase(name) }
func (a adapter[T, S]) Database() string              { return a.inner.Database() }
func (a adapter[T, S]) WaitTimeout() time.Duration    { return a.inner.WaitTimeout() }
func (a adapter[T, S]) Memory() *exec.Memory          { return a.inner.Memory() }
func (a adapter[T, S]) Close()                        { a.inner.Close() }
