package textfile

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// Job is what is wanted of a file.
type Job struct {
	Path        string
	To          string  // where its text is written; "" for nowhere
	Compression string  // of the file, as Open has it
	Encoding    string  // a label of the Encoding Standard; "" is UTF-8
	Records     bool    // it has records of Dialect; else its bytes are only unpacked
	Dialect     Dialect // of its records
	Limit       int64   // most bytes of To
}

// Look is what the beginning of a file tells.
type Look struct {
	First  []Field // the first record; nil where there is none
	Ends   string  // what ends its lines: "\n", "\r\n" or "\r", "" where it has one line
	Native bool    // DuckDB reads it as it is
	// Length is how many bytes of text a compressed file has, 0 where it has more
	// than are counted.
	Length int64
}

// counted bounds how much of a compressed file is unpacked to count its text, in bytes.
const counted = 1 << 20

// maxColumns bounds the columns of a file.
const maxColumns = 10_000

// maxName bounds how much of a field of the first record a Look has, in bytes.
const maxName = 256

// ErrTooLong is of a file whose text is longer than Job.Limit.
var ErrTooLong = errors.New("the text is too long")

// lookAt is how much of a file is looked at to find out whether its lines end
// alike, in bytes.
const lookAt = 64 << 10

func (j Job) open() (io.Reader, func(), error) {
	f, err := os.Open(j.Path)
	if err != nil {
		return nil, nil, err
	}
	r, done, err := Open(f, j.Compression)
	closeBoth := func() { done(); f.Close() }
	if err == nil && j.Records && j.Encoding != "" {
		r, err = decoded(r, j.Encoding)
	}
	if err != nil {
		closeBoth()
		return nil, nil, err
	}
	return r, closeBoth, nil
}

// from is the encoding of the file, "" for UTF-8.
func (j Job) from() string {
	if j.Encoding == "" || IsUTF8(j.Encoding) {
		return ""
	}
	return j.Encoding
}

// Look reads the first record.
func (j Job) Look() (Look, error) {
	in, done, err := j.open()
	if err != nil {
		return Look{}, err
	}
	defer done()
	if j.Compression == "" {
		return j.lookInto(in)
	}
	text := &countingReader{Reader: in}
	look, err := j.lookInto(text)
	if err != nil {
		return look, err
	}
	// What is damaged behind its beginning is found by who reads it all.
	if _, err := io.CopyN(io.Discard, text, max(1, counted-text.read+1)); err == io.EOF {
		look.Length = text.read
	}
	return look, nil
}

// countingReader counts what was read.
type countingReader struct {
	io.Reader
	read int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.read += int64(n)
	return n, err
}

// lookInto is Look of what the file has unpacked.
func (j Job) lookInto(in io.Reader) (Look, error) {
	buffered := bufio.NewReaderSize(in, lookAt)
	head, err := buffered.Peek(lookAt)
	if err != nil && err != io.EOF {
		return Look{}, err
	}
	ends, alike := lineEnds(string(head))
	look := Look{Ends: ends, Native: alike && !quotesSkipped(string(head), j.Dialect)}
	r, err := NewReader(buffered, j.Dialect)
	if err != nil {
		return look, err
	}
	r.from = j.from()
	look.First, err = r.Read()
	if err == io.EOF {
		return look, nil
	}
	if len(look.First) > maxColumns {
		return look, &BadRecord{Line: r.line, Reason: fmt.Sprintf("it has %d columns; a file that is queried has at most %d", len(look.First), maxColumns)}
	}
	for i, f := range look.First {
		look.First[i].Text = strings.ToValidUTF8(f.Text[:min(len(f.Text), maxName)], "")
	}
	if err == nil && j.Dialect.Record == "" {
		// Line ends within quotes may be others than those of the file.
		look.Ends = r.ended
	}
	return look, r.asBad(err)
}

// LinesOfJSON reports whether the file has a whole JSON object or array on its
// first line: then it is read line by line.
func (j Job) LinesOfJSON() (bool, error) {
	j.Records = false
	in, done, err := j.open()
	if err != nil {
		return false, err
	}
	defer done()
	head := make([]byte, lookAt)
	n, err := io.ReadFull(in, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return false, err
	}
	text := strings.TrimLeft(strings.TrimPrefix(string(head[:n]), "\ufeff"), " \t\r\n")
	line, rest, _ := strings.Cut(text, "\n")
	return json.Valid([]byte(line)) && strings.HasPrefix(line, "{") || strings.HasPrefix(line, "[") && json.Valid([]byte(line)) && strings.TrimSpace(rest) != "", nil
}

