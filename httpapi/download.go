package httpapi

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"sync"

	"wharf"
)

// copyBuffer is how much of a file is read and sent at once.
const copyBuffer = 256 << 10

var copyBuffers = sync.Pool{New: func() any { return new([copyBuffer]byte) }}

// getStage is GET and HEAD below /v1/stage/: a file, or with nothing after
// the stage's name the list of its files.
func (s *Server) getStage(x *exchange) error {
	stage, path, err := stagePath(x)
	if err != nil {
		return err
	}
	loc := wharf.Location{Stage: stage, Path: path}
	if x.r.Method == http.MethodGet {
		count, size := int64(wharf.FileDownload), func() (int64, error) { return s.sizeOf(x, loc) }
		if path == "" {
			count, size = wharf.ListDownload, nil
		}
		d, err := s.service.BeginDownload(x.r.Context(), count, size)
		if err != nil {
			return err
		}
		x.holdTurn(s.service)
		defer func() {
			x.holdTurn(nil)
			d.End()
		}()
	}
	if path == "" {
		return s.list(x, stage)
	}
	return s.download(x, loc)
}

// holdTurn says that the answer is a download of a service; nil ends that. A client
// that takes too little of it loses its turn while others wait.
func (x *exchange) holdTurn(of *wharf.Service) {
	switch {
	case x.isHTTP2():
		x.stream.holds = of
	case x.client != nil:
		x.client.pace.hold(of)
	}
}

// sizeOf returns the length of the file that the request asks for.
func (s *Server) sizeOf(x *exchange, loc wharf.Location) (int64, error) {
	obj, err := s.service.StatFile(x.r.Context(), x.principal, loc)
	return obj.Size, err
}

// openTries is how often a file is opened whose versions are replaced faster
// than they can be read.
const openTries = 5

// download sends a file or ranges of it. Where the version that was opened is
// replaced before its first byte was sent, it sends the next one.
func (s *Server) download(x *exchange, loc wharf.Location) (err error) {
	for range openTries {
		err = s.downloadVersion(x, loc)
		if x.status != 0 || !errors.Is(err, wharf.ErrReplaced) {
			break
		}
	}
	return err
}

// downloadVersion sends the present version of a file.
func (s *Server) downloadVersion(x *exchange, loc wharf.Location) error {
	file, err := s.service.OpenFile(x.r.Context(), x.principal, loc)
	if err != nil {
		return err
	}
	defer file.Close()
	obj := file.Object()
	x.describe(obj)
	switch checkConditions(x.r, obj) {
	case http.StatusNotModified:
		x.WriteHeader(http.StatusNotModified)
		return nil
	case http.StatusPreconditionFailed:
		return wharf.Errorf(wharf.CodePrecondition, "the file is another version than the request asks for")
	}
	ranges, err := wantedRanges(x.r, obj)
	if err != nil {
		x.Header().Set("Content-Range", "bytes */"+strconv.FormatInt(obj.Size, 10))
		return err
	}
	switch len(ranges) {
	case 0:
		return x.sendWhole(file)
	case 1:
		return x.sendRange(file, ranges[0])
	}
	return x.sendRanges(file, ranges)
}

// describe sets the headers that every answer about an object has.
func (x *exchange) describe(obj wharf.Object) {
	x.set("Etag", entityTag(obj))
	x.set("Last-Modified", obj.ModTime.UTC().Format(http.TimeFormat))
	h := x.Header()
	h["Accept-Ranges"] = inBytes
	h["Cache-Control"] = privateNoCache
}

var (
	inBytes        = []string{"bytes"}
	privateNoCache = []string{"private, no-cache"}
)

// entityTag is the object's version as HTTP writes it.
func entityTag(obj wharf.Object) string { return `"` + strings.Trim(obj.ETag, `"`) + `"` }

// describeContent sets the headers of the file's own bytes. A browser saves
// them: to show them would be to run other people's HTML in this server's
// name.
func (x *exchange) describeContent(obj wharf.Object) {
	x.set("Content-Type", x.fileType(obj))
	x.set("Content-Disposition", attachment(string(obj.Key)))
}

// fileType is the media type that a file is sent as.
func (x *exchange) fileType(obj wharf.Object) string {
	if x.contentType != "" {
		return x.contentType
	}
	return contentType(string(obj.Key))
}

func (x *exchange) sendWhole(file wharf.File) error {
	obj := file.Object()
	x.describeContent(obj)
	x.set("Content-Length", strconv.FormatInt(obj.Size, 10))
	if sum, err := hex.DecodeString(obj.MD5); err == nil && len(sum) > 0 {
		x.set("Content-Md5", base64.StdEncoding.EncodeToString(sum))
	}
	return x.send(http.StatusOK, file, span{0, obj.Size})
}

func (x *exchange) sendRange(file wharf.File, r span) error {
	obj := file.Object()
	x.describeContent(obj)
	x.set("Content-Length", strconv.FormatInt(r.length, 10))
	x.set("Content-Range", r.contentRange(obj.Size))
	return x.send(http.StatusPartialContent, file, r)
}

// send answers with a range of the file.
func (x *exchange) send(status int, file wharf.File, r span) error {
	if x.r.Method == http.MethodHead {
		x.WriteHeader(status)
		return nil
	}
	return x.copyRange(&answerBody{x: x, status: status}, file, r)
}

// copyRange sends a range of the file. The answer's header goes out with the
// first bytes, so that what fails before has a status of its own.
func (x *exchange) copyRange(out *answerBody, file wharf.File, r span) error {
	err := copySpan(x.r.Context(), out, file, r)
	switch {
	case out.err != nil:
		return out.disconnected("httpapi.download")
	case err != nil && x.status == 0:
		clearContent(x.Header())
	case err == nil && x.status == 0:
		x.WriteHeader(out.status) // the file is empty
	}
	return err
}

func copySpan(ctx context.Context, out io.Writer, file wharf.File, r span) error {
	src, err := file.Range(ctx, r.start, r.length)
	if err != nil {
		return err
	}
	defer src.Close()
	sent, err := copyAll(out, src)
	if err == nil && sent != r.length {
		return wharf.WrapError(wharf.CodeInternal, "httpapi.download", "", io.ErrUnexpectedEOF)
	}
	return err
}

// copyAll copies src, through a buffer only where src needs one.
func copyAll(out io.Writer, src io.Reader) (int64, error) {
	if w, ok := src.(io.WriterTo); ok {
		return w.WriteTo(out)
	}
	buf := copyBuffers.Get().(*[copyBuffer]byte)
	defer copyBuffers.Put(buf)
	return io.CopyBuffer(out, src, buf[:])
}

// clearContent takes back what was said of the file, for an error's answer.
func clearContent(h http.Header) {
	for _, name := range []string{"Content-Disposition", "Content-MD5", "Content-Range", "ETag", "Last-Modified", "Accept-Ranges"} {
		h.Del(name)
	}
}

// attachment is the Content-Disposition under which a browser saves a file:
// its last name, and for other than plain names a plain stand-in for old
// clients beside it (RFC 6266, appendix D).
func attachment(key string) string {
	name := path.Base(key)
	plain := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || strings.ContainsRune(`"\%`, r) {
			return '_'
		}
		return r
	}, name)
	s := `attachment; filename="` + plain + `"`
	if plain != name {
		// A space as '+' is for queries only.
		s += "; filename*=UTF-8''" + strings.ReplaceAll(url.QueryEscape(name), "+", "%20")
	}
	return s
}
