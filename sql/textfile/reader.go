package textfile

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"
)

// maxRecord bounds a record, in bytes: DuckDB reads none that is longer.
const maxRecord = 16 << 20

// Reader reads records.
type Reader struct {
	r       *bufio.Reader
	d       Dialect
	records int    // begun
	lines   int    // ended
	line    int    // of the record's beginning
	buf     []byte // the record's fields
	fields  []span
	width   int    // fields of the first record
	blanks  int    // empty lines in front of the first record that are still to be given
	first   []span // the fields of that record, until it is given
	ended   string // how the last record ended: "", "\n", "\r\n", "\r" or Dialect.Record
	limit   int    // of a record
	from    string // the encoding that the text was decoded from; "" is UTF-8
}

// span is a field in the buffer.
type span struct {
	from, to int
	quoted   bool
}

// NewReader reads records of UTF-8 text. A byte order mark is left out.
func NewReader(r io.Reader, d Dialect) (*Reader, error) {
	in := &Reader{r: bufio.NewReaderSize(r, chunk), d: d, limit: maxRecord}
	if mark, err := in.r.Peek(3); err == nil && string(mark) == "\ufeff" {
		_, _ = in.r.Discard(3) // they were seen
	}
	return in, in.skip()
}

// skip leaves out the lines in front.
func (r *Reader) skip() error {
	for range r.d.Skip {
		for {
			c, err := r.r.ReadByte()
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
			if end, err := r.recordEnds(c); err != nil {
				return err
			} else if end {
				break
			}
		}
		r.records++
	}
	return nil
}

// recordEnds reports whether c, which was read, ends a record, and reads the
// rest of what ends it.
func (r *Reader) recordEnds(c byte) (bool, error) {
	if r.d.Record != "" {
		if !r.follows(c, r.d.Record) {
			return false, nil
		}
		r.ended = r.d.Record
		return true, nil
	}
	switch c {
	case '\n':
		r.ended = "\n"
	case '\r':
		r.ended = "\r"
		if next, err := r.r.Peek(1); err == nil && next[0] == '\n' {
			r.ended = "\r\n"
			_, _ = r.r.Discard(1) // it was seen
		}
	default:
		return false, nil
	}
	r.lines++
	return true, nil
}

// follows reports whether c and what follows are text, and reads that.
func (r *Reader) follows(c byte, text string) bool {
	if text == "" || c != text[0] {
		return false
	}
	if len(text) == 1 {
		return true
	}
	rest, err := r.r.Peek(len(text) - 1)
	if err != nil || string(rest) != text[1:] {
		return false
	}
	_, _ = r.r.Discard(len(rest)) // they were seen
	return true
}

// bad makes the error of the field that is being read.
func (r *Reader) bad(reason string, args ...any) error {
	b := &BadRecord{Line: r.line, Column: len(r.fields) + 1, Reason: fmt.Sprintf(reason, args...)}
	if r.d.Record != "" {
		b.Line, b.Records = r.records, true
	}
	return b
}

// next reads a record, or an empty line between records of several fields,
// which has no field. It returns io.EOF at the end. Where records have one field, an
// empty line is one.
func (r *Reader) next() error {
	if r.width == 0 {
		if err := r.findWidth(); err != nil {
			return err
		}
	}
	for {
		switch {
		case r.blanks > 0:
			r.blanks--
			r.fields = []span{{}}
		case r.first != nil:
			r.fields, r.first = r.first, nil
		default:
			if err := r.begin(); err != nil {
				return err
			}
		}
		if r.width == 1 || !r.blank() {
			return r.check()
		}
		if r.d.Record == "" {
			r.fields = r.fields[:0]
			return nil
		}
	}
}

// findWidth reads the first record, which tells whether the empty lines in front of
// it are records too. They are where there is no other line.
func (r *Reader) findWidth() error {
	for {
		err := r.begin()
		switch {
		case err == io.EOF && r.blanks > 0:
			r.width = 1
			return nil
		case err != nil:
			return err
		case !r.blank():
			r.width, r.first = len(r.fields), r.fields
			return nil
		}
		r.blanks++
	}
}

// begin reads the fields of a record.
func (r *Reader) begin() error {
	r.buf, r.fields = r.buf[:0], r.fields[:0]
	r.records++
	r.line = r.lines + 1
	return r.record()
}

// blank reports whether the record is an empty line.
func (r *Reader) blank() bool {
	return len(r.fields) == 1 && !r.fields[0].quoted && r.fields[0].from == r.fields[0].to
}

// check wants the record to have as many fields as the first one, and text in
// them.
func (r *Reader) check() error {
	if n := len(r.fields); n != r.width && !r.d.Ragged {
		r.fields = r.fields[:min(n, r.width)]
		return r.bad("it has %s, and the first record has %d", columns(n), r.width)
	}
	if r.d.AnyBytes || r.isText(r.buf) {
		return nil
	}
	for i, f := range r.fields {
		if !r.isText(r.buf[f.from:f.to]) {
			r.fields = r.fields[:i]
			if r.from != "" {
				return r.bad("its bytes are no text in %s; ENCODING_ERROR_MODE = REPLACE reads them as U+FFFD", r.from)
			}
			return r.bad("its bytes are no UTF-8 text; ENCODING = '…' names another encoding, and ENCODING_ERROR_MODE = REPLACE reads each byte that is no text as U+FFFD")
		}
	}
	return nil
}

// isText reports whether bytes are text. What a decoder did not know is U+FFFD.
func (r *Reader) isText(b []byte) bool {
	return utf8.Valid(b) && (r.from == "" || !bytes.Contains(b, []byte("\ufffd")))
}

func columns(n int) string {
	if n == 1 {
		return "1 column"
	}
	return fmt.Sprintf("%d columns", n)
}

