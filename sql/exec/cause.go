package exec

import (
	"errors"
	"fmt"

	"wharf"
)

// The causes of errors that MySQL has numbers of their own for, where the
// Code does not tell them apart. Drivers go by some of these numbers: one that
// asks for a variable of another version expects to hear that it is unknown.
var (
	ErrUnknownDatabase = errors.New("unknown database")
	ErrNoDatabase      = errors.New("no database selected")
	ErrUnknownVariable = errors.New("unknown system variable")
	ErrUnknownThread   = errors.New("unknown thread")
	ErrReadOnly        = errors.New("read-only transaction")
	ErrInTransaction   = errors.New("transaction in progress")
)

// because is [wharf.Errorf] with a cause.
func because(cause error, code wharf.Code, format string, args ...any) error {
	return &wharf.Error{Code: code, Msg: fmt.Sprintf(format, args...), Err: cause}
}
