package httpapi

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"mime/multipart"
	"strings"
	"testing"
	"testing/iotest"

	"wharf"
)

// part is one part of a form as a test sees it.
type part struct{ name, content string }

// readForm reads all parts of a form. Which way it takes to the bytes of each
// part comes from the seed.
func readForm(f *form, seed uint64) ([]part, error) {
	rng := rand.New(rand.NewPCG(seed, 0))
	var parts []part
	for {
		h, err := f.next()
		if err == io.EOF {
			return parts, nil
		}
		if err != nil {
			return parts, err
		}
		size, known := int64(0), false
		if rng.IntN(2) == 0 {
			size, known = f.size(1 + rng.IntN(4<<10))
		}
		content, err := readPart(f, rng)
		if err != nil {
			return parts, err
		}
		if known && size != int64(len(content)) {
			return parts, fmt.Errorf("size said %d, the part has %d bytes", size, len(content))
		}
		parts = append(parts, part{h.filename, content})
	}
}

func readPart(f *form, rng *rand.Rand) (string, error) {
	var b bytes.Buffer
	var err error
	switch rng.IntN(3) {
	case 0:
		_, err = f.WriteTo(&b)
	case 1:
		_, err = io.Copy(&b, iotest.OneByteReader(f))
	default:
		_, err = io.CopyBuffer(struct{ io.Writer }{&b}, struct{ io.Reader }{f}, make([]byte, 1+rng.IntN(testBuffer/2)))
	}
	if err == nil {
		if n, again := f.Read(make([]byte, 1)); n != 0 || again != io.EOF {
			return "", fmt.Errorf("after its end the part gives %d bytes and %v", n, again)
		}
	}
	return b.String(), err
}

// chunks is a reader that gives a body in pieces of random length, sometimes
// none, and its end with or after the last piece.
type chunks struct {
	b   []byte
	max int
	rng *rand.Rand
}

func (c *chunks) Read(p []byte) (int, error) {
	n := min(c.rng.IntN(c.max+1), len(p), len(c.b))
	copy(p, c.b[:n])
	c.b = c.b[n:]
	if len(c.b) == 0 && c.rng.IntN(2) == 0 {
		return n, io.EOF
	}
	return n, nil
}

func chunked(body []byte, seed uint64) io.Reader {
	rng := rand.New(rand.NewPCG(seed, 1))
	return &chunks{b: body, max: 1 + rng.IntN(200), rng: rng}
}

// testBuffer is small, so that everything straddles its end somewhere.
const testBuffer = maxPartHeader * 3 / 2

// FuzzFormRoundTrip writes forms with mime/multipart and reads them back.
func FuzzFormRoundTrip(f *testing.F) {
	f.Add("B", []byte("one"), []byte("two"), uint64(1))
	f.Add("---------------------------8721656041911415653955004498", []byte{}, []byte("\r\n--"), uint64(2))
	f.Add("BB", []byte("\r\n--A\r\n--b\r\n-B\r--BB\n--BB\r"), []byte("\r"), uint64(3))
	f.Add("x", bytes.Repeat([]byte("\r\n-"), 2_000), bytes.Repeat([]byte("a"), 500), uint64(4))
	f.Fuzz(func(t *testing.T, boundary string, a, b []byte, seed uint64) {
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		line := []byte("--" + boundary)
		if w.SetBoundary(boundary) != nil || !validBoundary(boundary) ||
			bytes.Contains(a, line) || bytes.Contains(b, line) {
			return
		}
		for i, content := range [][]byte{a, b} {
			pw, err := w.CreateFormFile("upload", fmt.Sprint("file", i))
			if err != nil {
				t.Fatal(err)
			}
			pw.Write(content)
		}
		w.Close()
		got, err := readForm(newForm(chunked(body.Bytes(), seed), boundary, make([]byte, testBuffer)), seed)
		if err != nil || len(got) != 2 || got[0] != (part{"file0", string(a)}) || got[1] != (part{"file1", string(b)}) {
			t.Errorf("read %d parts, %v", len(got), err)
		}
	})
}

