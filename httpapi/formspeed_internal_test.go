package httpapi

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"mime/multipart"
	"strings"
	"testing"
)

// curlBoundary has the length and the looks of what curl sends.
const curlBoundary = "------------------------d74496d66958873e"

// TestFormLargeParts reads parts that are larger than the buffer, so that
// boundaries and what looks like one straddle its end.
func TestFormLargeParts(t *testing.T) {
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 2))
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		w.SetBoundary(curlBoundary)
		var want []part
		for i := range 1 + rng.IntN(4) {
			name, content := fmt.Sprint(i), almostBoundaries(rng, rng.IntN(60_000))
			pw, err := w.CreateFormFile("upload", name)
			if err != nil {
				t.Fatal(err)
			}
			io.WriteString(pw, content)
			want = append(want, part{name, content})
		}
		w.Close()
		got, err := readForm(newForm(chunked(body.Bytes(), seed), curlBoundary, make([]byte, testBuffer)), seed)
		if err != nil || !equalParts(got, want) {
			t.Errorf("seed %d: %d parts of %d are right, %v", seed, len(got), len(want), err)
		}
	}
}

// almostBoundaries is content of at least n bytes that is full of beginnings
// of the delimiter.
func almostBoundaries(rng *rand.Rand, n int) string {
	delim := "\r\n--" + curlBoundary
	var b strings.Builder
	for b.Len() < n {
		b.WriteString(delim[:rng.IntN(len(delim))])
		b.WriteString(strings.Repeat("x", rng.IntN(300)))
	}
	return b.String()
}

// contents are kinds of data that a search for the boundary may like or not.
var contents = []struct {
	name string
	fill func(b []byte)
}{
	{"random", func(b []byte) {
		rng := rand.NewChaCha8([32]byte{1})
		rng.Read(b)
	}},
	{"csv", func(b []byte) { repeat(b, "1234567,2026-11-22,foo bar,3.14159\n") }},
	{"csv-crlf", func(b []byte) { repeat(b, "1234567,2026-11-22,foo bar,3.14159\r\n") }},
	{"zeros", func([]byte) {}},
	{"cr", func(b []byte) { repeat(b, "\r") }},
	{"dashes", func(b []byte) { repeat(b, "\r\n----------------------") }},
}

func repeat(b []byte, s string) {
	for len(b) > 0 {
		b = b[copy(b, s):]
	}
}

// BenchmarkForm parses one file of 64 MiB out of memory: the copy into the
// buffer is in the figure, no socket is.
func BenchmarkForm(b *testing.B) {
	for _, c := range contents {
		content := make([]byte, 64<<20)
		c.fill(content)
		head := "--" + curlBoundary + "\r\nContent-Disposition: form-data; name=\"upload\"; filename=\"f\"\r\n\r\n"
		tail := "\r\n--" + curlBoundary + "--\r\n"
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(content)))
			b.ReportAllocs()
			buf := make([]byte, formBuffer)
			for b.Loop() {
				src := io.MultiReader(strings.NewReader(head), bytes.NewReader(content), strings.NewReader(tail))
				f := newForm(onlyReader{src}, curlBoundary, buf)
				if _, err := f.next(); err != nil {
					b.Fatal(err)
				}
				if n, err := f.WriteTo(io.Discard); err != nil || n != int64(len(content)) {
					b.Fatal(n, err)
				}
			}
		})
	}
}

// BenchmarkFormStandard is what mime/multipart needs for the same, with a
// large buffer beneath.
func BenchmarkFormStandard(b *testing.B) {
	for _, c := range contents[:3] {
		content := make([]byte, 64<<20)
		c.fill(content)
		head := "--" + curlBoundary + "\r\nContent-Disposition: form-data; name=\"upload\"; filename=\"f\"\r\n\r\n"
		tail := "\r\n--" + curlBoundary + "--\r\n"
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(content)))
			buf := make([]byte, formBuffer)
			for b.Loop() {
				src := io.MultiReader(strings.NewReader(head), bytes.NewReader(content), strings.NewReader(tail))
				p, err := multipart.NewReader(onlyReader{src}, curlBoundary).NextRawPart()
				if err != nil {
					b.Fatal(err)
				}
				if n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, p, buf); err != nil || n != int64(len(content)) {
					b.Fatal(n, err)
				}
			}
		})
	}
}

type onlyReader struct{ io.Reader }

func TestSearch(t *testing.T) {
	for seed := range uint64(2000) {
		rng := rand.New(rand.NewPCG(seed, 3))
		letters := "ab\r-"[:1+rng.IntN(4)]
		text := func(n int) string {
			b := make([]byte, n)
			for i := range b {
				b[i] = letters[rng.IntN(len(letters))]
			}
			return string(b)
		}
		want, in := text(1+rng.IntN(6)), text(rng.IntN(60))
		var s search
		s.init([]byte(want))
		if got := s.index([]byte(in)); got != strings.Index(in, want) {
			t.Fatalf("%q in %q is found at %d, it is at %d", want, in, got, strings.Index(in, want))
		}
	}
}
