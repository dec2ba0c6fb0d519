package s3

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestXMLScan(t *testing.T) {
	deep := strings.Repeat("<a>", maxDepth)
	for text, want := range map[string]error{
		`<?xml version="1.0"?> <a b=">" c='/>'><!-- <x> --><b/><![CDATA[<c>]]></a>`: nil,
		"\ufeff<a></a>\n": nil,
		deep:              nil,
		deep + "<a>":      errTooDeep,
		"<r>" + strings.Repeat("<a/>", maxElements-1):   nil,
		"<r>" + strings.Repeat("<a/>", maxElements):     errElements,
		"<r>" + strings.Repeat("x", maxText):            nil,
		"<r>" + strings.Repeat("x", maxText+1):          errLongText,
		"<r><![CDATA[" + strings.Repeat("x", maxText+1): errLongText,
		"<!--" + strings.Repeat("x", maxText+1):         errLongText,
		"<?" + strings.Repeat("x", maxText+1):           errLongText,
		"<r " + strings.Repeat("x", maxTag):             errLongTag,
		`<r a="` + strings.Repeat("x", maxTag):          errLongTag,
		"</" + strings.Repeat("x", maxTag+1):            errLongTag,
		"x<a>":                                          errNotXML,
		"{}":                                            errNotXML,
		"\x1f\x8b":                                      errNotXML,
		"</a>":                                          errNotXML,
		"<a></a></a>":                                   errNotXML,
		"<!DOCTYPE html>":                               errDoctype,
		"<!ELEMENT a>":                                  errDoctype,
		"<![CDATA[x]]><a>":                              errDoctype,
		strings.Repeat(" ", maxProlog+4096):             errNoElement,
	} {
		for _, r := range []io.Reader{strings.NewReader(text), iotest.OneByteReader(strings.NewReader(text))} {
			b := newBoundedXML(r, maxPage, maxText)
			_, err := b.peek()
			if err == nil {
				_, err = io.Copy(io.Discard, b)
			}
			if !errors.Is(err, want) || (err == nil) != (want == nil) {
				t.Errorf("%.60q: %v, want %v", text, err, want)
			}
		}
	}
}

func TestXMLScanFindsRoot(t *testing.T) {
	for text, want := range map[string]string{
		"<a/>": "a", "<a b='c'>": "a", "<s3:a xmlns:s3='x'>": "a", "<!-- <b> --><a\n>": "a", "<?b?><a>": "a", "": "", " \n": "", "<!-- <a> -->": "",
	} {
		b := newBoundedXML(strings.NewReader(text), maxPage, maxText)
		if _, err := b.peek(); err != nil || b.scan.root != want {
			t.Errorf("%q: %q, %v, want %q", text, b.scan.root, err, want)
		}
	}
}

// FuzzXMLScan compares with the decoder that the SDK uses: what that reads is
// within the bounds if the scan lets it pass, and the root is the same.
func FuzzXMLScan(f *testing.F) {
	for _, seed := range []string{`<a b='>'><!--<c>--></a>`, "<a><![CDATA[</a>]]><b/></a>", "<?x <a> ?><b></b>", "<a/ ><b/>", "<a b='<c>'/>"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		// So that the bound of depth is met often.
		text = strings.Replace(text, "<a>", strings.Repeat("<a>", maxDepth-1), 1)
		b := newBoundedXML(strings.NewReader(text), maxPage, maxText)
		d := xml.NewDecoder(b)
		root, depth, elements := "", 0, 0
		for {
			token, err := d.Token()
			if err != nil {
				break
			}
			switch token := token.(type) {
			case xml.StartElement:
				if root == "" {
					root = token.Name.Local
				}
				depth++
				elements++
			case xml.EndElement:
				depth--
			}
			if depth > maxDepth || elements > maxElements {
				t.Fatalf("%q: the decoder is %d deep, after %d elements", text, depth, elements)
			}
		}
		if root != "" && b.scan.root != root {
			t.Fatalf("%q: the decoder's root is %q, the scan's %q", text, root, b.scan.root)
		}
	})
}
