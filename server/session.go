package server

import (
	"context"
	"time"

	"wharf"
	"wharf/sql/exec"
)

// Session runs the statements of one connection, as *exec.Session does. It is used by one goroutine
// at a time.
type Session interface {
	// Parse reads the first statement of text and gives the rest of it. The
	// statement is nil where there are only blanks and comments.
	Parse(text string) (*exec.Stmt, string, error)
	// Columns tells the columns that Run will give, or nil where that is not
	// known beforehand or there are none.
	Columns(context.Context, *exec.Stmt) ([]wharf.Column, error)
	// Run runs a statement that this session parsed.
	Run(ctx context.Context, s *exec.Stmt, args []wharf.Value) (exec.Result, error)
	// OpenCursor runs it likewise, and gives a cursor where one can be opened.
	OpenCursor(ctx context.Context, s *exec.Stmt, args []wharf.Value) (exec.Result, *exec.Cursor, error)
	Status() exec.Status
	// Warnings is the number of warnings of the statement that ran last, to its
	// last row.
	Warnings() uint16
	// MayKill refuses to end a connection that is not the session's user's to end.
	MayKill(ctx context.Context, id uint32) error
	// Questions is how many statements the session ran. SeesAll reports whether its
	// user may know what other users do.
	Questions() uint64
	SeesAll(ctx context.Context) bool
	// User is who the connection belongs to.
	User(ctx context.Context) (wharf.ConnectionUser, error)
	// Reset makes the session as it was when it was new.
	Reset()
	UseDatabase(ctx context.Context, name string) error
	Database() string
	// Charsets are the character sets of what the client sends and of what is
	// sent to it, by MySQL's names; "" is no conversion.
	Charsets() (client, results string)
	// WaitTimeout is how long to wait for the next command. It is
	// more than 0.
	WaitTimeout() time.Duration
	// Memory bounds what the session holds, and the connection for it.
	Memory() *exec.Memory
	Close()
}
