package local

import (
	"bytes"
	"encoding/binary"
	"io"
	"slices"

	"github.com/cockroachdb/pebble/v2/vfs"

	"wharf"
)

// record is a head and where its record stands.
type record struct {
	head
	offset  int64
	damaged bool // one of its two heads is
}

func (r *record) end() int64 { return r.offset + r.length() }

// span is a part of a segment, from the first byte to before the last.
type span struct{ from, to int64 }

// scan reads the records of a segment from one end to the other. It gets over
// what is damaged: behind that it looks for the segment's tag, which stands in
// every record and nowhere else.
//
// A batch of records that was being written when the power failed may be there
// in part, anywhere in it. No client was told that it was stored, and nothing that
// follows it was written. So the log ends at the first record that is not
// whole, unless a later batch proves that all before it had been synced.
type scan struct {
	file io.ReaderAt
	size int64 // of the file, or of the part of it that counts
	used int64 // only zeros follow, which nobody wrote, or nothing
	tag  uint64
	// closed is set for a segment that has a successor: all in it was synced.
	// Of another one, all before proven was.
	closed bool
	proven int64
	want   int64 // how long a closed segment should be, where that is known

	off      int64 // where the next record is expected
	batch    int64
	turn     uint32
	held     []record // of a batch that is not proven yet
	bad      []span   // that are not proven to be damage yet
	damages  []span   // that are
	mends    []placed // heads of the last batch as they were before a byte was damaged
	window   []byte   // bytes of the file from windowAt on
	windowAt int64
}

// windowSize is how much is read at once.
const windowSize = 16 << 10

// run calls do for each record that counts, in order. It returns where the log
// ends: at s.size, or, where a batch was torn, before.
func (s *scan) run(do func(record) error) (end int64, err error) {
	for s.off < s.size {
		r, found, err := s.next()
		if err != nil {
			return 0, err
		}
		if !found {
			break
		}
		if err := s.take(r, do); err != nil {
			return 0, err
		}
	}
	if s.closed {
		s.prove(s.size)
		if end := max(s.off, s.size); end < s.want {
			s.damages = append(s.damages, span{end, s.want})
		}
		return s.size, s.emit(do)
	}
	return s.settle(do)
}

// take holds a record of the batch at hand, or begins another batch, which
// proves all that came before it.
func (s *scan) take(r record, do func(record) error) error {
	if r.batch != s.batch || r.turn != s.turn {
		s.prove(r.batch)
		if err := s.emit(do); err != nil {
			return err
		}
		s.batch, s.turn = r.batch, r.turn
	}
	s.held = append(s.held, r)
	s.off = r.end()
	return nil
}

// prove declares what is bad before the offset damaged.
func (s *scan) prove(before int64) {
	n := 0
	for n < len(s.bad) && s.bad[n].from < before {
		n++
	}
	s.damages = append(s.damages, s.bad[:n]...)
	s.bad = s.bad[n:]
}

func (s *scan) emit(do func(record) error) error {
	for _, r := range s.held {
		if err := do(r); err != nil {
			return err
		}
	}
	s.held = s.held[:0]
	return nil
}

// settle finds where the last batch ends: all of its records that are whole up
// to the first that is not.
func (s *scan) settle(do func(record) error) (end int64, err error) {
	s.prove(s.proven)
	end = s.off
	if len(s.bad) > 0 {
		end = s.bad[0].from
	}
	for i, r := range s.held {
		if r.offset >= end {
			s.held = s.held[:i]
			break
		}
		if r.offset < s.proven {
			continue
		}
		whole, err := s.whole(r)
		if err != nil {
			return 0, err
		}
		if !whole {
			s.held, end = s.held[:i], r.offset
			break
		}
	}
	s.bad = nil
	if n := s.committed(); n < len(s.held) {
		s.held, end = s.held[:n], s.held[n].offset
		s.mends = slices.DeleteFunc(s.mends, func(p placed) bool { return p.at >= end })
	}
	return end, s.emit(do)
}

// committed is how many of the records that are held count: not the last ones,
// where some that belong to them are missing. What is proven was all there.
func (s *scan) committed() int {
	n := len(s.held)
	for n > 0 && s.held[n-1].follow > 0 && s.held[n-1].offset >= s.proven {
		n--
	}
	return n
}

// next finds the next record, and adds what is bad before it to s.bad. Without
// one, all up to the end is bad but for the zeros.
func (s *scan) next() (r record, found bool, err error) {
	from := s.off
	for at := from; ; {
		r, found, err = s.at(at)
		if err != nil {
			return record{}, false, err
		}
		if found && r.offset >= from && s.follows(r, r.offset > from) {
			break
		}
		if at, err = s.search(at + 1); err != nil {
			return record{}, false, err
		}
		if at < 0 {
			if end := min(s.used, s.size); from < end {
				s.bad = append(s.bad, span{from, end})
			}
			return record{}, false, nil
		}
	}
	if r.offset > from {
		s.bad = append(s.bad, span{from, r.offset})
	}
	return r, true, nil
}

// holds reports whether the file has the record. All of a closed segment was
// synced: of one that was cut, a record counts that lacks only its last head.
func (s *scan) holds(r record) bool {
	return r.end() <= s.size || s.closed && r.end()-r.prefix() <= s.size
}

