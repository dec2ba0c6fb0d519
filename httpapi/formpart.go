package httpapi

import (
	"bytes"
	"io"
	"mime"
	"net/http"
	"strings"
	"sync"

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

// passField skips the open part of a form, which has no filename. What looks
// like a file it refuses: to skip that would lose it in silence.
func (f *form) passField(part partHeader) error {
	if strings.HasPrefix(strings.ToLower(part.contentType), "multipart/") {
		return invalid("a part of the form is itself a %q, which is not supported; send its files as parts of the form", mediaType(part.contentType))
	}
	file := part.name == "upload" || !isText(part.contentType)
	for {
		piece, err := f.piece()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if file || bytes.ContainsFunc(piece, isControl) {
			return errNoFilename(part.name)
		}
		if err := f.ignorePiece(piece); err != nil {
			return err
		}
		f.use(len(piece))
	}
}

// isControl reports whether r is not part of one line of text: files hold such
// characters, and the fields of a form that says where files go do not.
func isControl(r rune) bool { return r < ' ' && r != '\t' }

// isText reports whether the Content-Type of a part is that of a form's field.
// A name there is how old mail programs tell a file's.
func isText(contentType string) bool {
	if contentType == "" {
		return true
	}
	kind, params, err := mime.ParseMediaType(contentType)
	return err == nil && kind == "text/plain" && params["name"] == ""
}

func errNoFilename(field string) error {
	if field == "" {
		return invalid("a part of the form holds what looks like a file and has no filename; curl sends a file with @ (curl -F upload=@file)")
	}
	field = shorten(field, shownText)
	return invalid("the part %q of the form holds what looks like a file and has no filename; curl sends a file with @ (curl -F %s=@file), and with < only its text", field, field)
}

// mediaType returns the type of a Content-Type whose parameters may be broken.
func mediaType(contentType string) string {
	kind, _, _ := strings.Cut(contentType, ";")
	return shorten(trimBlanks(kind), shownText)
}

// isEmpty reports whether the open part, of which nothing was read, has no
// bytes.
func (f *form) isEmpty() (bool, error) {
	_, err := f.piece()
	if err == io.EOF {
		return true, nil
	}
	return false, err
}

// mixedBuffer is how much of a form within a form is read at once.
const mixedBuffer = freeNames

var mixedBuffers = sync.Pool{New: func() any { return new([mixedBuffer]byte) }}

// landMixed stores the files of the open part of the form, which is a form of
// its own: several files of one field (RFC 7578, section 4.3; curl -F
// upload=@a,b). Nothing is nested more deeply.
func (x *exchange) landMixed(up *wharf.Upload, dest destination, part partHeader, outer *form) error {
	_, params, err := mime.ParseMediaType(part.contentType)
	if err != nil || !validBoundary(params["boundary"]) {
		return invalid("a part of the form is multipart/mixed and has no boundary of 1 to 70 allowed characters")
	}
	if !x.mixed { // the room for the buffer is counted with that for names
		if err := x.names.keep(x.r.Context(), mixedBuffer); err != nil {
			return err
		}
		x.mixed = true
	}
	buf := mixedBuffers.Get().(*[mixedBuffer]byte)
	defer mixedBuffers.Put(buf)
	f := newForm(outer, params["boundary"], buf[:])
	f.ignored = outer.ignored
	defer func() { outer.ignored = f.ignored }()
	return x.landParts(up, dest, f, "attachment")
}

// isMixed reports whether a part holds several files.
func isMixed(part partHeader) bool {
	return strings.EqualFold(mediaType(part.contentType), "multipart/mixed")
}
