package s3

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// The bounds of an answer in XML. S3's own pages have 1,000 entries, whose keys
// have 1,024 bytes, each at most three when it is encoded.
const (
	maxPage      = 16 << 20
	maxErrorXML  = 1 << 20
	maxProlog    = 64 << 10 // before the root element
	maxDepth     = 16
	maxElements  = 50_000
	maxText      = 4 << 10   // between two tags of a page
	maxErrorText = 256 << 10 // of an error: it may hold the request that was signed
	maxTag       = 4 << 10   // one tag with its attributes
)

// xmlScan follows the shape of XML as its bytes pass, so that a decoder behind
// it sees no more than the bounds allow. Whether the XML is right is the
// decoder's to find out.
type xmlScan struct {
	maxText int

	root     string // the name of the first element, without its prefix; "" before it
	depth    int
	elements int
	run      int // bytes since the last tag, or of this one
	state    scanState
	quote    byte   // in an attribute's value
	tail     []byte // the last bytes of what has a terminator, or of a tag's beginning
	slash    bool   // the last byte of a start tag was '/'
	name     []byte
	named    bool // the tag's name is complete
}

type scanState uint8

const (
	inText  scanState = iota
	inOpen            // after '<'
	inTag             // in a start tag
	inValue           // in an attribute's value
	inEndTag
	inInstruction // <? … ?>
	inBang        // after '<!'
	inComment
	inCDATA
)

var (
	errNotXML    = errors.New("the answer is not XML")
	errDoctype   = errors.New("the answer is a document with a DOCTYPE")
	errTooDeep   = fmt.Errorf("the answer's elements are nested more than %d deep", maxDepth)
	errElements  = fmt.Errorf("the answer has more than %d elements", maxElements)
	errLongText  = errors.New("the answer has a value that is too long")
	errLongTag   = fmt.Errorf("the answer has a tag of more than %d bytes", maxTag)
	errNoElement = fmt.Errorf("the answer has no element in its first %d bytes", maxProlog)
)

// feed takes the next bytes.
func (s *xmlScan) feed(p []byte) error {
	for len(p) > 0 {
		n, err := s.step(p)
		if err != nil {
			return err
		}
		p = p[n:]
	}
	return nil
}

// step takes some of p and returns how many bytes.
func (s *xmlScan) step(p []byte) (int, error) {
	switch s.state {
	case inText:
		return s.text(p)
	case inComment:
		return s.until(p, "-->")
	case inCDATA:
		return s.until(p, "]]>")
	case inInstruction:
		return s.until(p, "?>")
	case inOpen:
		return 1, s.open(p[0])
	case inBang:
		return 1, s.bang(p[0])
	}
	return 1, s.tag(p[0])
}

func (s *xmlScan) text(p []byte) (int, error) {
	n := bytes.IndexByte(p, '<')
	text := p
	if n >= 0 {
		text = p[:n]
	}
	if s.depth == 0 {
		for _, b := range text {
			if !between(b) {
				return 0, errNotXML
			}
		}
	} else if s.run += len(text); s.run > s.maxText {
		return 0, errLongText
	}
	if n < 0 {
		return len(p), nil
	}
	s.state, s.tail = inOpen, s.tail[:0]
	return n + 1, nil
}

// between reports whether the byte may be outside the root element: white
// space, and what a byte order mark is made of.
func between(b byte) bool {
	switch b {
	case ' ', '\t', '\r', '\n', 0xef, 0xbb, 0xbf:
		return true
	}
	return false
}

// open looks at the byte after '<'.
func (s *xmlScan) open(b byte) error {
	switch b {
	case '?':
		s.state = inInstruction
	case '!':
		s.state = inBang
	case '/':
		s.state, s.run = inEndTag, 0
	default:
		s.state, s.run, s.slash, s.named = inTag, 0, false, false
		s.name = append(s.name[:0], b)
		if s.depth++; s.depth > maxDepth {
			return errTooDeep
		}
		if s.elements++; s.elements > maxElements {
			return errElements
		}
	}
	return nil
}

// bang looks at what follows '<!': a comment, CDATA, or what S3 never sends.
func (s *xmlScan) bang(b byte) error {
	s.tail = append(s.tail, b)
	switch {
	case string(s.tail) == "--":
		s.state, s.tail = inComment, s.tail[:0]
	case string(s.tail) == "[CDATA[" && s.depth > 0:
		s.state, s.tail = inCDATA, s.tail[:0]
	case !bytes.HasPrefix([]byte("--"), s.tail) && !bytes.HasPrefix([]byte("[CDATA["), s.tail):
		return errDoctype
	}
	return nil
}

// until takes p up to the terminator, which may have begun before p.
func (s *xmlScan) until(p []byte, end string) (int, error) {
	for i, b := range p {
		if s.tail = append(s.tail, b); len(s.tail) > len(end) {
			s.tail = append(s.tail[:0], s.tail[1:]...)
		}
		if s.run++; s.run > s.maxText {
			return 0, errLongText
		}
		if string(s.tail) == end {
			s.state, s.tail = inText, s.tail[:0]
			return i + 1, nil
		}
	}
	return len(p), nil
}

// tag takes one byte of a start or end tag.
func (s *xmlScan) tag(b byte) error {
	if s.run++; s.run > maxTag {
		return errLongTag
	}
	switch {
	case s.state == inValue:
		if b == s.quote {
			s.state = inTag
		}
		return nil
	case b == '>':
		return s.endTag()
	case s.state == inEndTag:
		return nil
	case b == '"' || b == '\'':
		s.state, s.quote = inValue, b
	}
	s.slash = b == '/'
	switch b {
	case ' ', '\t', '\r', '\n', '/':
		s.named = true
	}
	if !s.named && s.root == "" {
		s.name = append(s.name, b)
	}
	return nil
}

func (s *xmlScan) endTag() error {
	if s.state == inEndTag || s.slash {
		s.depth--
	}
	if s.depth < 0 {
		return errNotXML
	}
	if s.root == "" {
		s.root = localName(string(s.name))
	}
	s.state, s.run = inText, 0
	return nil
}

// localName takes a prefix off a name, as encoding/xml does.
func localName(name string) string {
	space, local, ok := strings.Cut(name, ":")
	if !ok || space == "" || local == "" || strings.Contains(local, ":") {
		return name
	}
	return local
}

// boundedXML is an answer's body that ends with an error where its bytes break
// a bound.
type boundedXML struct {
	r    io.Reader
	left int64
	scan xmlScan
	err  error
}

func newBoundedXML(r io.Reader, most int64, maxText int) *boundedXML {
	return &boundedXML{r: r, left: most, scan: xmlScan{maxText: maxText}}
}

func (b *boundedXML) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		b.err = &notS3Error{errors.New("the answer is too long")}
		return 0, b.err
	}
	if bad := b.scan.feed(p[:n]); bad != nil {
		b.err = &notS3Error{bad}
		return 0, b.err
	}
	b.err = err
	return n, err
}

// peek reads until the root element is known or the body has ended, and
// returns what it read.
func (b *boundedXML) peek() ([]byte, error) {
	var read []byte
	buf := make([]byte, 4<<10)
	for b.scan.root == "" {
		n, err := b.Read(buf)
		read = append(read, buf[:n]...)
		if err == io.EOF {
			return read, nil
		}
		if err != nil {
			return nil, err
		}
		if len(read) > maxProlog {
			return nil, &notS3Error{errNoElement}
		}
	}
	return read, nil
}