// follows reports whether the record may come next. One of a write that failed
// and was written over by another does not.
func (s *scan) follows(r record, gap bool) bool {
	switch {
	case !s.holds(r) || r.batch > r.offset:
		return false
	case r.batch == r.offset:
		return true
	case r.batch == s.batch && r.turn == s.turn:
		return true
	}
	return gap && r.batch > s.batch
}

// at reads the record that begins at the offset, or that has its last head
// there.
func (s *scan) at(offset int64) (record, bool, error) {
	p, err := s.peek(offset, headLen+wharf.MaxKey)
	if err != nil {
		return record{}, false, err
	}
	if h, ok := parseFirst(p, s.tag, offset); ok {
		return record{head: h, offset: offset}, true, nil
	}
	if h, begin, ok := parseLast(p, s.tag, offset); ok {
		return record{head: h, offset: begin, damaged: true}, true, nil
	}
	return record{}, false, nil
}

// search gives the first place from the offset on where a head may begin, -1
// if there is none.
func (s *scan) search(offset int64) (int64, error) {
	var tag [8]byte
	binary.BigEndian.PutUint64(tag[:], s.tag)
	const before = 8 // a head begins so far before its tag
	for offset+before < s.size {
		p, err := s.peek(offset+before, windowSize)
		if err != nil {
			return 0, err
		}
		if i := bytes.Index(p, tag[:]); i >= 0 {
			return offset + int64(i), nil
		}
		if len(p) < len(tag) {
			break
		}
		offset += int64(len(p) - len(tag) + 1)
	}
	return -1, nil
}

// peek gives up to n bytes from the offset on. They are valid until the next
// call.
func (s *scan) peek(offset, n int64) ([]byte, error) {
	n = min(n, s.size-offset)
	if n <= 0 {
		return nil, nil
	}
	if offset < s.windowAt || offset+n > s.windowAt+int64(len(s.window)) {
		if s.window == nil {
			s.window = make([]byte, windowSize)
		}
		s.window = s.window[:min(windowSize, s.size-offset)]
		s.windowAt = offset
		if err := readFull(s.file, s.window, offset); err != nil {
			s.window = s.window[:0]
			return nil, err
		}
	}
	at := offset - s.windowAt
	return s.window[at : at+n], nil
}

// placed is an encoded head, and where in the segment it belongs.
type placed struct {
	at   int64
	head []byte
}

// whole reads the whole record and verifies it. Both of its heads must have been
// written. One of which a single byte is wrong was: a bit flipped afterwards, and
// the other says what the record is.
func (s *scan) whole(r record) (bool, error) {
	p, err := readPayload(s.file, r)
	if err != nil {
		return false, err
	}
	defer p.release()
	if !p.matches(r) {
		return false, nil
	}
	other := placed{r.end() - r.prefix(), r.append(nil, tailMagic, s.tag, r.offset)}
	if r.damaged {
		other = placed{r.offset, r.append(nil, headMagic, s.tag, r.offset)}
	}
	found := make([]byte, len(other.head))
	if err := readFull(s.file, found, other.at); err != nil {
		return false, err
	}
	wrong := 0
	for i, b := range found {
		if b != other.head[i] {
			wrong++
		}
	}
	if wrong == 1 {
		s.mends = append(s.mends, other)
	}
	return wrong <= 1, nil
}

// openScan is a scan of a file that it closes.
type openScan struct {
	scan
	file io.Closer
}

func (s *openScan) close() { s.file.Close() }

// scanOf begins the scan of a segment that is followed by others. What the
// first of these says of where it ends is believed, or, where that one is gone, what
// the index says.
func (e *Engine) scanOf(g *segment, later []*segment) (*openScan, error) {
	f, err := e.fs.Open(g.path)
	if err != nil {
		return nil, err
	}
	s := &openScan{scan: scan{file: f, tag: g.tag}, file: f}
	if err := s.measure(f); err != nil {
		s.close()
		return nil, err
	}
	for _, next := range later {
		first, found, err := e.firstRecord(next)
		if err != nil {
			s.close()
			return nil, err
		}
		if !found {
			continue
		}
		s.closed = true
		if first.kind == kindStart && first.number == g.number {
			s.limit(first.size)
		}
		break
	}
	if end := e.segs.endOf(g); s.closed && s.want == 0 && end > 0 {
		s.limit(end)
	}
	return s, nil
}

// measure finds where the segment ends: with its file, or before the zeros that
// the file had beforehand (see spare). A record can end with some, but is no
// shorter than its head.
func (s *scan) measure(f vfs.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	s.used = info.Size()
	for s.used > 0 {
		p := make([]byte, min(s.used, blockSize))
		if err := readFull(f, p, s.used-int64(len(p))); err != nil {
			return err
		}
		p = bytes.TrimRight(p, "\x00")
		if s.used = s.used - min(s.used, blockSize) + int64(len(p)); len(p) > 0 {
			break
		}
	}
	s.size = min(info.Size(), s.used+headLen)
	return nil
}

// limit sets where the segment ends. What is missing of it is damage.
func (s *openScan) limit(end int64) {
	s.want = end
	s.size = min(s.size, end)
}

// firstRecord reads the first record that a segment has.
func (e *Engine) firstRecord(g *segment) (record, bool, error) {
	f, err := e.fs.Open(g.path)
	if err != nil {
		return record{}, false, err
	}
	defer f.Close()
	s := &scan{file: f, tag: g.tag}
	if err := s.measure(f); err != nil {
		return record{}, false, err
	}
	return s.next()
}
