package s3

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// notS3Error says that an answer is not one that S3 gives.
type notS3Error struct{ why error }

func notS3Answer(format string, args ...any) error { return &notS3Error{fmt.Errorf(format, args...)} }

func (e *notS3Error) Error() string { return "this is not how S3 answers: " + e.why.Error() }
func (e *notS3Error) Unwrap() error { return e.why }

// proof returns the root element that an operation's answer has if the server
// has done what it was asked, and "" where a header proves it.
func proof(operation string) string {
	switch operation {
	case "ListObjectsV2":
		return "ListBucketResult"
	case "CreateMultipartUpload":
		return "InitiateMultipartUploadResult"
	case "CompleteMultipartUpload":
		return "CompleteMultipartUploadResult"
	case "DeleteObjects":
		return "DeleteResult"
	case "ListMultipartUploads":
		return "ListMultipartUploadsResult"
	case "ListParts":
		return "ListPartsResult"
	}
	return ""
}

// check bounds an answer and looks at what proves that S3 gave it, before the
// SDK decodes it. An object's bytes are not looked at.
func (c *watchedClient) check(req *http.Request, resp *http.Response) error {
	operation := middleware.GetOperationName(req.Context())
	switch {
	case middleware.GetServiceID(req.Context()) != s3.ServiceID:
		// The service that issues credentials for roles.
		resp.Body = readCloser{newBoundedXML(resp.Body, maxErrorXML, maxErrorText), resp.Body}
		return nil
	case resp.StatusCode < 200 || resp.StatusCode >= 300:
		return c.reduce(req, resp)
	case operation == "GetObject":
		return nil
	case (operation == "PutObject" || operation == "UploadPart") && !stored(resp.StatusCode):
		return notS3Answer("the answer to an upload has the HTTP status %d", resp.StatusCode)
	case operation == "HeadObject" && resp.Header.Get("Content-Length") == "" && resp.ContentLength >= 0:
		resp.Header.Set("Content-Length", strconv.FormatInt(resp.ContentLength, 10))
	}
	bounded := newBoundedXML(resp.Body, maxPage, maxText)
	begin, err := bounded.peek()
	if err != nil {
		return err
	}
	resp.Body = readCloser{io.MultiReader(bytes.NewReader(begin), bounded), resp.Body}
	root, want := bounded.scan.root, proof(operation)
	switch {
	case root == "Error":
		// S3 sends the status before it knows that it fails.
		resp.StatusCode, resp.Status = http.StatusInternalServerError, "500 Internal Server Error"
		return c.reduce(req, resp)
	case want == "" && strings.EqualFold(root, "html"):
		return notS3Answer("the answer is a page of HTML")
	case want == "":
		return nil
	case root == "":
		return notS3Answer("the answer is empty where <%s> should be", want)
	case root != want:
		return notS3Answer("the answer is <%.40s> where <%s> should be", root, want)
	}
	c.verified.add(req.URL)
	return nil
}

// stored reports whether a status says that an upload is stored. Others, as 202,
// say that it may be later, or that somebody else answers.
func stored(status int) bool {
	return status == http.StatusOK || status == http.StatusCreated || status == http.StatusNoContent
}

// readCloser reads from one and closes the other.
type readCloser struct {
	io.Reader
	io.Closer
}

// reduce replaces the body of a refusal by what is of use in it, so that the
// SDK decodes a few KiB at most, and nothing that S3 did not say.
func (c *watchedClient) reduce(req *http.Request, resp *http.Response) error {
	said, err := readReason(newBoundedXML(resp.Body, maxErrorXML, maxErrorText))
	if err != nil && !notS3(err) {
		return err
	}
	resp.Body.Close()
	if n := notesIn(req.Context()); n != nil {
		n.reason = said
		n.notS3Answer = notS3(err)
		if region := resp.Header.Get("X-Amz-Bucket-Region"); region != "" {
			n.reason.region = region
		}
	}
	text := said.xml()
	if said.code != "" {
		c.verified.add(req.URL)
	}
	resp.Body = io.NopCloser(bytes.NewReader(text))
	resp.ContentLength = int64(len(text))
	resp.Header.Del("Content-Length")
	return nil
}

// notS3 reports whether an error is about what was read, and not about the
// reading.
func notS3(err error) bool {
	var foreign *notS3Error
	var syntax *xml.SyntaxError
	return errors.As(err, &foreign) || errors.As(err, &syntax)
}

// notes is what an answer said besides what the SDK decodes. It is found by
// the request's context.
type notes struct {
	reason      reason
	notS3Answer bool // the refusal's body is not S3's
}

type notesKey struct{}

func notesIn(ctx context.Context) *notes {
	n, _ := ctx.Value(notesKey{}).(*notes)
	return n
}

// notesOf returns what was noted of the answer that an error came with, or
// nil.
func notesOf(err error) *notes {
	var resp *smithyhttp.ResponseError
	if !errors.As(err, &resp) || resp.Response == nil || resp.Response.Response == nil || resp.Response.Request == nil {
		return nil
	}
	return notesIn(resp.Response.Request.Context())
}

// needETag refuses an answer without the ETag that proves that an object or a
// part is there, or with one that no request could repeat.
func needETag(etag string, what string) error {
	switch {
	case etag == "":
		return notS3Answer("%s has no ETag", what)
	case len(etag) > maxETag:
		return notS3Answer("the ETag of %s has %d bytes", what, len(etag))
	}
	return nil
}

// needUploadID refuses an answer without an upload's ID, or with one that
// would make every request of the upload large.
func needUploadID(id string) error {
	switch {
	case id == "":
		return notS3Answer("the answer names no UploadId")
	case len(id) > maxUploadID:
		return notS3Answer("the UploadId has %d bytes", len(id))
	}
	return nil
}

// The bounds of what a server names and requests repeat, in bytes. S3's own
// are shorter than 200.
const (
	maxETag     = 1 << 10
	maxUploadID = 2 << 10
	maxToken    = 4 << 10 // of a list's next page; some servers write a key in it
	// maxListedSize is more than any server stores in one object.
	maxListedSize = 1 << 53
)
