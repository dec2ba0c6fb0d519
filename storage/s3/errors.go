package s3

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"wharf"
)

// answer is what one kind of refusal means.
type answer struct {
	names  []string // error codes in the answer's body
	status int      // for answers without such a code; 0 is none
	code   wharf.Code
	msg    string // {host} and {bucket} are filled in
}

// answers is the one table from what servers say to what Wharf says. The
// first line that fits wins.
func answers() []answer {
	return []answer{
		{[]string{"NoSuchBucket"}, 0, wharf.CodeUpstream, `no such bucket "{bucket}" on {host}`},
		{[]string{"NoSuchKey", "NotFound"}, http.StatusNotFound, wharf.CodeNotFound, "there is no such file"},
		{[]string{"NoSuchUpload"}, 0, wharf.CodeUpstream, "{host} no longer knows the upload"},
		{[]string{"PreconditionFailed", "ConditionalRequestConflict"}, http.StatusPreconditionFailed, wharf.CodePrecondition,
			"the file exists already, or has changed"},
		{[]string{"InvalidRange"}, http.StatusRequestedRangeNotSatisfiable, wharf.CodeRange, "the range is not within the file"},
		{[]string{"EntityTooLarge"}, http.StatusRequestEntityTooLarge, wharf.CodeTooLarge, "the file is larger than {host} takes"},
		{[]string{"KeyTooLongError", "KeyTooLong", "InvalidObjectName", "XMinioInvalidObjectName"}, 0, wharf.CodeInvalid,
			"{host} does not take this file name"},
		{[]string{"ObjectParentIsFile", "ExistingObjectIsDirectory", "XMinioParentIsObject", "XMinioObjectExistsAsDirectory"}, 0,
			wharf.CodeUpstream, "{host} cannot hold both a file and files below its name"},
		{[]string{"QuotaExceeded", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "InsufficientStorage"},
			http.StatusInsufficientStorage, wharf.CodeNoSpace, "no space is left on {host}"},
		{[]string{"ExpiredToken", "TokenRefreshRequired"}, 0, wharf.CodeUpstream, "access denied by {host}: the session token has expired"},
		{[]string{"RequestTimeTooSkewed"}, 0, wharf.CodeUpstream, "access denied by {host}: its clock and this server's differ too much"},
		{[]string{"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "XAdminUserNotFound", "InvalidToken",
			"AllAccessDisabled", "AccountProblem", "InvalidClientTokenId"}, 0, wharf.CodeUpstream, denied},
		{[]string{"PermanentRedirect", "TemporaryRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"}, 0,
			wharf.CodeUpstream, `the bucket "{bucket}" is not in this REGION or not on {host}`},
		{[]string{"SlowDown", "ServiceUnavailable", "TooManyRequests", "Throttling", "ThrottlingException", "RequestLimitExceeded"},
			http.StatusServiceUnavailable, wharf.CodeUpstream, "{host} is busy; try again"},
		{[]string{"NotImplemented"}, http.StatusNotImplemented, wharf.CodeUpstream, "{host} cannot do this"},
		{nil, http.StatusMovedPermanently, wharf.CodeUpstream, `the bucket "{bucket}" is not in this REGION or not on {host}`},
		{nil, http.StatusLoopDetected, wharf.CodeUpstream, "{address} is a Wharf server, not an S3 server"},
		{nil, http.StatusTooManyRequests, wharf.CodeUpstream, "{host} is busy; try again"},
		{nil, http.StatusUnauthorized, wharf.CodeUpstream, denied},
		{nil, http.StatusForbidden, wharf.CodeUpstream, denied},
	}
}

const (
	denied          = "access denied by {host}: the keys are wrong or lack permission"
	deniedAnonymous = "access denied by {host}: the stage has no keys, and its requests are anonymous; give ACCESS_KEY_ID and SECRET_ACCESS_KEY in CONNECTION"
)

// fail makes the error of a request that no missing object explains: what is
// not found then is the bucket, or S3 itself.
func (s *Store) fail(ctx context.Context, op string, err error) error {
	made := s.failObject(ctx, op, err)
	var own *wharf.Error
	if errors.As(err, &own) || wharf.CodeOf(made) != wharf.CodeNotFound {
		return made
	}
	msg := fmt.Sprintf("%s does not know the bucket %q; perhaps the endpoint is wrong", s.t.host, s.t.bucket)
	return &wharf.Error{Code: wharf.CodeUpstream, Op: op, Err: s.t.scrub(err), Msg: msg + s.serverMessage(err)}
}

// failObject makes the error that a caller gets from one of the SDK or of a
// body, where an object may be missing. The SDK's own error ends here: what
// is kept of it is its text, without anything secret.
func (s *Store) failObject(ctx context.Context, op string, err error) error {
	var own *wharf.Error
	if errors.As(err, &own) {
		return wharf.WrapError(own.Code, op, own.Msg, err)
	}
	if ctxErr := ctx.Err(); ctxErr != nil {
		return wharf.WrapError(wharf.CodeUpstream, op, "", ctxErr)
	}
	code, msg := explain(err)
	if msg == denied && s.t.auth == authNone {
		msg = deniedAnonymous
	}
	msg = strings.NewReplacer("{host}", s.t.host, "{address}", s.t.address, "{bucket}", s.t.bucket).Replace(msg)
	switch code {
	case wharf.CodeNotFound, wharf.CodePrecondition, wharf.CodeRange:
		// What these say is all there is to say.
	default:
		msg += s.serverMessage(err)
	}
	return &wharf.Error{Code: code, Op: op, Msg: msg, Err: s.t.scrub(err)}
}

