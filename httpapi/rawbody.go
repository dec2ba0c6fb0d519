package httpapi

import (
	"io"
	"mime"
	"net/http"

	"wharf"
)

// uploadRaw is PUT below /v1/stage/: the body is the file (curl -T).
func (s *Server) uploadRaw(x *exchange) error {
	loc, err := stageFile(x)
	if err != nil {
		return err
	}
	if err := noQuery(x.r); err != nil {
		return err
	}
	opts, err := rawOptions(x.r)
	if err != nil {
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
	x.files.add(loc.Path)
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
	x.body.pressed = s.uploadsWait
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
	var err error
	if o.IfAbsent, err = checkUpload(r); err != nil {
		return o, err
	}
	if kind, _, _ := mime.ParseMediaType(h.Get("Content-Type")); kind == "multipart/form-data" {
		return o, wharf.Errorf(wharf.CodeMediaType, "here the body is the file itself (curl -T file); forms go to /v1/upload_to_stage")
	}
	return o, nil
}

// remove is DELETE below /v1/stage/: one file, never a folder.
func (s *Server) remove(x *exchange) error {
	loc, err := stageFile(x)
	if err != nil {
		return err
	}
	if err := noQuery(x.r); err != nil {
		return err
	}
	if err := checkDelete(x.r); err != nil {
		return err
	}
	if err := s.service.RemoveFile(x.r.Context(), x.principal, loc); err != nil {
		return err
	}
	x.files.add(loc.Path)
	return x.succeed()
}
