package wharf_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"wharf"
)

// silent is a reader that gives nothing.
type silent struct{}

func (silent) Read([]byte) (int, error) { return 0, nil }

// counted counts the bytes that were taken of a reader.
type counted struct {
	r io.Reader
	n int
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += n
	return n, err
}

func TestBody(t *testing.T) {
	broken := wharf.Errorf(wharf.CodeMediaType, "broken")
	text := func(n int) io.Reader { return strings.NewReader(strings.Repeat("x", n)) }
	for name, c := range map[string]struct {
		r    io.Reader
		o    wharf.PutOptions
		want wharf.Code // "" is a whole body
		read int        // bytes that are taken of r at most
	}{
		"as declared":              {text(10), wharf.PutOptions{Size: 10}, "", 10},
		"unknown":                  {text(10), wharf.PutOptions{Size: wharf.UnknownSize}, "", 10},
		"empty":                    {text(0), wharf.PutOptions{Size: 0}, "", 0},
		"at the limit":             {text(10), wharf.PutOptions{Size: wharf.UnknownSize, Limit: 10}, "", 10},
		"bytes with the end":       {iotest.DataErrReader(text(10)), wharf.PutOptions{Size: 10, Limit: 10}, "", 10},
		"byte by byte":             {iotest.OneByteReader(text(10)), wharf.PutOptions{Size: 10}, "", 10},
		"short":                    {text(9), wharf.PutOptions{Size: 10}, wharf.CodeInvalid, 9},
		"long":                     {text(100), wharf.PutOptions{Size: 10}, wharf.CodeInvalid, 11},
		"over the limit":           {text(100), wharf.PutOptions{Size: wharf.UnknownSize, Limit: 10}, wharf.CodeTooLarge, 11},
		"declared over the limit":  {text(11), wharf.PutOptions{Size: 11, Limit: 10}, wharf.CodeTooLarge, 0},
		"negative":                 {text(1), wharf.PutOptions{Size: -2}, wharf.CodeInvalid, 0},
		"broken":                   {io.MultiReader(text(5), iotest.ErrReader(broken)), wharf.PutOptions{Size: 10}, wharf.CodeMediaType, 5},
		"broken at the end":        {io.MultiReader(text(10), iotest.ErrReader(broken)), wharf.PutOptions{Size: 10}, wharf.CodeMediaType, 10},
		"cut off":                  {io.MultiReader(text(5), iotest.ErrReader(io.ErrUnexpectedEOF)), wharf.PutOptions{Size: wharf.UnknownSize}, wharf.CodeInternal, 5},
		"without end, silently":    {io.MultiReader(text(5), silent{}), wharf.PutOptions{Size: 10}, wharf.CodeInternal, 5},
		"without end, all the way": {io.MultiReader(text(10), silent{}), wharf.PutOptions{Size: 10}, wharf.CodeInternal, 10},
	} {
		t.Run(name, func(t *testing.T) {
			r := &counted{r: c.r}
			b, err := wharf.NewBody(t.Context(), r, c.o)
			var got []byte
			if err == nil {
				got, err = io.ReadAll(b)
				if _, again := b.Read(make([]byte, 1)); again != io.EOF && again != err {
					t.Errorf("after %v, Read gives %v", err, again)
				}
			}
			if wharf.CodeOf(err) != c.want || r.n > c.read {
				t.Errorf("%v after %d bytes, want %q after %d", err, r.n, c.want, c.read)
			}
			if err == nil && (len(got) != c.read || b.Len() != int64(c.read)) {
				t.Errorf("%d bytes, want %d", len(got), c.read)
			}
		})
	}
}

func TestBodyEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r := &counted{r: strings.NewReader("0123456789")}
	b, err := wharf.NewBody(ctx, r, wharf.PutOptions{Size: 10})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Read(make([]byte, 4)); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := b.Read(make([]byte, 4)); !errors.Is(err, context.Canceled) || r.n != 4 {
		t.Errorf("%v after %d bytes", err, r.n)
	}
}