// lineEnds gives how the lines end, and whether all that are seen end alike.
// Where lines end by "\r\n", a "\n" alone may stand within quotes.
func lineEnds(head string) (string, bool) {
	both := strings.Count(head, "\r\n")
	returns, feeds := strings.Count(head, "\r")-both, strings.Count(head, "\n")-both
	if strings.HasSuffix(head, "\r") {
		returns-- // what follows was not seen
	}
	switch {
	case both == 0 && returns <= 0:
		return "\n", true
	case returns > 0 && both == 0 && feeds == 0:
		return "\r", true
	case both > 0 && feeds == 0 && returns <= 0:
		return "\r\n", true
	}
	return "\n", false
}

// quotesSkipped reports whether lines that are skipped have a quote, which
// DuckDB would take for one that opens.
func quotesSkipped(head string, d Dialect) bool {
	for range d.Skip {
		line, rest, found := strings.Cut(head, "\n")
		if d.Quote != "" && strings.Contains(line, d.Quote) || !found {
			return true
		}
		head = rest
	}
	return false
}

// Check reads the file to its first bad record, and returns that, or nil. A
// file without records is one of JSON, line by line.
func (j Job) Check() error {
	j.To = ""
	if j.Records {
		return j.Convert()
	}
	in, done, err := j.open()
	if err != nil {
		return err
	}
	defer done()
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 0, chunk), maxRecord)
	n := 0
	for lines.Scan() {
		n++
		text := bytes.TrimPrefix(lines.Bytes(), []byte("\ufeff"))
		if len(bytes.TrimSpace(text)) == 0 {
			continue
		}
		if err := json.Unmarshal(text, new(json.RawMessage)); err != nil {
			bad := &BadRecord{Line: n, Reason: "it is no JSON: " + err.Error()}
			var syntax *json.SyntaxError
			if errors.As(err, &syntax) {
				bad.Column = int(syntax.Offset)
			}
			return bad
		}
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return &BadRecord{Line: n + 1, Reason: "it is longer than 16 MiB"}
	}
	return lines.Err()
}

// Convert writes the text of the file: its bytes unpacked, or its records with
// a comma between fields, each in double quotes but for NULL, which is nothing
// at all, and a line feed behind each record.
func (j Job) Convert() (err error) {
	in, done, err := j.open()
	if err != nil {
		return err
	}
	defer done()
	out := io.Writer(io.Discard)
	if j.To != "" {
		f, err := os.OpenFile(j.To, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		out = &bounded{f, j.Limit}
	}
	if !j.Records {
		_, err = io.CopyBuffer(out, in, make([]byte, chunk))
		return err
	}
	r, err := NewReader(in, j.Dialect)
	if err != nil {
		return err
	}
	r.from = j.from()
	w := bufio.NewWriterSize(out, chunk)
	if err := r.writeTo(w); err != nil {
		return r.asBad(err)
	}
	return w.Flush()
}

func (r *Reader) writeTo(w *bufio.Writer) error {
	for {
		err := r.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		// An empty line stays one, so that lines keep their numbers.
		for i := range r.width {
			if len(r.fields) == 0 {
				break
			}
			if i > 0 {
				_ = w.WriteByte(',') // the next write has its error
			}
			if i < len(r.fields) {
				text, null := r.value(r.fields[i])
				if !null {
					writeQuoted(w, text)
				}
			}
		}
		if err := w.WriteByte('\n'); err != nil {
			return err
		}
	}
}

func writeQuoted(w *bufio.Writer, text []byte) {
	_ = w.WriteByte('"') // the error stays in w
	for _, c := range text {
		if c == '"' {
			_ = w.WriteByte('"')
		}
		_ = w.WriteByte(c)
	}
	_ = w.WriteByte('"')
}

// bounded is a writer that fails where more is written than its bound.
type bounded struct {
	w    io.Writer
	left int64
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.left -= int64(len(p)); b.left < 0 {
		return 0, fmt.Errorf("%w", ErrTooLong)
	}
	return b.w.Write(p)
}
