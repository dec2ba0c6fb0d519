package httpapi

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func header(lines int, length int) string {
	var b strings.Builder
	b.WriteString("GET / HTTP/1.1\r\n")
	for range lines - 1 {
		b.WriteString("a: b\r\n")
	}
	rest := length - b.Len() - len("x: \r\n\r\n")
	b.WriteString("x: " + strings.Repeat("y", max(0, rest)) + "\r\n\r\n")
	return b.String()
}

// TestHeaderLimit reads connections in pieces of several sizes. Bodies of any
// number of lines are no part of a header.
func TestHeaderLimit(t *testing.T) {
	lines := strings.Repeat("\n", 5000)
	type step struct {
		text string
		body int64 // that follows; less than 0 if in chunks
	}
	for name, c := range map[string]struct {
		steps []step
		want  bool
	}{
		"200 lines":           {[]step{{header(200, 0), 0}}, true},
		"201 lines":           {[]step{{header(201, 0), 0}}, false},
		"16 KiB":              {[]step{{header(1, 16<<10), 0}}, true},
		"a byte more":         {[]step{{header(1, 16<<10+1), 0}}, false},
		"bare line feeds":     {[]step{{strings.ReplaceAll(header(200, 0), "\r", ""), 0}}, true},
		"201 bare line feeds": {[]step{{strings.ReplaceAll(header(201, 0), "\r", ""), 0}}, false},
		"no end":              {[]step{{"GET / HTTP/1.1\r\n" + strings.Repeat("a:\n", 201), 0}}, false},
		"no line":             {[]step{{strings.Repeat("a", 16<<10+1), 0}}, false},
		"a body of lines":     {[]step{{header(200, 0), 5000}, {lines, 0}}, true},
		"after a body":        {[]step{{header(200, 0), 5000}, {lines, 0}, {header(201, 0), 0}}, false},
		"pipelined":           {[]step{{header(200, 0), 0}, {header(200, 0), 0}, {header(1, 16<<10), 0}, {header(1, 0), 0}}, true},
		"pipelined too large": {[]step{{header(2, 0), 0}, {header(201, 0), 0}}, false},
		"chunks":              {[]step{{header(2, 0), -1}, {"1388;x=\"y\"\r\n" + lines + "\r\n0\r\n\r\n", 0}, {header(200, 0), 0}}, true},
		"after chunks":        {[]step{{header(2, 0), -1}, {"2\r\nab\r\n1\n\n\n000\nTrailer: x\n\n", 0}, {header(201, 0), 0}}, false},
		"an empty body":       {[]step{{header(2, 0), 0}, {header(2, 0), 1}, {"\n", 0}, {header(2, 0), 0}}, true},
	} {
		for _, size := range []int{1, 7, 1000, 4096, 1 << 20} {
			var all strings.Builder
			for _, s := range c.steps {
				all.WriteString(s.text)
			}
			limit := headerLimit{most: defaultMaxHeaderBytes}
			src := io.Reader(strings.NewReader(all.String()))
			if size == 1 {
				src = iotest.OneByteReader(src)
			}
			err := error(nil)
			for _, s := range c.steps {
				var got []byte
				if got, err = readStep(&limit, src, len(s.text), size); err != nil {
					break
				}
				if string(got) != s.text {
					t.Fatalf("%s in pieces of %d: handed out %q, want %q", name, size, got, s.text)
				}
				if s.body != 0 {
					limit.beginBody(s.body)
				}
			}
			if (err == nil) != c.want || err != nil && !errors.Is(err, errHeaderTooLarge) {
				t.Errorf("%s in pieces of %d: %v", name, size, err)
			}
			limit.release()
		}
	}
}

// readStep reads n bytes, of which no read may go beyond.
func readStep(l *headerLimit, src io.Reader, n, size int) ([]byte, error) {
	var got bytes.Buffer
	for got.Len() < n {
		p := make([]byte, size)
		m, err := l.read(src, p)
		got.Write(p[:m])
		if err != nil {
			return got.Bytes(), err
		}
	}
	return got.Bytes(), nil
}