// serverMessage returns what the server itself said of an error, as the end of a
// message: where the bucket is if not here, and its reason.
func (s *Store) serverMessage(err error) string {
	var said reason
	var api smithy.APIError
	if n := notesOf(err); n != nil {
		said = n.reason
	} else if errors.As(err, &api) && statusOf(err) == 0 {
		said.code, said.message = api.ErrorCode(), api.ErrorMessage()
	}
	var words string
	if region := s.t.hide(said.region); hostLike(region) && region != s.t.region {
		words += "; the right REGION is " + region
	}
	if endpoint := s.t.hide(said.endpoint); hostLike(endpoint) {
		words += "; the right endpoint is " + endpoint
	}
	if text := said.text(s.t); text != "" {
		words += " (" + text + ")"
	}
	return words
}

// explain finds the code and the message for an error of the SDK.
func explain(err error) (wharf.Code, string) {
	var lack *noCredentialsError
	if errors.As(err, &lack) {
		return wharf.CodeUpstream, lack.msg
	}
	if isSelf(err) {
		return wharf.CodeUpstream, "{address} is this server itself, not an S3 server"
	}
	if why, ok := alienReason(err); ok {
		return wharf.CodeUpstream, "{address} does not answer as S3 does: " + why
	}
	var name string
	var api smithy.APIError
	if errors.As(err, &api) {
		name = api.ErrorCode()
	}
	status := statusOf(err)
	for _, a := range answers() {
		if slices.Contains(a.names, name) || a.status != 0 && a.status == status && !named(name) {
			return a.code, a.msg
		}
	}
	var stall *stallError
	if errors.As(err, &stall) && stall.whole {
		return wharf.CodeUpstream, fmt.Sprintf("{host} did not end its answer in %v", stall.wait)
	}
	if stall != nil {
		return wharf.CodeUpstream, fmt.Sprintf("{host} did not answer in %v", stall.wait)
	}
	if status >= 300 {
		return wharf.CodeUpstream, fmt.Sprintf("{host} failed with HTTP status %d", status)
	}
	if unconnected(err) {
		return wharf.CodeUpstream, "{host} cannot be reached: there is no such host, nothing answers there, or the server's setting --s3-allow does not list it"
	}
	return wharf.CodeUpstream, "{host}: " + networkReason(err)
}

// named tells whether the table has a line for the name: that line and no
// other is then the right one.
func named(name string) bool {
	return slices.ContainsFunc(answers(), func(a answer) bool { return slices.Contains(a.names, name) })
}

// alienReason returns why an answer is not one that S3 gives. A server that is
// busy or that denies may have a proxy answer for it: that is no such case.
func alienReason(err error) (string, bool) {
	var foreign *notS3Error
	var decoding *smithy.DeserializationError
	status := statusOf(err)
	switch n := notesOf(err); {
	case errors.As(err, &foreign):
		return foreign.why.Error(), true
	case status >= 300 && status < 400 && status != http.StatusMovedPermanently && status != http.StatusNotModified && (n == nil || n.reason.code == ""):
		return fmt.Sprintf("it redirects to another place (HTTP status %d)", status), true
	case n != nil && n.notS3Answer && status >= 400 && status < 500 && status != http.StatusUnauthorized &&
		status != http.StatusForbidden && status != http.StatusTooManyRequests:
		return fmt.Sprintf("its refusal is not in S3's XML (HTTP status %d)", status), true
	case status < 300 && errors.As(err, &decoding) && !broken(err), status/100 == 2 && !broken(err) && !errors.Is(err, io.EOF):
		return "the answer cannot be decoded", true
	case status == 0 && notHTTP(err):
		return "the answer is not HTTP, or has too many headers", true
	}
	return "", false
}

// notHTTP reports whether package net/http could not read an answer. It has no
// types for these errors.
func notHTTP(err error) bool {
	text := err.Error()
	return slices.ContainsFunc([]string{"malformed HTTP", "malformed MIME header", "bad Content-Length", "response headers exceeded",
		"unsupported transfer encoding", "too many transfer encodings", "too many 1xx"},
		func(part string) bool { return strings.Contains(text, part) })
}

// broken reports whether an answer ended because the connection did, or
// because it was given up.
func broken(err error) bool {
	var stall *stallError
	var op *net.OpError
	return errors.As(err, &stall) || errors.As(err, &op) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// statusOf is the HTTP status that the server refused with, or 0.
func statusOf(err error) int {
	var resp *smithyhttp.ResponseError
	if errors.As(err, &resp) {
		return resp.HTTPStatusCode()
	}
	return 0
}

// unconnected reports whether there was no connection. Why is not told: it would
// show what is in the server's network.
func unconnected(err error) bool {
	var dns *net.DNSError
	var op *net.OpError
	return errors.As(err, new(*unreachableError)) || errors.As(err, &dns) || errors.As(err, &op) && op.Op == "dial"
}

// networkReason tells in plain words why there was no answer on a connection.
func networkReason(err error) string {
	var (
		unknown  x509.UnknownAuthorityError
		hostname x509.HostnameError
		invalid  x509.CertificateInvalidError
		record   tls.RecordHeaderError
	)
	switch {
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "the network does not reach it"
	case errors.As(err, &unknown), errors.As(err, &hostname), errors.As(err, &invalid):
		return "its certificate is not one to trust"
	case errors.As(err, &record), strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return "it does not speak TLS; write the endpoint with http://"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the connection broke"
	}
	return "the request failed; the server's log says more"
}

func (s *Store) exists(op string, key wharf.Key, err error) error {
	return &wharf.Error{Code: wharf.CodePrecondition, Op: op, Msg: fmt.Sprintf("the file %q exists already", key), Err: err}
}
