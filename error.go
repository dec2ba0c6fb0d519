package wharf

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
)

// Code says what kind of failure an [Error] is. Each listener has one table
// from Code to its own protocol.
type Code string

// The codes. [Codes] lists them all.
const (
	CodeSyntax          Code = "syntax"          // the statement cannot be read
	CodeInvalid         Code = "invalid"         // readable, but a value is wrong
	CodeUnsafe          Code = "unsafe"          // refused by the session's safe-update mode
	CodeNotFound        Code = "not_found"       // no such stage, file, connection, format
	CodeExists          Code = "exists"          // the name is taken
	CodeUnauthenticated Code = "unauthenticated" // who are you
	CodeDenied          Code = "denied"          // not allowed
	CodeTooLarge        Code = "too_large"       // a file, statement or header over its limit
	CodeMediaType       Code = "media_type"      // not a form that can be read
	CodePrecondition    Code = "precondition"    // If-Match and the like
	CodeRange           Code = "range"           // a range past the end
	CodeUnsupported     Code = "unsupported"     // valid MySQL, but not here
	CodeUpstream        Code = "upstream"        // the S3 behind failed, denied, is slow
	CodeUnavailable     Code = "unavailable"     // this server is busy or stopping; try again
	CodeTimeout         Code = "timeout"         // over its time
	CodeNoSpace         Code = "no_space"        // the disk or a quota is full
	CodeCanceled        Code = "canceled"        // KILL, or the client left
	CodeInternal        Code = "internal"        // a fault of ours
)

// Codes returns every Code, so that a test can show that a table has them all.
func Codes() []Code {
	return []Code{
		CodeSyntax, CodeInvalid, CodeUnsafe, CodeNotFound, CodeExists,
		CodeUnauthenticated, CodeDenied, CodeTooLarge, CodeMediaType,
		CodePrecondition, CodeRange, CodeUnsupported, CodeUpstream,
		CodeUnavailable, CodeTimeout, CodeNoSpace, CodeCanceled, CodeInternal,
	}
}

// Error is the one error type of the module.
type Error struct {
	Code Code
	Op   string // the operation that failed, "local.Put"; for the log
	Msg  string // for the client: no path of the server's disk, no secret
	Err  error  // the cause, for the log only; may be nil
}

// Error returns everything, for the log. Clients are shown [MessageOf].
func (e *Error) Error() string {
	if inner, ok := e.Err.(*Error); ok && inner.Code == e.Code && inner.Msg == e.Msg {
		// WrapError took both from the cause, which says them itself.
		return strings.TrimPrefix(e.Op+": "+inner.Error(), ": ")
	}
	s := string(e.Code)
	if e.Op != "" {
		s = e.Op + ": " + s
	}
	if e.Msg != "" {
		s += ": " + e.Msg
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause to errors.Is and errors.As.
func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an Error without a cause. The formatted text is the client's
// message.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Msg: fmt.Sprintf(format, args...)}
}

// WrapError makes an Error with a cause that only the log sees. It returns
// nil for a nil cause. A cause that has a Code already keeps its code and
// message, and a cancelled or expired context keeps that meaning; msg is then
// not used.
func WrapError(code Code, op, msg string, cause error) error {
	if cause == nil {
		return nil
	}
	var inner *Error
	switch {
	case errors.As(cause, &inner):
		return &Error{Code: inner.Code, Op: op, Msg: inner.Msg, Err: cause}
	case errors.Is(cause, context.Canceled), errors.Is(cause, context.DeadlineExceeded):
		code = CodeOf(cause)
		msg = defaultMessage(code)
	}
	return &Error{Code: code, Op: op, Msg: msg, Err: cause}
}

// CodeOf returns the code of the outermost Error in err's chain. A cancelled
// context is [CodeCanceled], an expired one [CodeTimeout], and an error
// without a code [CodeInternal]. For nil it is "".
func CodeOf(err error) Code {
	var e *Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &e):
		return e.Code
	case errors.Is(err, context.DeadlineExceeded):
		return CodeTimeout
	case errors.Is(err, context.Canceled):
		return CodeCanceled
	}
	return CodeInternal
}

// DiskCode returns the code of an error of the operating system about a file:
// [CodeNoSpace] where the disk or a quota is full or the file system takes no
// file as large, [CodeUnavailable] where the process or the system has no file
// handle left, which passes, and else [CodeInternal]. For nil it is "".
func DiskCode(err error) Code {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG):
		return CodeNoSpace
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return CodeUnavailable
	}
	return CodeInternal
}

// MessageOf returns what a client may be told of err.
func MessageOf(err error) string {
	var e *Error
	if errors.As(err, &e) && e.Msg != "" {
		return e.Msg
	}
	return defaultMessage(CodeOf(err))
}

func defaultMessage(code Code) string {
	switch code {
	case CodeCanceled:
		return "the request was interrupted"
	case CodeTimeout:
		return "the request took longer than it may"
	case CodeNoSpace:
		return "no space left for the file"
	case CodeUnavailable:
		return "the server is busy or stopping; try again"
	}
	return "internal error; the server's log says more"
}
