package httpapi

import (
	"iter"
	"net/http"
	"strings"

	"wharf"
)

// What the headers of forms, PUT and DELETE may say is checked here, before any
// byte of the body is read. A header that would change what happens to a file
// is held to or refused, never ignored.

// checkUpload checks the headers that forms and PUT share. It reports whether the
// upload is to replace nothing.
func checkUpload(r *http.Request) (absent bool, err error) {
	if err := oneContentType(r.Header); err != nil {
		return false, err
	}
	if err := checkCoding(r.Header); err != nil {
		return false, err
	}
	if err := noTrailedChecksum(r); err != nil {
		return false, err
	}
	if err := wholeFile(r.Header); err != nil {
		return false, err
	}
	return ifAbsent(r.Header)
}

// checkDelete refuses conditions, which DELETE does not keep.
func checkDelete(r *http.Request) error {
	for _, name := range []string{"If-Match", "If-None-Match", "If-Unmodified-Since", "If-Modified-Since"} {
		for range headerList(r.Header, name) {
			return wharf.Errorf(wharf.CodeUnsupported, "%s is not supported with DELETE", name)
		}
	}
	return nil
}

// oneContentType refuses a body that is said to be of two types: who reads the
// other one sees another body.
func oneContentType(h http.Header) error {
	if len(h["Content-Type"]) > 1 {
		return invalid("the header Content-Type is there twice; a request has one")
	}
	return nil
}

// checkCoding refuses bodies that are not sent as they are.
func checkCoding(h http.Header) error {
	for coding := range headerList(h, "Content-Encoding") {
		if !strings.EqualFold(coding, "identity") {
			return wharf.Errorf(wharf.CodeMediaType, "the body is encoded as %q; it must be sent as it is", coding)
		}
	}
	return nil
}

// wholeFile refuses what is a piece of a file, or a copy of another: each piece
// would replace the one before.
func wholeFile(h http.Header) error {
	if h.Get("Content-Range") != "" {
		return errPiece()
	}
	if h.Get("X-Amz-Copy-Source") != "" {
		return wharf.Errorf(wharf.CodeUnsupported, "x-amz-copy-source is not supported; COPY FILES copies files from stage to stage")
	}
	return nil
}

func errPiece() error {
	return invalid("a file is stored as a whole, and Content-Range says that this is a piece of one; send it whole")
}

// noQuery refuses a query where a path names the file: it is most likely the
// rest of a name with a '?', and another file would be replaced or removed. The
// parameters of a presigned URL are judged before.
func noQuery(r *http.Request) error {
	if query := r.URL.RawQuery; (query != "" || r.URL.ForceQuery) && !carriesGrant(query) {
		return invalid("the address has a query (?%s), which %s does not take; a '?' in a file's name is written %%3F", shownQuery(query), r.Method)
	}
	return nil
}

// shownQuery is a query for a message: its values may be secrets.
func shownQuery(query string) string {
	parts := strings.Split(query, "&")
	for i, part := range parts {
		if name, _, ok := strings.Cut(part, "="); ok {
			parts[i] = name + "=…"
		}
	}
	return shorten(strings.Join(parts, "&"), shownText)
}

// ifAbsent reports whether an upload is to replace nothing. A condition that is
// not kept must not be ignored: it guards a file that is there.
func ifAbsent(h http.Header) (absent bool, err error) {
	for _, name := range []string{"If-Match", "If-Unmodified-Since", "If-Modified-Since"} {
		for range headerList(h, name) {
			return false, wharf.Errorf(wharf.CodeUnsupported, "%s is not supported with uploads; If-None-Match: * is", name)
		}
	}
	for tag := range headerList(h, "If-None-Match") {
		if tag != "*" {
			return false, wharf.Errorf(wharf.CodeUnsupported, "If-None-Match takes nothing but * with uploads")
		}
		absent = true
	}
	return absent, nil
}

// noTrailedChecksum refuses a checksum that comes, or may come, after the body: what
// to compute has to be known before the body.
func noTrailedChecksum(r *http.Request) error {
	for name := range r.Trailer {
		if isChecksum(name) {
			return errTrailed(name)
		}
	}
	for _, header := range []string{"Trailer", "X-Amz-Trailer"} {
		for name := range headerList(r.Header, header) {
			if name = http.CanonicalHeaderKey(name); isChecksum(name) {
				return errTrailed(name)
			}
		}
	}
	return nil
}

func errTrailed(name string) error {
	return wharf.Errorf(wharf.CodeUnsupported, "%s is not supported in a trailer, after the body; send it in the header", name)
}

// noChecksum refuses the checksum of a form: it would be that of all its files.
func noChecksum(h http.Header) error {
	for name := range h {
		if isChecksum(name) && h.Get(name) != unsignedPayload {
			return errFormChecksum(name)
		}
	}
	return nil
}

func errFormChecksum(name string) error {
	return wharf.Errorf(wharf.CodeUnsupported, "%s is not supported with forms; with PUT %s<stage>/<path> it is", name, stagePrefix)
}

// oneHeader returns the value of a header that has several spellings. Two
// different values are refused: which one is meant is not known.
func oneHeader(h http.Header, what string, spellings []string) (string, error) {
	value, found := "", false
	for _, name := range spellings {
		for _, v := range h[name] {
			if found && v != value {
				return "", invalid("the header %s is there twice, with the values %q and %q", what, shorten(value, shownText), shorten(v, shownText))
			}
			value, found = v, true
		}
	}
	return value, nil
}

// headerValue returns a header's value, of all its lines.
func headerValue(h http.Header, name string) string {
	if all := h[name]; len(all) > 1 {
		return strings.Join(all, ",")
	}
	return h.Get(name)
}

// headerList yields the elements of a header that is a list, of all its lines.
func headerList(h http.Header, name string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, line := range h[name] {
			for item := range strings.SplitSeq(line, ",") {
				if item = trimBlanks(item); item != "" && !yield(item) {
					return
				}
			}
		}
	}
}
