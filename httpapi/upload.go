package httpapi

import (
	"io"
	"mime"
	"net/http"
	"strings"
	"sync"

	"wharf"
)

const (
	// formBuffer is how much of a form is read at once: the fewer calls, the
	// faster, and beyond this size it made no difference.
	formBuffer = 256 << 10
	// smallFormBuffer is for forms that fit into it as a whole: many small
	// uploads at once hold little.
	smallFormBuffer = 112 << 10
	// sizeProbe is how far the end of a part is looked for before its file is
	// stored, so that the store knows the length of files of up to 64 KiB
	// beforehand.
	sizeProbe = 72 << 10
)

// The names of the headers that say where files go, as net/http spells them.
var (
	stageHeaders  = []string{"Stage_name", "X-Databend-Stage-Name"}
	folderHeaders = []string{"Relative_path", "X-Databend-Relative-Path"}
	// misspelt are what people and proxies make of them. To ignore one would
	// be to store the files elsewhere.
	misspelt = []string{"Relative-Path", "X-Relative-Path", "X_relative_path", "Stage-Name", "X-Stage-Name", "X_stage_name"}
)

// formMemory is what reading a form takes.
type formMemory struct {
	form   form
	search search
	buf    []byte
}

var formMemories, smallFormMemories = formPool(formBuffer), formPool(smallFormBuffer)

func formPool(size int) *sync.Pool {
	return &sync.Pool{New: func() any { return &formMemory{buf: make([]byte, size)} }}
}

// formPoolFor returns the pool for a form of that length, -1 if it is not known.
func formPoolFor(length int64) *sync.Pool {
	if length >= 0 && length <= smallFormBuffer {
		return smallFormMemories
	}
	return formMemories
}

// open begins to read a form. It is valid until close.
func (m *formMemory) open(src io.Reader, boundary string) *form {
	m.form.init(src, boundary, m.buf, &m.search)
	return &m.form
}

// close forgets the form, but not its memory.
func (m *formMemory) close() {
	m.form = form{delim: m.form.delim[:0]}
}

// destination is where the files of a form go.
type destination struct {
	stage  wharf.StageName
	folder string // "" or with a final '/'
	// ifAbsent keeps the files that are there.
	ifAbsent bool
}

// uploadForm is PUT and POST /v1/upload_to_stage: the files of a multipart
// form land in a stage, each one whole or not at all. The first failure ends
// the upload; the files before it stay, and the answer names them.
func (s *Server) uploadForm(x *exchange) error {
	if query := x.r.URL.RawQuery; query != "" {
		return invalid("the address has a query (?%s); where files go is said by the headers stage_name and relative_path", shownQuery(query))
	}
	dest, err := parseDestination(x)
	if err != nil {
		return err
	}
	if dest.ifAbsent, err = checkUpload(x.r); err != nil {
		return err
	}
	boundary, err := formBoundary(x.r)
	if err != nil {
		return err
	}
	if err := noChecksum(x.r.Header); err != nil {
		return err
	}
	if err := s.land(x, dest, boundary); err != nil {
		return err
	}
	return x.succeed()
}

// land stores the files of the request's form. It holds memory for them only
// until it returns: a client may take its time to read the answer.
func (s *Server) land(x *exchange, dest destination, boundary string) error {
	up, err := s.service.BeginUpload(x.r.Context(), x.principal, dest.stage, x.r.ContentLength)
	if err != nil {
		return err
	}
	defer up.Close()
	x.body.pressed = s.uploadsWait
	pool := formPoolFor(x.r.ContentLength)
	m := pool.Get().(*formMemory)
	defer func() {
		m.close()
		pool.Put(m)
	}()
	return x.body.blame(x.landForm(up, dest, m.open(&x.body, boundary)))
}

// uploadsWait reports whether uploads wait for memory that others hold.
func (s *Server) uploadsWait() bool { return s.service.UploadsWait() || s.answers.pressed() }

// landForm stores the files of a form, one after the other.
func (x *exchange) landForm(up *wharf.Upload, dest destination, f *form) error {
	if err := x.landParts(up, dest, f, "form-data"); err != nil || len(x.files.names) > 0 {
		return err
	}
	if x.unfilled {
		return invalid(`the form has no file: its file field was left empty (filename="")`)
	}
	return invalid("the form has no file: no part of it has a filename (curl -F upload=@file)")
}

// landParts stores the files among the parts of a form, or of a form within
// it. Its parts have a Content-Disposition of that kind.
func (x *exchange) landParts(up *wharf.Upload, dest destination, f *form, kind string) error {
	nested := kind != "form-data"
	for {
		part, err := f.next()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case part.kind != kind && !(nested && (part.kind == "file" || part.kind == "form-data")):
			return invalid("a part of the form has a Content-Disposition other than %s", kind)
		case part.isFile:
			err = x.landFile(up, dest, part.filename, f)
		case isMixed(part) && !nested:
			err = x.landMixed(up, dest, part, f)
		case nested:
			err = errNoFilename(part.name)
		default:
			err = f.passField(part)
		}
		if err != nil {
			return err
		}
	}
}

