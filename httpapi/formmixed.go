package httpapi

import (
	"mime"
	"strings"
	"sync"

	"wharf"
)

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