// record reads the fields of one record.
func (r *Reader) record() error {
	for {
		end, err := r.field()
		if err == io.EOF && len(r.fields) == 1 && r.blank() {
			return io.EOF // nothing behind the last record
		}
		if err == io.EOF {
			return nil
		}
		if err != nil || end {
			return err
		}
	}
}

// field reads a field and what ends it. It reports whether that ends the
// record, and returns io.EOF at the end of the file.
func (r *Reader) field() (bool, error) {
	from := len(r.buf)
	c, err := r.r.ReadByte()
	for err == nil && r.d.Trim && (c == ' ' || c == '\t') && string(c) != r.d.Field {
		c, err = r.r.ReadByte()
	}
	if err == nil && r.d.Quote != "" && c == r.d.Quote[0] {
		if err := r.quoted(); err != nil {
			return false, err
		}
		return r.behindQuote(from)
	}
	for ; err == nil; c, err = r.r.ReadByte() {
		if r.follows(c, r.d.Field) {
			r.add(from, false)
			return false, nil
		}
		if end, err := r.recordEnds(c); err != nil || end {
			r.add(from, false)
			return true, err
		}
		if r.d.Backslash && c == '\\' {
			// What a backslash takes the meaning from ends no field.
			r.buf = append(r.buf, c)
			if c, err = r.r.ReadByte(); err != nil {
				break
			}
		}
		if r.buf = append(r.buf, c); len(r.buf) > r.limit {
			return false, r.bad("the record is longer than 16 MiB")
		}
	}
	r.add(from, false)
	return true, err
}

// quoted reads up to the closing quote.
func (r *Reader) quoted() error {
	quote := r.d.Quote[0]
	for {
		c, err := r.r.ReadByte()
		switch {
		case err == io.EOF:
			return r.bad("the quote that opens here is not closed")
		case err != nil:
			return err
		case r.d.Escape != "" && c == r.d.Escape[0]:
			if c, err = r.r.ReadByte(); err != nil {
				return r.bad("the quote that opens here is not closed")
			}
		case c == quote:
			next, err := r.r.Peek(1)
			if err != nil || next[0] != quote {
				return nil
			}
			_, _ = r.r.Discard(1) // it was seen
		case c == '\n', c == '\r':
			r.countLine(c)
		}
		if r.buf = append(r.buf, c); len(r.buf) > r.limit {
			return r.bad("the record is longer than 16 MiB; is a quote not closed?")
		}
	}
}

// countLine counts a line that ends within quotes.
func (r *Reader) countLine(c byte) {
	if next, err := r.r.Peek(1); c == '\r' && err == nil && next[0] == '\n' {
		return // the line ends behind it
	}
	r.lines++
}

// behindQuote reads what ends a quoted field.
func (r *Reader) behindQuote(from int) (bool, error) {
	c, err := r.r.ReadByte()
	for err == nil && r.d.Trim && (c == ' ' || c == '\t') && string(c) != r.d.Field {
		c, err = r.r.ReadByte()
	}
	if err != nil {
		r.add(from, true)
		return true, err
	}
	if r.follows(c, r.d.Field) {
		r.add(from, true)
		return false, nil
	}
	end, err := r.recordEnds(c)
	if err == nil && !end {
		return false, r.bad("there is text behind the closing quote; a quote within quotes is doubled")
	}
	r.add(from, true)
	return end, err
}

func (r *Reader) add(from int, quoted bool) {
	to := len(r.buf)
	for r.d.Trim && !quoted && to > from && (r.buf[to-1] == ' ' || r.buf[to-1] == '\t') {
		to--
	}
	r.fields = append(r.fields, span{from, to, quoted})
}

// value gives a field's text and whether it is NULL.
func (r *Reader) value(f span) ([]byte, bool) {
	text := r.buf[f.from:f.to]
	switch {
	case len(text) == 0:
		return text, f.quoted && r.d.QuotedEmpty || !f.quoted && r.d.EmptyNull
	case (!f.quoted || r.d.QuotedNull) && slices.Contains(r.d.Nulls, string(text)):
		return nil, true
	}
	if r.d.Backslash && bytes.IndexByte(text, '\\') >= 0 {
		text = r.unescape(text)
	}
	if r.d.AnyBytes && !utf8.Valid(text) {
		text = bytes.ToValidUTF8(text, []byte("\ufffd"))
	}
	return text, false
}

// unescape gives what backslashes stand for. One in front of any other
// character than those of the dialect stays.
func (r *Reader) unescape(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' || i+1 == len(text) {
			out = append(out, text[i])
			continue
		}
		i++
		switch c := text[i]; {
		case c == 't':
			out = append(out, '\t')
		case c == 'n':
			out = append(out, '\n')
		case c == 'r':
			out = append(out, '\r')
		case c == '\\', r.d.Field != "" && c == r.d.Field[0]:
			out = append(out, c)
		default:
			out = append(out, '\\', c)
		}
	}
	return out
}

// Read reads a record. It returns io.EOF at the end, and a *BadRecord for what
// is no record.
func (r *Reader) Read() ([]Field, error) {
	for {
		if err := r.next(); err != nil {
			return nil, err
		}
		if len(r.fields) > 0 {
			break
		}
	}
	fields := make([]Field, len(r.fields))
	for i, f := range r.fields {
		text, null := r.value(f)
		fields[i] = Field{string(text), null, f.quoted}
	}
	return fields, nil
}

// asBad makes a *BadRecord of the errors of a damaged file, which name no
// place, at the record that was being read.
func (r *Reader) asBad(err error) error {
	var bad *BadRecord
	if errors.As(err, &bad) && bad.Line == 0 {
		at := *bad
		at.Line = r.line
		return &at
	}
	return err
}
