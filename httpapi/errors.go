package httpapi

import (
	"net/http"

	"wharf"
)

// statuses is the one table from Code to HTTP status.
var statuses = map[wharf.Code]int{
	wharf.CodeSyntax:          http.StatusBadRequest,
	wharf.CodeInvalid:         http.StatusBadRequest,
	wharf.CodeUnsafe:          http.StatusBadRequest,
	wharf.CodeNotFound:        http.StatusNotFound,
	wharf.CodeExists:          http.StatusConflict,
	wharf.CodeUnauthenticated: http.StatusUnauthorized,
	wharf.CodeDenied:          http.StatusForbidden,
	wharf.CodeTooLarge:        http.StatusRequestEntityTooLarge,
	wharf.CodeMediaType:       http.StatusUnsupportedMediaType,
	wharf.CodePrecondition:    http.StatusPreconditionFailed,
	wharf.CodeRange:           http.StatusRequestedRangeNotSatisfiable,
	wharf.CodeUnsupported:     http.StatusNotImplemented,
	wharf.CodeUpstream:        http.StatusBadGateway,
	wharf.CodeUnavailable:     http.StatusServiceUnavailable,
	wharf.CodeTimeout:         http.StatusGatewayTimeout,
	wharf.CodeNoSpace:         http.StatusInsufficientStorage,
	wharf.CodeCanceled:        http.StatusServiceUnavailable,
	wharf.CodeInternal:        http.StatusInternalServerError,
}

// statusOf returns the HTTP status of an error.
func statusOf(err error) int {
	if status, ok := statuses[wharf.CodeOf(err)]; ok {
		return status
	}
	return http.StatusInternalServerError
}

// statusError is an error whose status the table of codes does not have,
// because no other protocol knows it: 405, 411 and 508.
type statusError struct {
	status int
	cause  *wharf.Error
}

func (e *statusError) Error() string { return e.cause.Error() }

// Unwrap returns the error with its code.
func (e *statusError) Unwrap() error { return e.cause }