// FuzzForm reads arbitrary bytes as a form. However they are cut up, the
// outcome is the same; and what is a form to us is the same form to
// mime/multipart.
func FuzzForm(f *testing.F) {
	part := "--B\r\nContent-Disposition: form-data; name=a; filename=\"f\"\r\n\r\n"
	for _, s := range []string{
		"", "--B--", "--B--\r\n", part + "x\r\n--B--", part + "\r\n--B--\r\n", part + "--B--", "pre\r\n" + part + "x\r\n--B \t\r\n" + part[5:] + "y\r\n--B-- \r\nepi",
		part + "x\r\n--Bx\r\n--B--", part + "x\r\n--B\r\n", part + "x\r\n--B-", part + "x\r\n--B\n", "\r\n" + part + "\r\n\r\n--B--",
		"--B\r\n\r\nx\r\n--B--", "--B\r\nContent-Disposition: form-data; filename*=utf-8''a%20b\r\n\r\nx\r\n--B--",
	} {
		f.Add([]byte(s), uint64(1))
	}
	f.Fuzz(func(t *testing.T, body []byte, seed uint64) {
		whole, wholeErr := readForm(newForm(bytes.NewReader(body), "B", make([]byte, formBuffer)), 0)
		cut, cutErr := readForm(newForm(chunked(body, seed), "B", make([]byte, testBuffer)), seed)
		if fmt.Sprint(wholeErr) != fmt.Sprint(cutErr) || !equalParts(whole, cut) {
			t.Fatalf("at once: %q %v\nin pieces: %q %v", whole, wholeErr, cut, cutErr)
		}
		if wholeErr != nil {
			var e *wharf.Error
			if !errors.As(wholeErr, &e) || e.Code != wharf.CodeInvalid {
				t.Fatalf("the error has no code: %v", wholeErr)
			}
			return
		}
		if bytes.Contains(bytes.ReplaceAll(body, []byte("\r\n"), nil), []byte("\n")) {
			return // mime/multipart also takes boundaries between bare line feeds
		}
		if std, err := readStandard(body); err == nil && !equalParts(whole, std) {
			t.Fatalf("ours: %q\nmime/multipart: %q", whole, std)
		}
	})
}

// readStandard reads a form with mime/multipart.
func readStandard(body []byte) ([]part, error) {
	r := multipart.NewReader(bytes.NewReader(body), "B")
	var parts []part
	for {
		p, err := r.NextRawPart()
		if err == io.EOF {
			return parts, nil
		}
		if err != nil {
			return nil, err
		}
		h, err := parseDisposition(p.Header.Get("Content-Disposition"))
		if err != nil {
			return nil, err
		}
		content, err := io.ReadAll(p)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part{h.filename, string(content)})
	}
}

func equalParts(a, b []part) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// TestFormEveryCut cuts one form off at every place, and reads it in pieces
// that end at every place.
func TestFormEveryCut(t *testing.T) {
	body := "pre\r\n" + "--B\r\nContent-Disposition: form-data; name=a; filename=\"a\"\r\n\r\nfirst\r\n--b\r\r\n" +
		"--B \r\nContent-Disposition: form-data; name=b; filename=\"b\"\r\n\r\n\r\n--B--"
	want := []part{{"a", "first\r\n--b\r"}, {"b", ""}}
	firstWhole := strings.Index(body, "--B \r\n") + len("--B \r\n")
	for at := range len(body) {
		pieces := io.MultiReader(strings.NewReader(body[:at]), strings.NewReader(body[at:]))
		got, err := readForm(newForm(pieces, "B", make([]byte, testBuffer)), uint64(at))
		if err != nil || !equalParts(got, want) {
			t.Errorf("in pieces at %d: %q, %v", at, got, err)
		}
		got, err = readForm(newForm(strings.NewReader(body[:at]), "B", make([]byte, testBuffer)), uint64(at))
		if err == nil {
			t.Errorf("cut off at %d, and no error", at)
		}
		if whole := at >= firstWhole; whole != (len(got) == 1) || len(got) > 1 {
			t.Errorf("cut off at %d: %q", at, got)
		}
	}
}

