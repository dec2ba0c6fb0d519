package httpapi

import (
	"bytes"
	"io"

	"wharf"
)

const (
	// maxPartHeader bounds the header of one part, in bytes.
	maxPartHeader = 16 << 10
	// maxIgnored bounds what a form may hold besides its files: text fields,
	// preamble and epilogue together, in bytes.
	maxIgnored = 1 << 20
	// maxPadding bounds the blanks after a boundary.
	maxPadding = 64
	// maxEmptyReads is how often a reader may give nothing before it counts
	// as stuck, as in package bufio.
	maxEmptyReads = 100
)

// form reads a multipart form (RFC 7578) from a stream. Unlike package
// mime/multipart it reads in pieces of the size of its buffer, hands them out
// without a copy, and takes no liberties: lines end in CRLF, and what starts
// like a boundary and is none is an error, so that no two readers of one form
// can see different files in it.
//
// The open part is read by Read or WriteTo, so that a form that is a part of
// another one is read from that. A form is for one goroutine.
type form struct {
	src     io.Reader
	err     error  // of src; it stays
	buf     []byte // buf[r:w] is read and not yet used
	r, w    int
	delim   []byte // CRLF, "--", boundary
	search  *search
	ignored int    // bytes that were not a file's, up to maxIgnored
	opened  bool   // the first part was opened
	outside []byte // the last bytes that were read before the first part or after the last one

	data   int  // bytes from r on that are known to be the open part's
	skip   int  // length of the delimiter that follows them; 0 if none was seen
	fresh  bool // at the start of a line: a delimiter comes without its CRLF
	ended  bool // the open part was read to its end
	closed bool // the closing delimiter was read
}

// newForm reads a form from src by way of buf, which is the form's until its
// last use and is larger than maxPartHeader and any probe of size by half.
// What comes before the first boundary reads like a part.
func newForm(src io.Reader, boundary string, buf []byte) *form {
	f := new(form)
	f.init(src, boundary, buf, new(search))
	return f
}

// init is newForm for a form whose memory is there.
func (f *form) init(src io.Reader, boundary string, buf []byte, s *search) {
	*f = form{src: src, buf: buf, search: s, fresh: true,
		delim: append(append(f.delim[:0], "\r\n--"...), boundary...)}
	s.init(f.delim)
}

// next skips what is left of the open part and gives the header of the next
// one. After the last part it reads the body to its end and gives io.EOF.
func (f *form) next() (partHeader, error) {
	if err := f.ignore(); err != nil {
		return partHeader{}, err
	}
	if f.closed {
		return partHeader{}, f.epilogue()
	}
	block, err := f.headerBlock()
	if err != nil {
		return partHeader{}, err
	}
	f.fresh, f.ended, f.opened = true, false, true
	return parsePartHeader(block)
}

// Read reads the open part. It returns io.EOF only once the delimiter after the
// part has come, and is whole.
func (f *form) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if f.canBypass(p) {
		if n, err := f.bypass(p); n > 0 || err != nil {
			return n, err
		}
	}
	piece, err := f.piece()
	n := copy(p, piece)
	f.use(n)
	return n, err
}

// canBypass reports whether p is worth to be read into at once, past the buffer:
// nothing waits there but what may be the beginning of a delimiter.
func (f *form) canBypass(p []byte) bool {
	return len(p) >= len(f.buf)/8 && f.w-f.r < len(f.delim) &&
		f.data == 0 && f.skip == 0 && !f.fresh && !f.ended
}

// bypass reads from the source into p, and takes back into the buffer what is
// not, or may not be, the open part's. It returns 0 if that is all.
func (f *form) bypass(p []byte) (int, error) {
	p = p[:min(len(p), len(f.buf))]
	held := copy(p, f.buf[f.r:f.w])
	f.r, f.w = 0, 0
	n, err := f.read(p[held:])
	if err != nil {
		return 0, err
	}
	p = p[:held+n]
	end := f.search.index(p)
	if end >= 0 {
		f.skip = len(f.delim)
	} else {
		end = len(p) - f.partial(p)
	}
	f.w = copy(f.buf, p[end:])
	return end, nil
}

// WriteTo writes what is left of the open part, straight from the buffer.
func (f *form) WriteTo(w io.Writer) (total int64, err error) {
	for {
		piece, err := f.piece()
		if err == io.EOF {
			return total, nil
		}
		if err != nil {
			return total, err
		}
		n, err := w.Write(piece)
		f.use(n)
		total += int64(n)
		if err != nil {
			return total, err
		}
	}
}

// size returns the length of the part that was just opened, if the delimiter
// that ends it comes within about probe bytes. It takes nothing from the part.
func (f *form) size(probe int) (int64, bool) {
	for from := 0; f.data == 0 && f.skip == 0; {
		if f.fresh {
			if f.startOfLine() != nil {
				return 0, false
			}
			continue
		}
		have := f.w - f.r
		if i := f.search.index(f.buf[f.r+from : f.w]); i >= 0 {
			f.data, f.skip = from+i, len(f.delim)
			break
		}
		from = max(0, have-len(f.delim)+1)
		if have >= probe || f.fill() != nil {
			return 0, false
		}
	}
	return int64(f.data), f.skip > 0
}

// buffered returns how many bytes were read from the request and not used yet.
func (f *form) buffered() int64 {
	n := int64(f.w - f.r)
	if outer, ok := f.src.(*form); ok {
		n += outer.buffered()
	}
	return n
}

// piece returns the next bytes of the open part, which use then takes.
func (f *form) piece() ([]byte, error) {
	for {
		switch {
		case f.ended:
			return nil, io.EOF
		case f.data > 0:
			return f.buf[f.r : f.r+f.data], nil
		}
		if err := f.advance(); err != nil {
			return nil, err
		}
	}
}

