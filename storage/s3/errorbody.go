package s3

import (
	"bytes"
	"encoding/xml"
	"io"
	"strings"
)

// reason is what a server says in a refusal.
type reason struct {
	code, message, details string
	region, endpoint       string // the right ones, if it names them
	requestID, hostID      string
}

// maxReason is how many bytes are kept of each.
const maxReason = 2 << 10

func (r *reason) field(name string) *string {
	switch name {
	case "Code":
		return &r.code
	case "Message":
		return &r.message
	case "Details": // Google's
		return &r.details
	case "Region":
		return &r.region
	case "Endpoint":
		return &r.endpoint
	case "RequestId":
		return &r.requestID
	case "HostId":
		return &r.hostID
	}
	return nil
}

// readReason reads a refusal's body. An empty one gives an empty reason; one
// that is not S3's gives an error.
func readReason(body io.Reader) (reason, error) {
	var r reason
	d := xml.NewDecoder(body)
	for {
		t, err := d.Token()
		if err == io.EOF {
			return r, nil
		}
		if err != nil {
			return reason{}, err
		}
		start, ok := t.(xml.StartElement)
		if !ok {
			continue
		}
		if start.Name.Local != "Error" {
			return reason{}, notS3Answer("the refusal is <%.40s> where <Error> should be", start.Name.Local)
		}
		err = r.read(d)
		return r, err
	}
}

// read reads the elements of <Error>. What has come before an error stays.
func (r *reason) read(d *xml.Decoder) error {
	var field *string
	for depth := 1; depth > 0; {
		t, err := d.Token()
		if err != nil {
			if r.code != "" {
				return nil
			}
			return err
		}
		switch t := t.(type) {
		case xml.StartElement:
			if depth++; depth == 2 {
				field = r.field(t.Name.Local)
			}
		case xml.EndElement:
			depth--
			field = nil
		case xml.CharData:
			if field != nil {
				*field += string(t[:min(len(t), maxReason-len(*field))])
			}
		}
	}
	if r.code == "" {
		return notS3Answer("the refusal has no <Code>")
	}
	return nil
}

// xml returns the refusal for the SDK, empty if the server gave no reason.
func (r *reason) xml() []byte {
	if r.code == "" {
		return nil
	}
	var b bytes.Buffer
	b.WriteString("<Error>")
	for _, name := range []string{"Code", "Message", "RequestId", "HostId"} {
		b.WriteString("<" + name + ">")
		// A bytes.Buffer takes everything.
		_ = xml.EscapeText(&b, []byte(*r.field(name)))
		b.WriteString("</" + name + ">")
	}
	b.WriteString("</Error>")
	return b.Bytes()
}

// text returns the server's own words in one line of bounded length, without
// anything secret: "" if it gave none.
func (r *reason) text(t *target) string {
	words := oneLine(t.hide(r.message))
	if details := oneLine(t.hide(r.details)); details != "" && details != words {
		words = strings.TrimSpace(words + " " + details)
	}
	code := t.hide(r.code)
	if !codeLike(code) {
		code = ""
	}
	switch {
	case code == "":
		return words
	case words == "" || words == code:
		return code
	}
	return code + ": " + words
}

// maxWords is how many bytes of a server's words a message repeats.
const maxWords = 300

// oneLine makes a text fit to stand in a message.
func oneLine(text string) string {
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\u0085' || r == '\u2028' || r == '\u2029' }), " ")
	if len(text) > maxWords {
		text = text[:maxWords] + "…"
	}
	return strings.ToValidUTF8(text, "")
}

// codeLike reports whether a text looks like an error code.
func codeLike(code string) bool {
	return code != "" && len(code) <= 64 &&
		strings.Trim(code, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.") == ""
}

// hostLike reports whether a text looks like a region or a host.
func hostLike(text string) bool {
	return text != "" && len(text) <= 253 && strings.Trim(text, "abcdefghijklmnopqrstuvwxyz0123456789-.") == ""
}
