package httpapi

import (
	"bytes"
	"strings"
)

// framing looks in the header of a request for what tells where its body ends.
// net/http resolves contradictions there, and takes the fields away: a proxy in
// front may have resolved them in another way, and then what is a body to it is
// a request to this server (request smuggling; RFC 9112, sections 6.1 and 11.2).
type framing struct {
	line    [len("transfer-encoding:")]byte // the first bytes of the line
	length  int                             // of those
	version [len("HTTP/1.0\r")]byte         // the last bytes of the request line
	lines   int

	isHTTP2 bool // the request line is what HTTP/2 by prior knowledge begins with

	hasLength, hasCoding bool
	isFraming            bool // the line before was one of these fields
	folded               bool // one of these fields goes on on a second line
}

// http2Preface is the request line that a connection of HTTP/2 begins with (RFC
// 9113, section 3.4).
const http2Preface = "PRI * HTTP/2.0"

// take reads bytes of the line, without the LF at its end.
func (f *framing) take(b []byte) {
	f.length += copy(f.line[f.length:], b)
	if f.lines > 0 {
		return
	}
	if n := len(f.version); len(b) >= n {
		copy(f.version[:], b[len(b)-n:])
	} else {
		copy(f.version[:], f.version[len(b):])
		copy(f.version[n-len(b):], b)
	}
}

// endLine ends the line.
func (f *framing) endLine() {
	line := f.line[:f.length]
	f.length = 0
	f.lines++
	if f.lines == 1 {
		f.isHTTP2 = string(bytes.TrimSuffix(line, []byte("\r"))) == http2Preface
		return
	}
	if bytes.HasPrefix(line, []byte(" ")) || bytes.HasPrefix(line, []byte("\t")) {
		f.folded = f.folded || f.isFraming
		return
	}
	name, _, _ := bytes.Cut(line, []byte(":"))
	isLength := strings.EqualFold(string(name), "Content-Length")
	isCoding := strings.EqualFold(string(name), "Transfer-Encoding")
	f.isFraming = isLength || isCoding
	f.hasLength, f.hasCoding = f.hasLength || isLength, f.hasCoding || isCoding
}

// ambiguous reports whether two readers of the header may see different ends
// of the body.
func (f *framing) ambiguous() bool {
	old := bytes.HasSuffix(bytes.TrimSuffix(f.version[:], []byte("\r")), []byte("HTTP/1.0"))
	return f.folded || f.hasCoding && (f.hasLength || old)
}

const errAmbiguous = "the request says in two ways where its body ends: it has a Content-Length and a Transfer-Encoding, " +
	"or a Transfer-Encoding in HTTP/1.0, or one of them goes on on a second line"