// advance finds more of the open part, or its end.
func (f *form) advance() error {
	switch {
	case f.skip > 0:
		return f.delimiter()
	case f.fresh:
		return f.startOfLine()
	}
	have := f.buf[f.r:f.w]
	if i := f.search.index(have); i >= 0 {
		f.data, f.skip = i, len(f.delim)
		return nil
	}
	f.data = len(have) - f.partial(have)
	if f.data > 0 {
		return nil
	}
	return f.fill()
}

// partial tells how many bytes at the end of b may be the first ones of a
// delimiter. A delimiter has one CR, its first byte, so only the last CR of b
// can start one.
func (f *form) partial(b []byte) int {
	tail := b[max(0, len(b)-len(f.delim)+1):]
	i := bytes.LastIndexByte(tail, '\r')
	if i >= 0 && bytes.HasPrefix(f.delim, tail[i:]) {
		return len(tail) - i
	}
	return 0
}

// startOfLine looks for a delimiter whose CRLF was read already: that of the
// blank line after a header ends an empty part, and the first boundary of a
// form has none before it.
func (f *form) startOfLine() error {
	line := f.delim[len("\r\n"):]
	for f.w-f.r < len(line) && bytes.HasPrefix(line, f.buf[f.r:f.w]) {
		if err := f.fill(); err != nil {
			return err
		}
	}
	f.fresh = false
	if bytes.HasPrefix(f.buf[f.r:f.w], line) {
		f.skip = len(line)
	}
	return nil
}

// delimiter reads the delimiter at the front of the buffer to the end of its
// line, and with it ends the open part.
func (f *form) delimiter() error {
	at := f.skip
	if err := f.need(at + 2); err != nil {
		return err
	}
	closing := string(f.buf[f.r+at:f.r+at+2]) == "--"
	if closing {
		at += 2
	}
	at, err := f.lineEnd(at, closing)
	if err != nil {
		return err
	}
	f.r += at
	f.skip, f.ended, f.closed = 0, true, closing
	f.outside = f.outside[:0]
	return nil
}

// lineEnd reads blanks and the end of a line from the place at in the buffer
// on, and gives the place after it. The last line may end with the body.
func (f *form) lineEnd(at int, last bool) (int, error) {
	for limit := at + maxPadding; ; at++ {
		if err := f.need(at + 1); err != nil {
			if last && f.err == io.EOF {
				return at, nil
			}
			return 0, err
		}
		if c := f.buf[f.r+at]; at == limit || c != ' ' && c != '\t' {
			break
		}
	}
	if f.buf[f.r+at] == '\n' {
		return 0, invalid("the form has a boundary whose line ends with LF alone; the lines of a form end with CRLF")
	}
	if err := f.need(at + 2); err != nil {
		return 0, err
	}
	if string(f.buf[f.r+at:f.r+at+2]) != "\r\n" {
		return 0, invalid("the form has something else after a boundary than the end of the line")
	}
	return at + 2, nil
}

// headerBlock reads the header of a part, and the blank line after it, and
// gives the header's lines. They are valid until the next read.
func (f *form) headerBlock() ([]byte, error) {
	if err := f.need(len("\r\n")); err != nil {
		return nil, err
	}
	if string(f.buf[f.r:f.r+2]) == "\r\n" {
		f.r += 2
		return nil, nil
	}
	for {
		have := f.buf[f.r:f.w]
		if i := bytes.Index(have, []byte("\r\n\r\n")); i >= 0 && i <= maxPartHeader {
			f.r += i + len("\r\n\r\n")
			return have[:i], nil
		}
		if len(have) > maxPartHeader {
			return nil, wharf.Errorf(wharf.CodeTooLarge, "a part of the form has a header of more than %d bytes", maxPartHeader)
		}
		if err := f.fill(); err != nil {
			return nil, err
		}
	}
}

// ignore skips the rest of the open part.
func (f *form) ignore() error {
	for {
		piece, err := f.piece()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := f.ignorePiece(piece); err != nil {
			return err
		}
		f.use(len(piece))
	}
}

// ignorePiece counts bytes that are no file's. Before the first part and after
// the last one nothing among them may look like the beginning of a part.
func (f *form) ignorePiece(piece []byte) error {
	if f.ignored += len(piece); f.ignored > maxIgnored {
		return errIgnored()
	}
	if f.opened && !f.closed {
		return nil
	}
	line := f.delim[len("\r\n"):]
	f.outside = append(f.outside, piece...)
	if opensPart(f.outside, line) {
		return invalid("the form has its boundary where no part can begin: before the first line, or after the last one")
	}
	f.outside = f.outside[max(0, len(f.outside)-len(line)-1):]
	return nil
}

// opensPart reports whether b holds the boundary's line otherwise than as the
// closing one, which has "--" behind it.
func opensPart(b, line []byte) bool {
	for {
		i := bytes.Index(b, line)
		if i < 0 || len(b) < i+len(line)+2 {
			return false
		}
		if b = b[i+len(line):]; string(b[:2]) != "--" {
			return true
		}
	}
}

// epilogue reads what follows the closing delimiter. It returns io.EOF.
func (f *form) epilogue() error {
	for {
		if err := f.ignorePiece(f.buf[f.r:f.w]); err != nil {
			return err
		}
		f.r = f.w
		if f.fill() != nil {
			return f.err
		}
	}
}

func errIgnored() error {
	return invalid("the form has more than %d bytes besides its files; a file's part has a filename", maxIgnored)
}