// landFile stores the open part of the form. The field of a file that was left
// empty, which browsers send all the same, has neither a name nor bytes.
func (x *exchange) landFile(up *wharf.Upload, dest destination, filename string, f *form) error {
	if filename == "" {
		if empty, err := f.isEmpty(); empty || err != nil {
			x.unfilled = true
			return err
		}
	}
	key, err := dest.key(filename)
	if err != nil {
		return err
	}
	if x.files.has(filename) {
		return invalid("the form has two files with the name %q, and the second would replace the first; give each file of a form its own name", shorten(filename, shownText))
	}
	if err := x.names.keep(x.r.Context(), nameCost+len(filename)); err != nil {
		return err
	}
	o := wharf.PutOptions{Size: wharf.UnknownSize, IfAbsent: dest.ifAbsent}
	if size, known := f.size(min(sizeProbe, len(f.buf)*2/3)); known {
		o.Size = size
	} else if x.r.ContentLength > 0 {
		// No file is longer than what is left of its form: so much a store
		// may count on, as BeginUpload did.
		o.Limit = x.r.ContentLength - x.body.n + f.buffered()
	}
	if _, err := up.Put(x.r.Context(), key, f, o); err != nil {
		return err
	}
	x.files.add(filename)
	return nil
}

// key returns the key under which a file of that name lands. The name is held
// to the rules by itself as well, so that a folder does not make an absolute
// one relative.
func (d destination) key(filename string) (wharf.Key, error) {
	if _, err := wharf.ParseKey(filename); err != nil {
		return "", err
	}
	return wharf.ParseKey(d.folder + filename)
}

// parseDestination reads the headers that say where files go.
func parseDestination(x *exchange) (destination, error) {
	for _, name := range misspelt {
		if len(x.r.Header[name]) > 0 {
			return destination{}, invalid("the header %s is not known; where files go is said by stage_name and relative_path, "+
				"or by x-databend-stage-name and x-databend-relative-path", strings.ToLower(name))
		}
	}
	name, err := oneHeader(x.r.Header, "stage_name", stageHeaders)
	if err != nil {
		return destination{}, err
	}
	x.stage = name
	if name == "" {
		return destination{}, invalid("the header stage_name is missing or empty; it says where the files go. " +
			"Proxies such as nginx drop headers with '_': behind one, send x-databend-stage-name (and x-databend-relative-path)")
	}
	stage, err := wharf.ParseStageName(name)
	if err != nil {
		return destination{}, err
	}
	path, err := oneHeader(x.r.Header, "relative_path", folderHeaders)
	if err != nil {
		return destination{}, err
	}
	folder, err := wharf.ParseFolder(path)
	return destination{stage: stage, folder: folder}, err
}

// formBoundary reports whether a request carries a form, and gives its boundary.
func formBoundary(r *http.Request) (string, error) {
	boundary, ok := plainBoundary(r.Header)
	if !ok {
		kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
		if err != nil && strings.EqualFold(kindOf(r.Header), "multipart/form-data") {
			return "", wharf.Errorf(wharf.CodeMediaType, `the form's Content-Type cannot be read; a boundary with other characters than letters, digits and - stands in quotes: boundary="a=b"`)
		}
		if err != nil || kind != "multipart/form-data" {
			return "", wharf.Errorf(wharf.CodeMediaType, "the body is not a multipart/form-data form (curl -F upload=@file)")
		}
		boundary = params["boundary"]
	}
	if !validBoundary(boundary) {
		return "", wharf.Errorf(wharf.CodeMediaType, "the form's Content-Type has no boundary of 1 to 70 allowed characters")
	}
	return boundary, nil
}

// plainBoundary reads the Content-Type as nearly every client writes it, at a
// tenth of the price of reading it in general.
func plainBoundary(h http.Header) (string, bool) {
	all := h["Content-Type"]
	if len(all) == 0 {
		return "", false
	}
	boundary, ok := strings.CutPrefix(all[0], "multipart/form-data; boundary=")
	return boundary, ok && isToken(boundary)
}

// kindOf returns the media type of a Content-Type whose rest may be broken.
func kindOf(h http.Header) string {
	kind, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	return trimBlanks(kind)
}

// validBoundary holds a boundary to RFC 2046, section 5.1.1.
func validBoundary(s string) bool {
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case strings.IndexByte("'()+_,-./:=? ", c) >= 0:
		default:
			return false
		}
	}
	return s != "" && len(s) <= 70 && !strings.HasSuffix(s, " ")
}
