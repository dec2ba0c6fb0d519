package httpapi

import (
	"bytes"
	"io"
	"mime"
	"strings"
)

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