// TestFormSourceFails breaks the body at every place: the cause comes out.
func TestFormSourceFails(t *testing.T) {
	body := "--B\r\nContent-Disposition: form-data; name=a; filename=\"a\"\r\n\r\nx\r\n--B--\r\n"
	broken := wharf.Errorf(wharf.CodeTimeout, "broken")
	for at := range len(body) + 1 {
		src := io.MultiReader(strings.NewReader(body[:at]), iotest.ErrReader(broken))
		if _, err := readForm(newForm(src, "B", make([]byte, testBuffer)), uint64(at)); err != broken {
			t.Errorf("broken at %d: %v", at, err)
		}
	}
	stuck := newForm(io.MultiReader(strings.NewReader(body[:70]), &chunks{b: []byte("x"), max: 0, rng: rand.New(rand.NewPCG(1, 1))}), "B", make([]byte, testBuffer))
	if _, err := readForm(stuck, 0); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("a reader that gives nothing: %v", err)
	}
}

func TestFormBoundsWhatItIgnores(t *testing.T) {
	field := "--B\r\nContent-Disposition: form-data; name=a\r\n\r\n" + strings.Repeat("x", maxIgnored/2+1) + "\r\n"
	for name, body := range map[string]string{
		"fields":   field + field + "--B--",
		"preamble": strings.Repeat("x", maxIgnored+1) + "\r\n--B--",
		"epilogue": "--B--\r\n" + strings.Repeat("x", maxIgnored+1),
	} {
		f := newForm(strings.NewReader(body), "B", make([]byte, formBuffer))
		var err error
		for err == nil {
			_, err = f.next()
		}
		if wharf.CodeOf(err) != wharf.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestParseDisposition(t *testing.T) {
	for in, want := range map[string]disposition{
		`form-data; name="a"`:                                                      {kind: "form-data", name: "a"},
		`form-data`:                                                                {kind: "form-data"},
		`form-data; name="a"; filename=""`:                                         {kind: "form-data", name: "a", isFile: true},
		`Form-Data;name=a;FileName="x.csv"`:                                        {kind: "form-data", name: "a", filename: "x.csv", isFile: true},
		`form-data; name="a;filename=\"b\""; filename=c`:                           {kind: "form-data", name: `a;filename="b"`, filename: "c", isFile: true},
		`form-data; filename="a;b=c.csv"`:                                          {kind: "form-data", filename: "a;b=c.csv", isFile: true},
		`form-data; filename=batch/1.csv; name=x`:                                  {kind: "form-data", name: "x", filename: "batch/1.csv", isFile: true},
		`form-data; filename=日本.csv`:                                               {kind: "form-data", filename: "日本.csv", isFile: true},
		`form-data; filename="C:\dir\x"`:                                           {kind: "form-data", filename: `C:\dir\x`, isFile: true},
		`form-data; filename="a\\b\"c"`:                                            {kind: "form-data", filename: `a\b"c`, isFile: true},
		`form-data; filename=" lead and trail "`:                                   {kind: "form-data", filename: " lead and trail ", isFile: true},
		`form-data; filename="=?utf-8?B?eA==?="; filename*=utf-8''a%20b%e2%82%ac`:  {kind: "form-data", filename: "a b€", isFile: true},
		`form-data; filename*=UTF-8'en'x`:                                          {kind: "form-data", filename: "x", isFile: true},
		`form-data; name="a"; filename="x";`:                                       {kind: "form-data", name: "a", filename: "x", isFile: true},
		`attachment; filename="x"`:                                                 {kind: "attachment", filename: "x", isFile: true},
		`form-data; filename="=?utf-8?B?w7zDvC5jc3Y=?="`:                           {kind: "form-data", filename: "üü.csv", isFile: true},
		`form-data; filename="=?UTF-8?q?a=20=C3=BC?= =?utf-8?b?LmNzdg==?="`:        {kind: "form-data", filename: "a ü.csv", isFile: true},
		`form-data; filename="=?iso-8859-1?Q?=FC?="`:                               {kind: "form-data", filename: "ü", isFile: true},
		`form-data; filename="=?a"`:                                                {kind: "form-data", filename: "=?a", isFile: true},
		`form-data; filename="=?utf-8?B?w7w=?= b"`:                                 {kind: "form-data", filename: "=?utf-8?B?w7w=?= b", isFile: true},
		`form-data; filename*0="a b"; filename*1=".csv"`:                           {kind: "form-data", filename: "a b.csv", isFile: true},
		`form-data; filename*1=".csv"; filename*0="a"; filename=z`:                 {kind: "form-data", filename: "a.csv", isFile: true},
		`form-data; filename*0*=us-ascii''a%20; filename*1*=b'%27; filename*2=%20`: {kind: "form-data", filename: "a b''%20", isFile: true},
		`form-data; filename*0*=utf-8''%C3; filename*1*=%BC`:                       {kind: "form-data", filename: "ü", isFile: true},
		`form-data ; filename="x" ; name=y`:                                        {kind: "form-data", name: "y", filename: "x", isFile: true},
	} {
		got, err := parseDisposition(in)
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v, want %+v", in, got, err, want)
		}
	}
	for _, in := range []string{
		`form-data; filename="x`, `form-data; filename="x\"`,
		`form-data; filename="x"y`, `form-data; filename="x"; filename="y"`, `form-data; filename=x; FILENAME=y`,
		`form-data; filename`, `form-data; =x`, `form-data; filename=`, `form-data; filename=a"b`, `form-data; filename=a b`,
		`form-data; ; filename=x`, `form-data; filename*=x`, `form-data; filename*=iso-8859-1''x`, `form-data; filename*=utf-8''%zz`,
		`form-data; file name=x`, `form-data; filename="=?utf-8?B?%?="`, `form-data; filename="=?koi8-r?B?wQ==?="`,
		`form-data; filename*0=a; filename*2=b`, `form-data; filename*1=b`, `form-data; filename*0=a; filename*0*=utf-8''b`,
		`form-data; filename*0*=a`, `form-data; filename*0=a; filename*01=b`, `form-data; filename*0=a; filename*=utf-8''b`,
		`form-data; filename*x=a`, `form-data; filename*0=a; filename*1*=%zz`, `form-data; filename*0*=koi8-r''a`,
	} {
		if got, err := parseDisposition(in); err == nil {
			t.Errorf("%s: read as %+v", in, got)
		} else if wharf.CodeOf(err) != wharf.CodeInvalid {
			t.Errorf("%s: %v", in, err)
		}
	}
}

// FuzzDisposition looks for names that change on their way: what we write in
// quotes, as a client would, is read as it was.
func FuzzDisposition(f *testing.F) {
	for _, s := range []string{"a.csv", `a"b\c`, "", "; filename=x", "a\xff", "a\x00"} {
		f.Add(s)
	}
	quote := strings.NewReplacer(`\`, `\\`, `"`, `\"`)
	f.Fuzz(func(t *testing.T, name string) {
		parseDisposition(name)
		parseDisposition("form-data; " + name)
		parsePartHeader([]byte(name))
		if strings.HasPrefix(name, "=?") {
			return // it may be an encoded word
		}
		got, err := parseDisposition(`form-data; name="upload"; filename="` + quote.Replace(name) + `"`)
		if err != nil || got.filename != name || !got.isFile {
			t.Errorf("%q is read as %+v, %v", name, got, err)
		}
	})
}
