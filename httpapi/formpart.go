package httpapi

import (
	"bytes"
	"net/http"
	"strings"

	"wharf"
)

// maxPartLines bounds the lines of a part's header.
const maxPartLines = 64

// partHeader is what an upload needs of a part's header.
type partHeader struct {
	disposition
	contentType string // as it was sent; "" if it was not, and of a file
}

func invalid(format string, args ...any) *wharf.Error {
	return wharf.Errorf(wharf.CodeInvalid, format, args...)
}

// parsePartHeader reads the lines of a part's header. What it cannot read for
// sure it refuses: to guess would be to store a file under another name.
func parsePartHeader(block []byte) (partHeader, error) {
	var fields struct{ disposition, contentType []byte }
	for n := 0; len(block) > 0; n++ {
		var line []byte
		line, block, _ = bytes.Cut(block, []byte("\r\n"))
		if n == maxPartLines {
			return partHeader{}, wharf.Errorf(wharf.CodeTooLarge, "a part of the form has a header of more than %d lines", maxPartLines)
		}
		name, value, err := cutHeaderLine(line)
		if err != nil {
			return partHeader{}, err
		}
		switch {
		case strings.EqualFold(name, "Content-Disposition"):
			err = setOnce(&fields.disposition, name, value)
		case strings.EqualFold(name, "Content-Type"):
			err = setOnce(&fields.contentType, name, value)
		case strings.EqualFold(name, "Content-Transfer-Encoding") && !plainEncoding(string(value)):
			err = invalid("a part of the form is encoded as %q; files are sent as they are", value)
		case strings.EqualFold(name, "Content-Range"):
			err = errPiece()
		case isChecksum(http.CanonicalHeaderKey(name)):
			err = errFormChecksum(name)
		}
		if err != nil {
			return partHeader{}, err
		}
	}
	if fields.disposition == nil {
		return partHeader{}, invalid("a part of the form has no Content-Disposition header")
	}
	d, err := parseDisposition(string(fields.disposition))
	h := partHeader{disposition: d}
	if !d.isFile {
		h.contentType = string(fields.contentType)
	}
	return h, err
}

// setOnce sets a field of a part's header, which may be there once.
func setOnce(field *[]byte, name string, value []byte) error {
	if *field != nil {
		return invalid("a part of the form has two %s headers", name)
	}
	*field = value
	if value == nil {
		*field = []byte{}
	}
	return nil
}

func cutHeaderLine(line []byte) (name string, value []byte, err error) {
	if bytes.HasPrefix(line, []byte(" ")) || bytes.HasPrefix(line, []byte("\t")) {
		return "", nil, invalid("a part of the form has a folded header: a line that begins with a blank continues the one before; write each header on one line")
	}
	head, value, ok := bytes.Cut(line, []byte(":"))
	if bytes.IndexByte(value, 0) >= 0 {
		return "", nil, invalid("a part of the form has a NUL in its header; no file name holds one")
	}
	if !ok || !isToken(string(head)) || bytes.ContainsAny(value, "\r\n") {
		return "", nil, invalid("a part of the form has a header line that cannot be read")
	}
	return string(head), bytes.Trim(value, " \t"), nil
}

// plainEncoding tells the encodings that leave bytes as they are.
func plainEncoding(s string) bool {
	switch strings.ToLower(s) {
	case "", "binary", "8bit", "7bit", "identity":
		return true
	}
	return false
}

func trimBlanks(s string) string { return strings.Trim(s, " \t") }

// isToken reports whether s is a token of RFC 9110.
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0:
		default:
			return false
		}
	}
	return s != ""
}
