package httpapi

import (
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"

	"wharf"
)

// maxRanges bounds the ranges of one request; for more, all is sent.
const maxRanges = 64

// span is a range of a file, in bytes.
type span struct{ start, length int64 }

func (r span) contentRange(size int64) string {
	return fmt.Sprintf("bytes %d-%d/%d", r.start, r.start+r.length-1, size)
}

// wantedRanges returns the ranges that a request asks for; none is the whole
// file. A Range that cannot be read is no Range (RFC 9110, section 14.2), and
// so are ranges that overlap so much that all of the file is less. One that is
// wholly past the end is CodeRange.
func wantedRanges(r *http.Request, obj wharf.Object) ([]span, error) {
	unit, spec, ok := strings.Cut(r.Header.Get("Range"), "=")
	if !ok || !strings.EqualFold(unit, "bytes") || r.Method != http.MethodGet || obj.Size == 0 || !rangeHolds(r, obj) {
		return nil, nil
	}
	var spans []span
	var total int64
	asked := false
	for item := range strings.SplitSeq(spec, ",") {
		item = trimBlanks(item)
		if item == "" {
			continue
		}
		asked = true
		s, ok := parseRange(item, obj.Size)
		if !ok || len(spans) == maxRanges || s.length > obj.Size-total {
			return nil, nil
		}
		if s.length > 0 {
			spans = append(spans, s)
			total += s.length
		}
	}
	if asked && len(spans) == 0 {
		return nil, wharf.Errorf(wharf.CodeRange, "the range is past the end of the file, which has %d bytes", obj.Size)
	}
	return spans, nil
}

// parseRange reads "a-b", "a-" or "-n". A range past the end has length 0.
func parseRange(s string, size int64) (span, bool) {
	first, last, ok := strings.Cut(s, "-")
	if !ok {
		return span{}, false
	}
	if first == "" {
		n, ok := parseDigits(last)
		n = min(n, size)
		return span{size - n, n}, ok
	}
	start, ok := parseDigits(first)
	if !ok {
		return span{}, false
	}
	end := size - 1
	if last != "" {
		if end, ok = parseDigits(last); !ok || end < start {
			return span{}, false
		}
		end = min(end, size-1)
	}
	return span{start, max(0, end-start+1)}, true
}

// parseDigits reads a number without a sign. What is too large for an int64
// is past the end of any file.
func parseDigits(s string) (int64, bool) {
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		n = 1<<63 - 2
	}
	return n, true
}

// sendRanges answers with several ranges as multipart/byteranges.
func (x *exchange) sendRanges(file wharf.File, ranges []span) error {
	obj := file.Object()
	out := &answerBody{x: x, status: http.StatusPartialContent}
	w := multipart.NewWriter(out)
	kind := x.fileType(obj)
	length, err := byterangesLength(w.Boundary(), kind, obj, ranges)
	if err != nil {
		return err
	}
	x.describeContent(obj)
	h := x.Header()
	h.Set("Content-Type", "multipart/byteranges; boundary="+w.Boundary())
	h.Set("Content-Length", strconv.FormatInt(length, 10))
	for _, r := range ranges {
		if _, err := w.CreatePart(rangeHeader(kind, obj, r)); err != nil {
			return out.disconnected("httpapi.download")
		}
		if err := x.copyRange(out, file, r); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return out.disconnected("httpapi.download")
	}
	return nil
}

func rangeHeader(kind string, obj wharf.Object, r span) textproto.MIMEHeader {
	return textproto.MIMEHeader{
		"Content-Type":  {kind},
		"Content-Range": {r.contentRange(obj.Size)},
	}
}

// byterangesLength writes what is between the ranges to nowhere, to count it.
func byterangesLength(boundary, kind string, obj wharf.Object, ranges []span) (int64, error) {
	var n counter
	w := multipart.NewWriter(&n)
	if err := w.SetBoundary(boundary); err != nil {
		return 0, err
	}
	for _, r := range ranges {
		if _, err := w.CreatePart(rangeHeader(kind, obj, r)); err != nil {
			return 0, err
		}
		n += counter(r.length)
	}
	err := w.Close()
	return int64(n), err
}

// counter counts what is written to it.
type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

var _ io.Writer = (*counter)(nil)
