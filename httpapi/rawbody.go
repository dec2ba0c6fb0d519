package httpapi

import (
	"io"
	"mime"
	"net/http"
	"strings"

	"wharf"
)

// uploadRaw is PUT below /v1/stage/: the body is the file (curl -T).
func (s *Server) uploadRaw(x *exchange) error {
	loc, err := stageFile(x)
	if err != nil {
		return err
	}
	opts, err := rawOptions(x.r)
	if err != nil {
		return err
	}
	if err := trailed(x.r); err != nil {
		return err
	}
	checked, err := checksums(x.r.Header, &x.body)
	if err != nil {
		return err
	}
	if limit := s.service.MaxFileSize(); limit > 0 && opts.Size > limit {
		return wharf.Errorf(wharf.CodeTooLarge, "the file is larger than the %d bytes that this server takes", limit)
	}
	obj, err := s.landRaw(x, loc, checked, opts)
	if err != nil {
		return err
	}
	x.files = append(x.files, loc.Path)
	x.Header().Set("ETag", entityTag(obj))
	return x.succeed()
}

// landRaw stores the file whose bytes are the body.
func (s *Server) landRaw(x *exchange, loc wharf.Location, src io.Reader, o wharf.PutOptions) (wharf.Object, error) {
	up, err := s.service.BeginUpload(x.r.Context(), x.principal, loc.Stage, o.Size)
	if err != nil {
		return wharf.Object{}, err
	}
	defer up.Close()
	x.body.holds = s.service
	obj, err := up.Put(x.r.Context(), wharf.Key(loc.Path), src, o)
	return obj, x.body.blame(err)
}

// rawOptions reads what the header says of a file whose bytes are the body.
func rawOptions(r *http.Request) (wharf.PutOptions, error) {
	o := wharf.PutOptions{Size: r.ContentLength}
	if o.Size < 0 {
		o.Size = wharf.UnknownSize
	}
	h := r.Header
	if r.ContentLength == 0 && len(h["Content-Length"]) == 0 {
		return o, &statusError{http.StatusLengthRequired, invalid("the request has neither a Content-Length nor a body in chunks; " +
			"curl -T file sends a file, and an empty one has Content-Length: 0")}
	}
	if err := oneContentType(h); err != nil {
		return o, err
	}
	if kind, _, _ := mime.ParseMediaType(h.Get("Content-Type")); kind == "multipart/form-data" {
		return o, wharf.Errorf(wharf.CodeMediaType, "here the body is the file itself (curl -T file); forms go to /v1/upload_to_stage")
	}
	if err := checkCoding(h); err != nil {
		return o, err
	}
	if h.Get("Content-Range") != "" {
		return o, invalid("a file is stored as a whole; Content-Range is not for PUT")
	}
	var err error
	o.IfAbsent, err = ifAbsent(h)
	return o, err
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

// ifAbsent tells whether an upload is to replace nothing. A condition that is
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

// remove is DELETE below /v1/stage/: one file, never a folder.
func (s *Server) remove(x *exchange) error {
	loc, err := stageFile(x)
	if err != nil {
		return err
	}
	for _, name := range []string{"If-Match", "If-None-Match", "If-Unmodified-Since", "If-Modified-Since"} {
		for range headerList(x.r.Header, name) {
			return wharf.Errorf(wharf.CodeUnsupported, "%s is not supported with DELETE", name)
		}
	}
	if err := s.service.RemoveFile(x.r.Context(), x.principal, loc); err != nil {
		return err
	}
	x.files = append(x.files, loc.Path)
	return x.succeed()
}
